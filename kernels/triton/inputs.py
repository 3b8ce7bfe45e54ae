"""What the kernels work on, and what they need to know of it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
import triton.language as tl
from torch import Tensor

from gsdmc.kernels.structure import Structure

Gradients = tuple[Tensor, Tensor, Tensor, Tensor | None]
"""Of q, k, v, each `[B, N, H, D]`, and, where wanted, of set_bias, `[H, S]`."""


@dataclass(frozen=True, eq=False)
class Inputs:
    """Arguments of one attention.

    Attributes:
        q: `[B, H, N, D]` in any strides, the last dimension contiguous.
        k: likewise.
        v: likewise.
        set_bias: `[H, S]` in the accumulators' dtype, or None.
        structure: who attends to whom.
        scale: factor of q·k.
    """

    q: Tensor
    k: Tensor
    v: Tensor
    set_bias: Tensor | None
    structure: Structure
    scale: float

    @property
    def sets(self) -> int:
        """S, the number of role sets."""
        return self.structure.membership.shape[0]

    @property
    def kind(self) -> torch.dtype:
        """Dtype of sums, weights and everything else that isn't read from or written to a user's tensor."""
        return kind(self.q)

    def empty(self) -> Tensor:
        """Memory for a result, in the network's order `[B, N, H, D]`: joining heads costs no copy."""
        batch, heads, nodes, width = self.q.shape
        return self.q.new_empty(batch, nodes, heads, width)


def kind(x: Tensor) -> torch.dtype:
    """The dtype in which kernels compute with x: float64 for float64, float32 for all others."""
    return torch.float64 if x.dtype == torch.float64 else torch.float32


def accumulator(x: Tensor) -> Any:
    """The same in triton's words."""
    return tl.float64 if x.dtype == torch.float64 else tl.float32


def strides(*tensors: Tensor) -> tuple[tuple[int, ...], int]:
    """Strides of batch, head and node of each tensor, in a unit that divides them all, at most 8 numbers.

    The unit is a constant of the kernels: it tells the compiler how far rows are aligned, and so how much one
    load may take.
    """
    steps = [step for x in tensors for step in x.stride()[:3]]
    unit = math.gcd(*steps, 8)
    return tuple(step // unit for step in steps), unit
