"""Counts of what sampling cost."""

from __future__ import annotations

from gsdmc.diffusion.sampling.trace import Trace


def test_a_redraw_costs_calls_but_makes_no_more_samples() -> None:
    trace = Trace(samples=10, calls=5, evaluations=50)
    assert trace.per_sample == 5
    trace.add_redraw(Trace(samples=4, calls=5, evaluations=20))
    assert trace == Trace(samples=10, calls=10, evaluations=70, redraws=4)
    assert trace.per_sample == 7


def test_nothing_drawn_cost_nothing() -> None:
    assert Trace().per_sample == 0
