"""The numbers in joint values: one column per element and channel, and points between which to measure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from gsdmc.compiler.problem import Problem
from gsdmc.graph.factor_graph import Array
from gsdmc.inference.evidence.cells import place
from gsdmc.language.scope import did_you_mean
from gsdmc.language.source import GsdmcError


@dataclass(frozen=True, eq=False)
class Quantities:
    """The elements of some of a program's arrays as columns.

    Attributes:
        problem: the program.
        arrays: those looked at.
    """

    problem: Problem
    arrays: tuple[Array, ...]

    @staticmethod
    def of(problem: Problem, names: Sequence[str] | None = None) -> Quantities:
        """The columns of the arrays of these names, or of all.

        Raises:
            GsdmcError: a name that no array has.
        """
        known = problem.graph.by_name
        for name in names or ():
            if name not in known:
                near = did_you_mean(name, known) or f"its arrays are {', '.join(known)}"
                raise GsdmcError(f'the program has no array "{name}"', hint=near)
        wanted = known if names is None else names
        return Quantities(problem, tuple(a for a in problem.graph.arrays if a.name in wanted))

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """A name for each column: `theta[3]`, and `x[0, 1]` for channel 1 of the vector x[0]."""
        return tuple(
            array.name + place(index).removeprefix(" at ")
            for array in self.arrays
            for index in np.ndindex(*array.shape, *array.kind.event_shape)
        )

    @cached_property
    def owners(self) -> tuple[str, ...]:
        """The array of each column."""
        sizes = ((a.name, int(np.prod((*a.shape, *a.kind.event_shape), dtype=int))) for a in self.arrays)
        return tuple(name for name, size in sizes for _ in range(size))

    def columns(self, values: Mapping[str, Tensor]) -> NDArray[np.float64]:
        """Values `[B, *shape]` of every array as `[B, columns]`; a category as its number."""
        return np.concatenate([_flat(values[a.name]) for a in self.arrays], axis=1)

    def known(self, mask: Mapping[str, Tensor]) -> NDArray[np.bool_]:
        """Masks `[B, *shape]` as `[B, columns]`, a vector's for each of its channels."""
        parts = []
        for a in self.arrays:
            flat = mask[a.name].reshape(len(mask[a.name]), -1).numpy()
            parts.append(np.repeat(flat, int(np.prod(a.kind.event_shape, dtype=int)), axis=1))
        return np.concatenate(parts, axis=1)

    def points(self, values: Mapping[str, Tensor]) -> NDArray[np.float64]:
        """Values as points `[B, coordinates]`: categories as one-hots, the rest as they are."""
        parts = []
        for a in self.arrays:
            value = values[a.name]
            parts.append(_flat(F.one_hot(value.long(), a.kind.options) if _category(a) else value))
        return np.concatenate(parts, axis=1)

    def fixed(self, mask: Mapping[str, Tensor]) -> NDArray[np.bool_]:
        """Masks as `[B, coordinates]` of points."""
        parts = []
        for a in self.arrays:
            flat = mask[a.name].reshape(len(mask[a.name]), -1).numpy()
            repeats = a.kind.options if _category(a) else int(np.prod(a.kind.event_shape, dtype=int))
            parts.append(np.repeat(flat, repeats, axis=1))
        return np.concatenate(parts, axis=1)


def _category(array: Array) -> bool:
    return array.kind.name == "category"


def _flat(value: Tensor) -> NDArray[np.float64]:
    return value.reshape(len(value), -1).double().numpy()
