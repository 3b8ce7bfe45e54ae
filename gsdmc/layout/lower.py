"""Lowering: a factor graph becomes what a network needs."""

from __future__ import annotations

import numpy as np
import torch

from gsdmc.graph.edges import EdgeTable, edge_table
from gsdmc.graph.factor_graph import Array, FactorGraph, Indices
from gsdmc.kernels.structure import Structure
from gsdmc.layout.layout import ArraySlot, Layout


def lower(graph: FactorGraph, edges: EdgeTable | None = None, diameter: int | None = None) -> Layout:
    """Lower a graph to node order, neighbour structure and embedding indices.

    Args:
        graph: the graph.
        edges: its edge table, where the caller has it already.
        diameter: its diameter, where it is known.
    """
    edges = edge_table(graph) if edges is None else edges
    structure = Structure.build(
        graph.nodes, edges.rows, edges.columns, edges.roles, role_count=len(edges.role_names)
    )
    keys: list[str] = []
    embedding = [embedding_rows(graph, array, keys) for array in graph.arrays]
    positions, names = ordered_positions(graph)
    return Layout(
        arrays=tuple(
            ArraySlot(a.name, a.kind, a.shape, a.offset, a.size, a.deterministic, a.generated)
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
    """Each element's row among the learned embeddings, `[size]`; new rows' keys are appended.

    Elements share a row when they differ along exchangeable and ordered plates only, and coincide
    alike where the array spans one of these plates several times.
    """
    index = coordinates(array)
    classes = [graph.plate_by_name[p].cls for p in array.plates]
    fixed = [d for d, cls in enumerate(classes) if cls == "fixed"]
    parts = [index[:, d] for d in fixed]
    patterns: list[Indices] = []
    for plate in dict.fromkeys(array.plates):
        dims = [d for d, p in enumerate(array.plates) if p == plate and d not in fixed]
        if len(dims) > 1:  # where each dimension's index was first met among the plate's dimensions
            same = index[:, dims, None] == index[:, None, dims]  # [size, dims, dims]
            patterns.extend(same.argmax(axis=2).T)
    parts.extend(patterns)
    if not parts:
        keys.append(array.name)
        return np.full(array.size, len(keys) - 1)
    distinct, rows = np.unique(np.stack(parts, axis=1), axis=0, return_inverse=True)
    start = len(keys)
    for row in distinct.tolist():
        at = dict(zip(fixed, row, strict=False))
        shown = ",".join(str(at.get(d, ":")) for d in range(len(array.shape)))
        pattern = "".join(str(v) for v in row[len(fixed) :])
        keys.append(array.name + (f"[{shown}]" if fixed else "") + (f"={pattern}" if patterns else ""))
    return start + rows.reshape(-1)


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
