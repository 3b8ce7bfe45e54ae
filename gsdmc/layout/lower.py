"""Lowering: a factor graph becomes what a network needs."""

from __future__ import annotations

import math
from itertools import accumulate

import numpy as np
import torch

from gsdmc.graph.edges import EdgeTable, edge_table
from gsdmc.graph.factor_graph import Array, FactorGraph, Indices
from gsdmc.graph.parts import parts
from gsdmc.kernels.structure import Structure
from gsdmc.language.source import GsdmcError
from gsdmc.layout.layout import ArraySlot, Layout

EMBEDDINGS, EMBEDDINGS_PER_NODE = 200_000, 10
"""What an array whose indices can coincide may take, whichever is more: a plate may be spanned ten times."""


def lower(
    graph: FactorGraph,
    edges: EdgeTable | None = None,
    diameter: int | None = None,
    *,
    symmetric: bool = True,
) -> Layout:
    """Lower a graph to node order, neighbour structure and embedding indices.

    Args:
        graph: the graph.
        edges: its edge table, where the caller has it already.
        diameter: its diameter, where it is known.
        symmetric: whether every entry of the table has its transpose.

    Raises:
        GsdmcError: an array that takes more embeddings than a network can learn.
    """
    edges = edge_table(graph) if edges is None else edges
    structure = Structure.build(
        graph.nodes,
        edges.rows,
        edges.columns,
        edges.roles,
        role_count=len(edges.role_names),
        symmetric=symmetric,
    )
    keys: list[str] = []
    embedding = [embedding_rows(graph, array, keys) for array in graph.arrays]
    positions, names = ordered_positions(graph)
    part_of = parts(graph)
    return Layout(
        arrays=tuple(
            ArraySlot(
                a.name, a.kind, a.shape, a.offset, a.size, a.deterministic, a.generated, part_of[a.name]
            )
            for a in graph.arrays
        ),
        structure=structure,
        roles=tuple(edges.role_names),
        embedding_keys=tuple(keys),
        embedding=torch.from_numpy(np.concatenate(embedding)),
        positions=torch.from_numpy(positions),
        position_plates=names,
        diameter=diameter,
    )


def coordinates(array: Array) -> Indices:
    """Index of every element along every dimension, `[size, dims]`."""
    if not array.shape:
        return np.zeros((1, 0), dtype=np.int64)
    return np.stack(np.unravel_index(np.arange(array.size), array.shape), axis=1)


def embedding_rows(graph: FactorGraph, array: Array, keys: list[str]) -> Indices:
    """Each element's row among the learned embeddings, `[size]`; the array's keys are appended.

    Elements share a row when they differ along exchangeable and ordered plates only, and coincide
    alike where the array spans one of these plates several times. The keys don't depend on the sizes
    of these plates: a pattern that a small size has no room for has its key all the same.

    Raises:
        GsdmcError: more embeddings than a network can learn.
    """
    index = coordinates(array)
    fixed = [d for d, p in enumerate(array.plates) if graph.plate_by_name[p].cls == "fixed"]
    rows = np.zeros(array.size, dtype=np.int64)
    for d in fixed:
        rows = rows * array.shape[d] + index[:, d]
    check_embeddings(array, fixed)
    patterns = [""]
    for dims in repeated(array, fixed):
        same = index[:, dims, None] == index[:, None, dims]  # [size, dims, dims]
        first = same.argmax(axis=2)  # where each dimension's index was first met
        known = partitions(len(dims))
        digits = len(dims) ** np.arange(len(dims))[::-1]  # so that patterns are numbers, in the same order
        rows = rows * len(known) + np.searchsorted(np.array(known) @ digits, first @ digits)
        patterns = [p + "".join(map(str, pattern)) for p in patterns for pattern in known]
    start = len(keys)
    suffixes = [f"={p}" if p else "" for p in patterns]
    for place in np.ndindex(*(array.shape[d] for d in fixed)):
        at = dict(zip(fixed, place, strict=True))
        shown = ",".join(str(at.get(d, ":")) for d in range(len(array.shape)))
        keys.extend(array.name + (f"[{shown}]" if fixed else "") + suffix for suffix in suffixes)
    return start + rows


def check_embeddings(array: Array, fixed: list[int]) -> None:
    """Refuse an array whose indices can coincide in more ways than anyone could mean.

    Bell's numbers count these ways, so a few lines of a program could ask for more than memory holds.

    Raises:
        GsdmcError: naming the array and the plate.
    """
    count = math.prod(array.shape[d] for d in fixed)
    for dims in repeated(array, fixed):
        count *= bell(len(dims))
        if count > max(EMBEDDINGS, EMBEDDINGS_PER_NODE * array.size):
            raise GsdmcError(
                f"`{array.name}` spans the plate `{array.plates[dims[0]]}` {len(dims)} times: which of its "
                f"indices coincide would take {bell(len(dims)):,} embeddings to say",
                hint="iterate once over the product of the sizes, `(range (* m n))`, in place of nesting",
            )


def bell(count: int) -> int:
    """The number of `partitions(count)`, by Bell's triangle."""
    row = [1]
    for _ in range(count - 1):
        row = list(accumulate([row[-1], *row]))
    return row[-1]


def repeated(array: Array, fixed: list[int]) -> list[list[int]]:
    """Dimensions of each plate that an array spans several times, fixed ones excepted."""
    groups = (
        [d for d, p in enumerate(array.plates) if p == plate and d not in fixed]
        for plate in dict.fromkeys(array.plates)
    )
    return [dims for dims in groups if len(dims) > 1]


def partitions(count: int) -> list[tuple[int, ...]]:
    """Every way in which `count` indices can coincide: for each, the first that it equals."""
    found: list[tuple[int, ...]] = [()]
    for place in range(count):
        found = [(*p, first) for p in found for first in (*sorted(set(p)), place)]
    return found


def ordered_positions(graph: FactorGraph) -> tuple[Indices, tuple[str, ...]]:
    """Each node's index along every ordered plate, `[N, P]`, -1 where it has none.

    A plate that some array spans twice has a column for each time.
    """
    columns: dict[tuple[str, int], Indices] = {}
    for array in graph.arrays:
        index = coordinates(array)
        seen: dict[str, int] = {}
        for d, plate in enumerate(array.plates):
            if graph.plate_by_name[plate].cls != "ordered":
                continue
            time = seen[plate] = seen.get(plate, -1) + 1
            column = columns.setdefault((plate, time), np.full(graph.nodes, -1))
            column[array.offset : array.offset + array.size] = index[:, d]
    names = tuple(plate if time == 0 else f"{plate}#{time + 1}" for plate, time in columns)
    if not columns:
        return np.zeros((graph.nodes, 0), dtype=np.int64), names
    return np.stack(list(columns.values()), axis=1), names
