"""Supports of continuous variables: moves that never leave them."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from gsdmc.inference.refinement.jacobian import Jacobian
from gsdmc.language.kinds import Kind

KEPT = 0.01
"""Share of its distance to an end that isn't part of the support that a value keeps in one move."""

EDGE = 1e-12
"""Distance from an end, as a share of the spread, at which a value can move no further that way."""


@dataclass(frozen=True, eq=False)
class Supports:
    """Supports of n numbers: lines, intervals with or without their ends, and vectors that sum to 1.

    Attributes:
        low, high: `[n]`, the ends, infinite where there is none.
        open: `[n]` booleans, true where the ends are not in the support.
        simplices: `[n]`, for channels of a simplex the number of their vector, -1 for other numbers.
        spread: `[n]`, how far the values usually lie apart.
    """

    low: Tensor
    high: Tensor
    open: Tensor
    simplices: Tensor
    spread: Tensor

    def blocked(self, x: Tensor, downhill: Tensor) -> Tensor:
        """Which numbers stand at an end and would leave by it, `[B, n]`; `downhill` is where they head."""
        edge = EDGE * self.spread
        return ((x - self.low <= edge) & (downhill < 0)) | ((self.high - x <= edge) & (downhill > 0))

    def move(self, x: Tensor, step: Tensor) -> Tensor:
        """`x + step`, `[B, n]`, cut back where it leaves the support."""
        kept = torch.where(self.open, KEPT, 0.0).to(x)
        low = torch.where(self.low.isfinite(), self.low + kept * (x - self.low), self.low)
        high = torch.where(self.high.isfinite(), self.high - kept * (self.high - x), self.high)
        within = self.simplices >= 0
        if bool(within.any()):
            step = step * torch.where(within, self._shares(x, step), 1.0)
            low = torch.where(within, -torch.inf, low)
        return torch.minimum(torch.maximum(x + step, low), high)

    def along(self, direction: Tensor, free: Tensor) -> Tensor:
        """Directions `[..., n]` without the part that changes a simplex's sum; only free channels move.

        Args:
            direction: `[B, n]`.
            free: `[B, n]` booleans.
        """
        direction = direction * free
        within = self.simplices >= 0
        if not bool(within.any()):
            return direction
        group = self.simplices.clamp(min=0)
        total = self._summed(direction * within, group)
        count = self._summed((free & within).to(direction), group).clamp(min=1)
        return direction - torch.where(within & free, (total / count)[..., group], 0.0)

    def along_rows(self, entries: Tensor, free: Tensor, jacobian: Jacobian) -> Tensor:
        """Entries of a Jacobian, `[B, entries]`, every row without what would change a simplex's sum.

        Entries of channels that aren't free are 0.
        """
        group = self.simplices[jacobian.columns]
        within = group >= 0
        if not bool(within.any()):
            return entries
        key = jacobian.rows * (int(self.simplices.max()) + 1) + group
        _, place = torch.unique(torch.where(within, key, -1), return_inverse=True)
        movable = free[:, jacobian.columns] & within
        total = entries.new_zeros(len(entries), int(place.max()) + 1)
        count = torch.zeros_like(total).index_add_(1, place, movable.to(entries))
        total.index_add_(1, place, entries * movable)
        return entries - torch.where(movable, (total / count.clamp(min=1))[:, place], 0.0)

    def _shares(self, x: Tensor, step: Tensor) -> Tensor:
        """`[B, n]`, the largest share of a step at which every channel of a vector keeps enough."""
        falling = (step < 0) & (self.simplices >= 0)
        share = torch.where(falling, (1 - KEPT) * x / -torch.where(falling, step, -1.0), 1.0).clamp(max=1)
        group = self.simplices.clamp(min=0).expand_as(x)
        least = torch.ones(len(x), int(group.max()) + 1, dtype=x.dtype)
        least.scatter_reduce_(1, group, torch.where(self.simplices >= 0, share, 1.0), "amin")
        return least.gather(1, group)

    def _summed(self, values: Tensor, group: Tensor) -> Tensor:
        out = torch.zeros(*values.shape[:-1], int(group.max()) + 1, dtype=values.dtype)
        return out.index_add_(-1, group, values)


def ends(kind: Kind) -> tuple[float, float, bool]:
    """Low end, high end and whether they are left out, of a real or of the channels of a vector.

    A uniform variable's ends are in its support, a beta's and those of positive variables aren't.
    """
    if kind.support == "simplex":
        return 0.0, torch.inf, True
    if kind.bounds is not None:
        return *kind.bounds, kind.support != "interval"
    if kind.support == "unit":
        return 0.0, 1.0, True
    if kind.support == "positive":
        return 0.0, torch.inf, True
    return -torch.inf, torch.inf, False
