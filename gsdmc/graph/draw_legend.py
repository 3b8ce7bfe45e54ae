"""The legend of a plated picture: the marks in use, explained."""

from __future__ import annotations

from dataclasses import replace

from gsdmc.graph.draw_shapes import INK, SHADE, SQUARE, TEXT, Evidence, outline, written
from gsdmc.graph.factor_graph import Array, Factor, FactorGraph
from gsdmc.graph.plate_boxes import Box
from gsdmc.graph.text import width
from gsdmc.language.kinds import REAL

ROW = 24.0
TEXT_AT, BETWEEN = 30.0, 16.0

PLAIN = Array("", REAL, (), (), "", 0)
DIRAC = replace(PLAIN, deterministic=True)
GENERATED = replace(DIRAC, generated=True)


def legend(
    graph: FactorGraph, evidence: Evidence, root: Box, widest: float
) -> tuple[list[str], float, float]:
    """The legend in rows of at most `widest`, its width and its height."""
    parts: list[str] = []
    x, y, taken = 0.0, 0.0, 0.0
    for text, mark in _marks(graph, evidence, root):
        long = TEXT_AT + width(text, TEXT)
        if x > 0 and x + long > widest:
            x, y = 0.0, y + ROW
        parts.append(f'<g transform="translate({x:.1f} {y:.1f})">{mark}{written(text, TEXT_AT, 0, TEXT)}</g>')
        taken = max(taken, x + long)
        x += long + BETWEEN
    return parts, taken, y + ROW


def _marks(graph: FactorGraph, evidence: Evidence, root: Box) -> list[tuple[str, str]]:
    arrays = graph.arrays
    fills = {evidence.fill(a) for a in arrays}
    boxes = [b for b in root.boxes() if b.plate is not None]
    observed = "observed" if any(a.observed for a in arrays) else ""
    given = "given" if any(a.name in evidence.given for a in arrays) else ""
    factors = any(isinstance(r, Factor) for r in graph.relations)
    square = f'<rect x="{12 - SQUARE}" y="{-4 - SQUARE}" width="{2 * SQUARE}" height="{2 * SQUARE}"/>'
    marks = [
        ("sampled", _ellipse("white", PLAIN), not all(a.deterministic for a in arrays)),
        ("dirac", _ellipse("white", DIRAC), any(a.deterministic and not a.generated for a in arrays)),
        ("generated", _ellipse("white", GENERATED), any(a.generated for a in arrays)),
        (" or ".join(filter(None, (observed, given))), _ellipse(SHADE, PLAIN), SHADE in fills),
        ("given in part", _ellipse("url(#halves)", PLAIN), "url(#halves)" in fills),
        ("factor", square, factors),
        ("plate", _rectangle(""), bool(boxes)),
        ("the same plate again", _rectangle(' stroke-dasharray="4 2.5"'), any(b.clone for b in boxes)),
        ("its second index", written("i′", 10, 0, TEXT), any(b.repeat for b in boxes)),
    ]
    return [(text, mark) for text, mark, used in marks if used]


def _ellipse(fill: str, array: Array) -> str:
    return outline(12, -4, 12, 8, fill, array)


def _rectangle(dash: str) -> str:
    return f'<rect x="1" y="-12" width="22" height="16" rx="4" fill="none" stroke="{INK}"{dash}/>'
