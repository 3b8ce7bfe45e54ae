"""Sampling: from noise and evidence to values, in a few network calls or the paper's thousand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any, Literal

import torch
from torch import Tensor

from gsdmc.diffusion.gaussian import ancestral_step, gaussian_step
from gsdmc.diffusion.masked import Order, certain_reveals, choose_reveals, draw_values, entropy, margin
from gsdmc.diffusion.noise import GeneratorNoise, Noise, gumbel
from gsdmc.diffusion.process import Process, Values, across
from gsdmc.diffusion.schedule import signal_and_noise
from gsdmc.layout.layout import ArraySlot, Layout
from gsdmc.model.denoiser import Denoiser


@dataclass(frozen=True)
class SamplerConfig:
    """How to run the process backwards.

    Attributes:
        steps: network calls from time 1 to time 0; the times between are evenly spaced.
        restarts: how often a finished sample is noised again, by the process itself up to
            `restart_time`, and finished anew: a perfect network's samples stay as good, a real one's
            lose earlier mistakes (Xu et al. 2023, restart sampling).
        restart_time: how far back restarts go.
        restart_steps: network calls of each restart.
        solver: `ddim` for the Gaussian process, with `churn`, or the paper's `ancestral`.
        churn: share of fresh noise in a `ddim` step, 0 deterministic to 1 ancestral.
        order: masked values are revealed by largest `margin` between their two likeliest
            categories, or at `random`, as the process itself would.
        order_noise: scale, in log odds, of the Gumbel noise on the order of reveal.
        certain: in order of margin, values whose entropies sum to this many nats are revealed at once.
        floor: categories that the network thinks less likely than this are never drawn: such small
            probabilities are errors of training more often than facts.
    """

    steps: int = 20
    restarts: int = 0
    restart_time: float = 0.7
    restart_steps: int = 8
    solver: Literal["ddim", "ancestral"] = "ddim"
    churn: float = 1.0
    order: Order = "margin"
    order_noise: float = 0.1
    certain: float = 0.05
    floor: float = 1e-3

    def to_json(self) -> dict[str, Any]:
        """Plain scalars."""
        return asdict(self)


@torch.no_grad()
def sample(
    denoiser: Denoiser,
    layout: Layout,
    process: Process,
    observed: Values,
    mask: Mapping[str, Tensor],
    *,
    config: SamplerConfig | None = None,
    generator: torch.Generator | None = None,
    noise: Noise | None = None,
) -> dict[str, Tensor]:
    """Draw one joint sample per row of evidence.

    Args:
        denoiser: the network, which sets device and dtype.
        layout: the size of the program to sample at.
        process: the process that the network was trained for.
        observed: per array `[B, *value_shape]`, the evidence; ignored where the mask is false.
        mask: per array `[B, *shape]` booleans, true where the value is evidence, a vector as a whole.
        config: the sampler; its defaults when None.
        generator: source of noise; exactly one of it and `noise` is needed.
        noise: source of noise that is asked per array and step.

    Returns:
        Per array `[B, *value_shape]`; evidence comes back untouched.

    Raises:
        ValueError: neither or both of `generator` and `noise` given, or no steps.
    """
    config = config or SamplerConfig()
    if (generator is None) == (noise is None):
        raise ValueError("sample needs either a generator or a noise source")
    if config.steps < 1:
        raise ValueError(f"sample needs at least one step, got {config.steps}")
    if noise is None:
        assert generator is not None
        noise = GeneratorNoise(generator)
    walk = _Walk(denoiser, layout, process, observed, mask, config, noise)
    walk.descend(1.0, config.steps)
    for _ in range(config.restarts):
        walk.climb(config.restart_time)
        walk.descend(config.restart_time, config.restart_steps)
    return walk.finish(observed)


class _Walk:
    """The state of a sampling run; every network call and every restart counts as a step of the noise."""

    def __init__(
        self,
        denoiser: Denoiser,
        layout: Layout,
        process: Process,
        observed: Values,
        mask: Mapping[str, Tensor],
        config: SamplerConfig,
        noise: Noise,
    ) -> None:
        self.denoiser, self.layout, self.process = denoiser, layout, process
        self.mask, self.config, self.noise = mask, config, noise
        parameter = next(denoiser.parameters())
        self.dtype, self.device = parameter.dtype, parameter.device
        self.batch = next(iter(mask.values())).shape[0]
        self.step = 0
        self.discrete = [s for s in layout.arrays if s.kind.discrete and process.config.discrete == "masked"]
        self.gaussian = [s for s in layout.arrays if s not in self.discrete]
        safe = {
            n: torch.where(across(mask[n], value), value, 0)
            for n, value in ((s.name, observed[s.name]) for s in layout.arrays)
        }
        self.state = process.encode(layout, safe, self.dtype)
        for slot in self.discrete:
            self.state[slot.name] = self.state[slot.name] * mask[slot.name][..., None]
        for slot in self.gaussian:
            clean = self.state[slot.name]
            self.state[slot.name] = torch.where(self._held(slot), clean, self._normal(slot))
        if self.discrete:
            masked = torch.cat(
                [~mask[s.name].reshape(self.batch, -1) for s in self.discrete], dim=1
            )  # [B, M]
            self.masked, self.latent = masked, masked.sum(1)

    def descend(self, start: float, steps: int) -> None:
        """Run back to time 0 in evenly spaced steps, or until all is revealed and nothing else moves."""
        times = torch.linspace(start, 0, steps + 1, dtype=torch.float64, device=self.device)
        for time, to in pairwise(times):
            if not self.gaussian and not bool(self.masked.any()):
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
        hidden = []
        for slot in self.discrete:
            hide = (self._uniform(slot, ()) < self.process.masking(at)) & ~self.mask[slot.name]
            self.state[slot.name] = self.state[slot.name] * ~hide[..., None]
            hidden.append(hide.reshape(self.batch, -1))
        if hidden:
            self.masked = torch.cat(hidden, dim=1)

    def _advance(self, time: Tensor, to: Tensor) -> None:
        predicted = self._predict(time)
        for slot in self.gaussian:
            x, x0 = self.state[slot.name], predicted[slot.name]
            if slot.kind.discrete:
                x0 = x0.exp()
            moved = self._move(x, x0, time, to, self._normal(slot))
            self.state[slot.name] = torch.where(self._held(slot), x, moved)
        if self.discrete:
            self._reveal(predicted, time, to)

    def _predict(self, time: Tensor) -> dict[str, Tensor]:
        """Call the network, on unfinished examples only."""
        busy = torch.ones(self.batch, dtype=torch.bool) if self.gaussian else self.masked.any(1)
        if bool(busy.all()):
            return self.process.denoise(
                self.denoiser, self.layout, self.state, self.mask, time.expand(self.batch)
            )
        part = self.process.denoise(
            self.denoiser,
            self.layout,
            {name: value[busy] for name, value in self.state.items()},
            {name: value[busy] for name, value in self.mask.items()},
            time.expand(int(busy.sum())),
        )
        whole = {name: value.new_zeros(self.batch, *value.shape[1:]) for name, value in part.items()}
        for name, value in part.items():
            whole[name][busy] = value
        return whole

    def finish(self, observed: Values) -> dict[str, Tensor]:
        """Values of the final state, the evidence as it was given."""
        values = self.process.decode(self.layout, self.state)
        return {
            n: torch.where(across(self.mask[n], v), observed[n].to(v.dtype), v) for n, v in values.items()
        }

    def _move(self, x: Tensor, x0: Tensor, time: Tensor, to: Tensor, noise: Tensor) -> Tensor:
        schedule = self.process.config.schedule
        if self.config.solver == "ancestral":
            return ancestral_step(schedule, x, x0, time, to, noise).to(self.dtype)
        return gaussian_step(schedule, x, x0, time, to, self.config.churn, noise).to(self.dtype)

    def _reveal(self, predicted: Values, time: Tensor, to: Tensor) -> None:
        log_probs = [predicted[s.name] for s in self.discrete]
        uniforms = torch.cat([self._uniform(s, ()).reshape(self.batch, -1) for s in self.discrete], dim=1)
        left = self.process.masking(to)
        if self.config.order == "random":
            chance = (self.process.masking(time) - left) / self.process.masking(time)
            reveal = self.masked & (uniforms < chance)
        else:
            confidence = torch.cat([margin(p).reshape(self.batch, -1) for p in log_probs], dim=1)
            scores = torch.logit(confidence, eps=1e-9) + self.config.order_noise * gumbel(uniforms)
            reveal = choose_reveals(self.masked, scores, (left * self.latent).floor().long())
            entropies = torch.cat([entropy(p).reshape(self.batch, -1) for p in log_probs], dim=1)
            reveal |= certain_reveals(self.masked, entropies, self.config.certain)
        self.masked = self.masked & ~reveal
        start = 0
        for slot, log_p in zip(self.discrete, log_probs, strict=True):
            shown = reveal[:, start : start + slot.size].reshape(self.batch, *slot.shape)
            start += slot.size
            gumbels = gumbel(self._uniform(slot, (slot.kind.options,)))
            drawn = draw_values(log_p, gumbels, self.config.floor)
            onehot = torch.nn.functional.one_hot(drawn, slot.kind.options).to(self.dtype)
            self.state[slot.name] = torch.where(shown[..., None], onehot, self.state[slot.name])

    def _held(self, slot: ArraySlot) -> Tensor:
        return across(self.mask[slot.name], self.state[slot.name])

    def _normal(self, slot: ArraySlot) -> Tensor:
        draw = self.noise.normal(slot.name, self.step, (self.batch, *slot.state_shape))
        return draw.to(self.device, self.dtype)

    def _uniform(self, slot: ArraySlot, tail: tuple[int, ...]) -> Tensor:
        return self.noise.uniform(slot.name, self.step, (self.batch, *slot.shape, *tail)).to(self.device)
