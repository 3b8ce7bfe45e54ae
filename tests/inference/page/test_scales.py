from __future__ import annotations

import math
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from gsdmc.inference.page.scales import Scale, log_ticks, shown, span_of, ticks

REALS = st.floats(-1e9, 1e9)


@given(REALS, st.floats(1e-6, 1e9), st.integers(2, 9))
def test_ticks_are_few_even_and_within_the_range(low: float, width: float, most: int) -> None:
    found = ticks(low, low + width, most)
    room = 1e-6 * (abs(low) + width)
    assert 1 <= len(found) <= most + 1
    assert all(low - room <= tick <= low + width + room for tick in found)
    gaps = [b - a for a, b in pairwise(found)]
    assert not gaps or max(gaps) - min(gaps) <= room


@given(st.floats(1e-9, 1e3), st.floats(1.01, 1e9), st.integers(3, 9))
def test_logarithmic_ticks_are_within_the_range(low: float, ratio: float, most: int) -> None:
    found = log_ticks(low, low * ratio, most)
    assert len(found) >= 2
    assert all(low * 0.999 <= tick <= low * ratio * 1.001 for tick in found)
    assert found == sorted(found)


def test_usual_ticks() -> None:
    assert [round(t, 9) for t in ticks(0, 1, 5)] == [0, 0.2, 0.4, 0.6, 0.8, 1]
    assert ticks(0, 2400, 5) == [0, 500, 1000, 1500, 2000]
    assert ticks(3, 3) == [3]
    assert [round(t, 9) for t in log_ticks(0.07, 0.5, 5)] == [0.1, 0.2, 0.5]


@given(REALS, REALS, st.booleans())
def test_a_scale_maps_its_ends_to_its_ends(low: float, high: float, log: bool) -> None:
    low, high = span_of([low, high] if not log else [abs(low) + 1e-3, abs(high) + 1e-3])
    scale = Scale(low, high, 10, 90, log)
    assert math.isclose(scale(low), 10, abs_tol=1e-6)
    assert math.isclose(scale(high), 90, abs_tol=1e-6)
    assert 10 - 1e-6 <= scale((low + high) / 2) <= 90 + 1e-6


def test_numbers_as_labels() -> None:
    assert [shown(n) for n in (0, 1200, 0.25, -3, 1e-9, 2.5e7)] == [
        "0",
        "1,200",
        "0.25",
        "−3",
        "1e−9",
        "2.5e7",
    ]
    assert shown(float("inf")) == "inf"
    assert span_of([]) == (0, 1)
    assert span_of([2, 2]) == (1.8, 2.2)
