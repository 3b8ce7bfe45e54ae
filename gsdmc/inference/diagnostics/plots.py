"""Pictures of a calibration: histograms of ranks, and coverage."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.stats import binom

from gsdmc.inference.diagnostics.calibration import Calibration
from gsdmc.inference.diagnostics.ranks import LEVELS, RankTest

MOST = 24
"""Most histograms in a picture; of more quantities, those with the least p-values are drawn."""

BAND = 0.99
"""Chance that a right sampler's bar, or a point of its curve, lies in the grey band."""

GREY, BLUE, RED = "0.85", "#4477aa", "#cc3311"


def draw_ranks(calibration: Calibration, path: Path) -> None:
    """A histogram of ranks for every quantity, as shares of what a right sampler gives: 1 everywhere."""
    extra = [t for t in (calibration.density, calibration.tarp) if t is not None]
    tests = list(calibration.quantities)
    left_out = max(0, len(tests) + len(extra) - MOST)
    if left_out:
        worst = sorted(tests, key=lambda t: t.p_value)[: MOST - len(extra)]
        tests = [t for t in tests if t in worst]
    tests += extra
    columns = min(6, len(tests))
    rows = -(-len(tests) // columns)
    figure = Figure(figsize=(2.2 * columns, 1.9 * rows + 0.4), layout="constrained")
    panels = np.atleast_1d(figure.subplots(rows, columns, sharey=True, squeeze=False)).ravel()
    for axes, test in zip(panels, tests, strict=False):
        _histogram(axes, test)
    panels[0].set_ylim(bottom=0)  # once all are drawn: it ends the search for the top, of all of them
    for axes in panels[len(tests) :]:
        axes.set_axis_off()
    note = f"; {left_out} quantities with larger p-values are not shown" if left_out else ""
    figure.suptitle(f"Ranks of the truth, {calibration.program} {calibration.query}{note}", fontsize=9)
    figure.savefig(path, dpi=150)


def draw_coverage(calibration: Calibration, path: Path) -> None:
    """Coverage against level, for every array, for regions of highest density and for TARP."""
    curves = {
        name: ([calibration.array_coverage(name, at) for at in LEVELS], "-", 1.2)
        for name in calibration.by_array
    }
    if calibration.density is not None:
        curves["highest density"] = ([calibration.density.upper(at) for at in LEVELS], "--", 1.6)
    curves["TARP"] = ([calibration.tarp.lower(at) for at in LEVELS], ":", 1.6)
    figure = Figure(figsize=(4.6, 4.2), layout="constrained")
    axes = figure.subplots()
    low, high = (
        binom.ppf(q, calibration.problems, LEVELS) / calibration.problems
        for q in ((1 - BAND) / 2, (1 + BAND) / 2)
    )
    axes.fill_between(LEVELS, low, high, color=GREY, linewidth=0, label=f"{BAND:.0%} band of a right sampler")
    axes.plot([0, 1], [0, 1], color="0.4", linewidth=0.8)
    for name, (curve, style, width) in curves.items():
        axes.plot(LEVELS, curve, style, linewidth=width, label=name)
    axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="level", ylabel="share of truths inside", aspect="equal")
    axes.set_title(f"Coverage, {calibration.program} {calibration.query}", fontsize=9)
    axes.legend(fontsize=7, frameon=False, loc="upper left")
    figure.savefig(path, dpi=150)


def _histogram(axes: Axes, test: RankTest) -> None:
    expected = np.maximum(test.expected, 1e-9)
    chance = np.diff(test.edges) / (test.draws + 1)
    low, high = (binom.ppf(q, test.count, chance) / expected for q in ((1 - BAND) / 2, (1 + BAND) / 2))
    axes.stairs(high, test.edges, baseline=low, fill=True, color=GREY)
    axes.stairs(test.counts / expected, test.edges, color=BLUE, linewidth=1.2)
    axes.set_title(
        f"{test.name}  p = {test.p_value:.2g}", fontsize=7, color=RED if test.p_value < 0.01 else "black"
    )
    axes.set_xticks([0, test.draws])
    axes.tick_params(labelsize=6)
