"""Charts as SVG in the page's own colours; they are as legible on a phone as on a desk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gsdmc.graph.html import text
from gsdmc.inference.page.scales import Scale, shown, span_of

WIDE, HIGH = 400.0, 240.0
"""Units of a chart: few, so that text of `TEXT` units is still read where a chart is 350 pixels wide."""

TEXT = 12
LEFT, RIGHT, TOP, BOTTOM = 52.0, 10.0, 10.0, 42.0

Points = Sequence[tuple[float, float]]

COLOURS = 8
"""Colours of lines that the style has, `--c0` and so on."""

DASHES = ("", "6 3", "2 3", "8 3 2 3")


@dataclass(frozen=True)
class Line:
    """A curve: its points, what it is called, and which of the style's colours it has."""

    points: Points
    name: str = ""
    number: int = 0


@dataclass(frozen=True)
class Band:
    """A grey strip: x, and the least and the largest y."""

    points: Sequence[tuple[float, float, float]]


def drawing(words: str, parts: Sequence[str], wide: float = WIDE, high: float = HIGH, kind: str = "") -> str:
    """An SVG of marks; `words` are said in its place where it can't be seen."""
    box = f'viewBox="0 0 {wide:.0f} {high:.0f}" font-size="{TEXT}"'
    name = f"chart {kind}".strip()
    return f'<svg class="{name}" {box} role="img" aria-label="{text(words)}">{"".join(parts)}</svg>'


def curves(
    lines: Sequence[Line],
    words: str,
    x_label: str,
    y_label: str,
    *,
    bands: Sequence[Band] = (),
    x_range: tuple[float, float] | None = None,
    y_range: tuple[float, float] | None = None,
    log: bool = False,
) -> str:
    """Lines over labelled axes.

    Args:
        lines: the curves.
        words: what the chart shows, for who can't see it.
        x_label: of the axis.
        y_label: of the axis.
        bands: strips behind the curves.
        x_range: that of the points when None.
        y_range: that of the points when None.
        log: whether the y axis is logarithmic; all y must be above 0 then.
    """
    xs = [x for line in lines for x, _ in line.points]
    ys = [y for line in lines for _, y in line.points]
    x = Scale(*(x_range or span_of(xs)), LEFT, WIDE - RIGHT)
    y = Scale(*(y_range or span_of(ys)), HIGH - BOTTOM, TOP, log)
    parts = axes(x, y, x_label, y_label)
    for band in bands:
        edge = [(px, high) for px, _, high in band.points] + [(px, low) for px, low, _ in band.points[::-1]]
        parts.append(f'<polygon class="band" points="{_places(edge, x, y)}"/>')
    for line in lines:
        parts.append(f'<polyline {style(line.number)} points="{_places(line.points, x, y)}"/>')
    return drawing(words, parts)


def axes(x: Scale, y: Scale, x_label: str, y_label: str) -> list[str]:
    """Two axes with ticks, lines across, and labels."""
    left, right, floor, top = x.start, x.stop, y.start, y.stop
    parts = []
    for tick in y.ticks(5):
        at = y(tick)
        parts.append(f'<line class="grid" x1="{left}" x2="{right}" y1="{at:.1f}" y2="{at:.1f}"/>')
        parts.append(written(shown(tick), left - 5, at + 4, "end"))
    for tick in x.ticks(5):
        at = x(tick)
        parts.append(f'<line class="axis" x1="{at:.1f}" x2="{at:.1f}" y1="{floor}" y2="{floor + 4}"/>')
        anchor = "end" if at > right - 12 else "middle"
        parts.append(written(shown(tick), min(at, right + RIGHT), floor + 17, anchor))
    parts.append(f'<polyline class="axis" points="{left},{top} {left},{floor} {right},{floor}"/>')
    parts.append(written(x_label, (left + right) / 2, floor + 35, "middle"))
    middle = (floor + top) / 2
    parts.append(
        f'<text class="label" text-anchor="middle" transform="translate(12 {middle:.0f}) rotate(-90)">'
        f"{text(y_label)}</text>"
    )
    return parts


def written(words: str, x: float, y: float, anchor: str = "start", size: int = TEXT, ink: str = "") -> str:
    """A line of text, in the page's colour or in a colour of its own."""
    own = f' font-size="{size}"' if size != TEXT else ""
    own += f' style="fill:{ink}"' if ink else ""
    return f'<text class="label" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{own}>{text(words)}</text>'


def style(number: int) -> str:
    """The attributes of the line of a number: a colour, and dashes once the colours are used up.

    A number below 0 is that of a line to compare with, in the axes' colour.
    """
    if number < 0:
        return 'class="axis"'
    dash = DASHES[number // COLOURS % len(DASHES)]
    own = f' stroke-dasharray="{dash}"' if dash else ""
    return f'class="curve" style="stroke:var(--c{number % COLOURS})"{own}'


def _places(points: Sequence[tuple[float, float]], x: Scale, y: Scale) -> str:
    return " ".join(f"{x(px):.1f},{y(py):.1f}" for px, py in points)
