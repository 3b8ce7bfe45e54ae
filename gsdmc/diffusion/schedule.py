"""Noise schedules on the clock that all processes share: time 1 is pure noise, time 0 is data."""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor

ScheduleName = Literal["linear", "cosine", "edm"]
LINEAR_STEPS = 1000
LINEAR_BETAS = (1e-4, 5e-3)
EDM_RATIOS = (0.002, 80.0)
"""Noise over signal just after time 0 and at time 1 (Karras et al. 2022, table 1)."""
EDM_RHO = 7.0
"""The larger, the more of the clock lies at little noise (ibid., equation 5)."""


def signal_and_noise(schedule: ScheduleName, time: Tensor) -> tuple[Tensor, Tensor]:
    """The factors of data and noise in a Gaussian process, whose squares sum to one.

    `linear` has 1000 steps of β from 1e-4 to 5e-3 (Weilbach et al. 2022, Appendix A), and `time` is
    rounded to the nearest of them; at time 1 it leaves 0.28 of the signal. `cosine` is
    continuous: cos and sin of π/2 · time (Nichol & Dhariwal 2021, without their offset). `edm` is
    continuous too: noise over signal is the power ρ of what rises evenly from the least ratio's
    ρ-th root to the largest's (Karras et al. 2022, equation 5), and, as there, time 0 itself has no noise.

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
    if schedule == "edm":
        least, most = (r ** (1 / EDM_RHO) for r in EDM_RATIOS)
        ratio = torch.where(time > 0, (least + time * (most - least)) ** EDM_RHO, torch.zeros_like(time))
        signal = (1 + ratio.square()).rsqrt()
        return signal, ratio * signal
    angle = time * (math.pi / 2)
    return torch.cos(angle), torch.sin(angle)


def time_at(schedule: ScheduleName, ratio: Tensor) -> Tensor:
    """The time at which noise over signal is a given ratio; ratios out of reach give the nearest time.

    Times are in `(0, 1]`, those of `linear` steps: the first that has as much noise.
    """
    exact = ratio.double()
    if schedule == "linear":
        remaining = _linear_table(ratio.device)
        ratios = ((1 - remaining) / remaining).sqrt()
        least = exact * (1 - 1e-9)  # a step's own ratio, rounded, gives that step
        step = torch.searchsorted(ratios, least.contiguous()).clamp(1, LINEAR_STEPS)
        return (step.double() / LINEAR_STEPS).to(ratio.dtype)
    if schedule == "edm":
        least, most = (r ** (1 / EDM_RHO) for r in EDM_RATIOS)
        time: Tensor = (exact ** (1 / EDM_RHO) - least) / (most - least)
    else:
        time = exact.atan() / (math.pi / 2)
    return time.clamp(torch.finfo(ratio.dtype).tiny, 1).to(ratio.dtype)


def _linear_table(device: torch.device) -> Tensor:
    betas = torch.linspace(*LINEAR_BETAS, LINEAR_STEPS, dtype=torch.float64, device=device)
    return torch.cat((betas.new_ones(1), torch.cumprod(1 - betas, 0)))
