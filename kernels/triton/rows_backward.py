"""Gradients row by row, in one pass without atomics.

The structure is symmetric, so whoever attends to row i is a neighbour of i: a program that loads the q, k, v,
dO, log-sum-exp and delta of i's neighbours knows the weights in both directions, and sums dQ, dK and dV of
its own rows.
"""

from __future__ import annotations

import triton.language as tl

from gsdmc.kernels.triton.run import kernel


@kernel
def differentiate_rows(
    q: tl.pointer_type,  # [B, H, N, D] by strides
    k: tl.pointer_type,
    v: tl.pointer_type,
    d_out: tl.pointer_type,
    lse: tl.pointer_type,  # [B, H, N]
    delta: tl.pointer_type,  # [B, H, N], each row's sum of out·d_out
    set_bias: tl.pointer_type,  # [H, S]
    d_q: tl.pointer_type,  # [B, places, H, D]
    d_k: tl.pointer_type,
    d_v: tl.pointer_type,
    d_scores: tl.pointer_type,  # [B, H, L]
    nodes: tl.pointer_type,
    targets: tl.pointer_type,
    starts: tl.pointer_type,
    neighbours: tl.pointer_type,
    sets: tl.pointer_type,
    mirrored: tl.pointer_type,
    q_batch: tl.tensor,
    q_head: tl.tensor,
    q_node: tl.tensor,
    k_batch: tl.tensor,
    k_head: tl.tensor,
    k_node: tl.tensor,
    v_batch: tl.tensor,
    v_head: tl.tensor,
    v_node: tl.tensor,
    o_batch: tl.tensor,
    o_head: tl.tensor,
    o_node: tl.tensor,
    heads: tl.tensor,
    first: tl.tensor,  # slice
    slices: tl.tensor,
    nodes_count: tl.tensor,
    places: tl.tensor,
    set_count: tl.tensor,
    slots: tl.tensor,
    SCALE: tl.constexpr,
    UNIT: tl.constexpr,  # of strides
    D: tl.constexpr,
    BL: tl.constexpr,  # rows
    BW: tl.constexpr,  # lanes
    BD: tl.constexpr,
    ACC: tl.constexpr,
    BIASED: tl.constexpr,
    KEEP: tl.constexpr,  # d_scores
) -> None:
    """Gradients of a slice's own queries, keys and values, and of the scores of its entries."""
    pid = tl.program_id(0)
    head = (pid % heads).to(tl.int64)
    piece = first + pid // heads % slices
    batch = (pid // heads // slices).to(tl.int64)
    d = tl.arange(0, BD)
    across = d[None, None, :]
    row = piece * BL + tl.arange(0, BL)
    slot = tl.arange(0, BL)[:, None] * BW + tl.arange(0, BW)[None, :]  # [BL, BW]
    q += (batch * q_batch + head * q_head) * UNIT
    k += (batch * k_batch + head * k_head) * UNIT
    v += (batch * v_batch + head * v_head) * UNIT
    d_out += (batch * o_batch + head * o_head) * UNIT
    q_node = q_node.to(tl.int64)
    k_node = k_node.to(tl.int64)
    v_node = v_node.to(tl.int64)
    o_node = o_node.to(tl.int64)
    lse += (batch * heads + head) * nodes_count
    delta += (batch * heads + head) * nodes_count

    i = tl.load(nodes + row).to(tl.int64)  # [BL]
    held = (i >= 0)[:, None] & (d < D)[None, :]
    along = i[:, None]
    q_i = tl.load(q + along * q_node * UNIT + d[None, :], mask=held, other=0.0).to(ACC)[:, None, :]
    k_i = tl.load(k + along * k_node * UNIT + d[None, :], mask=held, other=0.0).to(ACC)[:, None, :]
    v_i = tl.load(v + along * v_node * UNIT + d[None, :], mask=held, other=0.0).to(ACC)[:, None, :]
    o_i = tl.load(d_out + along * o_node * UNIT + d[None, :], mask=held, other=0.0).to(ACC)[:, None, :]
    lse_i = tl.load(lse + i, mask=i >= 0, other=0.0)[:, None]  # [BL, 1]
    delta_i = tl.load(delta + i, mask=i >= 0, other=0.0)[:, None]

    d_q_i = tl.zeros([BL, BW, BD], ACC)
    d_k_i = tl.zeros([BL, BW, BD], ACC)
    d_v_i = tl.zeros([BL, BW, BD], ACC)
    begin = tl.load(starts + piece)
    neighbours += begin
    sets += begin
    mirrored += begin
    if KEEP:
        d_scores += (batch * heads + head) * slots + begin
    length = (tl.load(starts + piece + 1) - begin).to(tl.int32)
    for at in range(0, length, BL * BW):
        j = tl.load(neighbours + at + slot).to(tl.int64)  # [BL, BW]
        there = j >= 0
        mask = there[:, :, None] & (across < D)
        beside = j[:, :, None]
        k_j = tl.load(k + beside * k_node * UNIT + across, mask=mask, other=0.0).to(ACC)  # [BL, BW, BD]
        v_j = tl.load(v + beside * v_node * UNIT + across, mask=mask, other=0.0).to(ACC)
        score = SCALE * tl.sum(q_i * k_j, axis=2)  # [BL, BW], i attends to j
        if BIASED:
            role_set = tl.load(sets + at + slot).to(tl.int64)
            score += tl.load(set_bias + head * set_count + role_set, mask=there, other=0.0).to(ACC)
        weight = tl.exp(tl.where(there, score - lse_i, float("-inf")))
        d_score = weight * (tl.sum(o_i * v_j, axis=2) - delta_i)
        d_q_i += d_score[:, :, None] * k_j
        if KEEP:
            tl.store(d_scores + at + slot, d_score, mask=there)

        q_j = tl.load(q + beside * q_node * UNIT + across, mask=mask, other=0.0).to(ACC)
        o_j = tl.load(d_out + beside * o_node * UNIT + across, mask=mask, other=0.0).to(ACC)
        lse_j = tl.load(lse + j, mask=there, other=0.0)
        delta_j = tl.load(delta + j, mask=there, other=0.0)
        score = SCALE * tl.sum(q_j * k_i, axis=2)  # j attends to i
        if BIASED:
            role_set = tl.load(mirrored + at + slot).to(tl.int64)
            score += tl.load(set_bias + head * set_count + role_set, mask=there, other=0.0).to(ACC)
        weight = tl.exp(tl.where(there, score - lse_j, float("-inf")))
        d_score = weight * (tl.sum(o_j * v_i, axis=2) - delta_j)
        d_k_i += d_score[:, :, None] * q_j
        d_v_i += weight[:, :, None] * o_j

    target = tl.load(targets + row).to(tl.int64)[:, None]
    place = ((batch * places + target) * heads + head) * D + d[None, :]  # [BL, BD]
    tl.store(d_q + place, SCALE * tl.sum(d_q_i, axis=1), mask=held)
    tl.store(d_k + place, SCALE * tl.sum(d_k_i, axis=1), mask=held)
    tl.store(d_v + place, tl.sum(d_v_i, axis=1), mask=held)


@kernel
def row_products(
    out: tl.pointer_type,  # [B, N, H, D]
    d_out: tl.pointer_type,  # [B, H, N, D] by strides
    delta: tl.pointer_type,  # [B, H, N]
    o_batch: tl.tensor,
    o_head: tl.tensor,
    o_node: tl.tensor,
    heads: tl.tensor,
    nodes_count: tl.tensor,
    blocks: tl.tensor,
    UNIT: tl.constexpr,  # of strides
    D: tl.constexpr,
    BL: tl.constexpr,
    BD: tl.constexpr,
    ACC: tl.constexpr,
) -> None:
    """Each row's sum of out·d_out, which the gradient of a softmax subtracts."""
    pid = tl.program_id(0)
    head = (pid % heads).to(tl.int64)
    block = pid // heads % blocks
    batch = (pid // heads // blocks).to(tl.int64)
    i = block * BL + tl.arange(0, BL)
    d = tl.arange(0, BD)
    held = (i < nodes_count)[:, None] & (d < D)[None, :]
    o_node = o_node.to(tl.int64)
    out += ((batch * nodes_count + i[:, None]) * heads + head) * D + d[None, :]
    d_out += (batch * o_batch + head * o_head + i[:, None] * o_node) * UNIT + d[None, :]
    out_i = tl.load(out, mask=held, other=0.0).to(ACC)  # [BL, BD]
    o_i = tl.load(d_out, mask=held, other=0.0).to(ACC)
    delta += (batch * heads + head) * nodes_count + i
    tl.store(delta, tl.sum(out_i * o_i, axis=1), mask=i < nodes_count)
