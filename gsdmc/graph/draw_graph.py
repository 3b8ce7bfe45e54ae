"""The plated factor graph as an SVG picture."""

from __future__ import annotations

from collections.abc import Collection
from os import PathLike
from pathlib import Path

from gsdmc.graph.draw_legend import legend
from gsdmc.graph.draw_lines import line_mark, loop_mark, paths
from gsdmc.graph.draw_shapes import (
    HALVES,
    INK,
    TEXT,
    Evidence,
    array_leaf,
    array_mark,
    factor_leaf,
    factor_mark,
    hue,
    plate_label,
    plate_mark,
    plate_text,
)
from gsdmc.graph.factor_graph import FactorGraph
from gsdmc.graph.plate_boxes import Box, Leaf, nest
from gsdmc.graph.plate_lines import Line
from gsdmc.graph.plate_place import LABEL, place
from gsdmc.graph.plated import Plated
from gsdmc.graph.text import width

MARGIN = 20.0
LEAST = 420.0
"""Width that the legend may take below a narrower picture."""

HEAD = """<svg xmlns="http://www.w3.org/2000/svg" width="{w:.0f}" height="{h:.0f}" \
viewBox="0 0 {w:.0f} {h:.0f}" font-family="DejaVu Sans, Verdana, Helvetica, sans-serif" fill="{ink}">
<defs>{halves}</defs>
<rect width="100%" height="100%" fill="white"/>"""


def draw_graph(
    graph: FactorGraph,
    path: str | PathLike[str],
    given: Collection[str] = frozenset(),
    partly: Collection[str] = frozenset(),
) -> None:
    """Write the plated factor graph of `graph` as SVG.

    Arrays are ellipses with their distribution and kind: grey when observed or `given`, half grey when given
    in part, dashed when `dirac`, with a second outline when generated. Arrows go from parents to children,
    factors are black squares. Plates are labelled boxes, one in another where they nest; where they cross,
    one of them is drawn several times in one colour, and all but its largest box are dashed.

    Args:
        graph: the graph.
        path: where to write.
        given: names of arrays that queries give.
        partly: names of arrays of which queries give a part.
    """
    Path(path).write_text(graph_svg(graph, given, partly), encoding="utf-8")


def graph_svg(
    graph: FactorGraph, given: Collection[str] = frozenset(), partly: Collection[str] = frozenset()
) -> str:
    """The text of the picture that `draw_graph` writes."""
    evidence = Evidence(given, partly)
    plated = Plated.of(graph)
    root, lines, bands = plated_layout(graph)
    arrays = {leaf.name: leaf for leaf in root.leaves() if not leaf.is_factor and not leaf.is_lane}
    squares = {leaf.name: leaf for leaf in root.leaves() if leaf.is_factor}
    hues = {p.name: hue(i) for i, p in enumerate(graph.plates)}
    boxes = [(graph.plate_by_name[b.plate], b, hues[b.plate]) for b in root.boxes() if b.plate is not None]
    courses = paths(lines, bands)
    parts = [plate_mark(*box) for box in boxes]
    parts += [line_mark(line, course, INK) for line, course in zip(lines, courses, strict=True)]
    for (parent, child), slots in plated.slots.items():
        if parent == child:
            parts.append(loop_mark(arrays[parent], _title(parent, child, slots), INK))
    points = [tuple(p) for course in courses for p in course.points().tolist()]
    for plate, box, tint in boxes:
        floor = box.y + box.height
        parts.append(plate_label(plate, box, tint, [x for x, y in points if floor - LABEL < y < floor]))
    parts += [array_mark(a, arrays[a.name], evidence) for a in plated.arrays]
    parts += [factor_mark(f, squares[f.name]) for f in plated.factors]
    rows, legend_width, legend_height = legend(graph, evidence, root, max(root.width, LEAST))
    wide = max(root.width, legend_width) + 2 * MARGIN
    high = root.height + legend_height + 3 * MARGIN
    shift = f'<g transform="translate({(wide - root.width) / 2:.1f} {MARGIN:.1f})">'
    foot = f'<g transform="translate({MARGIN:.1f} {root.height + 2 * MARGIN + 12:.1f})">'
    head = HEAD.format(w=wide, h=high, ink=INK, halves=HALVES)
    return "\n".join([head, shift, *parts, "</g>", foot, *rows, "</g>", "</svg>", ""])


def plated_layout(graph: FactorGraph) -> tuple[Box, list[Line], list[tuple[float, float]]]:
    """Where the picture's boxes, arrays and factors lie, its lines, and the strips that leaves lie in."""
    plated = Plated.of(graph)
    depth = plated.layers()
    leaves: dict[tuple[str, bool], Leaf] = {}
    for a in plated.arrays:
        leaves[a.name, False] = array_leaf(a, depth[a.name, False], (a.name, a.name) in plated.slots)
    for f in plated.factors:
        leaves[f.name, True] = factor_leaf(f, depth[f.name, True])
    lines = [
        Line(leaves[f.name, True], leaves[a, False], False, f"{f.name} relates {a}")
        for f in plated.factors
        for a in f.arrays
    ]
    lines += [
        Line(leaves[parent, False], leaves[child, False], True, _title(parent, child, slots))
        for (parent, child), slots in plated.slots.items()
        if parent != child
    ]
    root = nest(list(leaves.values()), [p.name for p in graph.plates])
    for box in root.boxes():
        if box.plate is not None:
            plate = graph.plate_by_name[box.plate]
            box.least = 16 + max(width(plate_text(plate, box.repeat, clone), TEXT) for clone in (False, True))
    return root, lines, place(root, lines)


def _title(parent: str, child: str, slots: tuple[str, ...]) -> str:
    return f"{parent} is {', '.join(slots)} of {child}"
