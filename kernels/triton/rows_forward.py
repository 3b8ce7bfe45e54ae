"""Attention row by row: each program takes the rows of one slice, of one head of one example."""

from __future__ import annotations

from typing import Any

import triton
import triton.language as tl


@triton.jit(do_not_specialize=["heads", "first", "slices", "places", "set_count"])
def attend_rows(
    q: Any,  # [B, H, N, D] by strides
    k: Any,
    v: Any,
    set_bias: Any,  # [H, S]
    out: Any,  # [B, places, H, D]
    lse: Any,  # [B, H, places]
    nodes: Any,
    targets: Any,
    starts: Any,
    neighbours: Any,
    sets: Any,
    q_batch: Any,
    q_head: Any,
    q_node: Any,
    k_batch: Any,
    k_head: Any,
    k_node: Any,
    v_batch: Any,
    v_head: Any,
    v_node: Any,
    heads: Any,
    first: Any,  # slice
    slices: Any,
    places: Any,
    set_count: Any,
    SCALE: tl.constexpr,
    D: tl.constexpr,
    BL: tl.constexpr,  # rows
    BW: tl.constexpr,  # lanes
    BD: tl.constexpr,
    ACC: tl.constexpr,
    BIASED: tl.constexpr,
) -> None:
    """Weighted values and log-sum-exp of each row of a slice.

    Every lane runs an online softmax of its own over its share of the neighbours, so the loop sums nothing
    but products over D; the lanes are merged at the end.
    """
    pid = tl.program_id(0).to(tl.int64)
    head = pid % heads
    piece = first + pid // heads % slices
    batch = pid // heads // slices
    d = tl.arange(0, BD)
    row = piece * BL + tl.arange(0, BL)
    slot = tl.arange(0, BL)[:, None] * BW + tl.arange(0, BW)[None, :]  # [BL, BW]

    i = tl.load(nodes + row).to(tl.int64)  # [BL]
    held = (i >= 0)[:, None] & (d < D)[None, :]
    at_i = batch * q_batch + head * q_head + i[:, None] * q_node + d[None, :]
    q_i = tl.load(q + at_i, mask=held, other=0.0).to(ACC)[:, None, :]  # [BL, 1, BD]
    k_head_base = k + batch * k_batch + head * k_head + d[None, None, :]
    v_head_base = v + batch * v_batch + head * v_head + d[None, None, :]

    top = tl.full([BL, BW], -3e38, ACC)  # finite: a lane without neighbours must not make inf - inf
    total = tl.zeros([BL, BW], ACC)
    mixed = tl.zeros([BL, BW, BD], ACC)
    for at in range(tl.load(starts + piece), tl.load(starts + piece + 1), BL * BW):
        j = tl.load(neighbours + at + slot).to(tl.int64)  # [BL, BW]
        there = j >= 0
        mask = there[:, :, None] & (d < D)[None, None, :]
        k_j = tl.load(k_head_base + j[:, :, None] * k_node, mask=mask, other=0.0).to(ACC)  # [BL, BW, BD]
        v_j = tl.load(v_head_base + j[:, :, None] * v_node, mask=mask, other=0.0).to(ACC)
        score = SCALE * tl.sum(q_i * k_j, axis=2)  # [BL, BW]
        if BIASED:
            role_set = tl.load(sets + at + slot).to(tl.int64)
            score += tl.load(set_bias + head * set_count + role_set, mask=there, other=0.0).to(ACC)
        score = tl.where(there, score, float("-inf"))
        higher = tl.maximum(top, score)
        shrink = tl.exp(top - higher)
        weight = tl.exp(score - higher)
        total = total * shrink + weight
        mixed = mixed * shrink[:, :, None] + weight[:, :, None] * v_j
        top = higher

    highest = tl.max(top, axis=1)  # [BL]
    shrink = tl.exp(top - highest[:, None])
    total_i = tl.sum(total * shrink, axis=1)
    total_i = tl.where(i >= 0, total_i, 1.0)
    mixed_i = tl.sum(mixed * shrink[:, :, None], axis=1) / total_i[:, None]  # [BL, BD]
    target = tl.load(targets + row).to(tl.int64)
    tl.store(out + ((batch * places + target[:, None]) * heads + head) * D + d[None, :], mixed_i, mask=held)
    lse_i = highest + tl.log(total_i)
    tl.store(lse + (batch * heads + head) * places + target, lse_i, mask=i >= 0)
