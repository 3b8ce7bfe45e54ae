"""Sums of score gradients over batch and role sets, from partial sums in a fixed order: no atomics."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import triton.language as tl
from torch import Tensor

from gsdmc.kernels.triton.configs import power_of_two
from gsdmc.kernels.triton.inputs import accumulator
from gsdmc.kernels.triton.run import kernel, run

SLOTS = 512  # of one role set, per program and example
EXAMPLES = 8
PARTIALS = 256  # added per step of the last sum


@dataclass(eq=False)
class Groups:
    """The slots of each role set, in pieces of at most `SLOTS`.

    Attributes:
        order: `[E]` slots, those of one role set together.
        pieces: `[C + 1]` where each piece begins in `order`; none spans two sets.
        sets: `[S + 1]` the first piece of each role set.
    """

    order: Tensor
    pieces: Tensor
    sets: Tensor


def group(slots: Tensor, role_sets: Tensor, set_count: int) -> Groups:
    """Group `slots`, one per entry, by the `role_sets` of the entries."""
    order = slots[role_sets.argsort(stable=True)]
    sizes = torch.bincount(role_sets, minlength=set_count)
    counts = (sizes + SLOTS - 1) // SLOTS
    sets = torch.cat([counts.new_zeros(1), counts.cumsum(0)])
    of = torch.repeat_interleave(counts)  # [C] role set of each piece
    step = torch.arange(of.numel(), device=slots.device) - sets[of]
    begin = (sizes.cumsum(0) - sizes)[of] + step * SLOTS
    return Groups(order, torch.cat([begin, begin.new_tensor([slots.numel()])]), sets)


def role_sums(d_scores: Tensor, groups: Groups) -> Tensor:
    """Sum `[B, H, L]` over the batch and the slots of each role set: `[H, S]`."""
    batch, heads, slots = d_scores.shape
    pieces, set_count = groups.pieces.numel() - 1, groups.sets.numel() - 1
    examples = min(EXAMPLES, power_of_two(max(1, batch)))
    shares = -(-batch // examples)
    partials = d_scores.new_empty(heads, pieces, shares)
    tile = {"SLOTS": SLOTS, "EXAMPLES": examples, "ACC": accumulator(d_scores)}
    run(
        sum_pieces,
        heads * pieces * shares,
        (d_scores, partials, groups.order, groups.pieces, batch, heads, slots, pieces, shares),
        tile,
        warps=8,
    )
    sums = d_scores.new_empty(heads, set_count)
    last = {"BLOCK": PARTIALS, "ACC": accumulator(d_scores)}
    run(sum_sets, heads * set_count, (partials, sums, groups.sets, set_count, pieces, shares), last, warps=4)
    return sums


@kernel
def sum_pieces(
    d_scores: tl.pointer_type,  # [B, H, L]
    partials: tl.pointer_type,  # [H, C, G]
    order: tl.pointer_type,
    begins: tl.pointer_type,
    batch: tl.tensor,
    heads: tl.tensor,
    slots: tl.tensor,
    pieces: tl.tensor,
    shares: tl.tensor,
    SLOTS: tl.constexpr,
    EXAMPLES: tl.constexpr,
    ACC: tl.constexpr,
) -> None:
    """One piece of one role set, one head and `EXAMPLES` examples."""
    pid = tl.program_id(0)
    share = pid % shares
    piece = pid // shares % pieces
    head = pid // shares // pieces
    b = (share * EXAMPLES + tl.arange(0, EXAMPLES)).to(tl.int64)
    e = tl.load(begins + piece) + tl.arange(0, SLOTS)
    inside = e < tl.load(begins + piece + 1)
    slot = tl.load(order + e, mask=inside, other=0)
    at = d_scores + (b[:, None] * heads + head) * slots + slot[None, :]
    mask = (b < batch)[:, None] & inside[None, :]
    values = tl.load(at, mask=mask, other=0.0).to(ACC)  # [EXAMPLES, SLOTS]
    tl.store(partials + pid, tl.sum(tl.sum(values, axis=0), axis=0))


@kernel
def sum_sets(
    partials: tl.pointer_type,  # [H, C, G]
    sums: tl.pointer_type,  # [H, S]
    sets: tl.pointer_type,
    set_count: tl.tensor,
    pieces: tl.tensor,
    shares: tl.tensor,
    BLOCK: tl.constexpr,
    ACC: tl.constexpr,
) -> None:
    """All partial sums of one role set and head, in order."""
    pid = tl.program_id(0)
    role_set = pid % set_count
    head = (pid // set_count).to(tl.int64)
    end = tl.load(sets + role_set + 1) * shares
    lane = tl.arange(0, BLOCK)
    total = tl.zeros([BLOCK], ACC)
    for at in range(tl.load(sets + role_set) * shares, end, BLOCK):
        mask = at + lane < end
        total += tl.load(partials + head * pieces * shares + at + lane, mask=mask, other=0.0)
    tl.store(sums + pid, tl.sum(total, axis=0))
