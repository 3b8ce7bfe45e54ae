"""Chances of the masked process run backwards, with or without masking revealed values again."""

from __future__ import annotations

from torch import Tensor


def remask_chance(now: Tensor, after: Tensor, most: float) -> Tensor:
    """Chance that a revealed value is masked again in a step.

    More would mask a larger share than the clock has at the step's end (Wang et al. 2025, ReMDM,
    with its schedule "cap").

    Args:
        now: probability that a value is masked at the step's start.
        after: the same at its end, at most `now`.
        most: the chance where the clock allows it.
    """
    return (after / (1 - now).clamp(min=1e-12)).clamp(max=most)


def reveal_chance(now: Tensor, after: Tensor, again: Tensor) -> Tensor:
    """Chance that a masked value is revealed in a step in which revealed ones are masked with chance `again`.

    The share of masked values then follows the clock: `now (1 - reveal) + (1 - now) again = after`.
    """
    return (now - after + again * (1 - now)) / now
