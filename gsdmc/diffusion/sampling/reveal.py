"""Which masked values a step reveals, and which revealed ones it masks again."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from gsdmc.diffusion.noise import gumbel
from gsdmc.diffusion.sampling.masked import certain_reveals, choose_reveals, confidence, entropy, margin
from gsdmc.diffusion.sampling.remask import remask_chance, reveal_chance
from gsdmc.diffusion.sampling.sampler_config import SamplerConfig

TINY = 1e-9
"""Nearest to 0 and 1 that a confidence or entropy comes before its logarithm is taken."""


class Reveal:
    """The decisions of one step over the `[B, M]` values of all masked arrays, in the arrays' order.

    One uniform decides for each value: a masked one may be revealed, a revealed one masked again.

    Attributes:
        hidden: `[B, M]`, revealed values that the step masks again.
        asks: `[B]`, examples whose predictions are needed.
    """

    def __init__(
        self,
        config: SamplerConfig,
        masked: Tensor,
        latent: Tensor,
        uniforms: Tensor,
        now: Tensor,
        after: Tensor,
    ) -> None:
        """Decide what can be decided before the network is asked.

        Args:
            config: the sampler.
            masked: `[B, M]`, what is masked at the step's start.
            latent: `[B, M]`, what is not evidence.
            uniforms: `[B, M]` uniforms in `[0, 1)`, float64.
            now: probability that a value is masked at the step's start.
            after: the same at its end.
        """
        self.config, self.masked, self.uniforms = config, masked, uniforms
        again = remask_chance(now, after, config.remask)
        self.hidden = latent & ~masked & (uniforms < again)
        self.remaining = (after * latent.sum(1)).floor().long() - self.hidden.sum(1)
        self.known: Tensor | None = None
        if config.order == "random":
            self.known = masked & (uniforms < reveal_chance(now, after, again))
        elif config.order == "shuffled":
            self.known = choose_reveals(masked, gumbel(uniforms), self.remaining)
        if self.known is not None:
            self.asks = self.known.any(1)
        else:
            early = config.certain > 0 or config.threshold < 1
            self.asks = masked.any(1) & (early | (masked.sum(1) > self.remaining))

    def choose(self, log_probs: Sequence[Tensor]) -> Tensor:
        """What the step reveals, `[B, M]`, given log probabilities of the masked arrays, `[B, *shape, K]`."""
        if self.known is not None:
            return self.known

        def each(measure: Callable[[Tensor], Tensor]) -> Tensor:
            return torch.cat([measure(p).reshape(len(p), -1) for p in log_probs], dim=1)  # [B, M]

        config = self.config
        match config.order:
            case "margin":
                scores = torch.logit(each(margin), eps=TINY)
            case "confidence":
                scores = torch.logit(each(confidence), eps=TINY)
            case _:
                scores = -each(entropy).clamp(min=TINY).log()
        scores = scores + config.order_noise * gumbel(self.uniforms)
        shown = choose_reveals(self.masked, scores, self.remaining)
        if config.certain > 0:
            shown = shown | certain_reveals(self.masked, each(entropy), config.certain)
        if config.threshold < 1:
            shown = shown | (self.masked & (each(confidence) > config.threshold))
        return shown & self.asks[:, None]
