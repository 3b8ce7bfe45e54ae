"""Evidence of vectors: their channels last, and a vector observed as a whole or not at all."""

from __future__ import annotations

from typing import Any

import numpy as np

from gsdmc.graph.factor_graph import Array
from gsdmc.inference.evidence.cells import SLACK, Cells, place, read_cells
from gsdmc.inference.evidence.shapes import wrong_shape
from gsdmc.language.kinds import Kind
from gsdmc.language.source import GsdmcError

SUM_SLACK = 1e-3
"""How far from 1 rounding may leave the sum of a simplex's entries."""

SHOWN = 6
"""Channels of a vector that an error quotes."""


def read_vectors(array: Array, data: Any) -> Cells:
    """Read an array of vectors: what `read_cells` takes, in the shape of the array's plates and channels.

    A vector is missing where all its channels are; in nested lists None may stand for the whole vector.

    Raises:
        GsdmcError: no array of numbers, another number of channels, or a vector that is partly missing.
    """
    size = array.kind.size
    cells = read_cells(array.name, _spelled_out(data, size))
    if cells.missing.all() and len(cells.shape) == len(array.shape):  # nothing known, one entry per vector
        return Cells(np.zeros((*cells.shape, size)), cells.missing)
    if size == 1 and cells.shape[-1:] != (1,):
        cells = cells.reshaped((*cells.shape, 1))
    if cells.shape[-1:] != (size,):
        raise wrong_shape(array, cells.shape, f"the last dimension holds the {size} numbers of each vector")
    missing = cells.missing.all(-1)
    partly = cells.missing.any(-1) & ~missing
    if partly.any():
        first = tuple(int(i) for i in np.argwhere(partly)[0])
        raise GsdmcError(
            f'evidence "{array.name}"{place(first)} lacks {int(cells.missing[first].sum())} of its {size} '
            "numbers; a vector is observed as a whole",
            hint="give all numbers of a vector, or NaN or null for each of them",
        )
    return Cells(cells.values, np.asarray(missing))


def check_vectors(name: str, cells: Cells, kind: Kind) -> None:
    """Refuse vectors outside their support.

    Raises:
        GsdmcError: naming the array, the index and the vector.
    """
    if kind.support != "simplex":
        return
    total = cells.values.sum(-1)
    bad = ((cells.values < -SLACK).any(-1) | (abs(total - 1) > SUM_SLACK)) & ~cells.missing
    if not bad.any():
        return
    first = tuple(int(i) for i in np.argwhere(bad)[0])
    shown = ", ".join(f"{v:g}" for v in cells.values[first][:SHOWN]) + (", ..." if kind.size > SHOWN else "")
    others = f" (and {int(bad.sum()) - 1} more)" if bad.sum() > 1 else ""
    if (cells.values[first] < -SLACK).any():
        rule, hint = "the entries of a simplex are 0 or more", "they are shares of a whole"
    else:
        rule = f"the entries of a simplex sum to 1, not to {total[first]:g}"
        hint = "divide the entries by their sum"
    raise GsdmcError(f'evidence "{name}"{place(first)} is [{shown}]{others}; {rule}', hint=hint)


def _spelled_out(data: Any, size: int) -> Any:
    """Nested lists in which None stands beside vectors, with one None per channel in its place."""
    if not isinstance(data, list | tuple) or not any(isinstance(x, list | tuple | np.ndarray) for x in data):
        return data
    return [[None] * size if x is None else _spelled_out(x, size) for x in data]
