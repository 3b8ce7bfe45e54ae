"""The times at which a sampler calls the network."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from gsdmc.diffusion.schedule import LINEAR_STEPS, ScheduleName, signal_and_noise

Spacing = Literal["uniform", "karras", "logsnr"]

NOISE_RANGE = (0.002, 20.0)
"""Ratios of noise to signal between which `karras` and `logsnr` place their times.

The lower end is that of Karras et al. 2022, table 1. Their upper end, 80, is for images; at 20,
standardised data are 0.25 % of the variance, and 20 steps of `dpm2m` err less on Gaussian data."""

RHO = 7.0
"""How much `karras` favours small noise (Karras et al. 2022, section 3.1)."""

HALVINGS = 60


def step_times(
    schedule: ScheduleName, spacing: Spacing, start: float, steps: int, device: torch.device | None = None
) -> Tensor:
    """Times from a start down to 0, at most `steps + 1` of them, float64 and strictly decreasing.

    `karras` and `logsnr` place the first `steps` times from the largest ratio of noise to signal to the
    smallest and end with a step to 0; the first is the start itself, whatever ratio that has, infinite ones
    included. Where the linear schedule has no more steps to give there are fewer times.

    Args:
        schedule: of the Gaussian process.
        spacing: see `SamplerConfig`.
        start: the first time, in `(0, 1]`.
        steps: how many steps.
        device: of the times.
    """
    times = torch.linspace(start, 0, steps + 1, dtype=torch.float64, device=device)
    least, most = NOISE_RANGE
    signal, sigma = (float(f) for f in signal_and_noise(schedule, times[0]))
    if sigma < most * signal:
        most = sigma / signal
    if spacing != "uniform" and most > least and steps > 1:
        power = torch.linspace(0, 1, steps, dtype=torch.float64, device=device)
        if spacing == "karras":
            ends = most ** (1 / RHO), least ** (1 / RHO)
            ratios = (ends[0] + power * (ends[1] - ends[0])) ** RHO
        else:
            ratios = most * (least / most) ** power
        times[1:-1] = time_of(schedule, ratios[1:])
    elif schedule != "linear" or steps <= start * LINEAR_STEPS:
        return times
    if schedule == "linear":
        times[1:-1] = (times[1:-1] * LINEAR_STEPS).round().clamp(min=1) / LINEAR_STEPS
    inner = torch.unique(times[1:-1]).flip(0)  # sorted by unique, and so decreasing again
    return torch.cat([times[:1], inner[(inner < start) & (inner > 0)], times[-1:]])


def time_of(schedule: ScheduleName, ratios: Tensor) -> Tensor:
    """The times at which a schedule reaches ratios of noise to signal, by bisection; any shape, float64.

    Ratios beyond those of time 1 give 1.
    """
    low, high = torch.zeros_like(ratios), torch.ones_like(ratios)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        signal, sigma = signal_and_noise(schedule, middle)
        below = sigma < ratios * signal  # no quotient, since the signal may be 0
        low, high = torch.where(below, middle, low), torch.where(below, high, middle)
    return high
