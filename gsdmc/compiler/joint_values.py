"""Joint values that a user hands over: every array's, as tensors of its shape and kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gsdmc.graph.factor_graph import Array, FactorGraph
from gsdmc.language.scope import did_you_mean
from gsdmc.language.source import GsdmcError

Values = Mapping[str, Any]
"""Joint values by array: tensors, numpy arrays or nested lists, with the batch first."""


def joint_values(graph: FactorGraph, values: Values, partial: bool = False) -> dict[str, Tensor]:
    """Joint values of a graph's arrays as tensors; `partial` allows arrays to be left out.

    Booleans become bool, categories and counts int64, whatever dtype holds them.

    Raises:
        GsdmcError: naming the array, what was expected and what was given.
    """
    known = [a.name for a in graph.arrays]
    for name in values:
        if name not in known:
            listed = f"it samples {', '.join(known[:10])}"
            raise GsdmcError(f'the program samples no "{name}"', hint=did_you_mean(name, known) or listed)
    found: dict[str, Tensor] = {}
    for array in graph.arrays:
        if array.name not in values:
            if partial:
                continue
            raise GsdmcError(f'the values of "{array.name}" are missing')
        value = tensor_of(array.name, values[array.name])
        own = (*array.shape, *array.kind.event_shape)
        if value.dim() != 1 + len(own) or tuple(value.shape[1:]) != own:
            expected = ", ".join(["batch", *map(str, own)])
            raise GsdmcError(f'"{array.name}" must have shape ({expected}), but has {tuple(value.shape)}')
        found[array.name] = of_kind(array, value)
        batch = len(next(iter(found.values())))
        if len(value) != batch:
            raise GsdmcError(f'"{array.name}" has a batch of {len(value)}, other arrays one of {batch}')
    return found


def tensor_of(name: str, value: Any) -> Tensor:
    """Numbers as a tensor, whatever holds them.

    Raises:
        GsdmcError: they are none.
    """
    try:
        return value if isinstance(value, Tensor) else torch.as_tensor(np.asarray(value))
    except (TypeError, ValueError, RuntimeError):
        shown = repr(value)
        shown = shown if len(shown) <= 60 else shown[:57] + "..."
        raise GsdmcError(f'the values of "{name}" are no array of numbers: {shown}') from None


def of_kind(array: Array, value: Tensor) -> Tensor:
    """Values of a discrete kind in its dtype; those of other kinds as they are.

    Raises:
        GsdmcError: a boolean that is neither 0 nor 1, a category or count that is no whole number.
    """
    if array.kind.name in ("real", "vector"):
        return value
    boolean = array.kind.name == "boolean"
    dtype = torch.bool if boolean else torch.int64
    if value.dtype == dtype:
        return value
    bad = torch.zeros_like(value, dtype=torch.bool)
    if boolean:
        bad = (value != 0) & (value != 1)
    elif value.is_floating_point():
        bad = (value != value.floor()) | ~value.isfinite()
    if bool(bad.any()):
        place = tuple(int(i) for i in bad.nonzero()[0])
        raise GsdmcError(
            f'"{array.name}" is {value[place].item():g} at {list(place)}, which is no {array.kind.name}',
            hint=f"a {array.kind.name} is {'0, 1, true or false' if boolean else 'a whole number'}",
        )
    return value.to(dtype)
