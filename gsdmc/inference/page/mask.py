"""The page's picture of the mask, with names along its sides and its colours explained."""

from __future__ import annotations

import numpy as np

from gsdmc.compiler.problem import Problem
from gsdmc.graph.draw_mask import apart
from gsdmc.graph.draw_thumbnail import thumbnail
from gsdmc.graph.html import text
from gsdmc.graph.mask_axis import mask_axis
from gsdmc.graph.mask_colours import legend, role_colours
from gsdmc.graph.notebook import MOST_NODES
from gsdmc.graph.text import counted, printable, shorten, width
from gsdmc.inference.page.charts import TEXT, drawing, written
from gsdmc.inference.page.tags import chip, embedded, facts, figure, folded, note

SIDE = 380.0
"""Units of the mask in its picture."""

LABEL = 15.0
"""Units between labels."""

LONGEST = 14
"""Characters of a name along the side."""

MOST_ROLES = 40
"""Colours that are explained."""


def mask_html(problem: Problem) -> str:
    """Figures of the mask, its picture, and what the colours mean."""
    m = problem.metrics
    at_most = "" if m.diameter_exact else "at most "
    head = facts(
        [
            ("nodes", f"{m.nodes:,}"),
            ("entries", f"{m.entries:,}, {100 * m.density:.3g} % of a dense mask"),
            ("neighbours", f"{m.mean_degree:.3g} on average, at most {m.max_degree:,}"),
            ("diameter", f"{at_most}{m.diameter}"),
            ("components", f"{m.components:,}"),
        ]
    )
    graph = problem.graph
    if not 0 < graph.nodes <= MOST_NODES:
        return head + note(f"a mask of {counted(graph.nodes, 'node')} isn't drawn here")
    colours = role_colours(graph, problem.edges)
    entries = legend(graph, problem.edges, colours)
    chips = "".join(
        chip("#" + "".join(f"{round(255 * c):02x}" for c in colour), words)
        for words, colour in entries[:MOST_ROLES]
    )
    more = len(entries) - MOST_ROLES
    explained = f'<ul class="legend roles" aria-label="relations">{chips}</ul>'
    explained += note(f"and {more} more") if more > 0 else ""
    caption = "The variable of a row attends to those of the coloured columns."
    picture = figure(_picture(problem), caption, "mask")
    return head + picture + (explained if len(entries) <= 12 else folded("what the colours mean", explained))


def _picture(problem: Problem) -> str:
    graph = problem.graph
    axis = mask_axis(graph)
    scale = SIDE / max(axis.side, 1)
    names = [shorten(printable(a.name), LONGEST) for a in graph.arrays]
    longest = [width(name, TEXT) for name in names]
    middles = (axis.edges[:-1] + axis.edges[1:]) / 2 * scale
    halves = np.array(longest) / 2
    upright = bool((np.diff(middles) < halves[:-1] + halves[1:] + 6).any())
    room, top = max(longest) + 14, max(longest) + 14 if upright else 28.0
    every = -(-len(names) * round(LABEL) // round(SIDE))
    image = embedded("image/png", thumbnail(graph, problem.edges))
    parts = [
        f'<g transform="translate({room:.1f} {top:.1f})">'
        f'<image href="{image}" width="{SIDE:.0f}" height="{SIDE:.0f}" style="image-rendering:pixelated"/>'
    ]
    for border in axis.edges[1:-1] * scale if len(axis.edges) < 40 else np.zeros(0):
        parts.append(f'<line class="border" x1="{border:.1f}" x2="{border:.1f}" y1="0" y2="{SIDE:.0f}"/>')
        parts.append(f'<line class="border" y1="{border:.1f}" y2="{border:.1f}" x1="0" x2="{SIDE:.0f}"/>')
    parts.append(f'<rect class="frame" width="{SIDE:.0f}" height="{SIDE:.0f}"/>')
    shown = middles[::every]
    for name, middle, place in zip(names[::every], shown, apart(shown, round(SIDE), LABEL), strict=True):
        parts.append(f'<polyline class="axis" points="-2,{middle:.1f} -8,{place:.1f}"/>')
        parts.append(written(name, -11, place + 4, "end"))
        x = place if upright else middle
        parts.append(f'<polyline class="axis" points="{middle:.1f},-2 {x:.1f},-8"/>')
        if upright:
            turned = f'transform="translate({x + 4:.1f} -11) rotate(-90)"'
            parts.append(f'<text class="label" {turned}>{text(name)}</text>')
        else:
            parts.append(written(name, x, -12, "middle"))
    parts.append("</g>")
    words = f"attention mask of {counted(graph.nodes, 'node')}, {counted(problem.metrics.entries, 'entry')}"
    return drawing(words, parts, SIDE + room + 6, SIDE + top + 6, "mask")
