"""Solvers of the reverse Gaussian process, for all arrays of a run."""

from __future__ import annotations

import torch
from torch import Tensor

from gsdmc.diffusion.sampling.gaussian import ancestral_step, gaussian_step
from gsdmc.diffusion.sampling.sampler_config import SamplerConfig
from gsdmc.diffusion.schedule import ScheduleName, signal_and_noise


class GaussianSolver:
    """Moves states from time to time, and remembers the predictions that multistep solvers need.

    All but `ancestral` treat the linear part of the process exactly: a constant prediction is followed
    without error in steps of any length, at times without signal (1) or noise (0) too. They differ in the
    prediction that stands for a step's: its first, a mean along the step, an extrapolation from the last.
    """

    def __init__(self, schedule: ScheduleName, config: SamplerConfig) -> None:
        self.schedule, self.config = schedule, config
        self.previous: dict[str, tuple[Tensor, Tensor]] = {}

    @property
    def stochastic(self) -> bool:
        """Whether `move` needs noise."""
        return self.config.solver in ("ddim", "ancestral", "dpm2m-sde")

    @property
    def corrects(self) -> bool:
        """Whether steps that don't end at time 0 call the network a second time."""
        return self.config.solver == "heun"

    def intervals(self, calls: int) -> int:
        """How many steps so many network calls are enough for."""
        return (calls + 1) // 2 if self.corrects else calls

    def restart(self) -> None:
        """Forget the predictions so far: what follows starts from another state."""
        self.previous = {}

    def move(
        self, name: str, x: Tensor, x0: Tensor, time: Tensor, to: Tensor, noise: Tensor | None
    ) -> Tensor:
        """Move an array from a time to an earlier one.

        Args:
            name: the array's.
            x: state at `time`, `[B, ...]`.
            x0: predicted data, same shape.
            time: scalar.
            to: scalar, less than `time`.
            noise: standard normals in the shape of `x`; None for solvers that are not stochastic.
        """
        churn = self.config.churn
        if noise is None:
            noise, churn = torch.zeros_like(x), 0.0
        if self.config.solver == "ancestral":
            return ancestral_step(self.schedule, x, x0, time, to, noise).to(x.dtype)
        if self.config.solver.startswith("dpm2m"):
            x0, self.previous[name] = self._extrapolated(name, x0, time, to), (time, x0)
        return gaussian_step(self.schedule, x, x0, time, to, churn, noise).to(x.dtype)

    def correct(self, x: Tensor, first: Tensor, second: Tensor, time: Tensor, to: Tensor) -> Tensor:
        """Make a step again, given the prediction at its end.

        The prediction is taken to be linear in the log-SNR along the step, and its exact integral is
        used (the exponential form of Heun's method; Hochbruck & Ostermann 2010). In terms of noise
        over signal, as in Karras et al. 2022, a step from time 1 would be infinitely long.

        Args:
            x: state at `time`, the step's start.
            first: data predicted there.
            second: data predicted at `to`, from where `move` went.
            time: scalar.
            to: scalar, less than `time`, not 0.
        """
        step = half_log_snr(self.schedule, to) - half_log_snr(self.schedule, time)
        weight = (-1 / torch.expm1(-step) - 1 / step).to(x.dtype)  # from 1/2 for short steps to 1
        mean = first + weight * (second - first)
        return gaussian_step(self.schedule, x, mean, time, to, 0.0, torch.zeros_like(x)).to(x.dtype)

    def _extrapolated(self, name: str, x0: Tensor, time: Tensor, to: Tensor) -> Tensor:
        """The prediction half-way along a step in log-SNR (Lu et al. 2022, DPM-Solver++, algorithm 2).

        The first step has nothing to extrapolate from, and the last one, infinitely long, nowhere to go.
        """
        if name not in self.previous:
            return x0
        earlier, previous = self.previous[name]
        now = half_log_snr(self.schedule, time)
        step = half_log_snr(self.schedule, to) - now
        if bool(step.isinf()):
            return x0
        weight = step / (2 * (now - half_log_snr(self.schedule, earlier)))
        return x0 + weight.to(x0.dtype) * (x0 - previous)


def half_log_snr(schedule: ScheduleName, time: Tensor) -> Tensor:
    """Logarithm of the ratio of signal to noise, infinite at times without one of them."""
    signal, sigma = signal_and_noise(schedule, time)
    return signal.log() - sigma.log()
