"""Figures of a mask whose entries have a direction: information passes from column to row."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from gsdmc.graph.diameter import VISIT_LIMIT, WORD, distances
from gsdmc.graph.factor_graph import Indices
from gsdmc.graph.metrics import GraphMetrics


def directed_metrics(
    mask: csr_array[np.bool_], sources: Indices | None = None, limit: int = VISIT_LIMIT
) -> GraphMetrics:
    """Measure a mask that need not be symmetric.

    Components are those of the mask without directions; the diameter is the longest shortest path that
    follows them, between nodes that have one.

    Args:
        mask: `[N, N]` with a full diagonal.
        sources: nodes that any longest path may be taken to start from, by symmetry; all when None.
        limit: most entries that the search for the diameter may touch.
    """
    nodes, entries = int(mask.shape[0]), int(mask.nnz)
    either = (mask + mask.T).nnz
    longest, exact = directed_diameter(mask, np.arange(nodes) if sources is None else sources, limit)
    return GraphMetrics(
        nodes=nodes,
        entries=entries,
        edges=(int(either) - nodes) // 2,
        density=entries / max(nodes, 1) ** 2,
        max_degree=int(np.diff(mask.indptr).max(initial=0)),
        mean_degree=entries / max(nodes, 1),
        components=int(connected_components(mask.astype(np.int8), directed=False)[0]),
        diameter=longest,
        diameter_exact=exact,
    )


def directed_diameter(
    mask: csr_array[np.bool_], sources: Indices, limit: int = VISIT_LIMIT
) -> tuple[int, bool]:
    """The longest of the shortest paths from the sources, and whether it was found or only bounded."""
    longest, spent = 0, 0
    for first in range(0, len(sources), WORD):
        batch = sources[first : first + WORD]
        reached: NDArray[np.uint64] = np.zeros(mask.shape[0], dtype=np.uint64)
        reached[batch] = np.uint64(1) << np.arange(len(batch), dtype=np.uint64)  # a bit per source
        steps = -1
        changed = True
        while changed:
            spent += mask.nnz
            if spent > limit:
                return bound(mask), False
            # Each node is its own neighbour, so no row is empty and what is reached stays so.
            wider = np.bitwise_or.reduceat(reached[mask.indices], mask.indptr[:-1])
            changed = not np.array_equal(wider, reached)
            reached, steps = wider, steps + 1
        longest = max(longest, steps)
    return longest, True


def bound(mask: csr_array[np.bool_]) -> int:
    """An upper bound of the diameter: by way of one node where all paths lead there and back, else N - 1."""
    middle = np.zeros(1, dtype=np.int64)
    there, back = distances(mask, middle), distances(csr_array(mask.T), middle)
    if (there < 0).any() or (back < 0).any():
        return int(mask.shape[0]) - 1
    return int(there.max() + back.max())
