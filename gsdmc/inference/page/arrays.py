"""Pictures of arrays: samples beside the truth."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gsdmc.graph.html import text
from gsdmc.inference.page.charts import BOTTOM, HIGH, LEFT, RIGHT, TOP, WIDE, axes, drawing, written
from gsdmc.inference.page.scales import Scale, shown, span_of
from gsdmc.inference.page.tags import embedded

BINS = 24
"""Of a histogram of reals."""

MOST_BARS = 40
"""Values that each get a bar of their own."""

DIGITS = 256
"""Cells of the largest picture in which numbers are written."""

PANEL = 120.0
"""Units of the longer side of a panel of cells."""

Numbers = NDArray[np.float64]


def histogram(draws: Numbers, truth: float, words: str, discrete: bool) -> str:
    """Draws of one variable, `[S]`, with a line at the truth."""
    values = np.unique(draws)
    if discrete and len(values) <= MOST_BARS:
        low, high = min(values.min(), truth), max(values.max(), truth)
        edges = np.arange(low, high + 2) - 0.5 if high - low <= MOST_BARS else _even(draws, truth)
    else:
        edges = _even(draws, truth)
    counts = np.histogram(draws, edges)[0] / len(draws)
    x = Scale(float(edges[0]), float(edges[-1]), LEFT, WIDE - RIGHT)
    y = Scale(0.0, float(counts.max()) * 1.05 or 1.0, HIGH - BOTTOM, TOP)
    parts = axes(x, y, "", "share of samples")
    for left, right, count in zip(edges[:-1], edges[1:], counts, strict=True):
        start, stop, top = x(float(left)), x(float(right)), y(float(count))
        wide, high = max(stop - start - 0.8, 0.6), HIGH - BOTTOM - top
        parts.append(
            f'<rect class="bar" x="{start + 0.4:.1f}" y="{top:.1f}" width="{wide:.1f}" height="{high:.1f}"/>'
        )
    at = x(truth)
    parts.append(f'<line class="truth" x1="{at:.1f}" x2="{at:.1f}" y1="{TOP}" y2="{HIGH - BOTTOM}"/>')
    return drawing(words, parts)


def intervals(draws: Numbers, truth: Numbers, seen: NDArray[np.bool_], words: str) -> str:
    """Draws of a row of variables, `[S, n]`: intervals that hold 50 % and 90 % of them, and the truth."""
    low, lower, upper, high = np.quantile(draws, [0.05, 0.25, 0.75, 0.95], axis=0)
    count = draws.shape[1]
    x = Scale(-0.5, count - 0.5, LEFT, WIDE - RIGHT)
    y = Scale(*span_of([*low.tolist(), *high.tolist(), *truth.tolist()]), HIGH - BOTTOM, TOP + 4)
    parts = axes(x, y, "index", "")
    step = (WIDE - RIGHT - LEFT) / count
    for n in range(count):
        at = x(n)
        if not seen[n]:
            parts.append(_upright("thin", at, y(float(low[n])), y(float(high[n])), min(2.0, 0.4 * step)))
            parts.append(_upright("thick", at, y(float(lower[n])), y(float(upper[n])), min(9.0, 0.7 * step)))
        kind = "known" if seen[n] else "truth"
        middle, radius = y(float(truth[n])), min(3.5, 0.4 * step)
        parts.append(f'<circle class="{kind}" cx="{at:.1f}" cy="{middle:.1f}" r="{radius:.1f}"/>')
    return drawing(words, parts)


def cells(values: Numbers, low: float, high: float, words: str, digits: bool) -> str:
    """A matrix as a picture of coloured cells, NaN where there is nothing; numbers in them if asked for."""
    rows, columns = values.shape
    unit = PANEL / max(rows, columns)
    wide, high_ = max(columns * unit, 24.0), max(rows * unit, 12.0)
    image = embedded("image/png", coloured(values, low, high))
    parts = [
        f'<image href="{image}" width="{wide:.1f}" height="{high_:.1f}" preserveAspectRatio="none" '
        f'style="image-rendering:pixelated"/>'
    ]
    if digits and values.size <= DIGITS:
        size = round(0.62 * min(wide / columns, high_ / rows))
        for (row, column), value in np.ndenumerate(values):
            if math.isnan(value):
                continue
            x, y = (column + 0.5) * wide / columns, (row + 0.5) * high_ / rows + 0.36 * size
            ink = "#fff" if (value - low) / max(high - low, 1e-12) < 0.6 else "#000"
            parts.append(written(shown(float(value)), x, y, "middle", size, ink))
    parts.append(f'<rect class="frame" width="{wide:.1f}" height="{high_:.1f}"/>')
    return drawing(words, parts, wide, high_, "cells")


def coloured(values: Numbers, low: float, high: float) -> bytes:
    """A matrix as a PNG of one pixel a cell, see-through where a number is NaN."""
    from matplotlib import colormaps
    from matplotlib.image import imsave

    share = (values - low) / (high - low) if high > low else np.full(values.shape, 0.5)
    image = colormaps["viridis"](np.clip(np.nan_to_num(share), 0.0, 1.0))
    image[np.isnan(values), 3] = 0.0
    buffer = io.BytesIO()
    imsave(buffer, image, format="png")
    return buffer.getvalue()


def matrix(values: Numbers) -> Numbers:
    """An array as rows and columns: the first half of its dimensions down, the others across."""
    down = values.ndim // 2
    rows = math.prod(values.shape[:down])
    return values.reshape(rows, -1)


def row(panels: Sequence[tuple[str, str]]) -> str:
    """Panels with a title each, side by side where there is room."""
    parts = "".join(
        f"<figure>{panel}<figcaption>{text(title)}</figcaption></figure>" for title, panel in panels
    )
    return f'<div class="panels">{parts}</div>'


def _even(draws: Numbers, truth: float) -> Numbers:
    edges: Numbers = np.linspace(*span_of([*draws.tolist(), truth]), BINS + 1)
    return edges


def _upright(kind: str, x: float, one: float, other: float, width: float) -> str:
    ends = f'x1="{x:.1f}" x2="{x:.1f}" y1="{one:.1f}" y2="{other:.1f}"'
    return f'<line class="{kind}" {ends} stroke-width="{width:.1f}"/>'
