"""The times at which a sampler calls the network."""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor

from gsdmc.diffusion.schedule import LINEAR_STEPS, ScheduleName, signal_and_noise, time_at

Spacing = Literal["uniform", "karras", "logsnr"]

LEAST_NOISE = 0.04
"""`karras` and `logsnr` place n times between ratios of noise to signal of n and `LEAST_NOISE` / n.

At 20 steps these are 20 and the 0.002 of Karras et al. 2022, table 1, whose upper end, 80, is for images:
of standardised data 0.25 % of the variance is left at 20, and few steps of `dpm2m` err less on Gaussian data.
What the first step and the last err is quadratic in the ends, so that it vanishes as fast as the rest."""

RHO = 7.0
"""How much `karras` favours small noise (Karras et al. 2022, section 3.1)."""


def step_times(
    schedule: ScheduleName, spacing: Spacing, start: float, steps: int, device: torch.device | None = None
) -> Tensor:
    """Times from a start down to 0, at most `steps + 1` of them, float64 and strictly decreasing.

    `karras` and `logsnr` place the first `steps` times from the largest ratio of noise to signal to the
    smallest and end with a step to 0; the first is the start itself, whatever ratio that has, infinite ones
    included. Where the linear schedule has no more steps to give, there are fewer times.

    Args:
        schedule: of the Gaussian process.
        spacing: see `SamplerConfig`.
        start: the first time, in `(0, 1]`.
        steps: how many steps.
        device: of the times.
    """
    times = torch.linspace(start, 0, steps + 1, dtype=torch.float64, device=device)
    most = min(float(steps), _ratio(schedule, times[0]))
    least = _ratio(schedule, time_at(schedule, times.new_tensor(LEAST_NOISE / steps)))
    if spacing != "uniform" and most > least and steps > 1:
        way = torch.linspace(0, 1, steps, dtype=torch.float64, device=device)[1:]
        if spacing == "karras":
            first, last = most ** (1 / RHO), least ** (1 / RHO)
            ratios = (first + way * (last - first)) ** RHO
        else:
            ratios = most * (least / most) ** way
        times[1:-1] = time_at(schedule, ratios)
    elif schedule == "linear" and steps > start * LINEAR_STEPS:
        times[1:-1] = (times[1:-1] * LINEAR_STEPS).round().clamp(min=1) / LINEAR_STEPS
    else:
        return times
    inner = torch.unique(times[1:-1]).flip(0)  # sorted by unique, and so decreasing again
    return torch.cat([times[:1], inner[(inner < start) & (inner > 0)], times[-1:]])


def _ratio(schedule: ScheduleName, time: Tensor) -> float:
    """Noise over signal at a time, infinite where there is no signal."""
    signal, sigma = (float(factor) for factor in signal_and_noise(schedule, time))
    return sigma / signal if signal > 0 else math.inf
