"""Quantile functions invert cumulative probabilities at any parameter."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special, stats

from gsdmc.program import quantiles
from gsdmc.program.quantiles import FAR_SHAPE, LARGE_SHAPE, LARGEST, Reals

PROBABILITIES: Reals = np.concatenate([[1e-6, 1e-3], np.linspace(0.01, 0.99, 50), [1 - 1e-3, 1 - 1e-6]])

shapes = st.floats(-30, 30).map(lambda power: 10.0**power)
probabilities = st.floats(1e-9, 1 - 1e-9)


@pytest.mark.parametrize("mean", [0.0, 1e-8, 0.3, 5.0, 999.0, 1e3, 1234.5, 1e4, 1e5, 1e6])
def test_poisson_counts_are_those_of_scipy(mean: float) -> None:
    found = quantiles.poisson(PROBABILITIES, np.full_like(PROBABILITIES, mean))
    assert np.array_equal(found, stats.poisson(mean).ppf(PROBABILITIES).clip(0))


@given(st.floats(0, 300).map(lambda power: 10.0**power), probabilities)
def test_a_poisson_count_is_the_least_whose_probability_is_enough(mean: float, probability: float) -> None:
    (count,) = quantiles.poisson(np.array([probability]), np.array([mean]))
    assert 0 <= count <= LARGEST
    if mean < 1e5:
        assert special.pdtr(count, mean) >= probability
        assert count == 0 or special.pdtr(count - 1, mean) < probability
    elif mean < 1e15:
        assert abs(special.pdtr(count, mean) - probability) < 2e-3


def ends() -> list[tuple[float, float]]:
    below, above = LARGE_SHAPE * 0.999, LARGE_SHAPE * 1.001
    return [(below, above), (above, above), (above, 1e4), (1e5, 1e6), (above, 1e8), (30.0, FAR_SHAPE * 0.9)]


@pytest.mark.parametrize(("a", "b"), ends())
def test_beta_quantiles_have_their_probability(a: float, b: float) -> None:
    for one, other in ((a, b), (b, a)):
        full = np.full_like(PROBABILITIES, one), np.full_like(PROBABILITIES, other)
        found = quantiles.beta(*full, PROBABILITIES)
        assert np.abs(special.betainc(*full, found) - PROBABILITIES).max() < 1e-6


@pytest.mark.parametrize("b", [FAR_SHAPE, 1e12, 1e20])
@pytest.mark.parametrize("a", [0.5, 1.0, 30.0, 999.0])
def test_a_beta_with_one_enormous_parameter_is_a_gamma(a: float, b: float) -> None:
    found = quantiles.beta(np.full_like(PROBABILITIES, a), np.full_like(PROBABILITIES, b), PROBABILITIES)
    assert np.abs(special.gammainc(a, found * (b + (a - 1) / 2)) - PROBABILITIES).max() < 1e-5


@given(shapes, shapes, probabilities)
def test_beta_quantiles_lie_in_their_range(a: float, b: float, probability: float) -> None:
    (found,) = quantiles.beta(np.array([a]), np.array([b]), np.array([probability]))
    assert 0 <= found <= 1
