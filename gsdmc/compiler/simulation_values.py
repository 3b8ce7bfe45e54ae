"""One array of somebody else's simulations: read as a tensor, put in order, and judged by its kind."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gsdmc.graph.factor_graph import Array
from gsdmc.language.kinds import Kind
from gsdmc.program.readings import dtype_of

SLACK = 1e-6
"""Rounding, as a share of an interval's width, by which a value may leave its support."""

SUM_SLACK = 1e-3
"""How far from 1 rounding may leave the sum of a simplex's entries."""

ROWS = "simulations"
"""What the first dimension is called."""


@dataclass(frozen=True)
class Complaint:
    """What is wrong with the simulations, in words, and what to do about it."""

    text: str
    cure: str


def numbers(value: Any) -> Tensor:
    """Numbers as a tensor of booleans, int64 or floats, whatever holds them.

    Raises:
        ValueError: they are none, or some are masked.
    """
    if isinstance(value, Tensor):
        tensor: Tensor = value.detach().cpu()
        if tensor.is_complex():
            raise ValueError("holds complex numbers")
        if tensor.dtype in (torch.bool, torch.float32, torch.float64):
            return tensor
        return tensor.float() if tensor.is_floating_point() else tensor.long()
    if isinstance(value, np.ma.MaskedArray) and np.ma.getmaskarray(value).any():
        raise ValueError("has masked entries")
    try:
        array = np.asarray(value)
    except (TypeError, ValueError):
        raise ValueError("is no array of one shape") from None
    kind = array.dtype.kind
    if kind not in "biuf":
        raise ValueError(f"holds {'text' if kind in 'USO' else array.dtype}, not numbers")
    own = {"b": np.bool_, "f": np.float64 if array.dtype.itemsize >= 8 else np.float32}.get(kind, np.int64)
    return torch.from_numpy(np.array(array, dtype=own, order="C"))


def in_order(array: Array, value: Any) -> Any:
    """A labelled array's values with the dimensions in the program's order; others as they are.

    Dimensions go by name where they are called like the array's plates (`i#2` is a plate's second time). The
    one that is left counts simulations; in arrays of vectors one more, the last or `channel`, numbers their
    elements. Without any such name they go by position.

    Raises:
        ValueError: some of the plates' names are there and others are missing.
    """
    if not (hasattr(value, "dims") and hasattr(value, "values")):
        return value
    names, own = [str(name) for name in value.dims], _dimensions(array)
    if not set(names) & set(own):
        return value.values
    others = [name for name in names if name not in own]
    others.sort(key=lambda name: name.startswith("channel"))
    if not set(own) <= set(names) or len(others) != 1 + len(array.kind.event_shape):
        expected = ", ".join((ROWS, *own, *("channel" for _ in array.kind.event_shape)))
        raise ValueError(f"has the dimensions ({', '.join(names)}), expected ({expected})")
    wanted = [others[0], *own, *others[1:]]
    return value.values.transpose([names.index(name) for name in wanted])


def fitted(array: Array, value: Tensor) -> Tensor | None:
    """Values `[B, *shape]`, `[B, *shape, K]` for vectors; None where their shape is another.

    Dimensions of one entry may come and go.
    """
    own = (*array.shape, *array.kind.event_shape)
    if value.dim() == 0:
        return None
    if tuple(value.shape[1:]) == own:
        return value
    same = [n for n in value.shape[1:] if n != 1] == [n for n in own if n != 1]
    return value.reshape(len(value), *own) if same else None


def wrong_shape(array: Array, value: Tensor) -> str:
    """What shape an array has, and which it should have."""
    sizes = (*array.shape, *array.kind.event_shape)
    names = (*_dimensions(array), *("channel" for _ in array.kind.event_shape))
    own = [f"{name}={size}" for name, size in zip(names, sizes, strict=True)]
    return f'"{array.name}" has shape ({_listed(value.shape)}), expected ({_listed((ROWS, *own))})'


def outside(array: Array, value: Tensor) -> Iterator[Complaint]:
    """Values that a variable of this kind can't have."""
    kind = array.kind
    if value.is_floating_point():
        infinite = ~value.float().isfinite()
        if bool(infinite.any()):
            yield Complaint(
                _quoted(array, value, infinite, "values are finite"),
                "leave out simulations that have failed; none may lack a value",
            )
            value = value.nan_to_num(0, 0, 0)
    found = _forbidden(kind, value, array.deterministic)
    if found is not None and bool(found[0].any()):
        bad, rule = found
        cure = f"mend {array.name} in the data, or draw it from a distribution of that range in the program"
        yield Complaint(_quoted(array, value, bad, rule), cure)


def of_kind(kind: Kind, value: Tensor, dtype: torch.dtype) -> Tensor:
    """Values in the tensor type of their kind; what rounding took out of the support goes to its edge."""
    if kind.bounds is not None:
        value = value.clamp(*kind.bounds)
    elif kind.support == "unit":
        value = value.clamp(0, 1)
    elif kind.support == "simplex":
        value = value.clamp(min=0)
        value = value / value.sum(-1, keepdim=True)
    return value.to(dtype_of(kind, dtype))


def _forbidden(kind: Kind, value: Tensor, deterministic: bool) -> tuple[Tensor, str] | None:
    """Where values break a kind's rule, and the rule; None where it has none."""
    if kind.name in ("boolean", "category", "count"):
        if value.dtype == torch.bool:
            value = value.long()
        whole = (
            value == value.floor() if value.is_floating_point() else torch.ones_like(value, dtype=torch.bool)
        )
        if kind.name == "boolean":
            return (value != 0) & (value != 1), "a boolean is 0 or 1"
        if kind.name == "category":
            rule = f"a category of {kind.options} is a whole number from 0 to {kind.options - 1}"
            return ~whole | (value < 0) | (value >= kind.options), rule
        if deterministic:
            return ~whole, "a count is a whole number"
        return ~whole | (value < 0), "a count is a whole number, 0 or more"
    if kind.bounds is not None:
        low, high = kind.bounds
        slack = SLACK * (high - low)
        return (value < low - slack) | (value > high + slack), f"its support is [{low:g}, {high:g}]"
    if kind.support == "positive":
        return value < 0, "its support is the positive reals"
    if kind.support == "unit":
        return (value < -SLACK) | (value > 1 + SLACK), "its support is [0, 1]"
    if kind.support == "simplex":
        off = (value.sum(-1, keepdim=True) - 1).abs() > SUM_SLACK
        return (value < -SLACK) | off, "a simplex is 0 or more and sums to 1"
    return None


def _quoted(array: Array, value: Tensor, bad: Tensor, rule: str) -> str:
    where = tuple(int(i) for i in bad.nonzero()[0])
    rows = int(bad.reshape(len(bad), -1).any(1).sum())
    index = f"[{', '.join(map(str, where[1:]))}]" if where[1:] else ""
    return (
        f'"{array.name}"{index} is {value[where].item():g} in simulation {where[0]}; {rule} '
        f"({rows} of {len(bad)} simulations have such values)"
    )


def _dimensions(array: Array) -> tuple[str, ...]:
    """The plates, with repeats numbered: `i`, `i#2`."""
    counts = [array.plates[: n + 1].count(plate) for n, plate in enumerate(array.plates)]
    return tuple(p if n == 1 else f"{p}#{n}" for p, n in zip(array.plates, counts, strict=True))


def _listed(parts: Any) -> str:
    return ", ".join(map(str, parts))
