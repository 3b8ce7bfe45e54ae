from __future__ import annotations

from itertools import pairwise

import pytest
import torch
from torch import Tensor

from gsdmc.diffusion.sampling.sampler import SamplerConfig
from gsdmc.diffusion.sampling.solvers import GaussianSolver
from gsdmc.diffusion.schedule import signal_and_noise
from tests.diffusion.linear_gaussian import COVARIANCE, MEAN, affine, flow_error

CALLS = 40
SCHEDULES = ["cosine", "linear", "edm"]
SPACINGS = ["uniform", "karras", "logsnr"]
EYE = torch.eye(2, dtype=torch.float64)


def expected(x: Tensor, time: Tensor) -> Tensor:
    """E[x0 | x] of Gaussian data, `[B, 2]`."""
    signal, sigma = signal_and_noise("cosine", time)
    gain = torch.linalg.solve(signal**2 * COVARIANCE + sigma**2 * EYE, signal * COVARIANCE)
    return MEAN + (x - signal * MEAN) @ gain


def root(matrix: Tensor, power: float) -> Tensor:
    values, vectors = torch.linalg.eigh(matrix)
    return vectors @ torch.diag(values**power) @ vectors.T


def carried(x: Tensor, time: Tensor, to: Tensor) -> Tensor:
    """Where the probability flow of Gaussian data takes a state, in closed form."""
    (a, s), (b, r) = (signal_and_noise("cosine", t) for t in (time, to))
    matrix = root(b**2 * COVARIANCE + r**2 * EYE, 0.5) @ root(a**2 * COVARIANCE + s**2 * EYE, -0.5)
    return b * MEAN + (x - a * MEAN) @ matrix.T


def integrated(name: str, x: Tensor, start: float, end: float, steps: int) -> Tensor:
    solver = GaussianSolver("cosine", SamplerConfig(solver=name, churn=0.0))  # type: ignore[arg-type]
    for time, to in pairwise(torch.linspace(start, end, steps + 1, dtype=torch.float64)):
        before, first = x, expected(x, time)
        x = solver.move("x", before, first, time, to, torch.zeros_like(x) if solver.stochastic else None)
        if solver.corrects:
            x = solver.correct(before, first, expected(x, to), time, to)
    return x


@pytest.mark.parametrize(("name", "least"), [("ddim", 1.8), ("heun", 3.7), ("dpm2m", 3.5)])
def test_twice_the_steps_err_half_as_much_or_a_quarter(name: str, least: float) -> None:
    x = torch.tensor([[0.4, -1.1], [2.0, 0.3]], dtype=torch.float64)
    start, end = torch.tensor([0.9, 0.2], dtype=torch.float64)
    exact = carried(x, start, end)
    errors = [
        float((integrated(name, x, 0.9, 0.2, steps) - exact).abs().max()) for steps in (20, 40, 80, 160)
    ]
    ratios = [a / b for a, b in pairwise(errors)]
    assert min(ratios) > least, errors
    assert errors[-1] < 0.01


@pytest.mark.parametrize("prediction", ["x0", "v"])
@pytest.mark.parametrize("spacing", SPACINGS)
@pytest.mark.parametrize("schedule", SCHEDULES)
def test_second_order_follows_the_flow_from_noise_to_data(schedule, spacing, prediction: str) -> None:
    """Times 1 and 0 included: the cosine schedule has no signal at the one, none has noise at the other."""
    errors = {}
    for name in ("ddim", "heun", "dpm2m"):
        config = SamplerConfig(CALLS, solver=name, churn=0.0, spacing=spacing)
        errors[name] = flow_error(schedule, config, prediction=prediction)
    assert errors["dpm2m"] < 0.01
    assert errors["heun"] < 0.03
    assert errors["heun"] < errors["ddim"] / 1.5
    assert errors["dpm2m"] < errors["ddim"] / 4


@pytest.mark.parametrize("name", ["heun", "dpm2m"])
@pytest.mark.parametrize("spacing", SPACINGS)
def test_four_times_the_calls_err_a_seventh_from_end_to_end(name, spacing) -> None:
    """The steps at times 1 and 0 are of first order, and the times' range grows with their number."""
    few, many = (flow_error("cosine", SamplerConfig(n, solver=name, spacing=spacing)) for n in (31, 127))
    assert many < few / 7


@pytest.mark.parametrize("spacing", SPACINGS)
@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize(("name", "bound"), [("ddim", 0.13), ("ancestral", 0.022), ("dpm2m-sde", 0.009)])
def test_fresh_noise_keeps_the_moments(schedule, spacing, name, bound: float) -> None:
    run = affine(schedule, SamplerConfig(100, solver=name, spacing=spacing))
    assert run.matrices[1:].any()
    mean, covariance = run.law(schedule, MEAN, COVARIANCE)
    torch.testing.assert_close(mean, MEAN, atol=1e-3, rtol=0)
    torch.testing.assert_close(covariance, COVARIANCE, atol=bound, rtol=0)


@pytest.mark.parametrize("name", ["ddim", "ancestral", "dpm2m-sde"])
def test_moments_converge_with_the_number_of_steps(name) -> None:
    def error(steps: int) -> float:
        _, covariance = affine("cosine", SamplerConfig(steps, solver=name)).law("cosine", MEAN, COVARIANCE)
        return float((covariance - COVARIANCE).abs().max())

    assert error(200) < error(50) / 3
    assert error(200) < 0.025


@pytest.mark.parametrize("name", ["ddim", "dpm2m", "dpm2m-sde", "heun"])
@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("spacing", SPACINGS)
def test_data_without_spread_are_reached_in_any_number_of_steps(name, schedule, spacing) -> None:
    nothing = torch.zeros(2, 2, dtype=torch.float64)
    for steps in (1, 2, 3, 7):
        config = SamplerConfig(steps, solver=name, spacing=spacing)
        run = affine(schedule, config, covariance=nothing)
        torch.testing.assert_close(run.offset, MEAN)
        assert run.matrices.abs().max() < 1e-12


@pytest.mark.parametrize(
    ("solver", "steps", "calls"),
    [("heun", 20, 19), ("heun", 21, 21), ("heun", 1, 1), ("dpm2m", 20, 20), ("ddim", 3, 3)],
)
def test_steps_bound_network_calls(solver, steps: int, calls: int) -> None:
    trace = affine("cosine", SamplerConfig(steps, solver=solver)).trace
    assert (trace.calls, trace.per_sample) == (calls, calls)


def test_the_linear_schedule_has_a_thousand_steps_and_no_more() -> None:
    run = affine("linear", SamplerConfig(3000, solver="dpm2m"), mean=MEAN[:1], covariance=COVARIANCE[:1, :1])
    assert run.trace.calls == 1000
    assert run.offset.isfinite().all()
    assert run.matrices.isfinite().all()
