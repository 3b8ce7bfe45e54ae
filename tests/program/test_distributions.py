"""Distributions: draws against scipy, kinds, and what their parameters may be."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from scipy import stats

from gsdmc.compiler import compile_text
from gsdmc.language.distributions import DISTRIBUTIONS as KNOWN
from gsdmc.program.distributions import DISTRIBUTIONS, dirac_kind, uniform_noise
from gsdmc.program.tape import Type

DRAWS = 40_000

CONTINUOUS: list[tuple[str, Any]] = [
    ("(normal 2 3)", stats.norm(2, 3)),
    ("(uniform -1 4)", stats.uniform(-1, 5)),
    ("(exponential 2.5)", stats.expon(scale=0.4)),
    ("(laplace 1 2)", stats.laplace(1, 2)),
    ("(lognormal 0.5 0.75)", stats.lognorm(0.75, scale=np.exp(0.5))),
]
DISCRETE: list[tuple[str, list[float]]] = [
    ("(bernoulli 0.3)", [0.7, 0.3]),
    ("(flip 0.3)", [0.7, 0.3]),
    ("(bernoulli 0)", [1.0]),
    ("(bernoulli 1)", [0.0, 1.0]),
    ("(categorical [0.2 0 0.5 0.3])", [0.2, 0, 0.5, 0.3]),
    ("(uniform-discrete 1 4)", [0, 1 / 3, 1 / 3, 1 / 3]),
    ("(dirac 2)", [0, 0, 1.0]),
]


def draw(distribution: str, dtype: torch.dtype = torch.float64) -> np.ndarray:
    problem = compile_text(f'(sample "x" {distribution})', "one.clj")
    return problem.simulate(DRAWS, seed=1, dtype=dtype)["x"].numpy()


@pytest.mark.parametrize(("distribution", "law"), CONTINUOUS, ids=[d for d, _ in CONTINUOUS])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_continuous_draws_follow_their_law(distribution: str, law: Any, dtype: torch.dtype) -> None:
    values = draw(distribution, dtype).astype(np.float64)
    assert np.isfinite(values).all()
    assert stats.kstest(values, law.cdf).pvalue > 1e-3
    assert abs(values.mean() - law.mean()) < 5 * law.std() / DRAWS**0.5
    spread = ((values - law.mean()) ** 2).std() / DRAWS**0.5
    assert abs(values.var() - law.var()) < 5 * spread


@pytest.mark.parametrize(("distribution", "law"), DISCRETE, ids=[d for d, _ in DISCRETE])
def test_discrete_draws_follow_their_law(distribution: str, law: list[float]) -> None:
    counts = np.bincount(draw(distribution).astype(np.int64), minlength=len(law))
    assert len(counts) == len(law)
    possible = np.array(law) > 0
    assert not counts[~possible].any()
    if possible.sum() > 1:
        assert stats.chisquare(counts[possible], DRAWS * np.array(law)[possible]).pvalue > 1e-3


def test_random_parameters_are_used_element_by_element() -> None:
    text = """
(foreach 2 [i (range 2)]
  (let [m (sample "m" (uniform 0 100))]
    (sample "x" (normal m 0.001))))"""
    values = compile_text(text, "t.clj").simulate(100, 0)
    assert (values["x"] - values["m"]).abs().max() < 0.01


def test_every_distribution_of_the_language_can_be_drawn() -> None:
    assert set(DISTRIBUTIONS) == set(KNOWN)


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.float64])
def test_uniform_noise_leaves_out_both_ends(dtype: torch.dtype) -> None:
    noise = uniform_noise((200_000,), torch.Generator().manual_seed(0), dtype)
    assert noise.min() > 0
    assert noise.max() < 1


def test_the_outermost_noise_gives_finite_draws() -> None:
    one = torch.ones(1)
    ends = [torch.tensor([torch.finfo(torch.float32).eps / 4]), torch.tensor([1 - 2**-24])]
    for u in ends:
        for name in ("laplace", "exponential", "uniform"):
            arguments = (one,) if name == "exponential" else (0 * one, one)
            assert torch.isfinite(DISTRIBUTIONS[name].draw(u, *arguments)).all()


KINDS = [
    ("(normal 0 1)", "real"),
    ("(uniform 0 2)", "real in [0, 2]"),
    ("(exponential 1)", "positive real"),
    ("(lognormal 0 1)", "positive real"),
    ("(bernoulli 0.5)", "boolean"),
    ("(categorical [0.5 0.5])", "category of 2"),
    ("(uniform-discrete 0 6)", "category of 6"),
    ("(dirac true)", "boolean"),
    ("(dirac 3)", "category of 4"),
    ("(dirac 3.0)", "real"),
    ("(dirac 1000000)", "count"),
    ("(dirac -1)", "count"),
]


@pytest.mark.parametrize(("distribution", "kind"), KINDS)
def test_kinds(distribution: str, kind: str) -> None:
    problem = compile_text(f'(sample "x" {distribution})', "one.clj")
    assert str(problem.graph.by_name["x"].kind) == kind


def test_whole_numbers_that_may_be_negative_are_not_positive() -> None:
    assert dirac_kind(Type("int", -2, 5)).support == "real"
    assert dirac_kind(Type("int", 0)).support == "positive"


PARTS: list[tuple[Callable[[str, str], str], str, str, str]] = [
    (lambda a, b: f'(if (= i 0) (sample "x" {a}) (sample "x" {b}))', "(dirac 0)", "(dirac 0.5)", "real"),
    (
        lambda a, b: f'(if (= i 0) (sample "x" {a}) (sample "x" {b}))',
        "(dirac 1)",
        "(dirac 4)",
        "category of 5",
    ),
    (
        lambda a, b: f'(if (= i 0) (sample "x" {a}) (sample "x" {b}))',
        "(uniform 0 1)",
        "(uniform 2 5)",
        "real in [0, 5]",
    ),
]


@pytest.mark.parametrize(("form", "one", "other", "kind"), PARTS)
def test_an_array_is_what_all_its_draws_can_be(
    form: Callable[[str, str], str], one: str, other: str, kind: str
) -> None:
    problem = compile_text(f"(foreach 2 [i (range 2)] {form(one, other)})", "t.clj")
    assert str(problem.graph.by_name["x"].kind) == kind
    assert not problem.verify(problem.simulate(4, 0)).dirac.get("x", torch.zeros(1)).any()
