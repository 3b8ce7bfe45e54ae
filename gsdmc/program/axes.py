"""Iterations and what the program says of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from typing import Any, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from gsdmc.language.source import Span
from gsdmc.program.meter import hold

Entry = TypeVar("Entry", bound=np.generic)


@dataclass(eq=False)
class Axis:
    """One iteration of the program (`foreach`, `loop`, `map`, `reduce`) or one dimension of data.

    Axes that index the same things directly belong to one plate; `Fact`s record that. `size_name`
    is the `def` that gives the size, if it is named there. A `separate` axis numbers elements that are
    written one by one, and is no plate.
    """

    name: str
    size: int
    span: Span
    size_name: str | None = None
    separate: bool = False

    def __repr__(self) -> str:
        return f"{self.name}({self.size})"


@dataclass(frozen=True)
class Fact:
    """What one expression says of the axes that it uses.

    `same`: both axes are one plate. `part`: the second axis runs over a part of the first one's plate,
    which is ordered by that. `ordered`, `fixed`: each axis is at least that.
    """

    says: Literal["same", "part", "ordered", "fixed"]
    axes: tuple[Axis, ...]
    reason: str
    span: Span


Origin = tuple[Axis, bool]
"""An iteration whose index a value was computed from, with True where the index looked up data."""


@dataclass(frozen=True, eq=False)
class IndexMap:
    """An integer that depends on axes: `values` has one dimension per axis."""

    axes: tuple[Axis, ...]
    values: NDArray[np.int64]

    @staticmethod
    def identity(axis: Axis) -> IndexMap:
        """The axis's own index."""
        return IndexMap((axis,), np.arange(axis.size))

    @staticmethod
    def constant(value: int) -> IndexMap:
        """The same integer everywhere."""
        return IndexMap((), np.asarray(value, dtype=np.int64))

    @cached_property
    def is_own_index(self) -> bool:
        """Whether the map is one axis's own index."""
        return len(self.axes) == 1 and np.array_equal(self.values, np.arange(self.axes[0].size))

    def is_identity_of(self, axis: Axis) -> bool:
        """Whether the map is one axis's own index, over the whole range of `axis`."""
        return self.is_own_index and self.axes[0].size == axis.size

    @cached_property
    def content(self) -> tuple[tuple[Axis, ...], bytes]:
        """Equal for maps that are equal."""
        small = self.values.size <= 8
        data = self.values.tobytes()
        return self.axes, data if small else blake2b(data, digest_size=16).digest()

    @cached_property
    def _ascending(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        order = np.argsort(self.values, axis=None, kind="stable")
        return self.values.reshape(-1)[order], order

    def places(self, value: int) -> NDArray[np.int64]:
        """Where the map has a value, ascending, as positions in row-major order."""
        ascending, order = self._ascending
        low, high = np.searchsorted(ascending, [value, value + 1])
        return order[low:high]

    def substitute(self, axis: Axis, index: IndexMap) -> IndexMap:
        """The map with `axis` replaced by `index`."""
        if axis not in self.axes:
            return self
        if self.axes == (axis,) and self.is_identity_of(axis):
            return index
        values, axes = take(self.values, self.axes, axis, index)
        return IndexMap(axes, values)


def take(
    values: NDArray[Entry], axes: tuple[Axis, ...], axis: Axis, index: IndexMap
) -> tuple[NDArray[Entry], tuple[Axis, ...]]:
    """Replace `axis` of an array with named axes by `index`, pairing axes that both have."""
    rest = tuple(a for a in axes if a is not axis)
    out = (*rest, *(a for a in index.axes if a not in rest))
    moved = np.moveaxis(values, axes.index(axis), -1)
    if not any(a in rest for a in index.axes):
        if index.is_identity_of(axis):
            return moved, out
        hold([a.size for a in out])
        return moved[..., index.values], out
    hold([a.size for a in out])
    grid = [np.arange(a.size).reshape([-1 if b is a else 1 for b in out]) for a in rest]
    return moved[(*grid, spread(index.values, index.axes, out))], out


def spread(values: NDArray[Entry], axes: tuple[Axis, ...], out: tuple[Axis, ...]) -> NDArray[Entry]:
    """View `values` with one dimension per axis of `out`, of size one where it lacks that axis."""
    present = [a for a in out if a in axes]
    moved = values.transpose([axes.index(a) for a in present])
    return moved.reshape([a.size if a in axes else 1 for a in out])


def merged(*groups: tuple[Any, ...]) -> tuple[Any, ...]:
    """All members of the groups, each once, in order."""
    return tuple(dict.fromkeys(member for group in groups for member in group))
