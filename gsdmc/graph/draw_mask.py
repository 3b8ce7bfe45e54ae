"""A picture of the attention mask: who attends to whom, coloured by role."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from os import PathLike
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import findfont, fontManager, get_font
from matplotlib.patches import Patch
from numpy.typing import NDArray

from gsdmc.graph.edges import EdgeTable, edge_table, mask
from gsdmc.graph.factor_graph import Array, FactorGraph
from gsdmc.graph.mask_axis import Axis, mask_axis
from gsdmc.graph.mask_colours import Colour, RoleColours, legend, role_colours
from gsdmc.graph.text import counted, printable, shorten, width

DPI = 100
POINT = DPI / 72
TEXT, SMALL, TITLE = 9.0, 8.5, 10.0
"""Font sizes, in points."""

LABEL = 15
"""Pixels between labels."""

ROW = 17
"""Pixels of a row of the legend."""

MOST_ROWS = 60
LONGEST, LONGEST_LEGEND = 24, 70
FAINTEST = 0.3
"""Strength of the colour of a bin that holds a single entry."""

LARGE = 12
"""Pixels of a node from which on lines are drawn between nodes."""

INK, LINE = "#333333", "#e4e4e4"
FONT = "DejaVu Sans"
MISSING = "□"

Places = NDArray[np.float64]


def draw_mask(graph: FactorGraph, path: str | PathLike[str], table: EdgeTable | None = None) -> None:
    """Write the mask of `graph` as a PNG: row attends to column, one hue per relation.

    The darker shade of a hue is the child that attends to its parent. Above 1000 nodes the mask is
    aggregated: a bin of nodes attends to a bin of nodes, the more strongly coloured the more pairs of them
    do. Arrays that were too thin to read are widened; the title says so.
    """
    table = edge_table(graph) if table is None else table
    axis, colours = mask_axis(graph), role_colours(graph, table)
    entries = [(shorten(printable(text), LONGEST_LEGEND), c) for text, c in legend(graph, table, colours)]
    if len(entries) > MOST_ROWS:
        more = len(entries) - MOST_ROWS
        entries = [*entries[:MOST_ROWS], (f"and {more} more", (1.0, 1.0, 1.0))]
    side, title = max(axis.side, 1), _title(graph, table, axis)
    names = [shorten(printable(a.name), LONGEST) for a in graph.arrays]
    rows = [name + _extent(a) for name, a in zip(names, graph.arrays, strict=True)]
    fonts, shown = fonts_for([*names, *(text for text, _ in entries)])
    names, rows = [shown(n) for n in names], [shown(r) for r in rows]
    middles = (axis.edges[:-1] + axis.edges[1:]) / 2
    upright = _crowded(names, middles)
    room = max((_pixels(n, TEXT) for n in names), default=0.0) if upright else 12.0
    left, top = 40 + max((_pixels(r, TEXT) for r in rows), default=0.0), 62 + room
    right, bottom = 60 + max((_pixels(text, SMALL) for text, _ in entries), default=0.0), 30
    wide = max(left + side + right, left + _pixels(title, TITLE) + 20)
    high = top + max(side, ROW * len(entries)) + bottom
    figure = Figure(figsize=(wide / DPI, high / DPI), dpi=DPI, facecolor="white")
    axes = figure.add_axes((left / wide, 1 - (top + side) / high, side / wide, side / high))
    image = mask_image(table, axis, colours).repeat(axis.widths, 0).repeat(axis.widths, 1)
    if graph.nodes:
        axes.imshow(image, extent=(0, side, side, 0), interpolation="none")
    _rule(axes, axis, side)
    _label(axes, rows, names, middles, side, upright, fonts)
    if entries:
        _explain(axes, [(shown(text), colour) for text, colour in entries], side, fonts)
    figure.text(left / wide, 1 - 26 / high, title, fontsize=TITLE, color=INK)
    figure.savefig(path, format="png")


def mask_image(table: EdgeTable, axis: Axis, colours: RoleColours) -> NDArray[np.uint8]:
    """`[bins, bins, 3]`: white, and where there are entries the mean of their roles' colours."""
    bins = axis.bins
    place = axis.bin_of_node[table.rows] * bins + axis.bin_of_node[table.columns]
    filled = np.flatnonzero(np.bincount(place, minlength=bins * bins))
    position = np.zeros(bins * bins, dtype=np.int64)
    position[filled] = np.arange(len(filled))
    place = position[place]
    groups = colours.group[table.roles]
    weight, strength = np.zeros(len(filled)), np.zeros(len(filled))
    blend = np.zeros((len(filled), 3))
    for group in np.unique(groups):
        count = np.bincount(place[groups == group], minlength=len(filled))
        share = np.sqrt(count / count.max()) if axis.aggregated else np.minimum(count, 1.0)
        weight += share
        blend += share[:, None] * colours.colours[group]
        strength = np.maximum(strength, np.where(count > 0, FAINTEST + (1 - FAINTEST) * share, 0.0))
    mean = blend / weight[:, None]
    image = np.full((bins * bins, 3), 255, dtype=np.uint8)
    image[filled] = np.round(255 * (1 + strength[:, None] * (mean - 1)))
    return image.reshape(bins, bins, 3)


def fonts_for(texts: Iterable[str]) -> tuple[list[str], _Shown]:
    """Fonts of this machine that have the texts' characters, and what shows a text by these fonts."""
    missing = {ord(c) for text in texts for c in text} - set(get_font(findfont(FONT)).get_charmap())
    fonts = [FONT]
    if missing:
        for entry in sorted(fontManager.ttflist, key=lambda entry: entry.name):
            if entry.style != "normal" or "Last Resort" in entry.name:
                continue
            try:
                found = missing & set(get_font(entry.fname).get_charmap())
            except (OSError, RuntimeError):  # removed since matplotlib looked for fonts, or damaged
                continue
            if found:
                fonts.append(entry.name)
                missing -= found
            if not missing:
                break
    return fonts, _Shown(frozenset(missing))


class _Shown:
    """Shows a text, with a box for what no font has."""

    def __init__(self, missing: frozenset[int]) -> None:
        self.table = dict.fromkeys(missing, MISSING)

    def __call__(self, text: str) -> str:
        return text.translate(self.table)


def _title(graph: FactorGraph, table: EdgeTable, axis: Axis) -> str:
    entries = mask(graph, table).nnz
    share = 100 * entries / max(graph.nodes, 1) ** 2
    percent = f"{share:.0f}" if share >= 10 else f"{share:.2g}"
    parts = [f"{counted(graph.nodes, 'node')}, {counted(entries, 'entry')} ({percent} %)"]
    parts += ["aggregated"] if axis.aggregated else []
    parts += [] if axis.true else ["arrays not to scale"]
    return ", ".join(parts)


def _extent(array: Array) -> str:
    return f"  {' × '.join(f'{n:,}' for n in array.shape)}" if array.shape else ""


def _pixels(text: str, size: float) -> float:
    return width(text, size * POINT)


def _crowded(names: Sequence[str], middles: Places) -> bool:
    """Whether names side by side would touch."""
    halves = np.array([_pixels(name, TEXT) / 2 for name in names])
    return bool(np.any(np.diff(middles) < halves[:-1] + halves[1:] + 6))


def _rule(axes: Axes, axis: Axis, side: int) -> None:
    """Lines between the arrays, and between the nodes where these are large enough."""
    for spine in axes.spines.values():
        spine.set_color(INK)
        spine.set_linewidth(0.6)
    starts = np.cumsum(axis.widths) - axis.widths
    between = starts[axis.widths >= LARGE] if not axis.aggregated else starts[:0]
    borders = axis.edges[1:-1] if side > 10 * len(axis.edges) else axis.edges[:0]
    for lines, colour in ((between, LINE), (borders, INK)):
        for line in lines:
            axes.axhline(line, color=colour, linewidth=0.6)
            axes.axvline(line, color=colour, linewidth=0.6)
    axes.set(xlim=(0, side), ylim=(side, 0), xticks=[], yticks=[])


def _label(
    axes: Axes,
    rows: list[str],
    names: list[str],
    middles: Places,
    side: int,
    upright: bool,
    fonts: list[str],
) -> None:
    """Name the arrays along the left and the top, each label led to the middle of its array.

    Where there are more than fit, only every so many get a label.
    """
    every = -(-len(names) * LABEL // max(side, LABEL))
    rows, names, middles = rows[::every], names[::every], middles[::every]
    for row, name, middle, place in zip(rows, names, middles, apart(middles, side, LABEL), strict=True):
        axes.plot([-4, -16], [middle, place], color=INK, linewidth=0.6, clip_on=False)
        style: dict[str, Any] = {"fontsize": TEXT, "color": INK, "family": fonts, "parse_math": False}
        axes.text(-20, place, row, ha="right", va="center", **style)
        x = place if upright else middle
        axes.plot([middle, x], [-4, -16], color=INK, linewidth=0.6, clip_on=False)
        axes.text(x, -20, name, ha="center", va="bottom", rotation=90 * upright, **style)


def _explain(axes: Axes, entries: Sequence[tuple[str, Colour]], side: int, fonts: list[str]) -> None:
    """The legend, at the right."""
    patches: list[Artist | tuple[Artist, ...]] = [Patch(color=colour) for _, colour in entries]
    texts = axes.legend(
        handles=patches,
        labels=["?"] * len(entries),
        loc="upper left",
        bbox_to_anchor=(1 + 14 / side, 1.0),
        borderaxespad=0.0,
        frameon=False,
        prop={"size": SMALL, "family": fonts},
        labelcolor=INK,
    ).get_texts()
    for text, (label, _) in zip(texts, entries, strict=True):
        text.set_parse_math(False)
        text.set_text(label)  # as a legend's label, it would be dropped if it began with _


def apart(middles: Places, side: int, gap: float) -> Places:
    """Label positions at least `gap` apart, as near to the wished ones as order and room allow."""
    out = middles.astype(np.float64).copy()
    for i in range(1, len(out)):
        out[i] = max(out[i], out[i - 1] + gap)
    if len(out) and out[-1] > side:
        out[-1] = side
        for i in range(len(out) - 2, -1, -1):
            out[i] = min(out[i], out[i + 1] - gap)
    return out
