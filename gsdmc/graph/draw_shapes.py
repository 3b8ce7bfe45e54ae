"""The marks of a plated picture, as SVG."""

from __future__ import annotations

import colorsys
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from gsdmc.graph.factor_graph import Array, Factor, Plate
from gsdmc.graph.plate_boxes import Box, Leaf
from gsdmc.graph.text import caption, printable, shorten, width

NAME, TEXT, SMALL = 15, 11, 10
INK, PALE, SHADE = "#2b2b2b", "#666666", "#cfcfcf"
HALF, INSET = 33.0, 3.5
"""Half the height of an array's ellipse, and how far inside it a second one lies."""

LINES = ((-11.0, NAME, 6.5), (5.0, TEXT, 5.0), (19.0, SMALL, 4.5))
"""Middle, font size and half height of the three lines in an ellipse."""

SQUARE = 6.0
LOOP = 26.0
LONGEST = 40
GOLDEN = 0.618034
GROUND = 'fill="white" fill-opacity="0.85"'
HALVES = f"""<linearGradient id="halves"><stop offset="0.5" stop-color="white"/>\
<stop offset="0.5" stop-color="{SHADE}"/></linearGradient>"""


@dataclass(frozen=True)
class Evidence:
    """Names of arrays that queries give, wholly or in part."""

    given: Collection[str] = frozenset()
    partly: Collection[str] = frozenset()

    def fill(self, array: Array) -> str:
        """The colour inside the array's ellipse."""
        if array.observed or array.name in self.given:
            return SHADE
        return "url(#halves)" if array.name in self.partly else "white"


def array_leaf(array: Array, layer: int, loops: bool) -> Leaf:
    """An array's leaf, large enough for its text."""
    inset = INSET if array.generated else 0.0
    needs = [28.0]
    for text, (middle, size, tall) in zip(array_text(array), LINES, strict=True):
        share = (abs(middle) + tall) / (HALF - inset)
        needs.append((width(text, size, size == NAME) / 2 + 2) / (1 - share**2) ** 0.5)
    extent = max(needs) + inset
    reach = extent + (LOOP if loops else 0.0)
    return Leaf(array.name, array.plates, layer, layer, extent, reach, extent, HALF)


def factor_leaf(factor: Factor, layer: int) -> Leaf:
    """A factor's leaf, with room for its name at its right."""
    right = SQUARE + 6 + width(factor_text(factor), TEXT)
    return Leaf(factor.name, factor.plates, layer, layer, SQUARE, right, SQUARE, SQUARE, is_factor=True)


def array_text(array: Array) -> tuple[str, str, str]:
    """Name, distribution and kind of an array."""
    name = shorten(printable(array.name), LONGEST)
    return name, caption(printable(array.distribution)), str(array.kind)


def factor_text(factor: Factor) -> str:
    """A factor's name."""
    return shorten(printable(factor.name), LONGEST)


def plate_text(plate: Plate, repeat: int = 0, clone: bool = False) -> str:
    """A plate's name, size and class; a clone says that it is one."""
    name = shorten(printable(plate.name), LONGEST)
    return f"{name}{'′' * repeat} = {plate.size}, {'again' if clone else plate.cls}"


def array_mark(array: Array, leaf: Leaf, evidence: Evidence) -> str:
    """An array's ellipse and text."""
    dims = ", ".join(f"{p} = {n}" for p, n in zip(array.plates, array.shape, strict=True))
    title = printable(f"{array.name}[{dims}] ~ {array.distribution}, {array.kind}")
    parts = [f"<g><title>{escape(title)}</title>"]
    parts.append(outline(leaf.x, leaf.y, leaf.extent, leaf.half, evidence.fill(array), array))
    styles = (' font-weight="bold"', "", f' font-style="italic" fill="{PALE}"')
    for text, (middle, size, _), style in zip(array_text(array), LINES, styles, strict=True):
        base = leaf.y + middle + 0.36 * size
        parts.append(written(text, leaf.x, base, size, f' text-anchor="middle"{style}'))
    return "".join([*parts, "</g>"])


def outline(x: float, y: float, rx: float, ry: float, fill: str, array: Array) -> str:
    """An ellipse: dashed for a dirac, with a solid one around it where generated."""
    style = f'fill="{fill}" stroke="{INK}" stroke-width="1.4"'
    dash = ' stroke-dasharray="5 3"' if array.deterministic else ""
    outer = f'<ellipse cx="{x:.1f}" cy="{y:.1f}" rx="{rx:.1f}" ry="{ry:.1f}" {style}/>'
    inset = INSET if array.generated else 0.0
    rx, ry = rx - inset, ry - inset
    inner = f'<ellipse cx="{x:.1f}" cy="{y:.1f}" rx="{rx:.1f}" ry="{ry:.1f}" {style}{dash}/>'
    return outer + inner if array.generated else inner


def factor_mark(factor: Factor, leaf: Leaf) -> str:
    """A factor's square and name."""
    corner = f'x="{leaf.x - SQUARE:.1f}" y="{leaf.y - SQUARE:.1f}"'
    title = escape(printable(f"{factor.name}: {factor.expression}"))
    return (
        f'<g><title>{title}</title><rect {corner} width="{2 * SQUARE:.0f}" height="{2 * SQUARE:.0f}"/>'
        + written(factor_text(factor), leaf.x + SQUARE + 5, leaf.y + 4, TEXT)
        + "</g>"
    )


def plate_mark(plate: Plate, box: Box, hue: float) -> str:
    """A plate's box; a clone's border is dashed."""
    dash = ' stroke-dasharray="7 4"' if box.clone else ""
    title = escape(printable(f"{plate.name} is {plate.cls}: {plate.reason}"))
    return (
        f'<rect x="{box.x:.1f}" y="{box.y:.1f}" width="{box.width:.1f}" height="{box.height:.1f}" rx="9" '
        f'fill="{colour(hue, 0.5)}" fill-opacity="0.05" '
        f'stroke="{colour(hue, 0.42)}" stroke-width="1.3"{dash}>'
        f"<title>{title}</title></rect>"
    )


def plate_label(plate: Plate, box: Box, hue: float, crossed: Sequence[float]) -> str:
    """A plate's label in the corner that fewer lines cross, on a ground that pales them.

    `crossed` says where along x lines run through the strip that the label stands in.
    """
    text = plate_text(plate, box.repeat, box.clone)
    wide = width(text, TEXT)
    base = box.y + box.height - 6
    corners = (box.x + box.width - 8 - wide, box.x + 8)

    def hidden(corner: float) -> int:
        return sum(corner - 3 < x < corner + wide + 3 for x in crossed)

    left = min(corners, key=hidden)
    x, anchor = (left, "") if left == corners[1] else (left + wide, ' text-anchor="end"')
    ground = (
        f'<rect x="{left - 2:.1f}" y="{base - 10:.1f}" width="{wide + 4:.1f}" height="13" rx="4" {GROUND}/>'
    )
    label = written(text, x, base, TEXT, f'{anchor} fill="{colour(hue, 0.3)}"')
    return ground + label if hidden(left) else label


def written(text: str, x: float, y: float, size: int, style: str = "") -> str:
    """A line of text."""
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}"{style}>{escape(text)}</text>'


def hue(number: int) -> float:
    """A hue that differs from those of the other plates."""
    return (0.58 + GOLDEN * number) % 1


def colour(hue: float, lightness: float) -> str:
    """A colour of a plate."""
    return "#" + "".join(f"{round(255 * c):02x}" for c in colorsys.hls_to_rgb(hue, lightness, 0.6))
