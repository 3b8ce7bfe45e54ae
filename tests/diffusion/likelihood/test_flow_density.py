from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy import stats
from torch import Tensor

from gsdmc.diffusion.likelihood.estimate import Estimate
from gsdmc.diffusion.likelihood.flow_density import flow_log_density
from gsdmc.diffusion.likelihood.question import Question
from gsdmc.diffusion.process import Process, ProcessConfig
from gsdmc.diffusion.schedule import signal_and_noise
from gsdmc.diffusion.standardise import Standardiser
from gsdmc.language.kinds import REAL, Kind, vector
from gsdmc.layout.layout import Layout
from tests.diffusion.exact import ExactDenoiser
from tests.diffusion.likelihood.test_bound import NO_EDGES, categories, normals
from tests.model.problems import chain, make_layout
from tests.model.test_denoiser import denoiser_for


def density(
    layout: Layout,
    process: Process,
    denoiser: torch.nn.Module,
    values: dict[str, Tensor],
    seen: dict[str, Tensor] | None = None,
    *,
    seed: int = 0,
    **options: float,
) -> Estimate:
    batch = len(next(iter(values.values())))
    nothing = {s.name: torch.zeros(batch, *s.shape, dtype=torch.bool) for s in layout.arrays}
    generator = torch.Generator().manual_seed(seed)
    options = {"least_noise": 1e-3} | options
    asked = Question(denoiser, layout, process, values, seen or nothing)
    return flow_log_density(asked, generator, **options)


def covers(found: Estimate, expected: Tensor, at_most: float = 1e-3) -> None:
    off = (found.value - expected).abs()
    assert off.max() < at_most
    assert (off <= found.error + 1e-6).all()


@pytest.mark.parametrize("prediction", ["x0", "v"])
def test_normals_in_scales_of_their_own(prediction) -> None:
    known = normals(ProcessConfig(prediction=prediction))
    covers(density(known.layout, known.process, known.denoiser, known.values), known.log_p)


def test_normals_on_a_schedule_that_starts_with_noise_and_ends_with_signal() -> None:
    known = normals(ProcessConfig(schedule="edm", prediction="noise"))
    covers(density(known.layout, known.process, known.denoiser, known.values), known.log_p)


def mixture() -> tuple[Layout, Process, ExactDenoiser, dict[str, Tensor], Tensor]:
    """Three clusters in three dimensions; the weights are uneven."""
    g = torch.Generator().manual_seed(0)
    layout = make_layout([("x", REAL, (3,))], NO_EDGES)
    weights = torch.tensor([0.2, 0.7, 0.1], dtype=torch.float64)
    means = torch.randn(3, 3, generator=g, dtype=torch.float64)
    root = 0.3 * torch.randn(3, 3, generator=g, dtype=torch.float64) + 0.4 * torch.eye(3)
    pick = torch.multinomial(weights, 8, replacement=True, generator=g)
    x = means[pick] + torch.randn(8, 3, generator=g, dtype=torch.float64) @ root.T
    process = Process(ProcessConfig(), Standardiser.identity(layout))
    denoiser = ExactDenoiser(process, weights, {}, {"x": means}, root @ root.T)
    log_p = sum(
        w * stats.multivariate_normal(m.numpy(), (root @ root.T).numpy()).pdf(x.numpy())
        for w, m in zip(weights.numpy(), means, strict=True)
    )
    return layout, process, denoiser, {"x": x}, torch.from_numpy(np.log(log_p))


def test_a_mixture() -> None:
    layout, process, denoiser, values, log_p = mixture()
    covers(density(layout, process, denoiser, values), log_p)


def test_too_few_steps_say_so() -> None:
    layout, process, denoiser, values, log_p = mixture()
    found = density(layout, process, denoiser, values, steps=8, least_noise=0.05)
    covers(found, log_p, at_most=1)
    assert found.error.max() > 1e-2


def test_probes_are_unbiased_and_their_error_is_their_spread() -> None:
    layout, process, denoiser, values, log_p = mixture()
    repeated = {"x": values["x"].repeat(200, 1)}
    found = density(layout, process, denoiser, repeated, probes=6, steps=8, least_noise=0.03)
    runs, errors = found.value.reshape(200, 8), found.error.reshape(200, 8)
    spread = runs.std(0)
    assert ((runs.mean(0) - log_p).abs() < 4 * spread / math.sqrt(200) + 0.02).all()
    torch.testing.assert_close(errors.square().mean(0).sqrt(), spread, rtol=0.25, atol=0.02)


def test_evidence_turns_it_into_the_conditional() -> None:
    layout, process, denoiser, values, log_p = mixture()
    seen = {"x": torch.tensor([[True, False, False]]).expand(8, 3)}
    means, covariance = denoiser.means["x"], denoiser.covariance
    law = torch.distributions.Normal(means[:, 0], covariance[0, 0].sqrt())
    evidence = torch.logsumexp(denoiser.log_weights.detach() + law.log_prob(values["x"][:, :1]), 1)
    found = density(layout, process, denoiser, values, seen)
    covers(found, log_p - evidence)
    everything = {"x": torch.ones(8, 3, dtype=torch.bool)}
    certain = density(layout, process, denoiser, values, everything)
    assert not certain.value.any()
    assert not certain.error.any()


def test_examples_may_differ_in_what_is_given() -> None:
    layout, process, denoiser, values, _ = mixture()
    patterns = torch.tensor([[True, False, False], [False, True, True], [False, False, False]])
    rows = {"x": values["x"][:3]}
    together = density(layout, process, denoiser, rows, {"x": patterns}, steps=6)
    for i in range(3):
        alone = density(layout, process, denoiser, {"x": rows["x"][[i]]}, {"x": patterns[[i]]}, steps=6)
        torch.testing.assert_close(together.value[[i]], alone.value)


@pytest.mark.parametrize(
    ("kind", "law"),
    [
        (Kind("real", support="positive"), stats.lognorm(0.8, scale=math.exp(0.3))),
        (Kind("real", support="interval", bounds=(-1.0, 3.0)), stats.uniform(-1, 4)),
    ],
)
def test_it_is_a_density_of_the_programs_own_values(kind: Kind, law: stats.rv_continuous) -> None:
    """Variables that their bijection makes normal have the density that scipy gives them."""
    layout = make_layout([("x", kind, (2,))], NO_EDGES)
    draws = {"x": torch.from_numpy(law.rvs((4000, 2), random_state=0))}
    process = Process(ProcessConfig(), Standardiser.estimate(layout, [(layout, draws)]))
    mean, std = process.standardiser.scales(layout, layout.arrays[0], torch.float64)
    centre, scale = (0.3, 0.8) if kind.support == "positive" else (0.0, 1.0)
    denoiser = ExactDenoiser(
        process, torch.ones(1), {}, {"x": ((centre - mean) / std)[None]}, torch.diag((scale / std).square())
    )
    values = {"x": draws["x"][:5]}
    expected = torch.from_numpy(law.logpdf(values["x"].numpy()).sum(1))
    covers(density(layout, process, denoiser, values), expected)


def test_a_simplex_has_the_density_of_its_shares_but_one() -> None:
    """A logistic normal (Aitchison & Shen 1980) of three shares, beside a real that stays one."""
    layout = make_layout([("p", vector(3, "simplex"), (1,)), ("x", REAL, ())], NO_EDGES)
    g = torch.Generator().manual_seed(0)
    root = torch.tensor([[0.6, 0.0], [0.3, 0.5]], dtype=torch.float64)
    ratios = torch.randn(4000, 2, generator=g, dtype=torch.float64) @ root.T  # log p1/p3, log p2/p3
    shares = torch.softmax(torch.cat((ratios, torch.zeros(4000, 1)), 1), 1)
    draws = {"p": shares[:, None], "x": torch.randn(4000, generator=g, dtype=torch.float64)}
    process = Process(ProcessConfig(), Standardiser.estimate(layout, [(layout, draws)]))
    mean, std = process.standardiser.scales(layout, layout.arrays[0], torch.float64)  # [1, 3]
    centring = torch.eye(3, dtype=torch.float64)[:, :2] - 1 / 3  # log ratios to centred ones
    spread = centring @ root @ root.T @ centring.T / std[0, 0] ** 2
    real_mean, real_std = process.standardiser.scales(layout, layout.arrays[1], torch.float64)
    covariance = torch.block_diag(spread, (1 / real_std**2).reshape(1, 1))
    means = {"p": (-mean / std)[None], "x": (-real_mean / real_std)[None]}
    denoiser = ExactDenoiser(process, torch.ones(1), {}, means, covariance)
    values = {name: v[:5] for name, v in draws.items()}
    law = torch.distributions.MultivariateNormal(torch.zeros(2, dtype=torch.float64), scale_tril=root)
    expected = (
        law.log_prob(ratios[:5])
        - shares[:5].log().sum(1)
        + torch.from_numpy(stats.norm.logpdf(values["x"].numpy()))
    )
    covers(density(layout, process, denoiser, values), expected)


class Wavy(torch.nn.Module):
    """A denoiser of no distribution, whose prediction rises and falls with the state and the time."""

    def __init__(self) -> None:
        super().__init__()
        self.share = torch.nn.Parameter(torch.tensor(0.5, dtype=torch.float64))

    def forward(
        self, layout: Layout, state: dict[str, Tensor], observed: dict[str, Tensor], time: Tensor
    ) -> dict[str, Tensor]:
        signal, noise = signal_and_noise("cosine", (time[:, None] / 1000).clamp(0, 1))
        wave = torch.sin(2 * state["x"] + time[:, None] / 300)
        return {"x": signal * state["x"] + self.share * noise.square() * wave}


@pytest.mark.parametrize("schedule", ["cosine", "linear"])
def test_any_network_has_a_density_that_integrates_to_one(schedule) -> None:
    problem = chain(1)
    process = Process(ProcessConfig(schedule=schedule), Standardiser.identity(problem.layout))
    grid = torch.linspace(-15, 15, 601, dtype=torch.float64)
    found = density(problem.layout, process, Wavy(), {"x": grid[:, None]}, steps=60)
    mass = torch.trapezoid(found.value.exp(), grid).item()
    assert mass == pytest.approx(1, abs=2e-3)


def test_it_repeats_with_the_seed_and_takes_probes_where_there_are_many_dimensions() -> None:
    problem = chain(65)
    process = Process(ProcessConfig(), Standardiser.identity(problem.layout))
    values = problem.simulate(2, 0)
    first, again, other = (
        density(problem.layout, process, denoiser_for(problem), values, seed=s, steps=2) for s in (0, 0, 1)
    )
    assert torch.equal(first.value, again.value)
    assert not torch.equal(first.value, other.value)


def test_what_has_no_density_is_refused() -> None:
    known = categories(ProcessConfig())
    with pytest.raises(ValueError, match="flow density of a, which has none: a boolean, it is masked"):
        density(known.layout, known.process, known.denoiser, known.values)
    known = normals(ProcessConfig())
    for options in ({"steps": 3}, {"steps": 0}):
        with pytest.raises(ValueError, match="even number"):
            density(known.layout, known.process, known.denoiser, known.values, **options)
    with pytest.raises(ValueError, match="no standard error"):
        density(known.layout, known.process, known.denoiser, known.values, probes=1)
