"""Settings from texts: `batch=64`, `process.prediction=v`."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import fields, is_dataclass, replace
from typing import Any, get_args, get_type_hints

from gsdmc.language.scope import did_you_mean
from gsdmc.language.source import GsdmcError
from gsdmc.training.config import TrainingConfig


def override(config: TrainingConfig, settings: Iterable[str]) -> TrainingConfig:
    """A copy of the settings with some replaced.

    Args:
        config: the settings.
        settings: `FIELD=VALUE` each; fields of process and sampler are `process.FIELD` and `sampler.FIELD`.
            Values are JSON (`0.5`, `true`, `[0.9, 0.99]`); what is no JSON is a word.

    Raises:
        GsdmcError: no such field, or a value that it can't take.
    """
    for text in settings:
        path, given, value = text.partition("=")
        if not given:
            raise GsdmcError(f"{text!r} sets nothing", hint="write FIELD=VALUE, as in batch=64")
        try:
            config = _replaced(config, path.strip().split("."), _value(value.strip()), path.strip())
        except (TypeError, ValueError) as error:
            raise GsdmcError(f"{path.strip()} can't be {value.strip()}: {error}") from None
    return config


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _replaced(config: Any, path: list[str], value: Any, whole: str) -> Any:
    known = [field.name for field in fields(config)]
    name, *rest = path
    if name not in known:
        near = did_you_mean(name, known) or f"there are {', '.join(known)}"
        raise GsdmcError(f"there is no setting `{whole}`", hint=near)
    old = getattr(config, name)
    if is_dataclass(old):
        if not rest:
            inner = ", ".join(f"{name}.{field.name}" for field in fields(old))
            raise GsdmcError(f"`{whole}` is several settings", hint=f"set one of {inner}")
        return replace(config, **{name: _replaced(old, rest, value, whole)})
    if rest:
        raise GsdmcError(f"there is no setting `{whole}`", hint=f"{'.'.join(path[:1])} has no parts")
    return replace(config, **{name: _fitting(get_type_hints(type(config))[name], old, value)})


def _fitting(hint: Any, old: Any, value: Any) -> Any:
    """The value in the field's type.

    Raises:
        ValueError: it has another.
    """
    options = get_args(hint)
    if options and all(isinstance(option, str) for option in options):
        if value not in options:
            raise ValueError(f"expected {' or '.join(options)}")
    elif isinstance(old, bool):
        if not isinstance(value, bool):
            raise ValueError("expected true or false")
    elif isinstance(old, int):
        if isinstance(value, bool) or not isinstance(value, int):
            raise ValueError("expected a whole number")
    elif isinstance(old, float):
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError("expected a number")
        return float(value)
    elif isinstance(old, tuple):
        if not isinstance(value, list) or len(value) != len(old):
            raise ValueError(f"expected a list of {len(old)}")
        return tuple(_fitting(None, o, v) for o, v in zip(old, value, strict=True))
    return value
