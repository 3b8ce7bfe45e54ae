"""Noise schedules on the clock that all processes share: time 1 is pure noise, time 0 is data."""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor

ScheduleName = Literal["linear", "cosine"]
LINEAR_STEPS = 1000
LINEAR_BETAS = (1e-4, 5e-3)


def signal_and_noise(schedule: ScheduleName, time: Tensor) -> tuple[Tensor, Tensor]:
    """The factors of data and noise in a Gaussian process, whose squares sum to one.

    `linear` has 1000 steps of β from 1e-4 to 5e-3 (Weilbach et al. 2022, Appendix A), and `time` is
    rounded to the nearest of them; at time 1 it leaves 0.28 of the signal. `cosine` is
    continuous: cos and sin of π/2 · time (Nichol & Dhariwal 2021, without their offset).

    Args:
        schedule: its name.
        time: any shape, in `[0, 1]`.

    Returns:
        (signal, noise), shaped and typed like `time`.
    """
    if schedule == "linear":
        index = (time * LINEAR_STEPS).round().to(torch.int64)
        remaining = _linear_table(time.device)[index]  # product of 1 - beta
        return remaining.sqrt().to(time.dtype), (1 - remaining).sqrt().to(time.dtype)
    angle = time * (math.pi / 2)
    return torch.cos(angle), torch.sin(angle)


def _linear_table(device: torch.device) -> Tensor:
    betas = torch.linspace(*LINEAR_BETAS, LINEAR_STEPS, dtype=torch.float64, device=device)
    return torch.cat((betas.new_ones(1), torch.cumprod(1 - betas, 0)))


def low_discrepancy_times(batch: int, generator: torch.Generator) -> Tensor:
    """`[batch]` times in `(0, 1]`, one in each of `batch` equal strata, in random order.

    Source: Kingma et al. 2021 (variational diffusion models), Appendix I; Sahoo et al. 2024, section 3.5.1.
    """
    offset = torch.rand((), generator=generator, dtype=torch.float64)
    times = (torch.randperm(batch, generator=generator) + offset) / batch
    return 1 - times


def uniform_step_times(batch: int, generator: torch.Generator) -> Tensor:
    """`[batch]` independent times, each one of the linear schedule's 1000 steps."""
    return torch.randint(1, LINEAR_STEPS + 1, (batch,), generator=generator).double() / LINEAR_STEPS
