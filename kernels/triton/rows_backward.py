"""Gradients row by row, in one pass without atomics.

The structure is symmetric, so whoever attends to row i is a neighbour of i: a program that loads the q, k, v,
dO, log-sum-exp and delta of i's neighbours knows the weights in both directions, and sums dQ, dK and dV of its own rows.
"""

from __future__ import annotations

from typing import Any

import triton
import triton.language as tl


@triton.jit(do_not_specialize=["heads", "first", "slices", "nodes_count", "places", "set_count", "slots"])
def differentiate_rows(
    q: Any,  # [B, H, N, D] by strides
    k: Any,
    v: Any,
    d_out: Any,
    lse: Any,  # [B, H, N]
    delta: Any,  # [B, H, N], each row's sum of out·d_out
    set_bias: Any,  # [H, S]
    d_q: Any,  # [B, places, H, D]
    d_k: Any,
    d_v: Any,
    d_scores: Any,  # [B, H, L]
    nodes: Any,
    targets: Any,
    starts: Any,
    neighbours: Any,
    sets: Any,
    mirrored: Any,
    q_batch: Any,
    q_head: Any,
    q_node: Any,
    k_batch: Any,
    k_head: Any,
    k_node: Any,
    v_batch: Any,
    v_head: Any,
    v_node: Any,
    o_batch: Any,
    o_head: Any,
    o_node: Any,
    heads: Any,
    first: Any,  # slice
    slices: Any,
    nodes_count: Any,
    places: Any,
    set_count: Any,
    slots: Any,
    SCALE: tl.constexpr,
    D: tl.constexpr,
    BL: tl.constexpr,  # rows
    BW: tl.constexpr,  # lanes
    BD: tl.constexpr,
    ACC: tl.constexpr,
    BIASED: tl.constexpr,
    KEEP: tl.constexpr,  # d_scores
) -> None:
    """Gradients of a slice's own queries, keys and values, and of the scores of its entries."""
    pid = tl.program_id(0).to(tl.int64)
    head = pid % heads
    piece = first + pid // heads % slices
    batch = pid // heads // slices
    d = tl.arange(0, BD)
    row = piece * BL + tl.arange(0, BL)
    slot = tl.arange(0, BL)[:, None] * BW + tl.arange(0, BW)[None, :]  # [BL, BW]
    q += batch * q_batch + head * q_head
    k += batch * k_batch + head * k_head
    v += batch * v_batch + head * v_head
    d_out += batch * o_batch + head * o_head
    lse += (batch * heads + head) * nodes_count
    delta += (batch * heads + head) * nodes_count

    i = tl.load(nodes + row).to(tl.int64)  # [BL]
    held = (i >= 0)[:, None] & (d < D)[None, :]
    q_i = tl.load(q + i[:, None] * q_node + d[None, :], mask=held, other=0.0).to(ACC)[:, None, :]  # [BL, 1, BD]
    k_i = tl.load(k + i[:, None] * k_node + d[None, :], mask=held, other=0.0).to(ACC)[:, None, :]
    v_i = tl.load(v + i[:, None] * v_node + d[None, :], mask=held, other=0.0).to(ACC)[:, None, :]
    o_i = tl.load(d_out + i[:, None] * o_node + d[None, :], mask=held, other=0.0).to(ACC)[:, None, :]
    lse_i = tl.load(lse + i, mask=i >= 0, other=0.0)[:, None]  # [BL, 1]
    delta_i = tl.load(delta + i, mask=i >= 0, other=0.0)[:, None]

    d_q_i = tl.zeros([BL, BW, BD], ACC)
    d_k_i = tl.zeros([BL, BW, BD], ACC)
    d_v_i = tl.zeros([BL, BW, BD], ACC)
    for at in range(tl.load(starts + piece), tl.load(starts + piece + 1), BL * BW):
        j = tl.load(neighbours + at + slot).to(tl.int64)  # [BL, BW]
        there = j >= 0
        mask = there[:, :, None] & (d < D)[None, None, :]
        along = j[:, :, None]
        k_j = tl.load(k + along * k_node + d[None, None, :], mask=mask, other=0.0).to(ACC)  # [BL, BW, BD]
        v_j = tl.load(v + along * v_node + d[None, None, :], mask=mask, other=0.0).to(ACC)
        score = SCALE * tl.sum(q_i * k_j, axis=2)  # [BL, BW], i attends to j
        if BIASED:
            role_set = tl.load(sets + at + slot).to(tl.int64)
            score += tl.load(set_bias + head * set_count + role_set, mask=there, other=0.0).to(ACC)
        weight = tl.exp(tl.where(there, score - lse_i, float("-inf")))
        d_score = weight * (tl.sum(o_i * v_j, axis=2) - delta_i)
        d_q_i += d_score[:, :, None] * k_j
        if KEEP:
            tl.store(d_scores + (batch * heads + head) * slots + at + slot, d_score, mask=there)

        q_j = tl.load(q + along * q_node + d[None, None, :], mask=mask, other=0.0).to(ACC)
        o_j = tl.load(d_out + along * o_node + d[None, None, :], mask=mask, other=0.0).to(ACC)
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


@triton.jit(do_not_specialize=["heads", "nodes_count", "blocks"])
def row_products(
    out: Any,  # [B, N, H, D]
    d_out: Any,  # [B, H, N, D] by strides
    delta: Any,  # [B, H, N]
    o_batch: Any,
    o_head: Any,
    o_node: Any,
    heads: Any,
    nodes_count: Any,
    blocks: Any,
    D: tl.constexpr,
    BL: tl.constexpr,
    BD: tl.constexpr,
    ACC: tl.constexpr,
) -> None:
    """Each row's sum of out·d_out, which the gradient of a softmax subtracts."""
    pid = tl.program_id(0).to(tl.int64)
    head = pid % heads
    block = pid // heads % blocks
    batch = pid // heads // blocks
    i = block * BL + tl.arange(0, BL)
    d = tl.arange(0, BD)
    held = (i < nodes_count)[:, None] & (d < D)[None, :]
    at = ((batch * nodes_count + i[:, None]) * heads + head) * D + d[None, :]
    at_d = batch * o_batch + head * o_head + i[:, None] * o_node + d[None, :]
    product = tl.load(out + at, mask=held, other=0.0).to(ACC) * tl.load(d_out + at_d, mask=held, other=0.0).to(ACC)
    tl.store(delta + (batch * heads + head) * nodes_count + i, tl.sum(product, axis=1), mask=i < nodes_count)
