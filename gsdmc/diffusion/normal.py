"""Probabilities of the standard normal distribution in its tails."""

from __future__ import annotations

import torch
from torch import Tensor

FURTHEST = 1e5
"""Where the tails end, in standard deviations: beyond, torch's gradient of `log_ndtr` cancels to infinity."""


def log_normal_mass(low: Tensor, high: Tensor) -> Tensor:
    """The logarithm of Φ(high) - Φ(low) for low < high, exact in both tails and for narrow intervals."""
    low, high = low.double().clamp(-FURTHEST, FURTHEST), high.double().clamp(-FURTHEST, FURTHEST)
    flip = low > 0
    left, right = torch.where(flip, -high, low), torch.where(flip, -low, high)
    above: Tensor = torch.special.log_ndtr(right)
    drop = (torch.special.log_ndtr(left) - above).clamp(max=-torch.finfo(torch.float64).tiny)
    return above + torch.log(-torch.expm1(drop))
