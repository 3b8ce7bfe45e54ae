"""Whatever a user calls an array, as numbers and the places where there are none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gsdmc.language.kinds import Kind
from gsdmc.language.source import GsdmcError

MISSING_WORDS = frozenset({"", "nan", "na", "n/a", "null", "none"})
BOOLEAN_WORDS = {"true": 1.0, "false": 0.0}
SLACK = 1e-6
"""Rounding, as a share of an interval's width, by which a value may leave its support."""


@dataclass(frozen=True, eq=False)
class Cells:
    """An array's entries: `values` as float64 (0 where missing) and `missing`.

    Both have the same shape, except that the values of vectors have their channels as one more dimension.
    """

    values: NDArray[np.float64]
    missing: NDArray[np.bool_]

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape as the user gave it, without the channels of vectors."""
        return self.missing.shape

    @property
    def event_shape(self) -> tuple[int, ...]:
        """The shape of one entry: `(K,)` for vectors, `()` for everything else."""
        return self.values.shape[self.missing.ndim :]

    def reshaped(self, shape: tuple[int, ...]) -> Cells:
        """The same entries, row-major, in another shape."""
        return Cells(self.values.reshape((*shape, *self.event_shape)), self.missing.reshape(shape))


def read_cells(name: str, data: Any) -> Cells:
    """Read numbers, booleans, nested lists, masked arrays, tensors or frames.

    NaN, None, a masked entry and the words of `MISSING_WORDS` are missing entries.

    Raises:
        GsdmcError: what is no array of numbers, or an infinite entry.
    """
    hidden: NDArray[np.bool_] | None = None
    if isinstance(data, np.ma.MaskedArray):
        hidden, data = np.ma.getmaskarray(data), np.ma.getdata(data)
    if hasattr(data, "detach"):  # a tensor, of whatever precision
        data = data.detach().cpu()
        data = data.double() if data.is_floating_point() else data
    try:
        array = np.asarray(data)
    except (ValueError, TypeError) as error:
        raise GsdmcError(
            f'evidence "{name}" is no array ({error})',
            hint="give nested lists whose rows have one length; None or NaN stands for a missing entry",
        ) from None
    if array.dtype.kind in "biuf":
        values = array.astype(np.float64)
    elif array.dtype.kind in "OUS":
        values = np.array([_number(name, array, i) for i in np.ndindex(array.shape)], dtype=np.float64)
        values = values.reshape(array.shape)
    else:
        raise GsdmcError(f'evidence "{name}" holds {array.dtype}, not numbers')
    missing = np.asarray(np.isnan(values))
    if hidden is not None:
        missing = np.asarray(missing | hidden)
    infinite = np.isinf(values) & ~missing
    if infinite.any():
        raise _bad(name, values, infinite, "evidence is finite", "leave out what is unknown, as NaN")
    return Cells(np.where(missing, 0.0, values), missing)


def check_kind(name: str, cells: Cells, kind: Kind, deterministic: bool) -> None:
    """Refuse entries that a variable of this kind can't take; see `check_vectors` for vectors.

    Raises:
        GsdmcError: naming the array, the index and the value.
    """
    values, present = cells.values, ~cells.missing
    if kind.name == "boolean":
        bad, rule = (values != 0) & (values != 1), "a boolean is 0, 1, true or false"
    elif kind.name == "category":
        whole = values == np.floor(values)
        bad = ~whole | (values < 0) | (values >= kind.options)
        rule = f"a category of {kind.options} is a whole number from 0 to {kind.options - 1}"
    elif kind.name == "count":
        bad = values != np.floor(values)
        rule = "a count is a whole number"
        if not deterministic:
            bad, rule = bad | (values < 0), "a count is a whole number, 0 or more"
    elif kind.bounds is not None:
        low, high = kind.bounds
        slack = SLACK * (high - low)
        bad = (values < low - slack) | (values > high + slack)
        rule = f"its support is [{low:g}, {high:g}]"
    elif kind.support == "positive":
        bad, rule = values < 0, "its support is the positive reals"
    elif kind.support == "unit":
        bad, rule = (values < -SLACK) | (values > 1 + SLACK), "its support is [0, 1]"
    else:
        return
    if (bad & present).any():
        raise _bad(name, values, bad & present, rule, "leave out what is unknown, as NaN or null")


def _number(name: str, array: NDArray[Any], index: tuple[int, ...]) -> float:
    cell = array[index]
    if cell is None or cell is np.ma.masked or type(cell).__name__ == "NAType":
        return np.nan
    if isinstance(cell, bytes):
        cell = cell.decode("utf-8", "replace")
    try:
        if isinstance(cell, str):
            word = cell.strip().lower()
            if word in MISSING_WORDS:
                return np.nan
            return BOOLEAN_WORDS[word] if word in BOOLEAN_WORDS else float(word)
        return float(cell)
    except (TypeError, ValueError, OverflowError):
        shown = repr(str(cell)) if isinstance(cell, str) else repr(cell)
        shown = shown if len(shown) <= 40 else shown[:37] + "..."
        raise GsdmcError(
            f'evidence "{name}"{place(index)} is {shown}, which is no number',
            hint="a missing entry is None, null, NaN or an empty cell",
        ) from None


def _bad(name: str, values: NDArray[np.float64], bad: NDArray[np.bool_], rule: str, hint: str) -> GsdmcError:
    first = tuple(int(i) for i in np.argwhere(bad)[0])
    more = int(bad.sum()) - 1
    others = f" (and {more} more)" if more else ""
    return GsdmcError(f'evidence "{name}"{place(first)} is {values[first]:g}{others}; {rule}', hint=hint)


def place(index: tuple[int, ...]) -> str:
    """An index in words, ` at [2, 0]`; nothing for a single variable."""
    return f" at [{', '.join(map(str, index))}]" if index else ""
