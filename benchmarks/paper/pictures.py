"""Pictures of figures: lines, heat maps, matrices."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from paper.table import Row

mpl.use("agg")


def panels(rows: int, columns: int, width: float = 3.4, height: float = 2.7) -> tuple[Figure, Any]:
    """A grid of axes, `[rows, columns]`."""
    mpl.rcParams.update({"svg.hashsalt": "gsdmc", "svg.fonttype": "none", "font.size": 8})
    size = (width * columns + 0.6, height * rows + 0.3)
    figure, axes = plt.subplots(rows, columns, figsize=size, squeeze=False, layout="constrained")
    return figure, axes


def save(figure: Figure, path: Path, title: str = "") -> None:
    """Write an SVG, the same bytes for the same figures."""
    if title:
        figure.suptitle(title, fontsize=9)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else {})
    plt.close(figure)


def lines(axis: Axes, rows: Iterable[Row], x: str, y: str, group: str) -> None:
    """A line for each value of `group`; rows without a `y` are left out."""
    found: dict[str, list[tuple[float, float]]] = {}
    for row in rows:
        points = found.setdefault(str(row[group]), [])
        if row[y] is not None:
            points.append((row[x], row[y]))
    for name, points in found.items():
        ordered = sorted(points)
        axis.plot([p[0] for p in ordered], [p[1] for p in ordered], marker="o", markersize=3, label=name)
    axis.set(xlabel=x, ylabel=y)
    axis.grid(visible=True, alpha=0.3)


def course(rows: list[Row], path: Path, scores: Sequence[tuple[str, str]], title: str) -> None:
    """Scores over the seconds and the steps of training, a line a variant; `scores` are (column, label)."""
    figure, axes = panels(len(scores), 2)
    for line, (score, label) in zip(axes, scores, strict=True):
        for axis, x in zip(line, ("seconds", "step"), strict=True):
            lines(axis, rows, x, score, "variant")
            axis.set(ylabel=label, ylim=(-0.03, 1.03))
    axes[0][0].legend(fontsize=7)
    save(figure, path, title)


def heat(axis: Axes, values: NDArray[np.float64], most: float) -> Any:
    """A heat map whose yellow is `most`; what is missing is white."""
    image = axis.imshow(np.ma.masked_invalid(values), cmap="viridis", vmin=0, vmax=most, origin="lower")
    axis.set_facecolor("white")
    return image


def matrix(axis: Axes, values: NDArray[np.float64], low: float, high: float) -> None:
    """A matrix as a picture without ticks."""
    axis.imshow(values, cmap="viridis", vmin=low, vmax=high)
    axis.set(xticks=[], yticks=[])
