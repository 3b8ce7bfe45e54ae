"""Plate symmetries as permutations of nodes, and whether the labelled graph really has them."""

from __future__ import annotations

import numpy as np

from gsdmc.graph.edges import EdgeTable, edge_table
from gsdmc.graph.factor_graph import FactorGraph, Indices


def permute_nodes(graph: FactorGraph, plate: str, permutation: Indices) -> Indices:
    """Where every node goes when replica `i` of `plate` becomes replica `permutation[i]`.

    Every dimension that spans the plate moves, in every array. Returns `[N]`.

    Raises:
        KeyError: the graph has no such plate.
        ValueError: `permutation` is not one of the plate's replicas.
    """
    size = graph.plate_by_name[plate].size
    permutation = np.asarray(permutation, dtype=np.int64)
    if not np.array_equal(np.sort(permutation), np.arange(size)):
        raise ValueError(f"expected a permutation of 0..{size - 1} for plate {plate}, got {permutation}")
    image = np.arange(graph.nodes)
    for array in graph.arrays:
        block = image[array.offset : array.offset + array.size].reshape(array.shape)
        for dimension, spanned in enumerate(array.plates):
            if spanned == plate:
                block = np.take(block, permutation, axis=dimension)
        image[array.offset : array.offset + array.size] = block.ravel()
    return image


def check_automorphism(
    graph: FactorGraph, plate: str, permutation: Indices, table: EdgeTable | None = None
) -> bool:
    """Whether permuting a plate's replicas maps the labelled edges, roles included, onto themselves."""
    table = edge_table(graph) if table is None else table
    image = permute_nodes(graph, plate, permutation)
    before = _labelled(table, table.rows, table.columns, graph.nodes)
    after = _labelled(table, image[table.rows], image[table.columns], graph.nodes)
    return bool(np.array_equal(np.sort(before), np.sort(after)))


def orbit_representatives(graph: FactorGraph) -> Indices:
    """One node, the lowest, of every orbit under the permutations of all exchangeable plates.

    Two nodes of one array share an orbit when they agree along ordered and fixed plates and in
    which of their indices are equal where a dimension's plate is repeated. In every orbit exactly
    one node's indices along each exchangeable plate count up from 0 as they first appear.
    """
    found = []
    for array in graph.arrays:
        # Any index above the number of dimensions can't be the least of its orbit.
        free = [graph.plate_by_name[p].cls == "exchangeable" for p in array.plates]
        axes = [
            np.arange(min(size, len(array.shape)) if f else size)
            for size, f in zip(array.shape, free, strict=True)
        ]
        grid = np.meshgrid(*axes, indexing="ij")
        least = np.ones([len(a) for a in axes], dtype=np.bool_)
        seen: dict[str, Indices] = {}
        for index, plate, f in zip(grid, array.plates, free, strict=True):
            if f:
                highest = seen.get(plate, np.full_like(index, -1))
                least &= index <= highest + 1
                seen[plate] = np.maximum(highest, index)
        index_of = [index[least] for index in grid]
        place = np.ravel_multi_index(tuple(index_of), array.shape) if index_of else np.zeros(1, np.int64)
        found.append(array.offset + np.asarray(place, dtype=np.int64))
    return np.concatenate(found) if found else np.zeros(0, dtype=np.int64)


def _labelled(table: EdgeTable, rows: Indices, columns: Indices, nodes: int) -> Indices:
    return (table.roles * nodes + rows) * nodes + columns
