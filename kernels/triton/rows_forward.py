"""Attention row by row: each program takes the rows of one slice, of one head of one example."""

from __future__ import annotations

import triton.language as tl

from gsdmc.kernels.triton.run import kernel


@kernel
def attend_rows(
    q: tl.pointer_type,  # [B, H, N, D] by strides
    k: tl.pointer_type,
    v: tl.pointer_type,
    set_bias: tl.pointer_type,  # [H, S]
    out: tl.pointer_type,  # [B, places, H, D]
    lse: tl.pointer_type,  # [B, H, places]
    nodes: tl.pointer_type,
    targets: tl.pointer_type,
    starts: tl.pointer_type,
    neighbours: tl.pointer_type,
    sets: tl.pointer_type,
    q_batch: tl.tensor,
    q_head: tl.tensor,
    q_node: tl.tensor,
    k_batch: tl.tensor,
    k_head: tl.tensor,
    k_node: tl.tensor,
    v_batch: tl.tensor,
    v_head: tl.tensor,
    v_node: tl.tensor,
    heads: tl.tensor,
    first: tl.tensor,  # slice
    slices: tl.tensor,
    places: tl.tensor,
    set_count: tl.tensor,
    SCALE: tl.constexpr,
    UNIT: tl.constexpr,  # of strides
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
    pid = tl.program_id(0)
    head = (pid % heads).to(tl.int64)
    piece = first + pid // heads % slices
    batch = (pid // heads // slices).to(tl.int64)
    d = tl.arange(0, BD)
    across = d[None, None, :]
    row = piece * BL + tl.arange(0, BL)
    slot = tl.arange(0, BL)[:, None] * BW + tl.arange(0, BW)[None, :]  # [BL, BW]

    i = tl.load(nodes + row).to(tl.int64)  # [BL]
    held = (i >= 0)[:, None] & (d < D)[None, :]
    q += (batch * q_batch + head * q_head) * UNIT
    k += (batch * k_batch + head * k_head) * UNIT
    v += (batch * v_batch + head * v_head) * UNIT
    q_node = q_node.to(tl.int64)
    k_node = k_node.to(tl.int64)
    v_node = v_node.to(tl.int64)
    q_i = tl.load(q + i[:, None] * q_node * UNIT + d[None, :], mask=held, other=0.0)
    q_i = q_i.to(ACC)[:, None, :]  # [BL, 1, BD]

    top = tl.full([BL, BW], -3e38, ACC)  # finite: a lane without neighbours must not make inf - inf
    total = tl.zeros([BL, BW], ACC)
    mixed = tl.zeros([BL, BW, BD], ACC)
    begin = tl.load(starts + piece)
    neighbours += begin
    sets += begin
    length = (tl.load(starts + piece + 1) - begin).to(tl.int32)
    for at in range(0, length, BL * BW):
        j = tl.load(neighbours + at + slot).to(tl.int64)  # [BL, BW]
        there = j >= 0
        mask = there[:, :, None] & (across < D)
        along = j[:, :, None]
        k_j = tl.load(k + along * k_node * UNIT + across, mask=mask, other=0.0).to(ACC)  # [BL, BW, BD]
        v_j = tl.load(v + along * v_node * UNIT + across, mask=mask, other=0.0).to(ACC)
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
    mixed_i = tl.sum(mixed * shrink[:, :, None], axis=1) * (1.0 / total_i)[:, None]  # [BL, BD]
    target = tl.load(targets + row).to(tl.int64)
    tl.store(out + ((batch * places + target[:, None]) * heads + head) * D + d[None, :], mixed_i, mask=held)
    lse_i = highest + tl.log(total_i)
    tl.store(lse + (batch * heads + head) * places + target, lse_i, mask=i >= 0)
