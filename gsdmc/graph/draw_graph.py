"""The plated factor graph as an SVG picture."""

from __future__ import annotations

import colorsys
import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import cached_property
from math import hypot
from os import PathLike
from pathlib import Path
from xml.sax.saxutils import escape

import numpy as np
from numpy.typing import NDArray

from gsdmc.graph.factor_graph import Argument, Array, Factor, FactorGraph, Plate
from gsdmc.graph.plate_layout import LABEL, Box, Leaf, layers, nest, place

MARGIN = 20.0
NAME, TEXT = 15, 11
INK = "#2b2b2b"
SHADE = "#cfcfcf"
DASHED = ' stroke-dasharray="5 3"'
SQUARE = 6.0
LOOP = 26.0
BENDS = (0.0, 0.15, -0.15, 0.3, -0.3, 0.45, -0.45, 0.6, -0.6)
ARROW = ' marker-end="url(#arrow)"'
GOLDEN = 0.618034
TEXT_LIMIT = 27
LOOK_UP = re.compile(r"\((?:get|get-in) ([^\s()\[\]]+) (?:\[([^()\[\]]*)\]|([^\s()\[\]]+))\)")
INNERMOST = re.compile(r"\([^()]*\)")

Point = tuple[float, float]
Line = tuple[Leaf, Leaf]

HEAD = """<svg xmlns="http://www.w3.org/2000/svg" width="{w:.0f}" height="{h:.0f}" \
viewBox="0 0 {w:.0f} {h:.0f}" font-family="DejaVu Sans, Verdana, Helvetica, sans-serif" fill="{ink}">
<defs><marker id="arrow" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8" \
orient="auto-start-reverse"><path d="M0 1 L10 5 L0 9 z"/></marker></defs>
<rect width="100%" height="100%" fill="white"/>"""


def draw_graph(graph: FactorGraph, path: str | PathLike[str], given: Collection[str] = frozenset()) -> None:
    """Write the plated factor graph of `graph` as SVG.

    Arrays are ellipses: grey when observed or `given`, dashed when `dirac`, with a second outline
    when generated. Arrows go from parents to children, factors are black squares. Plates are boxes,
    exchangeable unless they say otherwise; one that crosses another is drawn several times, in one colour.
    """
    Path(path).write_text(graph_svg(graph, given), encoding="utf-8")


def graph_svg(graph: FactorGraph, given: Collection[str] = frozenset()) -> str:
    """The text of the picture that `draw_graph` writes."""
    root = plated_layout(graph)
    slots, factors = _slots(graph), _factors(graph)
    arrays = {leaf.name: leaf for leaf in root.leaves() if not leaf.is_factor}
    squares = {leaf.name: leaf for leaf in root.leaves() if leaf.is_factor}
    arrows, ties = _lines(graph, [*arrays.values(), *squares.values()])
    curves = {pair: _Curve.between(root, *pair) for pair in ties + arrows}
    points = np.concatenate([np.zeros((0, 2)), *(curve.points for curve in curves.values())])
    parts = [_box(graph, box, points) for box in root.boxes() if box.plate is not None]
    parts += [curves[tie].drawn() for tie in ties]
    for (parent, child), entered in slots.items():
        title = escape(f"{parent} is {', '.join(entered)} of {child}")
        loops = parent == child
        path = _loop(arrays[parent]) if loops else curves[arrays[parent], arrays[child]].drawn(ARROW)
        parts.append(f"<g><title>{title}</title>{path}</g>")
    parts += [_array(a, arrays[a.name], _shaded(a, given)) for a in graph.arrays]
    for name, square in squares.items():
        parts.append(_factor(factors[name], square, [array for end, array in ties if end is square]))
    legend, legend_width = _legend(graph, given, bool(factors))
    width = max(root.width, legend_width) + 2 * MARGIN
    height = root.height + 2 * MARGIN + 28
    shift = f'<g transform="translate({(width - root.width) / 2:.1f} {MARGIN:.1f})">'
    foot = f'<g transform="translate({MARGIN:.1f} {height - MARGIN - 6:.1f})">'
    head = HEAD.format(w=width, h=height, ink=INK)
    return "\n".join([head, shift, *parts, "</g>", foot, *legend, "</g>", "</svg>", ""])


def plated_layout(graph: FactorGraph) -> Box:
    """Where the picture's boxes, arrays and factors lie."""
    depth = layers(graph)
    slots = _slots(graph)
    leaves = [_array_leaf(a, depth[a.name], (a.name, a.name) in slots) for a in graph.arrays]
    leaves += [_factor_leaf(f, depth[f"factor {f.name}"], graph) for f in _factors(graph).values()]
    root = nest(leaves, [p.name for p in graph.plates])
    arrows, ties = _lines(graph, leaves)
    place(root, arrows + ties, {p.name: _width(_plate_label(p, 0), TEXT) for p in graph.plates})
    return root


def _lines(graph: FactorGraph, leaves: list[Leaf]) -> tuple[list[Line], list[Line]]:
    """Arrows from parents to children, and ties from factors to their arrays."""
    arrays = {leaf.name: leaf for leaf in leaves if not leaf.is_factor}
    squares = {leaf.name: leaf for leaf in leaves if leaf.is_factor}
    arrows = [(arrays[parent], arrays[child]) for parent, child in _slots(graph) if parent != child]
    ties = [(squares[f.name], arrays[a]) for f in _factors(graph).values() for a in f.arrays]
    return arrows, ties


def _slots(graph: FactorGraph) -> dict[tuple[str, str], list[str]]:
    """(parent, child) pairs of arrays in order, each with the slots that the parent enters."""
    slots: dict[tuple[str, str], list[str]] = {}
    for relation in graph.relations:
        if isinstance(relation, Argument):
            entered = slots.setdefault((relation.parent, relation.child), [])
            entered += [relation.slot] if relation.slot not in entered else []
    return slots


def _factors(graph: FactorGraph) -> dict[str, Factor]:
    """Factors by name, those stated in several places joined."""
    factors: dict[str, Factor] = {}
    for relation in graph.relations:
        if isinstance(relation, Factor):
            elder = factors.get(relation.name, relation)
            arrays = tuple(dict.fromkeys(elder.arrays + relation.arrays))
            factors[relation.name] = replace(elder, arrays=arrays)
    return factors


def _array_leaf(array: Array, layer: int, loops: bool) -> Leaf:
    text = max(_width(array.name, NAME), _width(_caption(array), TEXT))
    rx = max(0.6 * text + (12 if array.generated else 8), 28.0)
    beside = rx + (LOOP if loops else 0.0)
    return Leaf(array.name, array.plates, False, layer, rx, 25.0, rx, beside)


def _factor_leaf(factor: Factor, layer: int, graph: FactorGraph) -> Leaf:
    spanned = tuple(p for p in factor.plates if p in graph.plate_by_name)
    beside = SQUARE + 6 + _width(_clip(factor.name), TEXT)
    return Leaf(factor.name, spanned, True, layer, SQUARE, SQUARE + 4, beside, beside)


def _box(graph: FactorGraph, box: Box, points: NDArray[np.float64]) -> str:
    names = [p.name for p in graph.plates]
    plate = graph.plate_by_name[box.plate or names[0]]
    hue = (0.58 + GOLDEN * names.index(plate.name)) % 1
    line, fill = _hex(hue, 0.42, 0.55), _hex(hue, 0.5, 0.6)
    label = _plate_label(plate, box.repeat)
    width = _width(label, TEXT)
    floor = box.y + box.height
    corners = (box.x + box.width - 8 - width, box.x + 8)
    low = points[(points[:, 1] > floor - LABEL) & (points[:, 1] < floor), 0]
    left = min(corners, key=lambda corner: np.sum((low > corner - 3) & (low < corner + width + 3)))
    return (
        f'<rect x="{box.x:.1f}" y="{box.y:.1f}" width="{box.width:.1f}" height="{box.height:.1f}" rx="9" '
        f'fill="{fill}" fill-opacity="0.05" stroke="{line}" stroke-width="1.2">'
        f"<title>{escape(f'{plate.name} is {plate.cls}: {plate.reason}')}</title></rect>"
        + (
            _text(label, left, floor - 6, TEXT, f' fill="{line}"')
            if left == corners[1]
            else _text(label, left + width, floor - 6, TEXT, f' text-anchor="end" fill="{line}"')
        )
    )


def _plate_label(plate: Plate, repeat: int) -> str:
    """Name, size and class; a plate without a class named is exchangeable."""
    cls = "" if plate.cls == "exchangeable" else f" {plate.cls}"
    return f"{plate.name}{'′' * repeat} ({plate.size}){cls}"


def _array(array: Array, leaf: Leaf, shaded: bool) -> str:
    dims = ", ".join(f"{p} = {n}" for p, n in zip(array.plates, array.shape, strict=True))
    title = f"{array.name}[{dims}] ~ {array.distribution}, {array.kind}"
    style = f'fill="{SHADE if shaded else "white"}" stroke="{INK}" stroke-width="1.4"'
    return (
        f"<g><title>{escape(title)}</title>"
        + _outline(leaf.x, leaf.y, leaf.left, leaf.half, style, array.deterministic, array.generated)
        + _text(array.name, leaf.x, leaf.y - 1, NAME, ' text-anchor="middle" font-weight="bold"')
        + _text(_caption(array), leaf.x, leaf.y + 14, TEXT, ' text-anchor="middle"')
        + "</g>"
    )


def _shaded(array: Array, given: Collection[str]) -> bool:
    return array.observed or array.name in given


def _outline(
    x: float, y: float, rx: float, ry: float, style: str, deterministic: bool, generated: bool
) -> str:
    """An ellipse: dashed for a dirac, with a solid one around it where generated."""
    dash = DASHED if deterministic else ""
    outer = f'<ellipse cx="{x:.1f}" cy="{y:.1f}" rx="{rx:.1f}" ry="{ry:.1f}" {style}/>' if generated else ""
    inset = 3.5 if generated else 0.0
    inner = f'<ellipse cx="{x:.1f}" cy="{y:.1f}" rx="{rx - inset:.1f}" ry="{ry - inset:.1f}" {style}{dash}/>'
    return outer + inner


def _factor(factor: Factor, leaf: Leaf, tied: list[Leaf]) -> str:
    corner = f'x="{leaf.x - SQUARE:.1f}" y="{leaf.y - SQUARE:.1f}"'
    # The name stands on the side that the lines don't take.
    left = sum(array.x - leaf.x for array in tied) > 1
    x, anchor = (leaf.x - SQUARE - 5, "end") if left else (leaf.x + SQUARE + 5, "start")
    return (
        f"<g><title>{escape(f'{factor.name}: {factor.expression}')}</title>"
        f'<rect {corner} width="{2 * SQUARE}" height="{2 * SQUARE}"/>'
        + _text(_clip(factor.name), x, leaf.y + 4, TEXT, f' text-anchor="{anchor}"')
        + "</g>"
    )


@dataclass(frozen=True)
class _Curve:
    """A quadratic curve from border to border of two leaves."""

    start: Point
    control: Point
    end: Point

    @classmethod
    def between(cls, root: Box, a: Leaf, b: Leaf) -> _Curve:
        """The straightest curve that runs over no third leaf, or over the fewest."""
        others = [leaf for leaf in root.leaves() if leaf is not a and leaf is not b]
        if not others:
            return cls._bent(a, b, 0.0)
        centre = np.array([(leaf.x, leaf.y) for leaf in others])
        radius = np.array([(leaf.extent + 4, leaf.half + 4) for leaf in others])

        def hits(curve: _Curve) -> int:
            offset = (curve.points[:, None] - centre) / radius  # [points, leaves, 2]
            return int(((offset**2).sum(axis=2) < 1).sum())

        straight = cls._bent(a, b, 0.0)
        return min((cls._bent(a, b, bend) for bend in BENDS), key=hits) if hits(straight) else straight

    @classmethod
    def _bent(cls, a: Leaf, b: Leaf, bend: float) -> _Curve:
        dx, dy = b.x - a.x, b.y - a.y
        x, y = a.x + dx / 2 - bend * dy, a.y + dy / 2 + bend * dx
        return cls(_border(a, x - a.x, y - a.y), (x, y), _border(b, x - b.x, y - b.y))

    @cached_property
    def points(self) -> NDArray[np.float64]:
        """`[25, 2]`, points along the curve, evenly in its parameter."""
        t = np.linspace(0, 1, 25)[:, None]
        start, control, end = np.array([self.start, self.control, self.end])
        return np.asarray((1 - t) ** 2 * start + 2 * t * (1 - t) * control + t**2 * end)

    def drawn(self, marker: str = "") -> str:
        """The SVG path."""
        (x0, y0), (x1, y1), (x2, y2) = self.start, self.control, self.end
        path = f"M{x0:.1f} {y0:.1f} Q{x1:.1f} {y1:.1f} {x2:.1f} {y2:.1f}"
        return f'<path d="{path}" fill="none" stroke="{INK}" stroke-width="1.2"{marker}/>'


def _border(leaf: Leaf, dx: float, dy: float) -> tuple[float, float]:
    """Where the ray from a leaf's anchor in the direction (dx, dy) leaves it."""
    if leaf.is_factor:
        scale = SQUARE / max(abs(dx), abs(dy), 1e-9)
    else:
        scale = 1 / max(hypot(dx / leaf.extent, dy / leaf.half), 1e-9)
    return leaf.x + dx * scale, leaf.y + dy * scale


def _loop(leaf: Leaf) -> str:
    """An arrow from an array to itself: its variables depend on one another."""
    x, up, down = leaf.x + leaf.extent * 0.87, leaf.y - leaf.half * 0.5, leaf.y + leaf.half * 0.5
    out = leaf.x + leaf.right + 8
    return (
        f'<path d="M{x:.1f} {up:.1f} C{out:.1f} {up - 12:.1f} {out:.1f} {down + 12:.1f} {x:.1f} {down:.1f}" '
        f'fill="none" stroke="{INK}" stroke-width="1.2"{ARROW}/>'
    )


def _legend(graph: FactorGraph, given: Collection[str], factors: bool) -> tuple[list[str], float]:
    """The marks in use, explained in a row, and its width."""
    arrays, explained = graph.arrays, [a for a in graph.arrays if not a.generated]
    style = f'fill="white" stroke="{INK}" stroke-width="1.2"'
    shaded = f'fill="{SHADE}" stroke="{INK}" stroke-width="1.2"'
    square = f'<rect x="{12 - SQUARE}" y="{-4 - SQUARE}" width="{2 * SQUARE}" height="{2 * SQUARE}"/>'
    marks = [
        ("sampled", _outline(12, -4, 12, 8, style, False, False), not all(a.deterministic for a in arrays)),
        ("dirac", _outline(12, -4, 12, 8, style, True, False), any(a.deterministic for a in explained)),
        ("generated", _outline(12, -4, 12, 8, style, True, True), len(explained) < len(arrays)),
        ("given", _outline(12, -4, 12, 8, shaded, False, False), any(_shaded(a, given) for a in arrays)),
    ]
    shown = [(text, mark) for text, mark, used in marks if used]
    shown += [("factor", square)] if factors else []
    if graph.plates:
        plate = '<rect x="1" y="-12" width="22" height="16" rx="4" fill="none" stroke="#555555"/>'
        exchangeable = any(p.cls == "exchangeable" for p in graph.plates)
        shown.append(("plate (size), exchangeable unless marked" if exchangeable else "plate (size)", plate))
    parts, x = [], 0.0
    for text, mark in shown:
        parts.append(f'<g transform="translate({x:.1f} 0)">{mark}{_text(text, 30, 0, TEXT, "")}</g>')
        x += 30 + _width(text, TEXT) + 14
    return parts, x - 14


def _text(text: str, x: float, y: float, size: int, style: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}"{style}>{escape(text)}</text>'


def _width(text: str, size: int) -> float:
    """An estimate, generous for most fonts."""
    return 0.63 * size * len(text)


def _caption(array: Array) -> str:
    """The distribution's form, its inner forms left out as far as room asks for it."""
    form = array.distribution
    form = form[1:-1] if form.startswith("(") and form.endswith(")") else form
    form = LOOK_UP.sub(r"\1[\2\3]", form)
    while len(form) > TEXT_LIMIT and (shorter := INNERMOST.sub("…", form)) != form:
        form = shorter
    return _clip(form)


def _clip(text: str) -> str:
    return text if len(text) <= TEXT_LIMIT else text[: TEXT_LIMIT - 1] + "…"


def _hex(hue: float, lightness: float, saturation: float) -> str:
    return "#" + "".join(f"{round(255 * c):02x}" for c in colorsys.hls_to_rgb(hue, lightness, saturation))
