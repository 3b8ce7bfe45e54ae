"""Ranks, their test of uniformity, and coverage."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gsdmc.inference.diagnostics.ranks import RankTest, bonferroni, randomised_ranks


def test_ranks_count_the_draws_below() -> None:
    draws = np.array([[1.0, 2.0, 3.0], [-np.inf, 0.0, 1.0]])
    ranks = randomised_ranks(np.array([2.5, -5.0]), draws, np.random.default_rng(0))
    assert ranks.tolist() == [2, 1]


def test_ties_are_broken_evenly() -> None:
    truth, draws = np.zeros(30_000), np.zeros((30_000, 4))
    draws[:, 3] = 1.0
    ranks = randomised_ranks(truth, draws, np.random.default_rng(1))
    assert np.bincount(ranks, minlength=5)[:4] / 30_000 == pytest.approx(0.25, abs=0.015)
    assert ranks.max() == 3


@given(st.integers(1, 200), st.integers(0, 400), st.integers(0, 2**32 - 1))
def test_bins_hold_every_rank_and_expectations_add_up(draws: int, count: int, seed: int) -> None:
    ranks = np.random.default_rng(seed).integers(0, draws, count, endpoint=True)
    test = RankTest("x", ranks, draws)
    assert test.counts.sum() == count
    assert test.expected.sum() == pytest.approx(count)
    assert (np.diff(test.edges) > 0).all()
    assert (test.edges[0], test.edges[-1]) == (0, draws + 1)
    assert 0 <= test.p_value <= 1


@given(st.integers(1, 60), st.floats(0, 1))
def test_even_ranks_cover_what_their_level_says(draws: int, level: float) -> None:
    test = RankTest("x", np.arange(draws + 1), draws)
    for share in (test.coverage(level), test.upper(level), test.lower(level)):
        assert share == pytest.approx(level, abs=1e-9)


def test_coverage_of_extreme_ranks() -> None:
    low, high, middle = (RankTest("x", np.full(10, r), 99) for r in (0, 99, 49))
    assert (low.coverage(0.9), low.lower(0.5), low.upper(0.5)) == (0, 1, 0)
    assert (high.coverage(0.9), high.lower(0.5), high.upper(0.5)) == (0, 0, 1)
    assert middle.coverage(0.5) == 1
    assert np.isnan(RankTest("x", np.zeros(0, dtype=np.int64), 9).coverage(0.5))


def test_p_values_of_uniform_ranks_are_uniform_and_others_small() -> None:
    rng = np.random.default_rng(2)
    p = [RankTest("x", rng.integers(0, 100, 500), 99).p_value for _ in range(400)]
    assert abs(np.mean(np.array(p) < 0.1) - 0.1) < 0.06
    skewed = RankTest("x", rng.binomial(99, 0.6, 500), 99)
    assert skewed.p_value < 1e-10
    few = RankTest("x", rng.integers(0, 4, 500), 3)
    assert len(few.counts) == 4


def test_bonferroni_takes_the_least_times_the_number() -> None:
    rng = np.random.default_rng(3)
    tests = [RankTest("x", rng.integers(0, 20, 300), 19) for _ in range(5)]
    least = min(t.p_value for t in tests)
    assert bonferroni(tests) == min(1.0, 5 * least)
    assert bonferroni([]) == 1.0
