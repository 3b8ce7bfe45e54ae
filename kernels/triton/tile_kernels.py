"""Attention of a small graph as one dense tile under a mask: products instead of gathers."""

from __future__ import annotations

import triton.language as tl

from gsdmc.kernels.triton.run import kernel


@kernel
def attend_tile(
    q: tl.pointer_type,  # [B, H, N, D] by strides
    k: tl.pointer_type,
    v: tl.pointer_type,
    set_bias: tl.pointer_type,  # [H, S]
    out: tl.pointer_type,  # [B, N, H, D]
    lse: tl.pointer_type,  # [B, H, N]
    sets: tl.pointer_type,  # [BN, BN]
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
    nodes: tl.tensor,
    blocks: tl.tensor,
    set_count: tl.tensor,
    SCALE: tl.constexpr,
    UNIT: tl.constexpr,  # of strides
    D: tl.constexpr,
    BM: tl.constexpr,  # queries
    BN: tl.constexpr,  # keys, all of them
    BD: tl.constexpr,
    DOT: tl.constexpr,  # dtype of products
    BIASED: tl.constexpr,
) -> None:
    """Weighted values and log-sum-exp of `BM` rows of one head of one example."""
    pid = tl.program_id(0)
    head = (pid % heads).to(tl.int64)
    block = pid // heads % blocks
    batch = (pid // heads // blocks).to(tl.int64)
    d = tl.arange(0, BD)
    i = block * BM + tl.arange(0, BM)
    j = tl.arange(0, BN)
    rows = (i < nodes)[:, None] & (d < D)[None, :]
    columns = (j < nodes)[:, None] & (d < D)[None, :]
    q += (batch * q_batch + head * q_head) * UNIT
    k += (batch * k_batch + head * k_head) * UNIT
    v += (batch * v_batch + head * v_head) * UNIT
    q_node = q_node.to(tl.int64) * UNIT
    k_node = k_node.to(tl.int64) * UNIT
    v_node = v_node.to(tl.int64) * UNIT
    q_i = tl.load(q + i[:, None] * q_node + d[None, :], mask=rows, other=0.0).to(DOT)  # [BM, BD]
    k_j = tl.load(k + j[:, None] * k_node + d[None, :], mask=columns, other=0.0).to(DOT)  # [BN, BD]
    v_j = tl.load(v + j[:, None] * v_node + d[None, :], mask=columns, other=0.0).to(DOT)
    pair = i[:, None] * BN + j[None, :]
    role_set = tl.load(sets + pair).to(tl.int32)
    there = role_set >= 0

    score = SCALE * tl.dot(q_i, tl.trans(k_j), input_precision="ieee")  # [BM, BN]
    if BIASED:
        score += tl.load(set_bias + head * set_count + role_set, mask=there, other=0.0)
    score = tl.where(there, score, float("-inf"))
    top = tl.maximum(tl.max(score, axis=1), -3e38)  # finite in rows beyond the last, which have no entries
    weight = tl.exp(score - top[:, None])
    total = tl.sum(weight, axis=1)
    total = tl.where(i < nodes, total, 1.0)
    mixed = tl.dot(weight.to(DOT), v_j, input_precision="ieee") * (1.0 / total)[:, None]  # [BM, BD]
    tl.store(out + ((batch * nodes + i[:, None]) * heads + head) * D + d[None, :], mixed, mask=rows)
    tl.store(lse + (batch * heads + head) * nodes + i, top + tl.log(total), mask=i < nodes)


@kernel
def differentiate_tile(
    q: tl.pointer_type,  # [B, H, N, D] by strides
    k: tl.pointer_type,
    v: tl.pointer_type,
    d_out: tl.pointer_type,
    out: tl.pointer_type,  # [B, N, H, D]
    lse: tl.pointer_type,  # [B, H, N]
    set_bias: tl.pointer_type,  # [H, S]
    d_q: tl.pointer_type,  # [B, N, H, D]
    d_k: tl.pointer_type,
    d_v: tl.pointer_type,
    d_scores: tl.pointer_type,  # [B, H, E]
    sets: tl.pointer_type,  # [BN, BN]
    entries: tl.pointer_type,  # [BN, BN]
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
    nodes: tl.tensor,
    set_count: tl.tensor,
    entries_count: tl.tensor,
    SCALE: tl.constexpr,
    UNIT: tl.constexpr,  # of strides
    D: tl.constexpr,
    BM: tl.constexpr,  # queries
    BN: tl.constexpr,  # keys, all of them
    BD: tl.constexpr,
    DOT: tl.constexpr,  # dtype of products
    BIASED: tl.constexpr,
    KEEP: tl.constexpr,  # d_scores
) -> None:
    """All gradients of one head of one example, `BM` queries after another."""
    pid = tl.program_id(0)
    head = (pid % heads).to(tl.int64)
    batch = (pid // heads).to(tl.int64)
    d = tl.arange(0, BD)
    j = tl.arange(0, BN)
    columns = (j < nodes)[:, None] & (d < D)[None, :]
    q += (batch * q_batch + head * q_head) * UNIT
    k += (batch * k_batch + head * k_head) * UNIT
    v += (batch * v_batch + head * v_head) * UNIT
    d_out += (batch * o_batch + head * o_head) * UNIT
    q_node = q_node.to(tl.int64) * UNIT
    k_node = k_node.to(tl.int64) * UNIT
    v_node = v_node.to(tl.int64) * UNIT
    o_node = o_node.to(tl.int64) * UNIT
    k_j = tl.load(k + j[:, None] * k_node + d[None, :], mask=columns, other=0.0).to(DOT)  # [BN, BD]
    v_j = tl.load(v + j[:, None] * v_node + d[None, :], mask=columns, other=0.0).to(DOT)
    d_k_j = tl.zeros([BN, BD], tl.float32)
    d_v_j = tl.zeros([BN, BD], tl.float32)
    for first in range(0, nodes, BM):
        i = first + tl.arange(0, BM)
        rows = (i < nodes)[:, None] & (d < D)[None, :]
        place = ((batch * nodes + i[:, None]) * heads + head) * D + d[None, :]  # [BM, BD]
        q_i = tl.load(q + i[:, None] * q_node + d[None, :], mask=rows, other=0.0).to(DOT)
        o_i = tl.load(d_out + i[:, None] * o_node + d[None, :], mask=rows, other=0.0)
        out_i = tl.load(out + place, mask=rows, other=0.0)
        delta = tl.sum(o_i.to(tl.float32) * out_i.to(tl.float32), axis=1)  # [BM]
        o_i = o_i.to(DOT)
        lse_i = tl.load(lse + (batch * heads + head) * nodes + i, mask=i < nodes, other=0.0)
        pair = i[:, None] * BN + j[None, :]
        role_set = tl.load(sets + pair).to(tl.int32)
        there = role_set >= 0

        score = SCALE * tl.dot(q_i, tl.trans(k_j), input_precision="ieee")  # [BM, BN]
        if BIASED:
            score += tl.load(set_bias + head * set_count + role_set, mask=there, other=0.0)
        weight = tl.exp(tl.where(there, score - lse_i[:, None], float("-inf")))
        d_score = weight * (tl.dot(o_i, tl.trans(v_j), input_precision="ieee") - delta[:, None])
        if KEEP:
            entry = tl.load(entries + pair).to(tl.int32)
            tl.store(d_scores + (batch * heads + head) * entries_count + entry, d_score, mask=there)
        d_v_j += tl.dot(tl.trans(weight.to(DOT)), o_i, input_precision="ieee")  # [BN, BD]
        d_k_j += tl.dot(tl.trans(d_score.to(DOT)), q_i, input_precision="ieee")
        tl.store(d_q + place, SCALE * tl.dot(d_score.to(DOT), k_j, input_precision="ieee"), mask=rows)

    place = ((batch * nodes + j[:, None]) * heads + head) * D + d[None, :]  # [BN, BD]
    tl.store(d_k + place, SCALE * d_k_j, mask=columns)
    tl.store(d_v + place, d_v_j, mask=columns)
