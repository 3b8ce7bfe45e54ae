"""A sampling run: the state of all arrays on its way from noise to data, and back for restarts."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import torch
from torch import Tensor
from torch.nn import functional as F

from gsdmc.diffusion.mixture import Mixture, coin
from gsdmc.diffusion.noise import Noise, gumbel
from gsdmc.diffusion.process import Process, Values, across
from gsdmc.diffusion.sampling.masked import draw_values, tempered
from gsdmc.diffusion.sampling.predictor import Predictor
from gsdmc.diffusion.sampling.reveal import Reveal
from gsdmc.diffusion.sampling.sampler_config import SamplerConfig
from gsdmc.diffusion.sampling.solvers import GaussianSolver
from gsdmc.diffusion.sampling.spacing import step_times
from gsdmc.diffusion.sampling.trace import Trace
from gsdmc.diffusion.schedule import signal_and_noise
from gsdmc.layout.layout import ArraySlot, Layout
from gsdmc.model.denoiser import Denoiser


class Walk:
    """The state of a sampling run; every step and every restart counts as a step of the noise."""

    def __init__(
        self,
        denoiser: Denoiser,
        layout: Layout,
        process: Process,
        observed: Values,
        mask: Mapping[str, Tensor],
        config: SamplerConfig,
        noise: Noise,
        trace: Trace,
    ) -> None:
        """Start at time 1; arguments are those of `sample`."""
        self.layout, self.process, self.mask = layout, process, mask
        self.config, self.noise = config, noise
        self.predictor = Predictor(denoiser, layout, process, mask, trace)
        self.solver = GaussianSolver(process.config.schedule, config)
        parameter = next(denoiser.parameters())
        self.dtype, self.device = parameter.dtype, parameter.device
        self.batch = next(iter(mask.values())).shape[0]
        self.step = 0
        self.absorbing = [s for s in layout.arrays if process.is_masked(s)]
        self.gaussian = [s for s in layout.arrays if not process.is_masked(s)]
        safe = {
            n: torch.where(across(mask[n], value), value, 0)
            for n, value in ((s.name, observed[s.name]) for s in layout.arrays)
        }
        self.state = process.encode(layout, safe, self.dtype)
        for slot in self.absorbing:
            self.state[slot.name] = self.state[slot.name] * mask[slot.name][..., None]
        for slot in self.gaussian:
            clean = self.state[slot.name]
            self.state[slot.name] = torch.where(self._held(slot), clean, self._normal(slot))
        self.latent = self._flat({s.name: ~mask[s.name] for s in self.absorbing})  # [B, M]
        self.masked = self.latent
        self.moving = torch.zeros(self.batch, dtype=torch.bool, device=self.device)
        for slot in self.gaussian:
            self.moving |= ~mask[slot.name].reshape(self.batch, -1).all(1)

    def descend(self, start: float, calls: int) -> None:
        """Run back to time 0 with so many network calls, or fewer once nothing is left to do."""
        self.solver.restart()
        steps = self.solver.intervals(calls)
        for time, to in pairwise(
            step_times(self.process.config.schedule, self.config.spacing, start, steps, self.device)
        ):
            settled = self.config.remask == 0 and not bool(self.masked.any())
            if settled and not bool(self.moving.any()):
                return
            self.step += 1
            self._advance(time, to)

    def climb(self, time: float) -> None:
        """Noise the state again, from time 0 to a time."""
        self.step += 1
        at = torch.tensor(time, dtype=torch.float64, device=self.device)
        signal, sigma = signal_and_noise(self.process.config.schedule, at)
        for slot in self.gaussian:
            x = self.state[slot.name]
            noised = (signal * x + sigma * self._normal(slot)).to(self.dtype)
            self.state[slot.name] = torch.where(self._held(slot), x, noised)
        uniforms = {s.name: self._uniform(s, ()) for s in self.absorbing}
        self._hide((self._flat(uniforms) < self.process.masking(at)) & self.latent)
        self.predictor.changed(torch.ones_like(self.moving))

    def finish(self, observed: Values) -> dict[str, Tensor]:
        """Values of the final state, the evidence as it was given."""
        values = self.process.decode(self.layout, self.state)
        return {
            n: torch.where(across(self.mask[n], v), observed[n].to(v.dtype), v) for n, v in values.items()
        }

    def _advance(self, time: Tensor, to: Tensor) -> None:
        normals = {s.name: self._normal(s) for s in self.gaussian if self.solver.stochastic}
        asked, reveal = self.moving, None
        if self.absorbing:
            uniforms = self._flat({s.name: self._uniform(s, ()) for s in self.absorbing})
            now, after = self.process.masking(time), self.process.masking(to)
            reveal = Reveal(self.config, self.masked, self.latent, uniforms, now, after)
            asked = asked | reveal.asks
        first = self.predictor.predict(self.state, time, asked)
        before = {slot.name: self.state[slot.name] for slot in self.gaussian}
        if bool(self.moving.any()):
            for slot in self.gaussian:
                x, x0 = before[slot.name], self._data(slot, first)
                moved = self.solver.move(slot.name, x, x0, time, to, normals.get(slot.name))
                self.state[slot.name] = torch.where(self._held(slot), x, moved)
            self.predictor.changed(self.moving)
        if reveal is not None:
            self._reveal(reveal, first)
        if self.solver.corrects and float(to) > 0 and bool(self.moving.any()):
            second = self.predictor.predict(self.state, to, self.moving)
            for slot in self.gaussian:
                x, ends = before[slot.name], (self._data(slot, first), self._data(slot, second))
                moved = self.solver.correct(x, *ends, time, to)
                self.state[slot.name] = torch.where(self._held(slot), x, moved)
            self.predictor.changed(self.moving)

    def _reveal(self, reveal: Reveal, predicted: Values) -> None:
        if bool(reveal.hidden.any()):
            self._hide(reveal.hidden)
        if not predicted:
            return
        shown = reveal.choose([self._certainty(s, predicted[s.name]) for s in self.absorbing])
        self.masked = self.masked & ~shown
        self.predictor.changed(shown.any(1))
        for slot, here in zip(self.absorbing, self._split(shown), strict=True):
            drawn = self._draw(slot, predicted[slot.name])
            self.state[slot.name] = torch.where(here[..., None], drawn, self.state[slot.name])

    def _certainty(self, slot: ArraySlot, statistic: Tensor) -> Tensor:
        """Log probabilities by which the order of reveal judges an array, `[B, *shape, K]`; see `coin`."""
        if slot.kind.discrete:
            return tempered(statistic, self.config.temperature)
        found = self.process.predictive(self.layout, slot, statistic)
        assert isinstance(found, Mixture)  # whoever masks reals predicts mixtures of them
        return coin(found.std)

    def _draw(self, slot: ArraySlot, statistic: Tensor) -> Tensor:
        """Values to reveal, as states: `[B, *shape, K]`, with a real's flag."""
        if slot.kind.discrete:
            log_p = tempered(statistic, self.config.temperature)
            drawn = draw_values(log_p, gumbel(self._uniform(slot, (slot.kind.options,))), self.config.least)
            return F.one_hot(drawn, slot.kind.options).to(self.dtype)
        found = self.process.predictive(self.layout, slot, statistic)
        return self.process.flagged(slot, found.draw(self.noise, slot.name, self.step).to(self.dtype))

    def _hide(self, hidden: Tensor) -> None:
        """Mask values, `[B, M]`."""
        self.masked = self.masked | hidden
        self.predictor.changed(hidden.any(1))
        for slot, here in zip(self.absorbing, self._split(hidden), strict=True):
            self.state[slot.name] = self.state[slot.name] * ~here[..., None]

    def _flat(self, parts: Values) -> Tensor:
        """Per masked array `[B, *shape]` to `[B, M]`."""
        if not self.absorbing:
            return torch.zeros(self.batch, 0, dtype=torch.bool, device=self.device)
        return torch.cat([parts[s.name].reshape(self.batch, -1) for s in self.absorbing], dim=1)

    def _split(self, flat: Tensor) -> list[Tensor]:
        """`[B, M]` to `[B, *shape]` per masked array."""
        parts, start = [], 0
        for slot in self.absorbing:
            part = flat[:, start : start + slot.size]
            parts.append(part.reshape(self.batch, *slot.shape))
            start += slot.size
        return parts

    def _held(self, slot: ArraySlot) -> Tensor:
        return across(self.mask[slot.name], self.state[slot.name])

    def _normal(self, slot: ArraySlot) -> Tensor:
        draw = self.noise.normal(slot.name, self.step, (self.batch, *slot.state_shape))
        return draw.to(self.device, self.dtype)

    def _uniform(self, slot: ArraySlot, tail: tuple[int, ...]) -> Tensor:
        return self.noise.uniform(slot.name, self.step, (self.batch, *slot.shape, *tail)).to(self.device)

    def _data(self, slot: ArraySlot, predicted: Values) -> Tensor:
        """The expected data of a Gaussian array, one-hots included."""
        return self.process.predictive(self.layout, slot, predicted[slot.name]).mean
