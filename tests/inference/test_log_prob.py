from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
import torch

import gsdmc
from gsdmc.compiler import compile_text
from gsdmc.inference.model import Model
from gsdmc.training.config import TrainingConfig

COINS = """
(let [a (sample "a" (bernoulli 0.3))
      b (sample "b" (categorical [0.2 0.3 0.5]))]
  (sample "c" (bernoulli (if a 0.9 0.2))))
"""
REALS = """
(let [x (sample "x" (normal 0 1))
      p (sample "p" (exponential 1))]
  (sample "y" (normal x p)))
"""
SUMS = """
(let [x (sample "x" (normal 0 1))
      b (sample "b" (dirac (> x 0)))
      z (sample "z" (normal 0 1))
      y (sample "y" (dirac (+ x z)))]
  (sample "w" (normal y 1)))
"""


def model_of(text: str, tiny: TrainingConfig) -> Model:
    return gsdmc.train(compile_text(text, "small.clj"), steps=2, preset=tiny, out=None)


@pytest.fixture(scope="module")
def coins(tiny: TrainingConfig) -> Model:
    return model_of(COINS, tiny)


@pytest.fixture(scope="module")
def reals(tiny: TrainingConfig) -> Model:
    return model_of(REALS, tiny)


@pytest.fixture(scope="module")
def sums(tiny: TrainingConfig) -> Model:
    return model_of(SUMS, tiny)


def every_outcome() -> dict[str, np.ndarray]:
    outcomes = np.array(list(itertools.product((0, 1), range(3), (0, 1))))
    return dict(zip("abc", outcomes.T, strict=True))


@pytest.mark.parametrize("orders", [1, 3])
def test_discrete_programs_have_normalised_probabilities(coins: Model, orders: int) -> None:
    found = coins.log_prob(every_outcome(), orders=orders)
    assert (found.method, found.unit) == ("any-order", "nats")
    assert found.value.shape == found.error.shape == (12,)
    assert np.exp(found.value).sum() == pytest.approx(1, abs=1e-5)


def test_conditionals_are_normalised_and_evidence_may_be_repeated(coins: Model) -> None:
    outcomes = every_outcome()
    kept = outcomes["b"] == 1
    values = {name: v[kept] for name, v in outcomes.items()}
    found = coins.log_prob(values, {"b": 1})
    assert np.exp(found.value).sum() == pytest.approx(1, abs=1e-5)
    del values["b"]
    np.testing.assert_array_equal(coins.log_prob(values, {"b": 1}).value, found.value)
    certain = coins.log_prob({"a": [1, 1]}, {"a": 1, "b": 1, "c": 0})
    assert not certain.value.any()


def test_the_bound_is_near_where_order_hardly_matters(coins: Model) -> None:
    """As it is with a network after two steps: its predictions hardly hang on what they are given."""
    outcomes = every_outcome()
    bound = coins.log_prob(outcomes, method="bound", samples=512)
    exact = coins.log_prob(outcomes, orders=24)
    assert (bound.error > 0).all()
    assert (np.abs(bound.value - exact.value) < 0.05 + 4 * bound.error).all()


def test_real_programs_have_densities(reals: Model) -> None:
    drawn = reals.problem.simulate(3, seed=1)
    found = reals.log_prob(drawn, steps=8)
    assert found.method == "flow"
    assert np.isfinite(found.value).all()
    assert (found.error > 0).all()
    given = reals.log_prob({"y": drawn["y"]}, {"x": 0.5, "p": 1.0}, steps=8)
    assert given.method == "flow"
    assert given.value.shape == (3,)


def test_samples_are_values(reals: Model) -> None:
    samples = reals.sample({"y": 0.25}, num_samples=2, steps=2)
    found = reals.log_prob(samples, {"y": 0.25}, method="bound", samples=4)
    assert (found.method, found.value.shape) == ("bound", (2,))


def test_equal_seeds_equal_estimates(reals: Model, coins: Model) -> None:
    drawn = reals.problem.simulate(2, seed=1)
    first, again, other = (
        reals.log_prob(drawn, method="bound", samples=4, seed=seed).value for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    one, two = (coins.log_prob(every_outcome(), seed=seed).value for seed in (0, 1))
    assert (one != two).any()


def test_programs_of_every_kind_have_a_bound(any_query: Model) -> None:
    """A real that is computed of others is given, with its parents."""
    drawn = {name: v[:2].numpy() for name, v in any_query.problem.simulate(2, seed=5).items()}
    evidence = {name: drawn[name][0] for name in ("sum", "real", "positive", "interval")}
    latent = {name: v for name, v in drawn.items() if name not in evidence}
    found = any_query.log_prob(latent, evidence, samples=8)
    assert found.method == "bound"
    assert np.isfinite(found.value).all()


def test_sizes_follow_the_values(any_query: Model) -> None:
    drawn = any_query.problem.resized(n=2).simulate(3, seed=5)
    discrete = {name: drawn[name] for name in ("boolean", "category")}
    evidence = {name: v[0] for name, v in drawn.items() if name not in discrete}
    found = any_query.log_prob(discrete, evidence)
    assert (found.method, found.value.shape) == ("any-order", (3,))
    with pytest.raises(gsdmc.GsdmcError, match="the values disagree about the plate i: 4 or 2"):
        any_query.log_prob({**discrete, "boolean": np.zeros((3, 4))}, evidence)


@pytest.mark.parametrize(
    ("evidence", "says"),
    [
        ({}, '"y" is computed from other variables'),
        ({"x": 0.5, "z": 1.0}, '"y" is computed from other variables'),
        ({"y": 1.0}, 'given "y", which is computed from "x", the latter has no density'),
        ({"y": 1.0, "x": 0.5}, 'given "y", which is computed from "z"'),
    ],
)
def test_reals_computed_of_reals_have_no_density(sums: Model, evidence: dict, says: str) -> None:
    drawn = {name: v for name, v in sums.problem.simulate(2, seed=0).items() if name not in evidence}
    for method in ("auto", "bound"):
        with pytest.raises(gsdmc.GsdmcError, match=says):
            sums.log_prob(drawn, evidence, method=method)


def test_what_is_computed_and_discrete_leaves_a_density(sums: Model) -> None:
    drawn = sums.problem.simulate(2, seed=0)
    given = {"x": 0.5, "z": 1.0, "y": 1.5}
    mixed = sums.log_prob({"b": [True, False], "w": drawn["w"]}, given, samples=4)
    assert mixed.method == "bound"
    assert sums.log_prob({"b": [True, False]}, {**given, "w": 0.0}).method == "any-order"
    assert sums.log_prob({"w": drawn["w"]}, {**given, "b": True}, steps=4).method == "flow"


def test_methods_that_do_not_apply_say_so(coins: Model, reals: Model) -> None:
    with pytest.raises(
        gsdmc.GsdmcError, match='flow needs noised reals alone, but "a", a boolean, is masked'
    ):
        coins.log_prob(every_outcome(), method="flow")
    drawn = reals.problem.simulate(2, seed=0)
    with pytest.raises(
        gsdmc.GsdmcError, match='any-order needs masked variables alone, but "x", a real, is noised'
    ):
        reals.log_prob(drawn, method="any-order")
    with pytest.raises(gsdmc.GsdmcError, match="it is one of auto, bound, any-order, flow"):
        reals.log_prob(drawn, method="exact")
    for name, number in (("samples", 3), ("samples", 0), ("orders", 0), ("steps", 5)):
        with pytest.raises(gsdmc.GsdmcError, match=f"{name} is {number}"):
            reals.log_prob(drawn, **{name: number})
    with pytest.raises(gsdmc.GsdmcError, match="least_noise is 0; it is between 0 and 1"):
        reals.log_prob(drawn, least_noise=0.0)


def test_queries_outside_the_family_need_leave(bcmf: Model) -> None:
    drawn = bcmf.problem.simulate(1, seed=0)
    with pytest.raises(gsdmc.GsdmcError, match='lacks "E"'):
        bcmf.log_prob(drawn)
    given = {name: drawn[name][0] for name in ("A", "C", "E")}
    with pytest.raises(gsdmc.GsdmcError, match='holds "A"'):
        bcmf.log_prob({"R": drawn["R"]}, given)
    assert bcmf.log_prob({"R": drawn["R"]}, given, strict=False).method == "any-order"
    with pytest.raises(gsdmc.GsdmcError, match="computed from other variables"):
        bcmf.log_prob(drawn, {"E": drawn["E"][0]})


def test_shares_without_bijections_have_no_density(tiny: TrainingConfig) -> None:
    plain = replace(tiny, process=replace(tiny.process, bijections=False))
    model = model_of('(sample "p" (dirichlet [1.0 2.0]))', plain)
    with pytest.raises(gsdmc.GsdmcError, match="noised off the simplex"):
        model.log_prob({"p": torch.tensor([[0.25, 0.75]])})


def test_masked_reals_take_any_order_or_a_bound(tiny: TrainingConfig) -> None:
    model = model_of(REALS, replace(tiny, process=replace(tiny.process, reals="masked")))
    drawn = model.problem.simulate(3, seed=1)
    exact = model.log_prob(drawn, orders=2)
    assert exact.method == "any-order"
    assert np.isfinite(exact.value).all()
    assert model.log_prob(drawn, method="bound", samples=8).error.min() > 0
    with pytest.raises(gsdmc.GsdmcError, match='flow needs noised reals alone, but "x", a real, is masked'):
        model.log_prob(drawn, method="flow")
    # One real alone has the density of its mixture, which integrates to one.
    grid = np.linspace(-60, 60, 4001)
    found = model.log_prob({"y": grid}, {"x": 0.5, "p": 1.0})
    mass = torch.trapezoid(torch.from_numpy(np.exp(found.value)), torch.from_numpy(grid)).item()
    assert mass == pytest.approx(1, abs=1e-3)


@pytest.mark.slow
def test_a_trained_network_has_the_programs_probabilities() -> None:
    """Its divergence from the program is below a hundredth of a nat per variable."""
    problem, outcomes = compile_text(COINS, "small.clj"), every_outcome()
    config = TrainingConfig(width=32, layers=2, heads=2, batch=512, reach=False)
    model = gsdmc.train(problem, steps=300, preset=config, out=None)
    exact = problem.score(outcomes | {name: outcomes[name] == 1 for name in "ac"}).numpy()
    found = model.log_prob(outcomes, orders=3)
    assert (np.exp(exact) * (exact - found.value)).sum() < 0.003
    assert np.abs(found.value - exact).max() < 0.15
    bound = model.log_prob(outcomes, method="bound", samples=512)
    assert (np.abs(bound.value - exact) < 0.15 + 4 * bound.error).all()
