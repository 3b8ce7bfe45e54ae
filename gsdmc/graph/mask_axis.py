"""Where nodes lie along the sides of a mask's picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gsdmc.graph.factor_graph import FactorGraph, Indices

EXACT = 1000
"""Most nodes that a picture shows one by one; larger masks are aggregated."""

PIXELS = 960
"""Side of a mask in the picture, but for small masks and for thin arrays that are widened."""

LARGEST = 48
"""Most pixels that a node takes."""

BINS = 640
"""Rows and columns of an aggregated mask."""

BIN = 2
"""Pixels that they take."""

THIN = 12
"""Pixels below which an array is too thin to read."""


@dataclass(frozen=True, eq=False)
class Axis:
    """Bins of nodes in a row, and the pixels that they take.

    Attributes:
        edges: `[arrays + 1]`, each array's first pixel and the last one's end.
        bin_of_node: `[N]`, the bin of every node, ascending.
        widths: `[bins]`, the pixels of every bin.
        true: whether arrays are drawn to scale.
    """

    edges: Indices
    bin_of_node: Indices
    widths: Indices
    true: bool

    @property
    def bins(self) -> int:
        """Number of bins."""
        return len(self.widths)

    @property
    def side(self) -> int:
        """Pixels of all bins together."""
        return int(self.widths.sum())

    @property
    def aggregated(self) -> bool:
        """Whether some bin holds several nodes."""
        return self.bins < len(self.bin_of_node)


def mask_axis(graph: FactorGraph) -> Axis:
    """Give every node a bin: its own, or in large graphs one that it shares with neighbours in its array.

    Arrays too thin to read are widened. Where that would not be enough, all take room by the square
    root of their size.
    """
    sizes = np.array([a.size for a in graph.arrays], dtype=np.int64)
    if graph.nodes <= EXACT:
        return _axis(graph, sizes, max(1, min(-(-PIXELS // max(graph.nodes, 1)), LARGEST)), True)
    if len(sizes) > BINS // 4:  # too many arrays to give each a share of its own
        bin_of_node = np.arange(graph.nodes) * BINS // graph.nodes
        firsts = [bin_of_node[min(a.offset, graph.nodes - 1)] for a in graph.arrays]
        return Axis(np.array([*firsts, BINS]) * BIN, bin_of_node, np.full(BINS, BIN), True)
    true = bool(sizes[sizes > 0].min() * BINS * BIN >= THIN * graph.nodes)
    share = sizes.astype(np.float64) if true else np.sqrt(sizes)
    bins = np.clip(np.round(share / share.sum() * BINS), 1, sizes).astype(np.int64)
    return _axis(graph, bins, BIN, true)


def _axis(graph: FactorGraph, bins: Indices, cell: int, true: bool) -> Axis:
    """The axis on which an array has so many bins of so many pixels, or of more where it were too thin."""
    sizes = np.array([a.size for a in graph.arrays], dtype=np.int64)
    cells = np.full(len(sizes), cell)
    if len(sizes) * THIN <= PIXELS:
        cells = np.maximum(cells, -(-THIN // np.maximum(bins, 1)))
    array = graph.array_of_node
    offsets = np.array([a.offset for a in graph.arrays], dtype=np.int64)
    within = (np.arange(graph.nodes) - offsets[array]) * bins[array] // sizes[array]
    firsts = np.append(0, np.cumsum(bins))
    return Axis(
        edges=np.append(0, np.cumsum(bins * cells)),
        bin_of_node=firsts[array] + within,
        widths=np.repeat(cells, bins),
        true=true and bool((cells == cell).all()),
    )
