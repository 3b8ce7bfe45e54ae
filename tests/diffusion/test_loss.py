from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from gsdmc.diffusion.loss import array_losses, diffusion_loss
from gsdmc.diffusion.process import Process, ProcessConfig
from gsdmc.diffusion.standardise import Standardiser
from gsdmc.diffusion.times import low_discrepancy_times
from gsdmc.model.config import ModelConfig
from gsdmc.model.initialise import build_denoiser
from tests.model.problems import HandProblem, bcmf, clusters, latin


def loss_of(scale: float = 1.0, config: ProcessConfig | None = None, size: int = 3) -> float:
    """The loss of a new network, whose predictions are zero, with C rescaled."""
    problem = bcmf(size, size, 2)
    values = problem.simulate(500, 0)
    values["C"] = values["C"] * scale
    return loss_on(problem, values, "E", config or ProcessConfig(mask_weight=1.0))


def loss_on(problem: HandProblem, values: dict[str, Tensor], given: str, config: ProcessConfig) -> float:
    """The loss of a new network on 500 draws, with one array given."""
    scales = Standardiser.estimate(problem.layout, [(problem.layout, values)])
    if not config.standardise:
        scales = Standardiser.identity(problem.layout)
    observed = {s.name: torch.full((500, *s.shape), s.name == given) for s in problem.layout.arrays}
    g = torch.Generator().manual_seed(1)
    denoiser = build_denoiser(ModelConfig.for_layout(problem.layout, width=32, layers=1, heads=1), g)
    time = torch.full((500,), 0.5, dtype=torch.float64)
    return diffusion_loss(denoiser, problem.layout, Process(config, scales), values, observed, time, g).item()


def test_neither_scale_nor_size_skews_the_balanced_loss() -> None:
    assert abs(loss_of(100.0) - loss_of()) < 1e-3
    # Of four arrays E is evidence; A and C have unit error, R that of an even guess.
    expected = (1 + 1 + torch.log(torch.tensor(2.0)).item()) / 4
    assert abs(loss_of() - expected) < 0.06
    assert abs(loss_of(size=5) - expected) < 0.06


def test_the_papers_loss_sums_over_nodes() -> None:
    paper = ProcessConfig("linear", "x0", "onehot", standardise=False, loss="sum")
    small, large = (loss_of(config=replace(paper), size=s) for s in (3, 5))
    assert large > 1.8 * small


@pytest.mark.parametrize("stretch", [1.0, 100.0])
def test_a_vector_array_weighs_as_much_as_any_other(stretch: float) -> None:
    problem = clusters(3)
    values = problem.simulate(500, 0)
    values["x"][..., 0] *= stretch
    # pi, x and r have unit error, whatever their channels and scales; z that of an even guess among three.
    expected = (3 + torch.log(torch.tensor(3.0)).item()) / 4
    assert abs(loss_on(problem, values, "nothing", ProcessConfig(mask_weight=1.0)) - expected) < 0.06


def test_the_papers_loss_sums_over_the_channels_of_vectors() -> None:
    paper = ProcessConfig("linear", "x0", "onehot", standardise=False, loss="sum")
    problem = clusters(3)
    values = problem.simulate(500, 0)
    squares = {n: values[n].square().sum().item() / 500 for n in ("pi", "x", "r")}
    onehots = 3 * (4 / 9 + 1 / 9 + 1 / 9)
    for given in ("x", "r"):
        expected = onehots + sum(square for name, square in squares.items() if name != given)
        assert loss_on(problem, values, given, paper) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("settings", [{}, {"weighting": "snr", "prediction": "v"}, {"prediction": "noise"}])
def test_an_arrays_share_of_the_loss_keeps_with_its_unit_and_its_number(settings: dict[str, Any]) -> None:
    def losses(problem: HandProblem, stretch: float) -> dict[str, float]:
        layout, batch = problem.layout, 4000
        values = problem.simulate(batch, 0)
        values["x"] = values["x"] * stretch
        scales = Standardiser.estimate(layout, [(layout, values)])
        process = Process(ProcessConfig(mask_weight=0.5, **settings), scales)
        observed = {s.name: torch.zeros(batch, *s.shape, dtype=torch.bool) for s in layout.arrays}
        g = torch.Generator().manual_seed(1)
        time = low_discrepancy_times(batch, g)
        clean = process.encode(layout, values, torch.float32)
        state, noise = process.corrupt(layout, clean, observed, time, g)
        outputs = {n: torch.zeros_like(x) for n, x in clean.items()}
        return {
            n: float(e)
            for n, e in array_losses(layout, process, outputs, clean, state, noise, observed, time).items()
        }

    plain = losses(clusters(3), 1.0)
    assert min(plain.values()) > 0.1
    assert losses(clusters(3), 1000.0) == pytest.approx(plain, rel=1e-3)
    assert losses(clusters(9), 1.0) == pytest.approx(plain, rel=0.1)


@pytest.mark.parametrize("power", [0.5, 1.0, 2.0])
def test_the_weighted_cross_entropy_bounds_what_a_guess_is_worth(power: float) -> None:
    """An even guess among four, whatever is seen, has the log likelihood -log 4, and so has its bound."""
    problem, batch = latin(4), 20_000
    process = Process(ProcessConfig(mask_power=power, mask_weight=1.0), Standardiser.identity(problem.layout))
    clean = process.encode(problem.layout, problem.simulate(batch, 0), torch.float32)
    observed = {"cell": torch.rand(batch, 4, 4, generator=torch.Generator().manual_seed(3)) < 0.5}
    g = torch.Generator().manual_seed(1)
    time = low_discrepancy_times(batch, g)
    state, noise = process.corrupt(problem.layout, clean, observed, time, g)
    outputs = {"cell": torch.zeros_like(clean["cell"])}
    found = array_losses(problem.layout, process, outputs, clean, state, noise, observed, time)["cell"]
    assert float(found) == pytest.approx(math.log(4), rel=0.02)


@pytest.mark.parametrize("prediction", ["x0", "v"])
@torch.no_grad()
def test_the_loss_of_a_mixture_is_its_negative_log_density(prediction: Any) -> None:
    """A new network's mixture has the mean and variance of the data: little worse than their normal."""
    problem, batch = clusters(3), 2000
    values = problem.simulate(batch, 0)
    scales = Standardiser.estimate(problem.layout, [(problem.layout, values)])
    config = ProcessConfig(prediction=prediction, head="mixture", components=4)
    process = Process(config, scales)
    clean = process.encode(problem.layout, values, torch.float32)
    observed = {s.name: torch.zeros(batch, *s.shape, dtype=torch.bool) for s in problem.layout.arrays}
    time = torch.full((batch,), 0.5, dtype=torch.float64)
    g = torch.Generator().manual_seed(1)
    state, noise = process.corrupt(problem.layout, clean, observed, time, g)
    shape = ModelConfig.for_layout(problem.layout, width=32, layers=1, heads=1, components=4)
    outputs = build_denoiser(shape, g)(problem.layout, state, observed, process.network_time(time))
    found = array_losses(problem.layout, process, outputs, clean, state, noise, observed, time)
    predicted = process.predictive(
        problem.layout,
        problem.layout.arrays[2],
        process.statistic(problem.layout.arrays[2], outputs["x"], state["x"], time),
    )
    assert float(found["x"]) == pytest.approx(-float(predicted.log_prob(clean["x"]).mean()) / 2, rel=1e-5)
    normal = math.log(2 * math.pi * math.e) / 2  # of the data, and of the half that the noise leaves
    expected = normal + math.log(math.sin(math.pi / 4)) * (prediction == "v")
    assert float(found["r"]) == pytest.approx(expected, abs=0.25)


def test_masked_reals_weigh_as_the_bound_says() -> None:
    """Standard normals that are told nothing have their entropy for a bound, whatever the power."""
    problem, batch = clusters(4), 8000
    values = problem.simulate(batch, 0)
    values["r"] = torch.randn(batch, 4, generator=torch.Generator().manual_seed(5))
    scales = Standardiser.estimate(problem.layout, [(problem.layout, values)])
    process = Process(ProcessConfig(reals="masked", components=1, mask_power=2.0, mask_weight=1.0), scales)
    clean = process.encode(problem.layout, values, torch.float32)
    observed = {s.name: torch.zeros(batch, *s.shape, dtype=torch.bool) for s in problem.layout.arrays}
    g = torch.Generator().manual_seed(1)
    time = low_discrepancy_times(batch, g)
    state, noise = process.corrupt(problem.layout, clean, observed, time, g)
    outputs = {
        s.name: torch.zeros(batch, *s.shape, s.kind.options or 1 + 2 * s.kind.channels)
        for s in problem.layout.arrays
    }
    found = array_losses(problem.layout, process, outputs, clean, state, noise, observed, time)
    assert float(found["r"]) == pytest.approx(math.log(2 * math.pi * math.e) / 2, rel=0.03)
    assert float(found["z"]) == pytest.approx(math.log(3), rel=0.03)
