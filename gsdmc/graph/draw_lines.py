"""The lines of a plated picture, as SVG paths that run over no array or factor but their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from xml.sax.saxutils import escape

import numpy as np
from numpy.typing import NDArray

from gsdmc.graph.plate_boxes import Leaf
from gsdmc.graph.plate_lines import Line, Port, port_offsets
from gsdmc.graph.text import printable

HEAD, HEAD_HALF = 8.0, 3.6
DIP = 20.0
POINTS = 25

Point = tuple[float, float]
Bands = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Path:
    """A line's course: pieces that are straight (two points) or cubic curves (four points)."""

    pieces: tuple[tuple[Point, ...], ...]

    def points(self) -> NDArray[np.float64]:
        """`[K, 2]`, points along the path."""
        t = np.linspace(0, 1, POINTS)[:, None]
        parts = []
        for piece in self.pieces:
            p = np.array(piece)
            if len(p) == 2:
                parts.append((1 - t) * p[0] + t * p[1])
            else:
                s = 1 - t
                parts.append(s**3 * p[0] + 3 * s**2 * t * p[1] + 3 * s * t**2 * p[2] + t**3 * p[3])
        return np.concatenate(parts)

    def drawn(self) -> str:
        """The `d` of the SVG path."""
        text = "M" + _written(self.pieces[0][0])
        for piece in self.pieces:
            text += ("L" if len(piece) == 2 else "C") + " ".join(map(_written, piece[1:]))
        return text


def paths(lines: Sequence[Line], bands: Bands) -> list[Path]:
    """The course of every line, in order."""
    offsets = port_offsets(lines)
    return [_path(line, bands, offsets) for line in lines]


def line_mark(line: Line, path: Path, ink: str) -> str:
    """A line, its arrow's head and its title."""
    head = ""
    if line.arrow:
        x, y = path.pieces[-1][-1]
        back = y + HEAD if line.ports()[1][1] else y - HEAD
        corners = f"{x - HEAD_HALF:.1f},{back:.1f} {x + HEAD_HALF:.1f},{back:.1f}"
        head = f'<polygon points="{x:.1f},{y:.1f} {corners}"/>'
    curve = f'<path d="{path.drawn()}" fill="none" stroke="{ink}" stroke-width="1.2"/>'
    return f"<g><title>{escape(printable(line.title))}</title>{curve}{head}</g>"


def loop_mark(leaf: Leaf, title: str, ink: str) -> str:
    """An arrow from an array to itself: its variables depend on one another."""
    y, out = leaf.half * 0.4, leaf.x + leaf.right - 2
    x = leaf.x + leaf.extent * sqrt(1 - 0.4**2)
    up, down = leaf.y - y, leaf.y + y
    curve = f"M{x:.1f} {up:.1f}C{out:.1f} {up - 8:.1f} {out:.1f} {down + 8:.1f} {x + HEAD:.1f} {down:.1f}"
    corners = f"{x + HEAD:.1f},{down - HEAD_HALF:.1f} {x + HEAD:.1f},{down + HEAD_HALF:.1f}"
    return (
        f"<g><title>{escape(printable(title))}</title>"
        f'<path d="{curve}" fill="none" stroke="{ink}" stroke-width="1.2"/>'
        f'<polygon points="{x:.1f},{down:.1f} {corners}"/></g>'
    )


def _path(line: Line, bands: Bands, offsets: dict[Port, float]) -> Path:
    start, end = line.start, line.end
    leaving, entering = line.ports()
    x0, x1 = start.x + offsets[leaving], end.x + offsets[entering]
    first = (x0, _edge(start, x0, leaving[1]))
    last = (x1, _edge(end, x1, entering[1]))
    if line.level:
        y = bands[start.first][1]
        dip = (x0, y), (x0, y + DIP), (x1, y + DIP), (x1, y)
        return Path(((first, dip[0]), dip, (dip[3], last)))
    leaves, enters = (1, 0) if line.down else (0, 1)  # which side of a band a line leaves it and enters it by
    step = 1 if line.down else -1
    xs = [x0, x1] if line.lane is None else [x0, line.lane.x, x1]
    pieces: list[tuple[Point, ...]] = []
    at, layer = first, start.first
    for i, x in enumerate(xs[1:]):
        # Along a straight stretch to the edge of the band, then across the gap.
        edge = (xs[i], bands[layer][leaves])
        arrival = (x, bands[layer + step][enters])
        middle = (edge[1] + arrival[1]) / 2
        pieces += [(at, edge), (edge, (edge[0], middle), (x, middle), arrival)]
        at, layer = arrival, end.first - step
    return Path((*pieces, (at, last)))


def _edge(leaf: Leaf, x: float, bottom: bool) -> float:
    """Where a leaf's border lies at `x`."""
    share = (x - leaf.x) / leaf.extent
    tall = leaf.half if leaf.is_factor else leaf.half * sqrt(max(1 - share**2, 0.0))
    return leaf.y + tall if bottom else leaf.y - tall


def _written(point: Point) -> str:
    return f"{point[0]:.1f} {point[1]:.1f}"
