"""One reverse step of the Gaussian process."""

from __future__ import annotations

from torch import Tensor

from gsdmc.diffusion.schedule import ScheduleName, signal_and_noise


def gaussian_step(
    schedule: ScheduleName, x: Tensor, x0: Tensor, time: Tensor, to: Tensor, churn: float, noise: Tensor
) -> Tensor:
    """Move from a time to an earlier one, given the predicted data.

    `churn` 0 is deterministic (DDIM; Song et al. 2021), 1 is ancestral with the posterior's variance.

    Args:
        schedule: the process's schedule.
        x: state at `time`, any shape.
        x0: predicted data, same shape.
        time: scalar.
        to: scalar, less than `time`.
        churn: share of the ancestral step's standard deviation that is drawn afresh.
        noise: standard normals, same shape.
    """
    signal, sigma = signal_and_noise(schedule, time)
    signal_to, sigma_to = signal_and_noise(schedule, to)
    fresh = churn * posterior_std(signal, sigma, signal_to, sigma_to)
    epsilon = (x - signal * x0) / sigma
    return signal_to * x0 + (sigma_to.square() - fresh.square()).clamp(min=0).sqrt() * epsilon + fresh * noise


def ancestral_step(
    schedule: ScheduleName, x: Tensor, x0: Tensor, time: Tensor, to: Tensor, noise: Tensor
) -> Tensor:
    """The paper's reverse step: the posterior's mean with the forward step's variance.

    "Fixed large" in Ho et al. 2020. Arguments as in `gaussian_step`; the step to time 0 adds no noise.
    """
    signal, sigma = signal_and_noise(schedule, time)
    signal_to, sigma_to = signal_and_noise(schedule, to)
    ratio = signal / signal_to
    beta = 1 - ratio.square()
    mean = (signal_to * beta * x0 + ratio * sigma_to.square() * x) / sigma.square()
    return mean + (to > 0).to(x.dtype) * beta.sqrt() * noise


def posterior_std(signal: Tensor, sigma: Tensor, signal_to: Tensor, sigma_to: Tensor) -> Tensor:
    """Standard deviation of the state at an earlier time given the state at a later one and the data."""
    return (sigma_to / sigma) * (1 - (signal / signal_to).square()).clamp(min=0).sqrt()
