"""Pictures of calibrations."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

from gsdmc.compiler import compile_text
from gsdmc.inference.diagnostics.calibrate import calibrate
from gsdmc.inference.diagnostics.plots import MOST, draw_coverage, draw_ranks
from tests.inference.diagnostics.exact import SUMS, posterior


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[Figure]:
    """The figures that were saved, as objects."""
    figures: list[Figure] = []
    monkeypatch.setattr(Figure, "savefig", lambda self, *args, **kwargs: figures.append(self))
    return figures


def test_histograms_show_every_rank_and_fit_the_picture(drawn: list[Figure]) -> None:
    found = calibrate(compile_text(SUMS, "sums.clj"), posterior(width=0.3), problems=300, draws=19)
    draw_ranks(found, Path("unused.png"))
    panels = [axes for axes in drawn[0].axes if axes.axison]
    assert [p.get_title().split("  ")[0] for p in panels] == ["a", "b", "up", "log density", "TARP"]
    tests = [*found.quantities, found.density, found.tarp]
    for axes, test in zip(panels, tests, strict=True):
        assert test is not None
        low, high = axes.get_ylim()
        assert low == 0
        assert high >= (test.counts / test.expected).max()
    assert panels[0].title.get_color() != panels[2].title.get_color()  # wrong, and right


def test_many_quantities_are_cut_to_the_worst(drawn: list[Figure]) -> None:
    problem = compile_text('(foreach 40 [i (range 40)] (sample "x" (normal 0 1)))', "many.clj")
    seeds = iter(range(100))
    found = calibrate(
        problem, lambda v, m, s: problem.simulate(len(v["x"]), 50 + next(seeds)), problems=60, draws=9
    )
    draw_ranks(found, Path("unused.png"))
    panels = [axes for axes in drawn[0].axes if axes.axison]
    assert len(panels) == MOST
    shown = {p.get_title().split("  ")[0] for p in panels}
    least = min(found.quantities, key=lambda t: t.p_value)
    assert least.name in shown
    title = drawn[0].get_suptitle()
    assert "18 quantities with larger p-values are not shown" in title


def test_coverage_has_a_curve_for_each_array_and_two_more(drawn: list[Figure]) -> None:
    found = calibrate(compile_text(SUMS, "sums.clj"), posterior(), problems=200, draws=19)
    draw_coverage(found, Path("unused.png"))
    lines = {line.get_label(): line for line in drawn[0].axes[0].lines}
    assert {"a", "b", "up", "highest density", "TARP"} <= set(lines)
    curve = np.asarray(lines["a"].get_ydata(), dtype=float)
    assert curve[0] == 0
    assert curve[-1] == pytest.approx(1)
    assert (np.diff(curve) >= -1e-12).all()
