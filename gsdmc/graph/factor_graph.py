"""The factor graph of a program: arrays of variables, the plates they span, what relates them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from gsdmc.language.kinds import Kind

Indices = NDArray[np.int64]
PlateClass = Literal["exchangeable", "ordered", "fixed"]

SHOWN = 8
"""Arrays and plates that a graph's `repr` names."""


@dataclass(frozen=True)
class Plate:
    """A plate: one index that arrays share.

    `cls` says how its replicas are told apart, `reason` why it got that class, with the place in
    the program. `size_name` is the `def` that alone sets its size, if there is one.
    """

    name: str
    size: int
    cls: PlateClass
    reason: str
    size_name: str | None = None


@dataclass(frozen=True)
class Array:
    """A named array of variables of one kind.

    Its nodes are numbered `offset .. offset + size - 1`, row-major in `shape`. `plates` names the
    plate of every dimension. `deterministic` marks `dirac` arrays, `generated` those of them whose
    value the graph does not explain (`untracked`, `extern`), `observed` those with default evidence.
    """

    name: str
    kind: Kind
    shape: tuple[int, ...]
    plates: tuple[str, ...]
    distribution: str
    offset: int
    deterministic: bool = False
    generated: bool = False
    observed: bool = False

    @property
    def size(self) -> int:
        """Number of nodes."""
        return int(np.prod(self.shape, dtype=np.int64))


@dataclass(frozen=True, eq=False)
class Argument:
    """Edges from variables to those whose distribution they enter as the argument `slot`.

    `parents` and `children` are node numbers, one pair per edge, `[edges]` each.
    """

    parent: str
    child: str
    slot: str
    parents: Indices
    children: Indices

    @property
    def role(self) -> str:
        """The relation's name, read from child to parent."""
        return f"{self.parent} is {self.slot} of {self.child}"


@dataclass(frozen=True, eq=False)
class Factor:
    """A named factor: every instance is a clique over its members.

    `members` holds node numbers, `[instances, largest instance]`, padded with -1; `plates` names
    the plates that its instances range over.
    """

    name: str
    expression: str
    arrays: tuple[str, ...]
    plates: tuple[str, ...]
    members: Indices

    @property
    def role(self) -> str:
        """The relation's name: the factor's own."""
        return self.name


Relation = Argument | Factor


@dataclass(frozen=True, eq=False, repr=False)
class FactorGraph:
    """What a program's trace says about structure: no values, no weights.

    Arrays stand in order of first appearance, and their nodes in that order. `plates` has every
    plate that some array spans.
    """

    arrays: tuple[Array, ...]
    plates: tuple[Plate, ...]
    relations: tuple[Relation, ...]

    def __repr__(self) -> str:
        arrays = ", ".join(a.name for a in self.arrays[:SHOWN]) + (
            ", ..." if len(self.arrays) > SHOWN else ""
        )
        plates = ", ".join(f"{p.name}={p.size}" for p in self.plates[:SHOWN])
        plates += ", ..." if len(self.plates) > SHOWN else ""
        parts = f"arrays {arrays or 'none'}; plates {plates or 'none'}"
        return f"<gsdmc factor graph of {self.nodes} nodes: {parts}>"

    def _repr_html_(self) -> str:
        from gsdmc.graph.notebook import graph_html

        return graph_html(self)

    @cached_property
    def nodes(self) -> int:
        """Number of variables."""
        return sum(a.size for a in self.arrays)

    @cached_property
    def by_name(self) -> dict[str, Array]:
        """Arrays by name."""
        return {a.name: a for a in self.arrays}

    @cached_property
    def plate_by_name(self) -> dict[str, Plate]:
        """Plates by name."""
        return {p.name: p for p in self.plates}

    @cached_property
    def array_of_node(self) -> Indices:
        """`[N]`, the position in `arrays` of each node's array."""
        return np.repeat(np.arange(len(self.arrays)), [a.size for a in self.arrays])

    def names(self) -> Iterator[tuple[str, tuple[int, ...]]]:
        """Array name and index of every node, in order."""
        for a in self.arrays:
            for index in np.ndindex(*a.shape):
                yield a.name, index
