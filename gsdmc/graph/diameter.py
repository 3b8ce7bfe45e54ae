"""The diameter of a factor graph: exact by one search per symmetry orbit, else an upper bound."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import breadth_first_order

from gsdmc.graph.factor_graph import Indices

WORD = 64
"""Sources that one packed search handles: the bits of a machine word."""

VISIT_LIMIT = 150_000_000
"""Entries that the exact search may touch, about a second's worth."""

SWEEPS = 3


def diameter(
    mask: csr_array[np.bool_], component: Indices, representatives: Indices, limit: int = VISIT_LIMIT
) -> tuple[int, bool]:
    """The longest shortest path within a component, and whether it is exact or an upper bound.

    Double sweeps give each component a lower bound and, from the middle of the longest path they
    saw, an upper one. They meet in trees and in many grids. Where they don't, one search per orbit
    decides, if all of these together stay under `limit` entries.

    Args:
        mask: `[N, N]`, symmetric with a full diagonal.
        component: `[N]`, each node's connected component.
        representatives: one node of every orbit of a group of automorphisms.
        limit: most entries that the exact search may touch.
    """
    if mask.shape[0] == 0:
        return 0, True
    count = int(component.max()) + 1
    nodes = np.bincount(component, minlength=count)
    entries = np.bincount(component, weights=np.diff(mask.indptr), minlength=count)
    tree = entries == 3 * nodes - 2
    lower, upper = np.zeros(count, dtype=np.int64), nodes - 1
    start = _first(component, -np.diff(mask.indptr))
    for _ in range(SWEEPS):
        longest, bound, start = _sweep(mask, component, start)
        lower = np.maximum(lower, longest)
        upper = np.where(tree, lower, np.minimum(upper, bound))
        open_ = upper > lower.max()
        if not open_.any():
            return int(lower.max()), True
        sources = representatives[open_[component[representatives]]]
        batches = [sources[i : i + WORD] for i in range(0, len(sources), WORD)]
        if len(batches) * int(upper[open_].max()) * mask.nnz <= limit:
            return max(int(lower.max()), *(_eccentricity(mask, batch) for batch in batches)), True
    return int(upper.max()), False


def distances(mask: csr_array[np.bool_], sources: Indices) -> Indices:
    """`[N]`, steps from each node to the nearest source, -1 where there is no path."""
    nodes = mask.shape[0]
    # A root above the sources turns them into the first level of one search.
    columns = np.concatenate([mask.indices, sources])
    starts = np.concatenate([mask.indptr, [mask.nnz + len(sources)]])
    rooted = csr_array((np.ones(len(columns)), columns, starts), shape=(nodes + 1, nodes + 1))
    _, before = breadth_first_order(rooted, nodes, directed=True)
    # Pointer doubling: each round adds the depth of the node that the pointer has reached.
    pointer = np.where(before < 0, np.arange(nodes + 1), before).astype(np.int64)
    reached = before >= 0
    depth = reached.astype(np.int64)
    while (further := depth[pointer]).any():
        depth += further
        pointer = pointer[pointer]
    return np.where(reached, depth - 1, -1)[:nodes]


def _sweep(mask: csr_array[np.bool_], component: Indices, start: Indices) -> tuple[Indices, Indices, Indices]:
    """Walk as far as possible from `start`, then as far again, in all components at once.

    Returns the length of the path walked, an upper bound of the diameter, and the path's middle,
    `[components]` each. In a tree no path is longer.
    """
    end = _first(component, -distances(mask, start))
    near = distances(mask, end)
    other = _first(component, -near)
    far = distances(mask, other)
    longest = near[other]
    length = longest[component]
    off_path = near + far > length
    middle = _first(component, off_path * len(near) + np.abs(near - length // 2))
    reach = np.zeros_like(longest)
    np.maximum.at(reach, component, distances(mask, middle))
    return longest, np.minimum(2 * reach, 2 * longest), middle


def _first(component: Indices, key: Indices) -> Indices:
    """The node with the least key in every component, `[components]`."""
    order = np.lexsort((key, component))
    return order[np.flatnonzero(np.diff(component[order], prepend=-1))]


def _eccentricity(mask: csr_array[np.bool_], sources: Indices) -> int:
    """The greatest distance from any of at most 64 sources, one bit each in a word per node."""
    reached: NDArray[np.uint64] = np.zeros(mask.shape[0], dtype=np.uint64)
    np.bitwise_or.at(reached, sources, np.uint64(1) << np.arange(len(sources), dtype=np.uint64))
    steps = 0
    while True:
        # Each node is its own neighbour, so no row is empty and what is reached stays so.
        wider = np.bitwise_or.reduceat(reached[mask.indices], mask.indptr[:-1])
        if np.array_equal(wider, reached):
            return steps
        reached, steps = wider, steps + 1
