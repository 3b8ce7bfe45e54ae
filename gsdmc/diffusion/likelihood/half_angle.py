"""The Gaussian process's clock in the variable in which its likelihoods are smooth."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from gsdmc.diffusion.schedule import LINEAR_STEPS, ScheduleName, signal_and_noise

BISECTIONS = 60
"""Halvings of the clock, which leave no bit of a time undetermined."""


@dataclass(frozen=True, eq=False)
class HalfAngle:
    """A stretch of the clock from a least noise to time 1, in w = log tan(φ/2) with tan φ = noise / signal.

    In w, signal = -tanh w and noise = 1 / cosh w. Pure noise is w = 0 and data w = -∞, the signal-to-noise
    ratio is sinh² w, and the flow of probability has no singular point on the way (see `flow_density`).

    Attributes:
        schedule: of the Gaussian process.
        low: w of the least noise.
        high: w at time 1.
        first: the step of least noise where the schedule has steps (`linear`), else 0.
    """

    schedule: ScheduleName
    low: float
    high: float
    first: int

    @staticmethod
    def of(schedule: ScheduleName, least_noise: float) -> HalfAngle:
        """The clock from where noise / signal is `least_noise`, or from its start if there is more noise.

        Raises:
            ValueError: `least_noise` is not positive, or more than the noise at time 1.
        """
        # Schedules may jump from no noise at time 0, so the start is just after it.
        ends = half_angle(schedule, torch.tensor([1e-12, 1.0], dtype=torch.float64))
        ratio = torch.tensor(least_noise, dtype=torch.float64)
        low = max(torch.log(ratio / (1 + (1 + ratio.square()).sqrt())).item(), ends[0].item())
        if not least_noise > 0 or low >= ends[1].item():
            raise ValueError(f"least_noise {least_noise} is not between 0 and the noise at time 1")
        first = 0
        if schedule == "linear":
            steps = step_angles(torch.device("cpu"))
            first = int((steps < low - 1e-9).sum())
            low = steps[first].item()
        return HalfAngle(schedule, low, ends[1].item(), first)

    def time(self, angle: Tensor) -> Tensor:
        """The time of a half-angle, float64; between the steps of `linear` it is interpolated."""
        if self.schedule == "linear":
            steps = step_angles(angle.device)[1:]
            after = torch.searchsorted(steps, angle.contiguous()).clamp(1, LINEAR_STEPS - 1)
            share = (angle - steps[after - 1]) / (steps[after] - steps[after - 1])
            return (after + share.clamp(0, 1)) / LINEAR_STEPS
        early, late = torch.zeros_like(angle), torch.ones_like(angle)
        for _ in range(BISECTIONS):
            middle = (early + late) / 2
            before = half_angle(self.schedule, middle) < angle
            early, late = torch.where(before, middle, early), torch.where(before, late, middle)
        return (early + late) / 2

    @property
    def least_noise(self) -> float:
        """Noise / signal at the least noise."""
        return -1 / math.sinh(self.low)

    @property
    def least_time(self) -> float:
        """The time of the least noise."""
        if self.schedule == "linear":
            return self.first / LINEAR_STEPS
        return self.time(torch.tensor(self.low, dtype=torch.float64)).item()


def half_angle(schedule: ScheduleName, time: Tensor) -> Tensor:
    """The half-angle w at a time, -∞ where there is no noise."""
    signal, noise = signal_and_noise(schedule, time)
    return (noise / (1 + signal)).log()


def signal_and_noise_at(angle: Tensor) -> tuple[Tensor, Tensor]:
    """(signal, noise) at a half-angle."""
    return -angle.tanh(), 1 / angle.cosh()


def step_angles(device: torch.device) -> Tensor:
    """The half-angle w at each step of the linear schedule, `[1001]`, -∞ first."""
    times = torch.arange(LINEAR_STEPS + 1, dtype=torch.float64, device=device) / LINEAR_STEPS
    return half_angle("linear", times)
