"""Rows that were cut into parts are put together again, part after part."""

from __future__ import annotations

import triton.language as tl

from gsdmc.kernels.triton.run import kernel


@kernel
def merge_outputs(
    part_out: tl.pointer_type,  # [B, P, H, D]
    part_lse: tl.pointer_type,  # [B, H, P]
    out: tl.pointer_type,  # [B, N, H, D]
    lse: tl.pointer_type,  # [B, H, N]
    hubs: tl.pointer_type,
    hub_parts: tl.pointer_type,
    heads: tl.tensor,
    hubs_count: tl.tensor,
    parts: tl.tensor,
    nodes_count: tl.tensor,
    D: tl.constexpr,
    BP: tl.constexpr,  # parts
    BD: tl.constexpr,
    ACC: tl.constexpr,
) -> None:
    """Output and log-sum-exp of a row, of one head and example, by an online softmax over its parts."""
    pid = tl.program_id(0)
    head = (pid % heads).to(tl.int64)
    hub = pid // heads % hubs_count
    batch = (pid // heads // hubs_count).to(tl.int64)
    d = tl.arange(0, BD)
    end = tl.load(hub_parts + hub + 1)
    top = tl.full([BP], -3e38, ACC)
    total = tl.zeros([BP], ACC)
    mixed = tl.zeros([BP, BD], ACC)
    for at in range(tl.load(hub_parts + hub), end, BP):
        part = at + tl.arange(0, BP)
        there = part < end
        score = tl.load(part_lse + (batch * heads + head) * parts + part, mask=there, other=float("-inf"))
        place = ((batch * parts + part[:, None]) * heads + head) * D + d[None, :]
        value = tl.load(part_out + place, mask=there[:, None] & (d < D)[None, :], other=0.0)  # [BP, BD]
        higher = tl.maximum(top, score)
        shrink = tl.exp(top - higher)
        weight = tl.exp(score - higher)
        total = total * shrink + weight
        mixed = mixed * shrink[:, None] + weight[:, None] * value
        top = higher
    highest = tl.max(top, axis=0)
    shrink = tl.exp(top - highest)
    sum_of_all = tl.sum(total * shrink, axis=0)
    i = tl.load(hubs + hub)
    merged = tl.sum(mixed * shrink[:, None], axis=0) / sum_of_all  # [BD]
    tl.store(out + ((batch * nodes_count + i) * heads + head) * D + d, merged, mask=d < D)
    tl.store(lse + (batch * heads + head) * nodes_count + i, highest + tl.log(sum_of_all))


@kernel
def merge_gradients(
    part_d_q: tl.pointer_type,  # [B, P, H, D]
    part_d_k: tl.pointer_type,
    part_d_v: tl.pointer_type,
    d_q: tl.pointer_type,  # [B, N, H, D]
    d_k: tl.pointer_type,
    d_v: tl.pointer_type,
    hubs: tl.pointer_type,
    hub_parts: tl.pointer_type,
    heads: tl.tensor,
    hubs_count: tl.tensor,
    parts: tl.tensor,
    nodes_count: tl.tensor,
    D: tl.constexpr,
    BP: tl.constexpr,  # parts
    BD: tl.constexpr,
    ACC: tl.constexpr,
) -> None:
    """Gradients of a row, of one head and example, as sums over its parts."""
    pid = tl.program_id(0)
    head = (pid % heads).to(tl.int64)
    hub = pid // heads % hubs_count
    batch = (pid // heads // hubs_count).to(tl.int64)
    d = tl.arange(0, BD)
    end = tl.load(hub_parts + hub + 1)
    d_q_i = tl.zeros([BP, BD], ACC)
    d_k_i = tl.zeros([BP, BD], ACC)
    d_v_i = tl.zeros([BP, BD], ACC)
    for at in range(tl.load(hub_parts + hub), end, BP):
        part = at + tl.arange(0, BP)
        mask = (part < end)[:, None] & (d < D)[None, :]
        place = ((batch * parts + part[:, None]) * heads + head) * D + d[None, :]
        d_q_i += tl.load(part_d_q + place, mask=mask, other=0.0)
        d_k_i += tl.load(part_d_k + place, mask=mask, other=0.0)
        d_v_i += tl.load(part_d_v + place, mask=mask, other=0.0)
    target = ((batch * nodes_count + tl.load(hubs + hub)) * heads + head) * D + d
    tl.store(d_q + target, tl.sum(d_q_i, axis=0), mask=d < D)
    tl.store(d_k + target, tl.sum(d_k_i, axis=0), mask=d < D)
    tl.store(d_v + target, tl.sum(d_v_i, axis=0), mask=d < D)
