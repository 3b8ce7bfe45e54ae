"""Distributions: draws against scipy, kinds, and what their parameters may be."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from scipy import stats

from gsdmc.compiler import compile_text
from gsdmc.graph.factor_graph import Argument
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
    ("(gamma 0.3 2)", stats.gamma(0.3, scale=0.5)),
    ("(gamma 7.5 0.1)", stats.gamma(7.5, scale=10)),
    ("(beta 0.5 2)", stats.beta(0.5, 2)),
    ("(student-t 5 1 2)", stats.t(5, 1, 2)),
    ("(uniform-continuous -1 4)", stats.uniform(-1, 5)),
]
DISCRETE: list[tuple[str, list[float]]] = [
    ("(bernoulli 0.3)", [0.7, 0.3]),
    ("(flip 0.3)", [0.7, 0.3]),
    ("(bernoulli 0)", [1.0]),
    ("(bernoulli 1)", [0.0, 1.0]),
    ("(categorical [0.2 0 0.5 0.3])", [0.2, 0, 0.5, 0.3]),
    ("(uniform-discrete 1 4)", [0, 1 / 3, 1 / 3, 1 / 3]),
    ("(dirac 2)", [0, 0, 1.0]),
    ("(discrete [0.2 0 0.5 0.3])", [0.2, 0, 0.5, 0.3]),
    ("(mixture [0.3 0.7] [(bernoulli 0.1) (bernoulli 0.6)])", [0.55, 0.45]),
    ("(mixture [0.5 0.5] [(categorical [0.2 0.8]) (categorical [0 1])])", [0.1, 0.9]),
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


@pytest.mark.parametrize("rate", [0.0, 0.05, 3.5, 400.0])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_poisson_draws_follow_their_law(rate: float, dtype: torch.dtype) -> None:
    values = draw(f"(poisson {rate})", dtype)
    assert values.dtype == np.int64
    edges = np.unique(stats.poisson(rate).ppf([0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 1 - 1e-3])).clip(0)
    bins = np.searchsorted(edges, values)
    chances = np.diff([0.0, *stats.poisson(rate).cdf(edges), 1.0])
    counts = np.bincount(bins, minlength=len(chances))
    seen = chances > 0
    assert not counts[~seen].any()
    if seen.sum() > 1:
        assert stats.chisquare(counts[seen], DRAWS * chances[seen]).pvalue > 1e-3


@pytest.mark.parametrize("concentration", [[1.0, 1.0, 1.0], [0.3, 0.6, 3.0], [20.0, 5.0, 1.0]])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_dirichlet_draws_follow_their_law(concentration: list[float], dtype: torch.dtype) -> None:
    values = draw(f"(dirichlet {concentration})".replace(",", ""), dtype)
    assert values.shape == (DRAWS, 3)
    assert (values >= 0).all()
    assert np.abs(values.sum(1) - 1).max() < 1e-5
    for k, a in enumerate(concentration):
        marginal = stats.beta(a, sum(concentration) - a)
        assert stats.kstest(values[:, k].astype(np.float64), lambda x, m=marginal: m.cdf(x)).pvalue > 1e-3
    law = stats.dirichlet(concentration)
    assert np.allclose(np.cov(values.T), law.cov(), atol=0.005)


def test_dirichlet_draws_of_tiny_concentration_stay_on_the_simplex() -> None:
    values = draw("(dirichlet [0.001 0.001])", torch.float32)
    assert np.isfinite(values).all()
    assert np.allclose(values.sum(1), 1)
    assert abs((values[:, 0] > 0.5).mean() - 0.5) < 0.02


def test_multivariate_normal_draws_follow_their_law() -> None:
    mean, covariance = (
        np.array([1.0, -2.0, 0.5]),
        np.array([[2.0, 0.6, 0.0], [0.6, 1.0, -0.3], [0.0, -0.3, 0.5]]),
    )
    values = draw("(multivariate-normal [1 -2 0.5] [[2 0.6 0] [0.6 1 -0.3] [0 -0.3 0.5]])")
    white = np.linalg.solve(np.linalg.cholesky(covariance), (values - mean).T)
    for axis in white:
        assert stats.kstest(axis, "norm").pvalue > 1e-3
    assert np.allclose(np.cov(white), np.eye(3), atol=0.03)


def test_mixtures_follow_their_law() -> None:
    values = draw("(mixture [0.3 0.7] [(normal 0 1) (normal 5 0.5)])")
    parts = [(0.3, stats.norm(0, 1)), (0.7, stats.norm(5, 0.5))]
    assert stats.kstest(values, lambda x: sum(w * law.cdf(x) for w, law in parts)).pvalue > 1e-3


def test_a_mixture_of_vectors_draws_whole_components() -> None:
    one, other = "(multivariate-normal [0 0] [[0.01 0] [0 0.01]])", "(dirichlet [1 1])"
    values = draw(f"(mixture [0.5 0.5] [{one} (multivariate-normal [5 9] [[0.01 0] [0 0.01]])])")
    second = values[:, 0] > 2.5
    assert abs(second.mean() - 0.5) < 0.02
    assert np.abs(values[second] - [5, 9]).max() < 1
    assert np.abs(values[~second]).max() < 1
    simplex = draw(f"(mixture [0.5 0.5] [{other} (dirichlet [50 1])])")
    assert np.allclose(simplex.sum(1), 1)


def test_a_mixture_over_a_plate_leaves_it_exchangeable() -> None:
    text = """
(def k 3)
(let [means (foreach k [c (range k)] (sample "mean" (normal 0 10)))
      raw (foreach k [c (range k)] (sample "raw" (gamma 1 1)))]
  (foreach 5 [i (range 5)]
    (sample "x" (mixture (map (fn [r] (/ r (sum raw))) raw) (map (fn [m] (normal m 1)) means)))))"""
    graph = compile_text(text, "t.clj").graph
    assert {p.name: p.cls for p in graph.plates} == {"c": "exchangeable", "i": "exchangeable"}
    written = text.replace("(map (fn [r] (/ r (sum raw))) raw)", "[0.2 0.3 0.5]")
    assert {p.name: p.cls for p in compile_text(written, "t.clj").graph.plates}["c"] == "fixed"


def test_a_vector_is_one_variable() -> None:
    text = """
(let [pi (sample "pi" (dirichlet [1 2 3]))
      w (sample "w" (dirac [(first pi) (* 2 (second pi))]))]
  (foreach 4 [i (range 4)]
    (sample "z" (categorical pi))
    (sample "y" (normal (get w 1) 1))))"""
    problem = compile_text(text, "t.clj")
    graph = problem.graph
    assert {a.name: (str(a.kind), a.size) for a in graph.arrays} == {
        "pi": ("simplex of 3", 1), "w": ("vector of 2", 1), "z": ("category of 3", 4), "y": ("real", 4),
    }  # fmt: skip
    assert {(r.role, len(r.parents)) for r in graph.relations if isinstance(r, Argument)} == {
        ("pi is value of w", 1), ("pi is probabilities of z", 4), ("w is mean of y", 4),
    }  # fmt: skip
    values = problem.simulate(8, 0)
    assert values["w"].shape == (8, 2)
    assert torch.equal(values["w"][:, 1], 2 * values["pi"][:, 1])


def test_random_parameters_are_used_element_by_element() -> None:
    text = """
(foreach 2 [i (range 2)]
  (let [m (sample "m" (uniform 0 100))]
    (sample "x" (normal m 0.001))))"""
    values = compile_text(text, "t.clj").simulate(100, 0)
    assert (values["x"] - values["m"]).abs().max() < 0.01


def test_every_distribution_of_the_language_can_be_drawn() -> None:
    assert {*DISTRIBUTIONS, "mixture"} == set(KNOWN)


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
    ("(gamma 1 1)", "positive real"),
    ("(beta 1 1)", "real in [0, 1]"),
    ("(student-t 3 0 1)", "real"),
    ("(poisson 2)", "count"),
    ("(dirichlet [1 1])", "simplex of 2"),
    ("(multivariate-normal [0] [[1]])", "vector of 1"),
    ("(dirac [1 2.5 3])", "vector of 3"),
    ("(mixture [1] [(gamma 1 1)])", "positive real"),
    ("(mixture [0.5 0.5] [(dirichlet [1 1]) (dirichlet [2 1])])", "simplex of 2"),
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
