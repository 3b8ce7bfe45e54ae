"""The reading `score`: log densities against scipy, their gradients, and what adds nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from scipy import stats

from gsdmc.compiler import Problem, bundled, compile_problem, compile_text
from gsdmc.language.source import GsdmcError

SIGMA = [[2.0, 0.6], [0.6, 1.0]]
MIXED = [(0.3, stats.norm(0, 1)), (0.7, stats.norm(5, 0.5))]

LAWS: list[tuple[str, Any, list[Any]]] = [
    ("(normal 2 3)", stats.norm(2, 3).logpdf, [-4.0, 2.0, 11.0]),
    ("(normal 2 (sample \"s\" (dirac 3)))", stats.norm(2, 3).logpdf, [-4.0, 2.0, 11.0]),
    ("(uniform -1 4)", stats.uniform(-1, 5).logpdf, [-1.5, -1.0, 0.0, 4.0, 4.5]),
    ("(exponential 2.5)", stats.expon(scale=0.4).logpdf, [-0.1, 0.0, 3.0]),
    ("(gamma 0.3 2)", stats.gamma(0.3, scale=0.5).logpdf, [-1.0, 1e-3, 2.0]),
    ("(beta 0.5 2)", stats.beta(0.5, 2).logpdf, [-0.1, 0.2, 0.99, 1.1]),
    ("(beta 1 1)", stats.beta(1, 1).logpdf, [0.0, 0.5, 1.0]),
    ("(lognormal 0.5 0.75)", stats.lognorm(0.75, scale=np.exp(0.5)).logpdf, [-1.0, 0.1, 2.0]),
    ("(laplace 1 2)", stats.laplace(1, 2).logpdf, [-3.0, 1.0, 9.0]),
    ("(student-t 5 1 2)", stats.t(5, 1, 2).logpdf, [-30.0, 1.0, 2.0]),
    ("(bernoulli 0.3)", stats.bernoulli(0.3).logpmf, [False, True]),
    ("(bernoulli 1)", stats.bernoulli(1).logpmf, [False, True]),
    ("(categorical [0.2 0 0.8])", lambda x: np.log(np.array([0.2, 0, 0.8]))[x], [0, 1, 2]),
    ("(uniform-discrete 1 4)", stats.randint(1, 4).logpmf, [0, 1, 3]),
    ("(poisson 3.5)", stats.poisson(3.5).logpmf, [0, 3, 20]),
    ("(poisson 0)", stats.poisson(0).logpmf, [0, 1]),
    ("(dirichlet [0.5 2 3])", None, [[0.2, 0.3, 0.5], [0.01, 0.09, 0.9]]),
    ("(multivariate-normal [1 -2] [[2 0.6] [0.6 1]])", stats.multivariate_normal([1, -2], SIGMA).logpdf,
     [[0.0, 0.0], [1.0, -2.0]]),
    ("(mixture [0.3 0.7] [(normal 0 1) (normal 5 0.5)])",
     lambda x: np.log(sum(w * law.pdf(x) for w, law in MIXED)), [-1.0, 2.5, 5.0]),
    ("(mixture [0.5 0.5] [(multivariate-normal [1 -2] [[2 0.6] [0.6 1]])"
     " (multivariate-normal [0 0] [[1 0] [0 1]])])",
     lambda x: np.log(0.5 * stats.multivariate_normal([1, -2], SIGMA).pdf(x)
                      + 0.5 * stats.multivariate_normal([0, 0], np.eye(2)).pdf(x)), [[0.5, 0.1], [3.0, 2.0]]),
]  # fmt: skip


@pytest.mark.parametrize(("distribution", "law", "values"), LAWS, ids=[d for d, *_ in LAWS])
@pytest.mark.filterwarnings("ignore:divide by zero")
def test_densities_agree_with_scipy(distribution: str, law: Any, values: list[Any]) -> None:
    problem = compile_text(f'(sample "x" {distribution})', "one.clj")
    x = torch.tensor(values, dtype=torch.float64 if isinstance(values[0], float | list) else None)
    if law is None:
        expected = [stats.dirichlet([0.5, 2, 3]).logpdf(v) for v in values]
    else:
        expected = law(np.array(values))
    assert np.allclose(problem.score({"x": x}).numpy(), expected, rtol=1e-9)


def test_a_vector_off_the_simplex_has_no_density() -> None:
    problem = compile_text('(sample "x" (dirichlet [1 1]))', "one.clj")
    off = torch.tensor([[0.5, 0.6], [-0.1, 1.1], [0.5, 0.5]])
    assert problem.score({"x": off}).tolist() == [-torch.inf, -torch.inf, 0.0]


@pytest.mark.parametrize("name", [n for n in bundled() if n != "sudoku"])
def test_bundled_programs_score_their_own_draws(name: str) -> None:
    problem = compile_problem(name)
    values = problem.simulate(16, 0, torch.float64)
    score = problem.score(values)
    assert score.shape == (16,)
    assert torch.isfinite(score).all()
    sampled = {a.name for a in problem.graph.arrays if not a.deterministic or a.generated}
    assert torch.equal(problem.score({n: v for n, v in values.items() if n in sampled}), score)


def test_bcmf_scores_its_reals_and_booleans_alone() -> None:
    problem = compile_problem("bcmf")
    values = problem.simulate(8, 0)
    ones = values["R"].double().sum((1, 2))
    expected = ones * np.log(0.3) + (15 - ones) * np.log(0.7)
    assert torch.allclose(problem.score(values), expected)
    assert torch.allclose(problem.score({**values, "E": values["E"] + 5}), expected)


def test_generated_values_and_factors_add_nothing() -> None:
    problem = compile_problem("sorting", n=4)
    values = problem.simulate(8, 0, torch.float64)
    expected = stats.norm.logpdf(values["u"].numpy()).sum(1)
    assert np.allclose(problem.score(values).numpy(), expected)
    with pytest.raises(GsdmcError, match='the values of "P" are missing'):
        problem.score({"u": values["u"]})
    assert problem.score(
        compile_problem("sudoku").simulate(2, 0) and {"u": values["u"], "P": values["P"]}
    ).shape == (8,)


REGRESSION = """
(def xs [1.0 2.0 3.0 4.0])
(def ys [2.1 3.9 6.2 7.8])
(let [a (sample "a" (normal 0 10))
      b (sample "b" (normal 0 10))
      s (sample "s" (gamma 2 2))]
  (foreach 4 [x xs y ys] (observe "y" (normal (+ (* a x) b) s) y)))
"""


def test_observed_values_are_the_default_and_gradients_are_exact() -> None:
    problem = compile_text(REGRESSION, "r.clj")
    free = {
        n: torch.tensor([v], dtype=torch.float64, requires_grad=True)
        for n, v in [("a", 1.9), ("b", 0.3), ("s", 0.8)]
    }
    score = problem.score(free)
    a, b, s = 1.9, 0.3, 0.8
    xs, ys = np.array([1.0, 2, 3, 4]), np.array([2.1, 3.9, 6.2, 7.8])
    expected = (
        stats.norm(0, 10).logpdf([a, b]).sum()
        + stats.gamma(2, scale=0.5).logpdf(s)
        + stats.norm(a * xs + b, s).logpdf(ys).sum()
    )
    assert score.item() == pytest.approx(expected, rel=1e-12)
    score.sum().backward()
    residual = ys - a * xs - b
    assert free["a"].grad.item() == pytest.approx((residual * xs).sum() / s**2 - a / 100)
    assert free["b"].grad.item() == pytest.approx(residual.sum() / s**2 - b / 100)
    assert torch.autograd.gradcheck(
        lambda a, b, s: problem.score({"a": a, "b": b, "s": s}), tuple(free.values())
    )
    other = problem.score({**free, "y": torch.zeros(1, 4)})
    assert other.item() != score.item()


GRADIENTS = [
    '(sample "x" (gamma 2 3))', '(sample "x" (beta 2 3))', '(sample "x" (lognormal 0 1))',
    '(sample "x" (uniform 0 1))', '(sample "x" (student-t 3 0 1))', '(sample "x" (dirichlet [2 3]))',
    '(sample "x" (mixture [0.5 0.5] [(normal 0 1) (normal 1 2)]))',
    '(sample "x" (multivariate-normal [0 0] [[2 1] [1 2]]))',
]  # fmt: skip


@pytest.mark.parametrize("text", GRADIENTS)
def test_gradients_stay_finite_outside_the_support(text: str) -> None:
    problem = compile_text(text, "g.clj")
    x = problem.simulate(2, 0, torch.float64)["x"]
    x = torch.cat([x, x - 5]).requires_grad_()
    problem.score({"x": x}).clamp(min=-1e6).sum().backward()
    assert torch.isfinite(x.grad).all()


def test_both_arms_are_sampled_but_only_the_taken_one_observes() -> None:
    text = """
(let [c (sample "c" (bernoulli 0.25))
      m (sample "m" (normal 0 1))]
  (if c
    (if (> m 0) (observe "y" (normal 0 1) 2.0) 0.0)
    (sample "z" (normal m 1))))"""
    problem = compile_text(text, "arms.clj")
    c = torch.tensor([True, True, False])
    m, z = torch.tensor([1.0, -1.0, 1.0]), torch.tensor([0.5, 0.5, 0.5])
    score = problem.score({"c": c, "m": m, "z": z}).numpy()
    always = stats.norm.logpdf(m) + stats.norm(m).logpdf(z) + np.log([0.25, 0.25, 0.75])
    assert np.allclose(score, always + np.array([stats.norm.logpdf(2), 0, 0]))


def test_conditions_on_a_plate_hold_replica_by_replica() -> None:
    text = """
(foreach 3 [i (range 3)]
  (let [c (sample "c" (bernoulli 0.5))]
    (if c (observe "y" (normal 0 1) 1.0) (observe "w" (normal 0 1) 3.0))))"""
    problem = compile_text(text, "plate.clj")
    c = torch.tensor([[True, False, True]])
    expected = 3 * np.log(0.5) + 2 * stats.norm.logpdf(1) + stats.norm.logpdf(3)
    assert problem.score({"c": c}).item() == pytest.approx(expected)


def test_what_is_not_there_is_refused() -> None:
    problem = compile_text(REGRESSION, "r.clj")
    with pytest.raises(GsdmcError, match='the values of "a" are missing'):
        problem.score({"b": torch.zeros(1), "s": torch.ones(1)})
    with pytest.raises(GsdmcError, match='samples no "d"'):
        problem.score({"d": torch.zeros(1)})
    with pytest.raises(GsdmcError, match="must have shape"):
        problem.score({"a": torch.zeros(1, 2)})
    with pytest.raises(GsdmcError, match="a batch of 2"):
        problem.score({"a": torch.zeros(1), "b": torch.zeros(2)})


def integral(problem: Problem, low: float, high: float) -> float:
    x = torch.linspace(low, high, 200_001, dtype=torch.float64)
    return torch.trapezoid(problem.score({"x": x}).exp(), x).item()


@pytest.mark.parametrize(
    "distribution",
    ["(normal 1 2)", "(laplace 1 2)", "(student-t 6 1 2)", "(gamma 2 1)", "(beta 2 3)", "(lognormal 0 0.5)",
     "(mixture [0.2 0.8] [(gamma 2 1) (gamma 9 3)])"],
)  # fmt: skip
def test_densities_integrate_to_one(distribution: str) -> None:
    assert integral(compile_text(f'(sample "x" {distribution})', "i.clj"), -60, 60) == pytest.approx(
        1, abs=1e-3
    )


def test_a_density_of_hidden_values_is_refused() -> None:
    text = '(let [g (extern random-gates 3)] (sample "y" (bernoulli (if (get g 0) 0.1 0.9))))'
    problem = compile_text(text, "hidden.clj")
    with pytest.raises(GsdmcError, match="depends on an `extern` that is no variable"):
        problem.score({"y": [True]})


def test_values_may_be_arrays_or_lists() -> None:
    problem = compile_text(
        '(let [x (sample "x" (normal 0 1))] (sample "y" (bernoulli (sigmoid x))))', "l.clj"
    )
    expected = problem.score({"x": torch.tensor([0.3], dtype=torch.float64), "y": torch.tensor([True])})
    assert problem.score({"x": [0.3], "y": [True]}) == expected
    assert problem.score({"x": np.array([0.3]), "y": np.array([True])}) == expected
    with pytest.raises(GsdmcError, match="no array of numbers"):
        problem.score({"x": ["a"]})


SWITCHED = """
(let [b (sample "b" (bernoulli 0.3))
      c (sample "c" (categorical [0.2 0.3 0.5]))
      n (sample "n" (poisson 2.0))]
  (sample "x" (normal (if b c n) 1)))"""


@pytest.mark.parametrize("dtype", ["uint8", "int32", "int64", "float32", "float64"])
def test_discrete_values_may_be_numbers_of_any_type(dtype: str) -> None:
    problem = compile_text(SWITCHED, "s.clj")
    values = problem.simulate(32, 0)
    numbers = {n: v if n == "x" else v.to(getattr(torch, dtype)) for n, v in values.items()}
    assert torch.equal(problem.score(numbers), problem.score(values))
    assert torch.equal(problem.score({n: v.numpy() for n, v in numbers.items()}), problem.score(values))
    assert problem.restore(numbers)["b"].dtype == torch.bool
