"""FlexAttention with the structure as its block mask, compiled; on a CPU it has no backward pass."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn.attention import flex_attention as flex

from gsdmc.kernels.structure import Structure

from .attentions import Attention

BLOCK = 128
DENSE_PAIRS = 2**28  # up to so many pairs are looked up in one table, more in tables of the live blocks


def make(s: Structure, batch: int) -> Attention:
    """Compiled for the shapes it meets; the first call takes seconds."""
    torch._dynamo.config.recompile_limit = 1000  # one compilation a shape, or later ones would run uncompiled
    compiled: Any = torch.compile(flex.flex_attention, dynamic=False)
    mask = block_mask(s)

    def attend(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        out: Tensor = compiled(q, k, v, block_mask=mask)
        return out

    return attend


def block_mask(s: Structure) -> flex.BlockMask:
    """Which blocks of queries and keys hold entries, and which of their pairs are entries.

    Made from the entries: torch's own maker looks at all N² pairs.
    """
    device, count = s.indptr.device, -(-s.nodes // BLOCK)
    block = (s.rows // BLOCK) * count + s.indices // BLOCK  # [E]
    live, which = torch.unique(block, return_inverse=True)
    alive = torch.zeros(count * count, dtype=torch.int32, device=device)
    alive[live] = 1
    alive = alive.view(count, count)
    order = alive.argsort(dim=1, descending=True, stable=True)
    if s.nodes**2 <= DENSE_PAIRS:
        pairs = torch.zeros(s.nodes, s.nodes, dtype=torch.bool, device=device)
        pairs[s.rows, s.indices] = True

        def inside(_: Tensor, __: Tensor, i: Tensor, j: Tensor) -> Tensor:
            return pairs[i, j]
    else:
        number = torch.zeros(count * count, dtype=torch.int64, device=device)
        number[live] = torch.arange(1, live.numel() + 1, device=device)
        number = number.view(count, count)
        tiles = torch.zeros(live.numel() + 1, BLOCK, BLOCK, dtype=torch.bool, device=device)
        tiles[which + 1, s.rows % BLOCK, s.indices % BLOCK] = True  # the first one is that of dead blocks

        def inside(_: Tensor, __: Tensor, i: Tensor, j: Tensor) -> Tensor:
            return tiles[number[i // BLOCK, j // BLOCK], i % BLOCK, j % BLOCK]

    return flex.BlockMask.from_kv_blocks(
        alive.sum(1, dtype=torch.int32)[None, None],
        order.to(torch.int32)[None, None],
        BLOCK_SIZE=BLOCK,
        mask_mod=inside,
        seq_lengths=(s.nodes, s.nodes),
    )
