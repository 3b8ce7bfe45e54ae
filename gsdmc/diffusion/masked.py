"""One reverse step of the masked process: which masked values to reveal, and as what."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

Order = Literal["margin", "random"]


def draw_values(log_probs: Tensor, gumbels: Tensor) -> Tensor:
    """Draw categories by the Gumbel-max trick in float64: `[..., K]` twice in, indices `[...]` out."""
    return (log_probs.double() + gumbels).argmax(-1)


def margin(log_probs: Tensor) -> Tensor:
    """Probability of the likeliest category less that of the second, `[..., K]` to `[...]` float64."""
    if log_probs.shape[-1] < 2:
        return torch.ones(log_probs.shape[:-1], dtype=torch.float64, device=log_probs.device)
    best = log_probs.double().exp().topk(2, dim=-1).values
    return best[..., 0] - best[..., 1]


def choose_reveals(masked: Tensor, scores: Tensor, remaining: Tensor) -> Tensor:
    """Reveal the best-scored masked values until `remaining` are left.

    Args:
        masked: `[B, M]`, what is still masked.
        scores: `[B, M]`, larger is revealed sooner.
        remaining: `[B]`, how many of each example stay masked.

    Returns:
        `[B, M]` booleans, true where a masked value is to be revealed.
    """
    quota = (masked.sum(1) - remaining).clamp(min=0)
    order = scores.masked_fill(~masked, -torch.inf).argsort(dim=1, descending=True)
    rank = torch.empty_like(order).scatter_(
        1, order, torch.arange(order.shape[1], device=order.device).expand_as(order)
    )
    return masked & (rank < quota[:, None])
