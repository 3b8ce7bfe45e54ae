"""Samplers on Gaussian data are affine in their noise: impulses give their exact mean and covariance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from gsdmc.diffusion.process import Process, ProcessConfig
from gsdmc.diffusion.sampling.sampler import SamplerConfig, Trace, sample
from gsdmc.diffusion.schedule import ScheduleName, signal_and_noise
from gsdmc.diffusion.standardise import Standardiser
from gsdmc.language.kinds import REAL
from tests.diffusion.exact import ExactDenoiser
from tests.model.problems import make_layout

MEAN = torch.tensor([0.5, -0.3], dtype=torch.float64)
COVARIANCE = torch.tensor([[1.0, 0.6], [0.6, 0.8]], dtype=torch.float64)


class Impulses:
    """No noise in the first example; in the others, one number of one step is 1."""

    def __init__(self) -> None:
        self.steps: list[int] = []

    def normal(self, array: str, step: int, shape: tuple[int, ...]) -> Tensor:
        self.steps.append(step)
        draws = torch.zeros(shape, dtype=torch.float64)
        for d in range(shape[1]):
            draws[1 + shape[1] * step + d, d] = 1
        return draws

    def uniform(self, array: str, step: int, shape: tuple[int, ...]) -> Tensor:
        raise AssertionError("reals need no uniforms")


@dataclass
class Affine:
    """A sampler as a function of its noise: `offset + Σ_steps matrices[step] @ noise[step]`."""

    offset: Tensor  # [D]
    matrices: Tensor  # [steps + 1, D, D]
    trace: Trace

    def law(self, schedule: ScheduleName, mean: Tensor, covariance: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and covariance of the samples when the run starts from the data's own law at time 1."""
        signal, sigma = signal_and_noise(schedule, torch.ones((), dtype=torch.float64))
        first, rest = self.matrices[0], self.matrices[1:]
        start = signal**2 * covariance + sigma**2 * torch.eye(len(mean), dtype=torch.float64)
        total = first @ start @ first.T + (rest @ rest.mT).sum(0)
        return self.offset + signal * first @ mean, total


def affine(
    schedule: ScheduleName,
    config: SamplerConfig,
    mean: Tensor = MEAN,
    covariance: Tensor = COVARIANCE,
    prediction: str = "x0",
) -> Affine:
    """Run a sampler with an exact denoiser of Gaussian data."""
    size = len(mean)
    layout = make_layout([("x", REAL, (size,))], [("pair", np.array([0]), np.array([size - 1]))])
    process = Process(ProcessConfig(schedule, prediction), Standardiser.identity(layout))  # type: ignore[arg-type]
    denoiser = ExactDenoiser(process, torch.ones(1), {}, {"x": mean[None]}, covariance)
    batch = 1 + size * (config.steps + 1)
    nothing = {"x": torch.zeros(batch, size, dtype=torch.bool)}
    noise, trace = Impulses(), Trace()
    values = {"x": torch.zeros(batch, size)}
    out = sample(denoiser, layout, process, values, nothing, config=config, noise=noise, trace=trace)["x"]
    assert noise.steps == list(range(len(noise.steps)))
    return Affine(out[0], (out[1:] - out[0]).reshape(-1, size, size).mT, trace)


def flow(
    schedule: ScheduleName, mean: Tensor = MEAN, covariance: Tensor = COVARIANCE
) -> tuple[Tensor, Tensor]:
    """Where the probability flow takes noise z from time 1: offset and matrix of `offset + matrix @ z`."""
    signal, sigma = signal_and_noise(schedule, torch.ones((), dtype=torch.float64))
    values, vectors = torch.linalg.eigh(covariance)
    shrink = (values / (signal**2 * values + sigma**2)).sqrt()
    matrix = vectors @ torch.diag(shrink) @ vectors.T
    return mean - signal * matrix @ mean, matrix


def flow_error(schedule: ScheduleName, config: SamplerConfig, prediction: str = "x0") -> float:
    """Largest error of a deterministic sampler's offset and matrix."""
    run, (offset, matrix) = affine(schedule, config, prediction=prediction), flow(schedule)
    assert not run.matrices[1:].any(), "a deterministic sampler takes no noise after the first"
    errors = torch.cat([(run.offset - offset).abs(), (run.matrices[0] - matrix).abs().flatten()])
    return float(errors.max())
