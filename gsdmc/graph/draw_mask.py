"""A picture of the attention mask: who attends to whom, coloured by role."""

from __future__ import annotations

import colorsys
from dataclasses import dataclass
from os import PathLike

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from numpy.typing import NDArray

from gsdmc.graph.edges import EdgeTable, edge_table, mask, role_names
from gsdmc.graph.factor_graph import FactorGraph, Indices

EXACT = 1000
"""Most nodes that a picture shows one by one; larger masks are drawn as densities."""

BINS = 640
"""Rows and columns of a density, two pixels each."""

THIN = 12
"""Bins below which an array would be too thin to read at its true scale."""

PIXELS = 960
"""Least side of a mask in the picture."""

DPI = 100
FAINTEST = 0.3
"""Strength of the colour of a bin that holds a single entry."""

LEGEND_ROWS = 40
CHARACTER = 7.5
LABEL = 15
GOLDEN = 0.618034
INK = "#333333"
GREY = (0.55, 0.55, 0.55)

Colours = NDArray[np.float64]
Colour = tuple[float, float, float]


@dataclass(frozen=True, eq=False)
class Axis:
    """Where nodes lie along the picture's sides.

    `edges` holds each array's first pixel and the last one's end, `bin_of_node` the bin of every
    node, `cell` the pixels that a bin takes, `true` whether arrays are drawn to scale.
    """

    edges: Indices
    bin_of_node: Indices
    bins: int
    cell: int
    true: bool


def draw_mask(graph: FactorGraph, path: str | PathLike[str], table: EdgeTable | None = None) -> None:
    """Write the mask of `graph` as a PNG: row attends to column, one hue per relation.

    The darker shade of a hue is the child that attends to its parent. Above 1000 nodes, pixels stand
    for densities, and where an array would vanish all are scaled by the square root of their size.
    """
    table = edge_table(graph) if table is None else table
    axis = _axis(graph)
    legend = _legend(graph, table)
    side = axis.bins * axis.cell
    names = [_short(a.name) for a in graph.arrays]
    middles = (axis.edges[:-1] + axis.edges[1:]) / 2
    room = CHARACTER * max(map(len, names), default=0)
    upright = bool(np.any(np.diff(middles) < room + 6))
    left, top = 40 + room, 62 + (room if upright else 12)
    right, bottom = 60 + CHARACTER * max(len(text) for text, _ in legend), 30
    width, height = left + side + right, top + max(side, 17 * len(legend)) + bottom
    figure = Figure(figsize=(width / DPI, height / DPI), dpi=DPI, facecolor="white")
    axes = figure.add_axes((left / width, 1 - (top + side) / height, side / width, side / height))
    image = _image(table, axis, _colours(graph)).repeat(axis.cell, 0).repeat(axis.cell, 1)
    axes.imshow(image, extent=(0, side, side, 0), interpolation="none")
    _rule(axes, axis)
    _label(axes, names, middles, side, upright)
    patches: list[Artist | tuple[Artist, ...]] = [Patch(color=colour, label=text) for text, colour in legend]
    axes.legend(
        handles=patches,
        loc="upper left",
        bbox_to_anchor=(1 + 14 / side, 1.0),
        borderaxespad=0.0,
        frameon=False,
        fontsize=8.5,
        labelcolor=INK,
    )
    figure.text(left / width, 1 - 26 / height, _title(graph, table, axis), fontsize=10, color=INK)
    figure.savefig(path, format="png")


def _title(graph: FactorGraph, table: EdgeTable, axis: Axis) -> str:
    entries = mask(graph, table).nnz
    share = 100 * entries / max(graph.nodes, 1) ** 2
    scale = "" if axis.true else ", arrays not to scale"
    return f"{graph.nodes:,} nodes, {entries:,} entries ({share:.2g} %){scale}"


def _short(name: str, limit: int = 12) -> str:
    return name if len(name) <= limit else name[: limit - 1] + "…"


def _legend(graph: FactorGraph, table: EdgeTable) -> list[tuple[str, Colour]]:
    """Names and colours of the roles in use, and of the sets of them that some pair has."""
    colours = _colours(graph)
    used = np.unique(table.roles)
    entries = [(table.role_names[r], _rgb(colours[r])) for r in used]
    if graph.nodes <= EXACT and len(table.role_names) < 63:
        pair = table.rows * graph.nodes + table.columns
        order = np.argsort(pair, kind="stable")
        starts = np.flatnonzero(np.diff(pair[order], prepend=-1))
        sets = np.unique(np.bitwise_or.reduceat(1 << table.roles[order], starts))
        for members in ([r for r in used if s >> r & 1] for s in sets):
            if len(members) > 1:
                text = " + ".join(table.role_names[r] for r in members)
                entries.append((text, _rgb(colours[members].mean(axis=0))))
    if len(entries) > LEGEND_ROWS:
        more = len(entries) - LEGEND_ROWS
        entries = [*entries[:LEGEND_ROWS], (f"and {more} more", (1.0, 1.0, 1.0))]
    return [(_short(text, 60), colour) for text, colour in entries]


def _colours(graph: FactorGraph) -> Colours:
    """A colour for every role, `[roles, 3]`: one hue per relation, one shade per direction."""
    colours: list[tuple[float, float, float]] = [GREY]
    families = list(dict.fromkeys(role_names(r) for r in graph.relations))
    for i, family in enumerate(families):
        hue = (0.6 + GOLDEN * i) % 1
        for j in range(len(family)):
            shade = j / max(len(family) - 1, 1)
            colours.append(colorsys.hls_to_rgb(hue, 0.36 + 0.28 * shade, 0.72))
    return np.array(colours)


def _rgb(colour: Colours) -> Colour:
    red, green, blue = colour.tolist()
    return red, green, blue


def _axis(graph: FactorGraph) -> Axis:
    sizes = np.array([a.size for a in graph.arrays], dtype=np.int64)
    offsets = np.array([a.offset for a in graph.arrays], dtype=np.int64)
    if graph.nodes <= EXACT:
        cell = -(-PIXELS // max(graph.nodes, 1))
        return Axis(np.append(offsets, graph.nodes) * cell, np.arange(graph.nodes), graph.nodes, cell, True)
    if len(sizes) > BINS // 4:  # too many arrays to give each a share of its own
        bin_of_node = np.arange(graph.nodes) * BINS // graph.nodes
        return Axis(np.append(bin_of_node[offsets], BINS) * 2, bin_of_node, BINS, 2, True)
    true = bool(sizes.min() * BINS >= THIN * graph.nodes)
    share = sizes.astype(np.float64) if true else np.sqrt(sizes)
    bins = np.clip(np.round(share / share.sum() * BINS), 1, sizes).astype(np.int64)
    edges = np.append(0, np.cumsum(bins))
    array = graph.array_of_node
    within = (np.arange(graph.nodes) - offsets[array]) * bins[array] // sizes[array]
    return Axis(edges * 2, edges[array] + within, int(edges[-1]), 2, true)


def _image(table: EdgeTable, axis: Axis, colours: Colours) -> NDArray[np.uint8]:
    """`[bins, bins, 3]`: white, and where there are entries the mean of their roles' colours."""
    bins = axis.bins
    place = axis.bin_of_node[table.rows] * bins + axis.bin_of_node[table.columns]
    filled = np.flatnonzero(np.bincount(place, minlength=bins * bins))
    position = np.zeros(bins * bins, dtype=np.int64)
    position[filled] = np.arange(len(filled))
    place = position[place]
    weight, strength = np.zeros(len(filled)), np.zeros(len(filled))
    blend = np.zeros((len(filled), 3))
    for role in np.unique(table.roles):
        count = np.bincount(place[table.roles == role], minlength=len(filled))
        share = np.sqrt(count / count.max())
        weight += share
        blend += share[:, None] * colours[role]
        strength = np.maximum(strength, np.where(count > 0, FAINTEST + (1 - FAINTEST) * share, 0.0))
    mean = blend / weight[:, None]
    image = np.full((bins * bins, 3), 255, dtype=np.uint8)
    image[filled] = np.round(255 * (1 + strength[:, None] * (mean - 1)))
    return image.reshape(bins, bins, 3)


def _rule(axes: Axes, axis: Axis) -> None:
    """Lines between the arrays, and between the nodes where these are large enough."""
    side = int(axis.edges[-1])
    for spine in axes.spines.values():
        spine.set_color(INK)
        spine.set_linewidth(0.6)
    between = range(axis.cell, side, axis.cell) if axis.cell >= 12 else range(0)
    borders = axis.edges[1:-1] if side > 10 * len(axis.edges) else axis.edges[:0]
    for lines, colour in ((between, "#e4e4e4"), (borders, INK)):
        for line in lines:
            axes.axhline(line, color=colour, linewidth=0.6)
            axes.axvline(line, color=colour, linewidth=0.6)
    axes.set(xlim=(0, side), ylim=(side, 0), xticks=[], yticks=[])


def _label(axes: Axes, names: list[str], middles: Colours, side: int, upright: bool) -> None:
    """Name the arrays along the left and the top, each label led to the middle of its array.

    Where there are more than fit, only every so many get a label.
    """
    every = -(-len(names) * LABEL // side)
    names, middles = names[::every], middles[::every]
    for name, middle, place in zip(names, middles, _apart(middles, side, LABEL), strict=True):
        axes.plot([-4, -16], [middle, place], color=INK, linewidth=0.6, clip_on=False)
        axes.text(-20, place, name, ha="right", va="center", fontsize=9, color=INK)
        x = place if upright else middle
        axes.plot([middle, x], [-4, -16], color=INK, linewidth=0.6, clip_on=False)
        axes.text(x, -20, name, ha="center", va="bottom", fontsize=9, color=INK, rotation=90 * upright)


def _apart(middles: Colours, side: int, gap: float) -> Colours:
    """Label positions at least `gap` apart, as near to the wished ones as order and room allow."""
    out = middles.astype(np.float64).copy()
    for i in range(1, len(out)):
        out[i] = max(out[i], out[i - 1] + gap)
    if len(out) and out[-1] > side:
        out[-1] = side
        for i in range(len(out) - 2, -1, -1):
            out[i] = min(out[i], out[i + 1] - gap)
    return out
