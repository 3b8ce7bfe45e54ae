"""A relation's edges as maps of indices, where they are: `C[i, j, t] <- A[i, t]`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from gsdmc.graph.factor_graph import Argument, Array, FactorGraph, Indices
from gsdmc.graph.text import printable

ARROW = "<-"
WHOLE = ":"
SHIFTS = 5
"""Most distances between two indices that are told apart."""

MAPS, SHOWN = 256, 4
"""Most maps that are weighed against each other, and that are written."""


@dataclass(frozen=True)
class Source:
    """A parent's index: the child's along `dim`, plus `shift`; any index where `dim` is None."""

    dim: int | None
    shift: int = 0


Map = tuple[Source, ...]
"""A source for each of a parent's dimensions."""


def index_map(graph: FactorGraph, relation: Argument) -> str | None:
    """The relation as maps from a child's indices to its parents', `:` standing for every index.

    Each map holds for all of the child's variables that it gives a parent. None where edges are left over.
    """
    child, parent = graph.by_name[relation.child], graph.by_name[relation.parent]
    pairs = np.unique(relation.children * graph.nodes + relation.parents)
    children = coordinates(child, pairs // graph.nodes)
    parents = coordinates(parent, pairs % graph.nodes)
    found = next(filter(None, (_maps(child, parent, children, parents, most) for most in (1, SHIFTS))), None)
    if not found:
        return None
    letters = dimension_names(child)
    looked_up = [_indexed(parent, [_written(source, letters) for source in one]) for one in found[:SHOWN]]
    looked_up += [f"... {len(found) - SHOWN} more"] if len(found) > SHOWN else []
    return f"{_indexed(child, letters)} {ARROW} {', '.join(looked_up)}"


def coordinates(array: Array, nodes: Indices) -> Indices:
    """Indices of an array's nodes, `[dims, nodes]`."""
    if not array.shape:
        return np.zeros((0, len(nodes)), dtype=np.int64)
    return np.stack(np.unravel_index(nodes - array.offset, array.shape))


def dimension_names(array: Array) -> list[str]:
    """A name for every dimension: its plate's, primed where the array spans the plate again."""
    return [
        printable(plate) + "′" * array.plates[:place].count(plate) for place, plate in enumerate(array.plates)
    ]


def _maps(child: Array, parent: Array, children: Indices, parents: Indices, shifts: int) -> list[Map]:
    """Maps whose edges together are the given ones; none where there are no such maps."""
    options = [_sources(child, parent, d, children, parents, shifts) for d in range(len(parent.shape))]
    if math.prod(map(len, options)) > MAPS:
        return []
    left = np.ones(children.shape[1], dtype=np.bool_)
    chosen: list[Map] = []
    for one in sorted(
        product(*options), key=lambda m: (-_size(child, parent, m), _strange(child, parent, m))
    ):
        within = _holds(one, children, parents)
        if within.sum() == _size(child, parent, one) and (left & within).any():
            chosen.append(one)
            left &= ~within
    return [] if left.any() else chosen


def _sources(
    child: Array, parent: Array, dim: int, children: Indices, parents: Indices, most: int
) -> list[Source]:
    """What the parent's index along `dim` may be, with at most so many distances to one of the child's."""
    found = [Source(None)]
    for other, plate in enumerate(child.plates):
        shifts = np.unique(parents[dim] - children[other]).tolist()
        if len(shifts) > most:
            shifts = [0] if plate == parent.plates[dim] and 0 in shifts else []
        found += [Source(other, shift) for shift in shifts]
    return found


def _holds(one: Map, children: Indices, parents: Indices) -> NDArray[np.bool_]:
    """`[edges]`, which edges a map explains."""
    within = np.ones(children.shape[1], dtype=np.bool_)
    for dim, source in enumerate(one):
        if source.dim is not None:
            within &= parents[dim] == children[source.dim] + source.shift
    return within


def _size(child: Array, parent: Array, one: Map) -> int:
    """Edges of a map: every child that has parents within the array, times what is free."""
    count = math.prod(n for n, source in zip(parent.shape, one, strict=True) if source.dim is None)
    for dim, size in enumerate(child.shape):
        low, high = 0, size
        for along, source in zip(parent.shape, one, strict=True):
            if source.dim == dim:
                low, high = max(low, -source.shift), min(high, along - source.shift)
        count *= max(high - low, 0)
    return count


def _strange(child: Array, parent: Array, one: Map) -> tuple[int, int]:
    """How far a map is from looking up plates by themselves, for choices between equal maps."""
    plates = zip(parent.plates, one, strict=True)
    other = sum(s.dim is None or child.plates[s.dim] != plate for plate, s in plates)
    return other, sum(abs(s.shift) for s in one)


def _written(source: Source, letters: Sequence[str]) -> str:
    if source.dim is None:
        return WHOLE
    return letters[source.dim] + (f" {'+-'[source.shift < 0]} {abs(source.shift)}" if source.shift else "")


def _indexed(array: Array, indices: Sequence[str]) -> str:
    return printable(array.name) + (f"[{', '.join(indices)}]" if indices else "")
