"""The evidence bound of every process, estimated with a standard error."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from gsdmc.diffusion.likelihood.any_order import clock
from gsdmc.diffusion.likelihood.estimate import (
    Estimate,
    continuous,
    dimensions,
    into_plane,
    latent_slots,
    log_volume,
    total,
)
from gsdmc.diffusion.likelihood.half_angle import HalfAngle, signal_and_noise_at, step_angles
from gsdmc.diffusion.likelihood.question import Question
from gsdmc.diffusion.likelihood.reconstruct import reconstruction
from gsdmc.diffusion.process import Values, expand
from gsdmc.diffusion.schedule import LINEAR_STEPS, signal_and_noise
from gsdmc.layout.layout import ArraySlot

LEAST_NOISE = 0.03
"""Where the Gaussian process ends by default: at less, errors of a network weigh more than detail of the data
is worth."""


@torch.no_grad()
def evidence_bound(
    asked: Question,
    generator: torch.Generator,
    *,
    samples: int = 128,
    least_noise: float = LEAST_NOISE,
    rows: int = 1024,
) -> Estimate:
    """A lower bound of log p(latent values | evidence), by Monte Carlo.

    Evidence stays clean in every state and adds nothing. All processes run on one clock, so that their
    terms add up, each estimated on the part of the clock where it matters:

    - Gaussian, of reals, vectors, counts and one-hots: -½ ∫ dSNR ‖x0 - x̂0‖² (Kingma et al. 2021,
      section 5; the sum of section 4 over the steps of the `linear` schedule, which has no more), less
      the divergence from the prior at time 1, plus the reconstruction at the least noise.
    - masked: -∫ m'/m Σ_masked -log p (Sahoo et al. 2024, equation 11, m the masking probability),
      as an average over how many of M values are masked, n uniform in 1 .. M, of M/n Σ_masked log p
      (Ou et al. 2024, where it is the mean log probability over orders): equal, and of finite variance.
      Masked reals have the log density of the mixture that is predicted of them.

    With an exact denoiser the masked bound is the log probability, and the Gaussian one comes as near to
    it as the least noise is small against the values' structure.

    Args:
        asked: the network, the values, and which of them are evidence.
        generator: source of times and noise, on the CPU.
        samples: network calls per example and kind of process; even.
        least_noise: noise / signal at which the Gaussian process ends, in units of its states. The bound
            holds for each; of values whose details are finer it gets worse.
        rows: states per network call.

    Returns:
        Nats. Times are stratified with two draws in each stratum, and the standard error comes from their
        differences (Owen, Monte Carlo theory, chapter 8).

    Raises:
        ValueError: `samples` is odd or below 2.
    """
    if samples < 2 or samples % 2:
        raise ValueError(f"samples: expected an even number, 2 or more, got {samples}")
    walk = _Corruption(asked, generator, least_noise)
    value = walk.constant()
    variance = torch.zeros_like(value)
    for kind in ("gaussian", "masked"):
        if not getattr(walk, kind):
            continue
        draws = torch.empty(samples, walk.batch, dtype=torch.float64, device=value.device)
        group = max(1, rows // walk.batch)
        for start in range(0, samples, group):
            numbers = torch.arange(start, min(start + group, samples), device=value.device)
            draws[start : start + group] = walk.draw(kind, numbers, samples)
        pairs = draws.reshape(samples // 2, 2, walk.batch)
        value = value + draws.mean(0)
        variance = variance + (pairs[:, 0] - pairs[:, 1]).square().mean(0) / (2 * samples)
    impossible = torch.full_like(value, torch.inf)
    return Estimate(value, torch.where(value.isfinite(), variance.sqrt(), impossible))


@dataclass(frozen=True)
class _At:
    """Where on the clock draws are, `[R]` each: what the network is told, Gaussian factors, masking."""

    time: Tensor
    signal: Tensor
    noise: Tensor
    hidden: Tensor  # [R, M], which discrete elements are masked
    weight: Tensor


class _Corruption:
    """Values, and their noisy states at times drawn for one process or the other."""

    def __init__(self, asked: Question, generator: torch.Generator, least_noise: float) -> None:
        self.denoiser, self.layout, self.process = asked.denoiser, asked.layout, asked.process
        self.values, self.observed, self.generator = asked.values, asked.observed, generator
        self.device, self.dtype, self.batch = asked.device, asked.dtype, asked.batch
        self.clean = self.process.encode(self.layout, self.values, torch.float64)
        self.gaussian, self.masked = latent_slots(self.process, self.layout, self.observed)
        self.span = HalfAngle.of(self.process.config.schedule, least_noise)
        self.latent = torch.cat(
            [torch.zeros(self.batch, 0, dtype=torch.bool, device=self.device)]
            + [~self.observed[s.name].reshape(self.batch, -1) for s in self.masked],
            dim=1,
        )  # [B, M]

    def constant(self) -> Tensor:
        """What of the bound takes no network: the prior's divergence, and reals' reconstruction."""
        ends = torch.tensor([self.span.low, self.span.high], dtype=torch.float64, device=self.device)
        signal, noise = signal_and_noise_at(ends)
        surplus = (noise[1].square() - 1) / 2 - noise[1].log()
        log_spread = (noise[0] / signal[0]).log() + (math.log(2 * math.pi) + 1) / 2
        value = log_volume(self.process, self.layout, self.values, self.observed).to(self.device)
        for slot in self.gaussian:
            x0, latent = self.clean[slot.name], ~self.observed[slot.name]
            each = (signal[1] * x0).square() / 2 + dimensions(slot) * surplus
            if continuous(slot):
                each = each + dimensions(slot) * log_spread
            value = value - self._total(slot, each, latent)
        return value

    def draw(self, kind: str, numbers: Tensor, samples: int) -> Tensor:
        """Draws of one process's term, `[len(numbers), B]`, each in the stratum of its pair."""
        repeats = len(numbers)
        stratum = (numbers // 2)[:, None] + self._uniform(repeats, self.batch)  # [S, B]
        place = (stratum / (samples // 2)).reshape(-1)  # [R] in [0, 1)
        uniforms = self._uniform(len(place), self.latent.shape[1])  # [R, M]
        latent = self.latent.repeat(repeats, 1)
        at = (self._noised if kind == "gaussian" else self._revealed)(place, uniforms, latent)
        epsilon = {
            s.name: self._normal(len(place), *s.state_shape) for s in self.layout.arrays if s in self.gaussian
        }
        observed = {n: seen.repeat(repeats, *[1] * (seen.dim() - 1)) for n, seen in self.observed.items()}
        clean = {n: x.repeat(repeats, *[1] * (x.dim() - 1)) for n, x in self.clean.items()}
        state = self._state(clean, observed, at, epsilon)
        predicted = self.process.predict(self.denoiser, self.layout, state, observed, at.time)
        term = torch.zeros(len(place), dtype=torch.float64, device=self.device)
        if kind == "masked":
            offset = 0
            for slot in self.masked:
                hidden = at.hidden[:, offset : offset + slot.size].reshape(len(place), *slot.shape)
                offset += slot.size
                log_p = predicted[slot.name].log_prob(self.process.unflagged(slot, clean[slot.name]))
                term += at.weight * total(log_p, hidden)
            return term.reshape(repeats, self.batch)
        for slot in self.gaussian:
            x0, latent_here = clean[slot.name], ~observed[slot.name]
            error = into_plane(slot, x0 - predicted[slot.name].mean.double()).square()
            if continuous(slot):  # a control variate: what an exact denoiser of a standard normal errs by
                signal, noise = expand(at.signal, x0), expand(at.noise, x0)
                drawn = into_plane(slot, epsilon[slot.name])
                normal = (noise.square() * x0 - signal * noise * drawn).square()
                mean = noise**4 * x0.square() + dimensions(slot) * (signal * noise).square()
                error = error - normal + mean
            term -= at.weight * self._total(slot, error, latent_here)
            if not continuous(slot):
                found = reconstruction(
                    self.process,
                    self.layout,
                    slot,
                    self.values,
                    self.clean,
                    self.span.low,
                    self._normal,
                    repeats,
                )
                term += total(found, latent_here)
        return term.reshape(repeats, self.batch)

    def _total(self, slot: ArraySlot, per_element: Tensor, latent: Tensor) -> Tensor:
        """Sum over latent elements and their channels, options among them."""
        summed = per_element.sum(-1) if slot.kind.discrete else per_element
        return total(summed, latent)

    def _noised(self, place: Tensor, uniforms: Tensor, latent: Tensor) -> _At:
        """Half-angles uniform between the ends, with the discrete values masked as they are then.

        On the linear schedule the reals make their steps at once, at the end of each: what is told of them
        and the network's time are the step's beginning, what is masked its end.
        """
        angle = self.span.low + place * (self.span.high - self.span.low)
        width = self.span.high - self.span.low
        if self.span.schedule == "linear":
            steps = step_angles(self.device)
            # Steps first + 1 .. 1000: the first has its noise already.
            step = torch.searchsorted(steps, angle).clamp(self.span.first + 1, LINEAR_STEPS)
            early, late = steps[step - 1], steps[step]
            ratio = early.sinh().square() - late.sinh().square()
            weight = 0.5 * ratio * width / (late - early)
            signal, noise = signal_and_noise_at(late)
            time, mask_time = step.double() / LINEAR_STEPS, (step - 1).double() / LINEAR_STEPS
        else:
            signal, noise = signal_and_noise_at(angle)
            weight = width * signal / noise.square()
            time = mask_time = self.span.time(angle)
        hidden = latent & (uniforms < self.process.masking(mask_time)[:, None])
        return _At(time, signal, noise, hidden, weight)

    def _revealed(self, place: Tensor, uniforms: Tensor, latent: Tensor) -> _At:
        """Just before the n-th last reveal, n uniform, every value's being uniform in masking probability."""
        count = latent.sum(1)  # [R]
        number = ((place * count).long() + 1).minimum(count.clamp(min=1))  # 1 .. M
        drawn = uniforms.masked_fill(~latent, torch.inf).sort(dim=1).values
        share = drawn.gather(1, (number - 1)[:, None])  # [R, 1]
        hidden = latent & (uniforms <= share)
        share = torch.where(count > 0, share[:, 0], 1.0)
        time, weight = clock(self.process, share), count.double() / number
        if self.gaussian:  # below the least noise reals move no more
            if self.span.schedule == "linear":
                time = (time * LINEAR_STEPS).ceil() / LINEAR_STEPS
            time = time.clamp(min=self.span.least_time)
        signal, noise = signal_and_noise(self.process.config.schedule, time)
        return _At(time, signal, noise, hidden, weight)

    def _state(
        self, clean: Values, observed: Values, at: _At, epsilon: Mapping[str, Tensor]
    ) -> dict[str, Tensor]:
        state, offset = {}, 0
        for slot in self.layout.arrays:
            x0, seen = clean[slot.name], observed[slot.name]
            if slot in self.masked:
                hidden = at.hidden[:, offset : offset + slot.size].reshape(seen.shape)
                offset += slot.size
                x0 = x0 * ~hidden[..., None]
            elif slot in self.gaussian:
                noised = expand(at.signal, x0) * x0 + expand(at.noise, x0) * epsilon[slot.name]
                x0 = torch.where(seen if seen.dim() == x0.dim() else seen[..., None], x0, noised)
            state[slot.name] = x0.to(self.dtype)
        return state

    def _uniform(self, *shape: int) -> Tensor:
        return torch.rand(shape, generator=self.generator, dtype=torch.float64).to(self.device)

    def _normal(self, *shape: int) -> Tensor:
        return torch.randn(shape, generator=self.generator, dtype=torch.float64).to(self.device)
