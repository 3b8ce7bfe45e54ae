"""Data from files, which may say anything, brought into the types that the code relies on."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from safetensors import SafetensorError
from safetensors.torch import load
from torch import Tensor

from gsdmc.language.source import GsdmcError
from gsdmc.training.files import AGAIN

BROKEN = (
    ArithmeticError,
    AttributeError,
    LookupError,
    RuntimeError,  # torch's own, and RecursionError
    SafetensorError,
    TypeError,
    ValueError,
)
"""What data that no `train` wrote may raise where it is used."""

LONGEST = 200
"""Characters of a reason that are shown."""


class UnknownFieldError(ValueError):
    """A setting that this version doesn't know."""


@contextmanager
def damage(path: Path) -> Iterator[None]:
    """Report what a file's content raises as damage of that file.

    Raises:
        GsdmcError: saying what is wrong with it.
    """
    try:
        yield
    except UnknownFieldError as error:
        raise GsdmcError(
            f"{path} has a setting that this version doesn't know: {error}",
            hint="a newer gsdmc wrote it: pip install --upgrade gsdmc",
        ) from None
    except BROKEN as error:
        reason = " ".join(str(error).split())[:LONGEST] or type(error).__name__
        if isinstance(error, KeyError):
            reason = f"it has no {reason}"
        raise GsdmcError(f"{path} is damaged: {reason}", hint=AGAIN) from None


def read_json(text: bytes, hint: Any) -> Any:
    """A JSON document whose value has a type.

    Raises:
        ValueError: it is no JSON, or another type.
    """
    return checked(json.loads(text.decode("utf-8")), hint, "it")


def read_tensors(content: bytes) -> dict[str, Tensor]:
    """Tensors by name, all numbers among them finite.

    Raises:
        ValueError: one isn't.
        SafetensorError: the content is not in the format.
    """
    tensors: dict[str, Tensor] = load(content)
    for name, tensor in tensors.items():
        if tensor.is_floating_point() and not tensor.isfinite().all():
            raise ValueError(f"{name} is not finite")
    return tensors


def check_tensors(found: Mapping[str, Tensor], expected: Mapping[str, Tensor]) -> None:
    """Refuse tensors of other names, shapes or kinds than those expected.

    Raises:
        ValueError: naming the first difference.
    """
    for name in sorted(found.keys() ^ expected.keys()):
        raise ValueError(f"it has {'a tensor too many' if name in found else 'no tensor'}, {name}")
    for name, tensor in expected.items():
        other = found[name]
        if other.shape != tensor.shape or other.is_floating_point() != tensor.is_floating_point():
            raise ValueError(f"{name} is {_form(other)}, not {_form(tensor)}")


def checked(value: Any, hint: Any, where: str) -> Any:
    """A value of JSON that has a type, as it came: lists stand for tuples, and objects for dataclasses.

    Args:
        value: what was read.
        hint: its type: a class of JSON's scalars, `Any`, a union, a literal, a dataclass, or a list, a tuple
            or a dictionary with the types of its parts.
        where: what to call it in an error.

    Raises:
        UnknownFieldError: an object has a field that its dataclass has not.
        ValueError: it has another type.
    """
    origin, parts = get_origin(hint), get_args(hint)
    if hint is Any:
        return value
    if is_dataclass(hint):
        return _checked_fields(value, hint, where)
    if origin is Literal:
        return _require(value in parts and isinstance(value, str), value, where)
    if origin in (Union, UnionType):
        for part in parts:
            try:
                return checked(value, part, where)
            except UnknownFieldError:
                raise
            except ValueError:
                continue
        return _require(False, value, where)
    if origin is dict:
        _require(isinstance(value, dict), value, where)
        return {key: checked(part, parts[1], f"{where}.{key}") for key, part in value.items()}
    if origin in (list, tuple):
        _require(isinstance(value, list), value, where)
        any_length = origin is list or parts[1:] == (...,)
        _require(any_length or len(value) == len(parts), value, where)
        hints = [parts[0]] * len(value) if any_length else parts
        return [checked(v, h, f"{where}[{i}]") for i, (v, h) in enumerate(zip(value, hints, strict=True))]
    if hint is float:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return _require(number and not math.isnan(value), value, where)
    if hint is NoneType:
        return _require(value is None, value, where)
    return _require(isinstance(value, hint) and (hint is bool or not isinstance(value, bool)), value, where)


def _checked_fields(value: Any, cls: Any, where: str) -> Any:
    _require(isinstance(value, dict), value, where)
    hints = get_type_hints(cls)
    for name in value:
        if name not in hints:
            raise UnknownFieldError(f"{where}.{name}")
    for field in fields(cls):
        if field.name in value:
            checked(value[field.name], hints[field.name], f"{where}.{field.name}")
        elif field.default is MISSING and field.default_factory is MISSING:
            raise ValueError(f"{where} has no {field.name}")
    return value


def _require(good: bool, value: Any, where: str) -> Any:
    if not good:
        raise ValueError(f"{where} can't be {json.dumps(value)[:80]}")
    return value


def _form(tensor: Tensor) -> str:
    return f"{str(tensor.dtype).removeprefix('torch.')}{list(tensor.shape)}"
