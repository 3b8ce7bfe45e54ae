from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch
from torch import Tensor

from gsdmc.diffusion.likelihood.bound import evidence_bound
from gsdmc.diffusion.likelihood.estimate import Estimate
from gsdmc.diffusion.likelihood.question import Question
from gsdmc.diffusion.process import Process, ProcessConfig
from gsdmc.diffusion.standardise import Standardiser
from gsdmc.language.kinds import BOOLEAN, COUNT, REAL, category, vector
from gsdmc.layout.layout import Layout
from tests.diffusion.exact import ExactConditionals, ExactDenoiser
from tests.model.problems import bcmf, clusters, make_layout
from tests.model.test_denoiser import denoiser_for

NO_EDGES = [("of", np.array([1]), np.array([0]))]


@dataclass
class Known:
    """A distribution with its exact denoiser and log density."""

    layout: Layout
    process: Process
    denoiser: ExactDenoiser | ExactConditionals
    values: dict[str, Tensor]
    log_p: Tensor

    def bound(
        self,
        seen: Mapping[str, bool] | None = None,
        seed: int = 0,
        *,
        samples: int = 256,
        least: float = 1e-3,
    ) -> Estimate:
        batch = len(self.log_p)
        observed = {
            s.name: torch.full((batch, *s.shape), bool(seen and seen.get(s.name))) for s in self.layout.arrays
        }
        return evidence_bound(
            Question(self.denoiser, self.layout, self.process, self.values, observed),
            torch.Generator().manual_seed(seed),
            samples=samples,
            least_noise=least,
        )


def normals(config: ProcessConfig, batch: int = 6, seed: int = 0) -> Known:
    """A real x and vectors y of two, jointly normal, in scales of their own."""
    g = torch.Generator().manual_seed(seed)
    layout = make_layout([("x", REAL, ()), ("y", vector(2), (1,))], NO_EDGES)
    std = torch.tensor([[10.0, 1.0], [0.1, 3.0]], dtype=torch.float64)
    mean = torch.tensor([[2.0, 0.0], [-1.0, 5.0]], dtype=torch.float64)
    process = Process(config, Standardiser(layout.embedding_keys, mean, std))
    root = torch.randn(3, 3, generator=g, dtype=torch.float64) * 0.5 + torch.eye(3)
    states = torch.randn(batch, 3, generator=g, dtype=torch.float64) @ root.T
    denoiser = ExactDenoiser(
        process,
        torch.ones(1),
        {},
        {"x": torch.zeros(1, dtype=torch.float64), "y": torch.zeros(1, 1, 2, dtype=torch.float64)},
        root @ root.T,
    )
    values = {"x": states[:, 0] * 10 + 2, "y": (states[:, 1:] * std[1] + mean[1])[:, None]}
    law = torch.distributions.MultivariateNormal(torch.zeros(3, dtype=torch.float64), root @ root.T)
    return Known(layout, process, denoiser, values, law.log_prob(states) - math.log(10 * 0.1 * 3))


def mixture(config: ProcessConfig, batch: int = 6) -> Known:
    """A coin c, a cluster z whose odds hang on it, and x normal around the cluster's place."""
    layout = make_layout([("c", BOOLEAN, ()), ("z", category(3), ()), ("x", REAL, ())], NO_EDGES)
    weights = torch.tensor([[0.3, 0.1, 0.2], [0.05, 0.25, 0.1]], dtype=torch.float64)
    c, z = torch.arange(6) // 3, torch.arange(6) % 3
    centre = torch.tensor([-2.0, 0.0, 1.5], dtype=torch.float64)[z]
    process = Process(config, Standardiser.identity(layout))
    variance = torch.tensor([[0.25]], dtype=torch.float64)
    denoiser = ExactDenoiser(process, weights.flatten(), {"c": c, "z": z}, {"x": centre}, variance)
    pick = torch.arange(batch) % 6
    noise = torch.randn(batch, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    values = {"c": c[pick].bool(), "z": z[pick], "x": centre[pick] + 0.5 * noise}
    log_p = weights.flatten()[pick].log() - noise**2 / 2 - math.log(0.5 * math.sqrt(2 * math.pi))
    return Known(layout, process, denoiser, values, log_p)


def categories(config: ProcessConfig) -> Known:
    """Three variables with a random joint distribution, all 12 outcomes in a row."""
    layout = make_layout([("a", BOOLEAN, (2,)), ("b", category(3), ())], NO_EDGES)
    outcomes = torch.cartesian_prod(torch.arange(2), torch.arange(2), torch.arange(3))
    weights = torch.rand(12, generator=torch.Generator().manual_seed(0), dtype=torch.float64) ** 2
    weights = weights / weights.sum()
    values = {"a": outcomes[:, :2].bool(), "b": outcomes[:, 2]}
    process = Process(config, Standardiser.identity(layout))
    denoiser = ExactDenoiser(process, weights, values, {}, torch.zeros(0, 0))
    return Known(layout, process, denoiser, values, weights.log())


def agrees(found: Estimate, expected: Tensor) -> None:
    """The estimate is unbiased: within four standard errors everywhere, and within two on the whole."""
    off = (found.value - expected) / found.error.clamp(min=1e-9)
    assert off.abs().max() < 4
    assert off.mean().abs() < 3 / math.sqrt(len(off))


@pytest.mark.parametrize(("schedule", "prediction"), [("cosine", "x0"), ("cosine", "v"), ("edm", "noise")])
def test_it_is_the_density_of_normals_with_an_exact_denoiser(schedule, prediction) -> None:
    known = normals(ProcessConfig(schedule=schedule, prediction=prediction))
    found = known.bound()
    agrees(found, known.log_p)
    assert found.error.max() < 1


@pytest.mark.parametrize("power", [1.0, 2.0])
def test_it_is_the_probability_of_masked_variables_with_an_exact_denoiser(power: float) -> None:
    known = categories(ProcessConfig(mask_power=power))
    found = known.bound(samples=1024)
    agrees(found, known.log_p)
    assert found.error.max() < 0.1


def test_it_is_the_probability_of_gaussian_onehots_with_an_exact_denoiser() -> None:
    known = categories(ProcessConfig(discrete="onehot"))
    found = known.bound(samples=1024)
    agrees(found, known.log_p)
    assert found.error.max() < 0.5


def test_it_is_the_density_of_masked_reals_with_an_exact_denoiser() -> None:
    layout = make_layout([("x", REAL, (2,)), ("y", REAL, ())], NO_EDGES)
    process = Process(ProcessConfig(reals="masked", components=1), Standardiser.identity(layout))
    root = torch.tensor([[1.0, 0, 0], [0.8, 0.4, 0], [-0.5, 0.3, 0.6]], dtype=torch.float64)
    states = torch.randn(5, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64) @ root.T
    law = torch.distributions.MultivariateNormal(torch.zeros(3, dtype=torch.float64), scale_tril=root)
    values = {"x": states[:, :2], "y": states[:, 2]}
    known = Known(layout, process, ExactConditionals(root @ root.T), values, law.log_prob(states))
    agrees(known.bound(samples=512), known.log_p)


@pytest.mark.parametrize("discrete", ["masked", "onehot"])
def test_it_is_the_density_of_a_joint_process_with_an_exact_denoiser(discrete) -> None:
    known = mixture(ProcessConfig(discrete=discrete, mask_power=1.5))
    agrees(known.bound(samples=512), known.log_p)


@pytest.mark.parametrize("make", [normals, mixture, categories])
@pytest.mark.parametrize("discrete", ["masked", "onehot"])
def test_the_papers_thousand_steps_bound_it_from_below(make, discrete) -> None:
    known = make(ProcessConfig(schedule="linear", discrete=discrete))
    found = known.bound()
    assert (found.value <= known.log_p + 3 * found.error + 1e-9).all()
    assert (found.value >= known.log_p - 3 * found.error - 3).all()


def test_evidence_turns_it_into_the_conditional() -> None:
    known = mixture(ProcessConfig())
    weights = known.denoiser.log_weights.exp().detach()
    given_x = known.bound({"x": True}, seed=1, samples=512)
    law = torch.distributions.Normal(known.denoiser.means["x"], 0.5)
    evidence = torch.logsumexp(weights.log() + law.log_prob(known.values["x"][:, None]), 1)
    agrees(given_x, known.log_p - evidence)
    given_rest = known.bound({"c": True, "z": True})
    pick = known.values["c"].long() * 3 + known.values["z"]
    agrees(given_rest, known.log_p - weights[pick].log())
    everything = known.bound({"c": True, "z": True, "x": True})
    assert not everything.value.any()
    assert not everything.error.any()


def test_the_standard_error_is_the_spread_over_seeds() -> None:
    known = normals(ProcessConfig(), batch=3)
    runs = [known.bound(seed=seed, samples=32) for seed in range(200)]
    spread = torch.stack([r.value for r in runs]).std(0)
    stated = torch.stack([r.error for r in runs]).square().mean(0).sqrt()
    torch.testing.assert_close(spread, stated, rtol=0.25, atol=0)


def test_a_worse_denoiser_has_a_lower_bound() -> None:
    known = normals(ProcessConfig())
    worse = replace(known, denoiser=normals(ProcessConfig(), seed=1).denoiser)
    assert worse.bound().value.mean() < known.bound().value.mean() - 0.1


def test_less_noise_at_the_end_gives_a_tighter_bound() -> None:
    known = normals(ProcessConfig())
    coarse, fine = (known.bound(samples=1024, least=least).value.mean() for least in (1.0, 0.01))
    assert coarse < fine - 0.1


def test_counts_have_probabilities() -> None:
    """Counts 3 and 4, at even odds: the states' atoms are resolved, so that the bound is log 1/2."""
    layout = make_layout([("n", COUNT, ()), ("m", COUNT, ())], NO_EDGES)
    std = torch.full((2, 1), 0.5, dtype=torch.float64)
    mean = torch.full((2, 1), 3.5, dtype=torch.float64)
    process = Process(ProcessConfig(), Standardiser(layout.embedding_keys, mean, std))
    both = torch.tensor([-1.0, -1.0, 1.0, 1.0], dtype=torch.float64)
    denoiser = ExactDenoiser(
        process,
        torch.full((4,), 0.25),
        {},
        {"n": both, "m": torch.tensor([-1.0, 1.0, -1.0, 1.0], dtype=torch.float64)},
        torch.zeros(2, 2),
    )
    values = {"n": torch.tensor([3, 4, 4]), "m": torch.tensor([4, 3, 4])}
    known = Known(layout, process, denoiser, values, torch.full((3,), math.log(0.25), dtype=torch.float64))
    agrees(known.bound(samples=1024), known.log_p)


@pytest.mark.parametrize("config", [ProcessConfig(), ProcessConfig("linear", "x0", "onehot")])
@pytest.mark.parametrize("make", [bcmf, clusters])
def test_networks_have_finite_bounds_that_repeat_with_the_seed(make, config: ProcessConfig) -> None:
    problem = make()
    values = problem.simulate(4, 0)
    g = torch.Generator().manual_seed(0)
    seen = {s.name: torch.rand(4, *s.shape, generator=g) < 0.5 for s in problem.layout.arrays}
    scales = Standardiser.estimate(problem.layout, [(problem.layout, problem.simulate(64, 1))])
    process, denoiser = Process(config, scales), denoiser_for(problem).float()
    first, again, other, split = (
        evidence_bound(
            Question(denoiser, problem.layout, process, values, seen),
            torch.Generator().manual_seed(seed),
            samples=8,
            rows=rows,
        )
        for seed, rows in ((0, 64), (0, 64), (1, 64), (0, 4))
    )
    assert first.value.isfinite().all()
    assert (first.error > 0).all()
    assert torch.equal(first.value, again.value)
    assert not torch.equal(first.value, other.value)
    assert split.value.isfinite().all()


@pytest.mark.parametrize("samples", [0, 1, 7])
def test_draws_come_in_pairs(samples: int) -> None:
    with pytest.raises(ValueError, match="even number"):
        normals(ProcessConfig()).bound(samples=samples)
