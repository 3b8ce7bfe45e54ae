"""Programs whose posteriors are known, and samplers of them, right and wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

Values = Mapping[str, Tensor]
Sampler = Callable[[Values, Values, int], dict[str, Tensor]]

SUMS = """
(let [a (sample "a" (normal 0 1))
      b (sample "b" (normal 0 1))
      up (sample "up" (bernoulli 0.3))]
  (sample "x" (normal (+ a b) 0.5))
  (sample "y" (normal (if up 1 -1) 1)))
(given "x" "y")
"""


def posterior(
    *,
    width: float = 1.0,
    shift: float = 0.0,
    correlated: bool = True,
    sure: bool = False,
    blind: bool = False,
) -> Sampler:
    """A sampler for `SUMS`: of its posterior, or of what is wrong with it in one way.

    a and b are Gaussian given x, with mean x / 2.25, variance 1 - 1 / 2.25 and covariance -1 / 2.25.
    """

    def sampler(values: Values, mask: Values, seed: int) -> dict[str, Tensor]:
        generator = torch.Generator().manual_seed(seed)
        x, y = values["x"].double(), values["y"].double()
        one, two = torch.randn(2, len(x), generator=generator, dtype=torch.float64)
        uniform = torch.rand(len(x), generator=generator, dtype=torch.float64)
        if blind:
            return {**values, "a": one, "b": two, "up": uniform < 0.3}
        gain = 1 / 2.25
        std = (1 - gain) ** 0.5
        rho = -gain / (1 - gain) if correlated else 0.0
        a = gain * x + std * (width * one + shift)
        b = gain * x + std * width * (rho * one + (1 - rho**2) ** 0.5 * two)
        odds = (2 * y).exp() * 0.3 / 0.7
        chance = odds / (1 + odds)
        up = chance > 0.5 if sure else uniform < chance
        return {**values, "a": a, "b": b, "up": up}

    return sampler
