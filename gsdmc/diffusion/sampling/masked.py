"""One reverse step of the masked process: which masked values to reveal, and as what."""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor

Order = Literal["margin", "confidence", "entropy", "shuffled", "random"]


def draw_values(log_probs: Tensor, gumbels: Tensor, floor: float = 0.0) -> Tensor:
    """Draw categories by the Gumbel-max trick in float64.

    Args:
        log_probs: `[..., K]`.
        gumbels: `[..., K]` standard Gumbel draws.
        floor: categories less likely than this are never drawn, unless all are.

    Returns:
        `[...]` indices.
    """
    exact = log_probs.double()
    rare = (exact < math.log(floor)) & (exact < exact.amax(-1, keepdim=True)) if floor else exact.isnan()
    return (exact + gumbels).masked_fill(rare, -torch.inf).argmax(-1)


def margin(log_probs: Tensor) -> Tensor:
    """Probability of the likeliest category less that of the second, `[..., K]` to `[...]` float64."""
    if log_probs.shape[-1] < 2:
        return torch.ones(log_probs.shape[:-1], dtype=torch.float64, device=log_probs.device)
    best = log_probs.double().exp().topk(2, dim=-1).values
    return best[..., 0] - best[..., 1]


def confidence(log_probs: Tensor) -> Tensor:
    """Probability of the likeliest category, `[..., K]` to `[...]` float64."""
    return log_probs.double().amax(-1).exp()


def tempered(log_probs: Tensor, temperature: float) -> Tensor:
    """Log probabilities `[..., K]` divided by a temperature and normalised again."""
    return log_probs if temperature == 1 else (log_probs.double() / temperature).log_softmax(-1)


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


def entropy(log_probs: Tensor) -> Tensor:
    """Entropy in nats, `[..., K]` to `[...]` float64."""
    probabilities = log_probs.double().exp()
    return -(probabilities * log_probs.double().clamp(min=-1e4)).sum(-1)


def certain_reveals(masked: Tensor, entropies: Tensor, bound: float) -> Tensor:
    """The most certain masked values whose entropies sum to at most `bound` nats in each example.

    Drawing values independently is wrong by at most the sum of their entropies, so these may all be
    drawn at once (Ben-Hamu et al. 2025, entropy-bounded unmasking).

    Args:
        masked: `[B, M]`, what is still masked.
        entropies: `[B, M]` nats.
        bound: nats.

    Returns:
        `[B, M]` booleans.
    """
    ordered, order = entropies.masked_fill(~masked, torch.inf).sort(dim=1)
    within = ordered.cumsum(1) <= bound
    return masked & torch.zeros_like(masked).scatter_(1, order, within)
