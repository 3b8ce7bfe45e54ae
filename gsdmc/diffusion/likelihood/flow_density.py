"""Log densities of reals by the flow of probability, with their numerical error."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from gsdmc.diffusion.likelihood.estimate import (
    Estimate,
    continuous,
    dimensions,
    into_plane,
    latent_slots,
    log_volume,
)
from gsdmc.diffusion.likelihood.half_angle import HalfAngle, signal_and_noise_at
from gsdmc.diffusion.likelihood.question import Question
from gsdmc.diffusion.process import across
from gsdmc.layout.layout import ArraySlot

LEAST_NOISE = 0.01
"""Where the flow begins by default: at less, errors of a network add up to more than the blur takes away."""

EXACT = 64
"""The most dimensions whose trace is computed one by one."""


def flow_log_density(
    asked: Question,
    generator: torch.Generator,
    *,
    steps: int = 40,
    least_noise: float = LEAST_NOISE,
    probes: int | None = None,
) -> Estimate:
    """The log density of latent values given evidence, by the Gaussian process's probability flow.

    The flow carries the density from data to pure noise (Song et al. 2021, equations 13 and 39). With
    w = log tan(φ/2), tan φ = noise / signal, it is dz/dw = signal · z - x̂0(z), and along it
    log p grows by Σ (∂x̂0/∂z - signal): smooth from end to end. Runge-Kutta steps of order 4, even in w;
    z starts as the data where the noise is least. Evidence stays as it is, and the dimensions are the latent
    ones. The density is one of the program's own values: scales and supports are accounted for, and
    that of a simplex is over all of its shares but one.

    Args:
        asked: the network, the values, and which of them are evidence.
        generator: source of probes, on the CPU.
        steps: of the solver, even; 4 network calls each.
        least_noise: noise / signal at which the flow ends, in units of the states: the density is that of
            values blurred by this much.
        probes: Rademacher vectors for Hutchinson's estimate of the trace (Grathwohl et al. 2019), the same
            along the flow; 0 computes it exactly, one backward pass per dimension. None takes 0 up to
            `EXACT` dimensions, and 8 beyond.

    Returns:
        Nats. The error is the change that half as many steps make, which covers that of the solver, and the
        change that twice the least noise makes, which covers what the blur does; with probes, the root of
        its square and that of their standard error.

    Raises:
        ValueError: a latent variable without a density, `steps` odd or below 2, or a single probe.
    """
    gaussian, masked = latent_slots(asked.process, asked.layout, asked.observed)
    for slot in (*masked, *gaussian):
        if slot in masked or not continuous(slot):
            state = "masked" if slot in masked else "not continuous"
            raise ValueError(f"flow density of {slot.name}, which has none: a {slot.kind}, it is {state}")
    if steps < 2 or steps % 2:
        raise ValueError(f"steps: expected an even number, 2 or more, got {steps}")
    flow = _Flow(asked)
    count = int(flow.latent.sum(1).max()) if flow.latent.numel() else 0
    if probes is None:
        probes = 0 if count <= EXACT else 8
    if probes == 1:
        raise ValueError("probes: one has no standard error; expected 0, or 2 or more")
    shape = (probes, *flow.latent.shape)
    signs = torch.randint(0, 2, shape, generator=generator).double() * 2 - 1 if probes else None
    signs = signs if signs is None else signs.to(asked.device)
    schedule = asked.process.config.schedule
    span = HalfAngle.of(schedule, least_noise)
    fine = flow.log_density(span, steps, signs)  # [P, B]
    coarse = flow.log_density(span, steps // 2, signs)
    blurred = flow.log_density(HalfAngle.of(schedule, 2 * span.least_noise), steps // 2, signs)
    value = fine.mean(0)
    error = (value - coarse.mean(0)).abs() + (coarse.mean(0) - blurred.mean(0)).abs()
    if probes:
        error = (error.square() + fine.var(0) / probes).sqrt()
    volume = log_volume(asked.process, asked.layout, asked.values, asked.observed)
    return Estimate(value + volume, error)


class _Flow:
    """The flow of the latent reals, all channels in a row: `[B, D]`, where evidence doesn't move."""

    def __init__(self, asked: Question) -> None:
        self.denoiser, self.layout, self.process = asked.denoiser, asked.layout, asked.process
        self.observed, self.device, self.dtype = asked.observed, asked.device, asked.dtype
        self.clean = self.process.encode(self.layout, asked.values, torch.float64)
        self.slots, _ = latent_slots(self.process, self.layout, self.observed)
        batch = asked.batch
        empty = torch.zeros(batch, 0, dtype=torch.float64, device=self.device)
        self.data = torch.cat([empty, *(self.clean[s.name].reshape(batch, -1) for s in self.slots)], dim=1)
        seen = [across(self.observed[s.name], self.clean[s.name]) for s in self.slots]
        seen = [m.expand_as(self.clean[s.name]) for m, s in zip(seen, self.slots, strict=True)]
        self.latent = ~torch.cat([empty.bool(), *(m.reshape(batch, -1) for m in seen)], dim=1)  # [B, D]
        weights = [torch.full((_width(s),), dimensions(s), dtype=torch.float64) for s in self.slots]
        per_channel = torch.cat([torch.zeros(0, dtype=torch.float64), *weights]).to(self.device)
        self.dimensions = (self.latent * per_channel).sum(1)  # [B]

    def log_density(self, span: HalfAngle, steps: int, probes: Tensor | None) -> Tensor:
        """Log density of the states blurred by the least noise: `[P, B]`, one row without probes."""
        step = (span.high - span.low) / steps
        signal = signal_and_noise_at(torch.tensor(span.low, dtype=torch.float64))[0].item()
        z = torch.where(self.latent, signal * self.data, self.data)
        grown = z.new_zeros(1 if probes is None else len(probes), len(z))
        for number in range(steps):
            start = span.low + number * step
            speed: list[Tensor] = []
            growth: list[Tensor] = []
            for share in (0.0, 0.5, 0.5, 1.0):
                at = z + share * step * speed[-1] if speed else z
                moved, spread = self._rates(span, at, min(start + share * step, span.high), probes)
                speed.append(moved)
                growth.append(spread)
            z = z + step / 6 * (speed[0] + 2 * speed[1] + 2 * speed[2] + speed[3])
            grown = grown + step / 6 * (growth[0] + 2 * growth[1] + 2 * growth[2] + growth[3])
        squares = (z.square() * self.latent).sum(1)
        prior = -squares / 2 - self.dimensions * (math.log(2 * math.pi) / 2)
        return prior + grown + self.dimensions * math.log(signal)

    def _rates(
        self, span: HalfAngle, z: Tensor, angle: float, probes: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        """dz/dw, `[B, D]`, and its divergence, `[P, B]`."""
        where = torch.tensor(angle, dtype=torch.float64, device=self.device)
        signal, _ = signal_and_noise_at(where)
        with torch.enable_grad():
            state = z.detach().requires_grad_()
            x0 = self._denoised(state, span.time(where[None]).expand(len(z)))
            if probes is None:
                columns = self.latent.any(0).nonzero().flatten().tolist()
                trace = z.new_zeros(1, len(z))
                for place, column in enumerate(columns):
                    keep = place + 1 < len(columns)
                    (row,) = torch.autograd.grad(x0[:, column].sum(), state, retain_graph=keep)
                    trace = trace + row[:, column] * self.latent[:, column]
            else:
                rows = []
                for place, probe in enumerate(probes):
                    keep = place + 1 < len(probes)
                    probe = probe * self.latent
                    (row,) = torch.autograd.grad((x0 * probe).sum(), state, retain_graph=keep)
                    rows.append((row * probe).sum(1))
                trace = torch.stack(rows)
        speed = torch.where(self.latent, signal * z - x0.detach(), 0.0)
        return speed, self.dimensions * signal - trace

    def _denoised(self, z: Tensor, time: Tensor) -> Tensor:
        """Expected data of the latent arrays, `[B, D]` float64."""
        state = {name: x.to(self.dtype) for name, x in self.clean.items()}
        start = 0
        for slot in self.slots:
            part = z[:, start : start + _width(slot)].reshape(len(z), *slot.state_shape)
            state[slot.name] = part.to(self.dtype)
            start += _width(slot)
        predicted = self.process.denoise(self.denoiser, self.layout, state, self.observed, time)
        parts = [into_plane(s, predicted[s.name].double()).reshape(len(z), -1) for s in self.slots]
        return torch.cat([z[:, :0], *parts], dim=1)


def _width(slot: ArraySlot) -> int:
    """Channels of all of an array's elements."""
    return math.prod(slot.state_shape)
