"""Damped Gauss-Newton steps on a batch of equation systems, block by block, inside the variables' supports.

The damping of a block is a factor times its sum of squares, which keeps convergence quadratic also where the
solution is no single point (Yamashita and Fukushima 2001); the factor goes by how well a step was predicted
(Levenberg 1944, Marquardt 1963). Steps are measured in the variables' spreads, so that what the
equations leave open stays close to where it was.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from gsdmc.inference.refinement.blocks import Blocks
from gsdmc.inference.refinement.jacobian import Jacobian
from gsdmc.inference.refinement.supports import Supports

LIMIT = 100
"""Most iterations."""

FIRST, LEAST, RAISED = 0.1, 1e-10, 1e-3
"""The damping's factor at first, at least, and at least after a step that made things worse."""

REJECTED, IDLE = 12, 3
"""Steps in a row that may make things worse, and that may gain next to nothing, before a block is left."""

GAIN, ROUNDING, FLOOR = 1e-8, 1e-15, 1e-26
"""Shares: of its sum of squares that a step must gain, of a residual's size that is rounding, and of a
column's squares that the damping is at least."""


@dataclass(frozen=True, eq=False)
class System:
    """A batch of systems with one pattern, in units in which residuals and steps are about 1.

    Attributes:
        residuals: of `[b, n]` numbers, for the given `[b]` members of the batch, `[b, m]`, and whether the
            numbers are allowed, `[b]`.
        entries: of the Jacobian of the residuals there, `[b, entries]`.
        jacobian: what the entries stand for.
        blocks: its blocks.
        supports: of the numbers.
    """

    residuals: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]
    entries: Callable[[Tensor, Tensor], Tensor]
    jacobian: Jacobian
    blocks: Blocks
    supports: Supports


@dataclass(frozen=True, eq=False)
class Solution:
    """Numbers `[B, n]` whose sums of squares are no larger than at the start, and iterations, `[B]`."""

    x: Tensor
    iterations: Tensor


def minimise(system: System, x: Tensor) -> Solution:
    """Lower the residuals' squares from `x`, `[B, n]`."""
    x = x.clone()
    everyone = torch.arange(len(x))
    residual, _ = system.residuals(x, everyone)
    cost = system.blocks.summed(residual.square())  # [B, blocks]
    floor = ROUNDING**2 * system.blocks.summed(torch.ones_like(residual))
    entries = system.entries(x, everyone)
    factor = torch.full_like(cost, FIRST)
    rejected, idle = (torch.zeros_like(cost, dtype=torch.int64) for _ in range(2))
    done = ~(cost > floor) | ~cost.isfinite()
    done[:, -1] = True  # nothing changes residuals that depend on no number
    done[~entries.isfinite().all(1)] = True
    iterations = torch.zeros(len(x), dtype=torch.int64)
    for _ in range(LIMIT):
        busy = (~done).any(1).nonzero().flatten()
        if not len(busy):
            break
        iterations[busy] += 1
        here, r, before, moving = x[busy], residual[busy], cost[busy], ~done[busy]
        moved = _step(system, here, r, entries[busy], factor[busy] * before, moving)
        trial = torch.where(moving[:, system.blocks.of_column], system.supports.move(here, moved), here)
        change = (trial - here) / system.supports.spread
        linear = r + system.jacobian.times(entries[busy], change)
        expected = before - system.blocks.summed(linear.square())
        reached, allowed = system.residuals(trial, busy)
        after = system.blocks.summed(reached.square())
        gained = before - after
        better = moving & allowed[:, None] & (gained > 0)
        x[busy] = torch.where(better[:, system.blocks.of_column], trial, here)
        residual[busy] = torch.where(better[:, system.blocks.of_row], reached, r)
        cost[busy] = torch.where(better, after, before)
        factor[busy] = _damped(factor[busy], better, gained / expected)
        rejected[busy] = torch.where(better, 0, rejected[busy] + 1)
        idle[busy] = torch.where(better & (gained > GAIN * before), 0, idle[busy] + better)
        rounded = (cost[busy] <= 1e6 * floor[busy]) & (rejected[busy] > 1)
        hopeless = (expected >= 0) & (expected <= ROUNDING * before)  # nothing to gain, whatever the damping
        finished = (
            (rejected >= REJECTED)[busy] | (idle >= IDLE)[busy] | ~(cost > floor)[busy] | rounded | hopeless
        )
        done[busy] |= finished
        renewed = busy[better.any(1) & (~done[busy]).any(1)]
        if len(renewed):
            entries[renewed] = system.entries(x[renewed], renewed)
            done[renewed[~entries[renewed].isfinite().all(1)]] = True
    return Solution(x, iterations)


def _damped(factor: Tensor, better: Tensor, ratio: Tensor) -> Tensor:
    """The next factors: smaller after a step that went as predicted, larger after one that didn't."""
    adapted = torch.where(ratio > 0.75, factor / 10, torch.where(ratio < 0.25, factor * 4, factor))
    return torch.where(better, adapted, factor.clamp(min=RAISED) * 8).clamp(min=LEAST)


def _step(
    system: System, x: Tensor, residual: Tensor, entries: Tensor, damping: Tensor, moving: Tensor
) -> Tensor:
    """A damped step of the numbers of moving blocks, `[B, n]`, along the supports' edges where it must."""
    supports, jacobian = system.supports, system.jacobian
    slope = jacobian.transposed_times(entries, residual)  # [B, n]
    everything = torch.ones_like(x, dtype=torch.bool)
    downhill = supports.along(-slope, everything)
    free = ~supports.blocked(x, downhill)
    inside = supports.along_rows(entries * free[:, jacobian.columns], free, jacobian)
    largest = x.new_zeros(x.shape).index_add_(1, jacobian.columns, inside.square())
    ceiling = x.new_zeros(len(x), system.blocks.count)
    ceiling.scatter_reduce_(1, system.blocks.of_column.expand_as(x), largest, "amax")
    damping = damping + FLOOR * ceiling + torch.finfo(x.dtype).tiny
    q = system.blocks.step(inside, residual * moving[:, system.blocks.of_row], damping)
    return supports.along(q, free) * supports.spread
