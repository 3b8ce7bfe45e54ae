"""Sinusoidal features of times and positions."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def sinusoidal(positions: Tensor, width: int, longest: float = 10_000.0) -> Tensor:
    """Sines, then cosines of a position at geometrically spaced frequencies.

    Args:
        positions: `[...]`, floating point.
        width: number of features; an odd one ends in a zero.
        longest: the ratio of the highest to the lowest frequency.

    Returns:
        `[..., width]`, in the dtype of `positions`.

    Source: Vaswani et al. 2017, section 3.5, in the spacing of Ho et al. 2020.
    """
    half = width // 2
    exponents = torch.arange(half, dtype=positions.dtype, device=positions.device) / max(half - 1, 1)
    angles = positions[..., None] * torch.exp(-math.log(longest) * exponents)  # [..., half]
    features = torch.cat((angles.sin(), angles.cos()), dim=-1)
    return torch.nn.functional.pad(features, (0, width - 2 * half))
