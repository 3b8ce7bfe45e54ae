"""What a notebook shows of a factor graph."""

from __future__ import annotations

from collections.abc import Collection

from gsdmc.graph.draw_thumbnail import thumbnail
from gsdmc.graph.edges import EdgeTable, edge_table, mask
from gsdmc.graph.factor_graph import FactorGraph
from gsdmc.graph.html import facts, folded, frame, note, png, svg, table, text
from gsdmc.graph.text import LONGEST, counted, shorten

MOST_NODES = 50_000
"""Nodes of the largest graph whose mask is shown, which takes a second or two."""

MOST_ARRAYS = 60
"""Arrays of the largest graph that is drawn or listed whole."""

GRAPH_HEIGHT, MASK_HEIGHT = 420, 260
"""Pixels."""


def graph_html(graph: FactorGraph) -> str:
    """A graph's figures, its drawing with plates, its mask, and its arrays."""
    title = f"Factor graph of {text(counted(graph.nodes, 'node'))}"
    return frame(
        title,
        folded("arrays", arrays_html(graph), is_open=True),
        folded("plates", plates_html(graph)) if graph.plates else "",
        folded("drawing", drawing_html(graph), is_open=True),
        folded("mask", mask_html(graph)),
    )


def arrays_html(graph: FactorGraph) -> str:
    """A row per array: its distribution, plates, kind and number of variables."""
    rows = []
    for a in graph.arrays[:MOST_ARRAYS]:
        dims = ", ".join(f"{p}={n}" for p, n in zip(a.plates, a.shape, strict=True)) or "single"
        marks = [m for m, on in (("generated", a.generated), ("observed", a.observed)) if on]
        rows.append(
            (a.name, shorten(a.distribution, LONGEST), dims, ", ".join([str(a.kind), *marks]), f"{a.size:,}")
        )
    more = len(graph.arrays) - len(rows)
    found = table(("array", "distribution", "plates", "kind", "variables"), rows, right=(4,))
    return found + (note(f"and {counted(more, 'array')} more") if more else "")


def plates_html(graph: FactorGraph) -> str:
    """A row per plate: its size, its class and why."""
    rows = [(p.name, f"{p.size:,}", p.cls, p.size_name or "", p.reason) for p in graph.plates]
    return table(("plate", "size", "class", "set by", "because"), rows, right=(1,))


def drawing_html(
    graph: FactorGraph, given: Collection[str] = frozenset(), partly: Collection[str] = frozenset()
) -> str:
    """The graph with its plates, as `draw_graph` draws it."""
    from gsdmc.graph.draw_graph import graph_svg

    if not graph.arrays:
        return note("no variables")
    if len(graph.arrays) > MOST_ARRAYS:
        return note(f"{counted(len(graph.arrays), 'array')} are too many to draw here; draw_graph does")
    return svg(graph_svg(graph, given, partly), f"graph of {len(graph.arrays)} arrays", GRAPH_HEIGHT)


def mask_html(graph: FactorGraph, edges: EdgeTable | None = None) -> str:
    """A small picture of who attends to whom, in the colours of `draw_mask`, with its figures.

    Args:
        graph: the graph.
        edges: its mask entries, where they are other than the graph's own.
    """
    if not 0 < graph.nodes <= MOST_NODES:
        return note(f"a mask of {counted(graph.nodes, 'node')} isn't shown here")
    edges = edge_table(graph) if edges is None else edges
    entries = int(mask(graph, edges).nnz)
    words = f"mask of {counted(graph.nodes, 'node')}, {counted(entries, 'entry')}"
    share = f"{entries / graph.nodes**2:.3g} of a dense mask"
    return png(thumbnail(graph, edges), words, MASK_HEIGHT) + facts(
        [("entries", f"{entries:,}"), ("density", share)]
    )
