"""Figures of a factor graph's mask."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from gsdmc.graph.diameter import VISIT_LIMIT, diameter
from gsdmc.graph.edges import mask as mask_of
from gsdmc.graph.factor_graph import FactorGraph
from gsdmc.graph.symmetry_check import orbit_representatives


@dataclass(frozen=True)
class GraphMetrics:
    """What `compile` reports of a mask.

    Attributes:
        nodes: N, the number of variables.
        entries: mask entries, both directions and the diagonal counted.
        edges: pairs of distinct neighbours.
        density: entries / N².
        max_degree: most entries in a row, the node itself counted.
        mean_degree: entries / N.
        components: connected components. With more than one, no information passes between them.
        diameter: the longest shortest path within a component.
        diameter_exact: False where `diameter` is only an upper bound.
    """

    nodes: int
    entries: int
    edges: int
    density: float
    max_degree: int
    mean_degree: float
    components: int
    diameter: int
    diameter_exact: bool


def graph_metrics(
    graph: FactorGraph, mask: csr_array[np.bool_] | None = None, limit: int = VISIT_LIMIT
) -> GraphMetrics:
    """Measure a graph's mask.

    Args:
        graph: the graph.
        mask: its mask, where the caller has it already.
        limit: most entries that the search for an exact diameter may touch.
    """
    mask = mask_of(graph) if mask is None else mask
    nodes, entries = graph.nodes, int(mask.nnz)
    components, component = connected_components(mask.astype(np.int8), directed=False)
    longest, exact = diameter(mask, component.astype(np.int64), orbit_representatives(graph), limit)
    return GraphMetrics(
        nodes=nodes,
        entries=entries,
        edges=(entries - nodes) // 2,
        density=entries / max(nodes, 1) ** 2,
        max_degree=int(np.diff(mask.indptr).max(initial=0)),
        mean_degree=entries / max(nodes, 1),
        components=int(components),
        diameter=longest,
        diameter_exact=exact,
    )
