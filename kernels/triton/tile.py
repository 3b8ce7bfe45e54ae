"""Attention of a small graph as one dense tile under a mask: products instead of gathers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
import triton
import triton.language as tl
from torch import Tensor

from gsdmc.kernels.structure import Structure
from gsdmc.kernels.triton.role_sums import Groups, group


@dataclass(eq=False)
class Table:
    """The structure as dense tables.

    Attributes:
        sets: `[N, N]` the role set of each pair, -1 where there is no entry.
        entries: `[N, N]` the number of each entry, -1 where there is none.
        groups: entries by role set.
    """

    sets: Tensor
    entries: Tensor
    groups: Groups


def table(structure: Structure) -> Table:
    """Dense tables, made once per structure and kept in its cache."""
    if "triton table" not in structure.cache:
        n, device = structure.nodes, structure.indptr.device
        entry = torch.arange(structure.entries, device=device)
        sets = torch.full((n, n), -1, dtype=torch.int16, device=device)
        sets[structure.rows, structure.indices] = structure.role_sets.to(torch.int16)  # at most N² < 2**15 sets
        entries = torch.full((n, n), -1, dtype=torch.int16, device=device)
        entries[structure.rows, structure.indices] = entry.to(torch.int16)
        groups = group(entry, structure.role_sets, structure.membership.shape[0])
        structure.cache["triton table"] = Table(sets, entries, groups)
    found = structure.cache["triton table"]
    assert isinstance(found, Table)
    return found


@triton.jit(do_not_specialize=["heads", "nodes", "blocks", "set_count"])
def attend_tile(
    q: Any,  # [B, H, N, D] by strides
    k: Any,
    v: Any,
    set_bias: Any,  # [H, S]
    out: Any,  # [B, N, H, D]
    lse: Any,  # [B, H, N]
    sets: Any,  # [N, N]
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
    nodes: Any,
    blocks: Any,
    set_count: Any,
    SCALE: tl.constexpr,
    D: tl.constexpr,
    BM: tl.constexpr,  # queries
    BN: tl.constexpr,  # keys, all of them
    BD: tl.constexpr,
    DOT: tl.constexpr,  # dtype of products
    BIASED: tl.constexpr,
) -> None:
    """Weighted values and log-sum-exp of `BM` rows of one head of one example."""
    pid = tl.program_id(0).to(tl.int64)
    head = pid % heads
    block = pid // heads % blocks
    batch = pid // heads // blocks
    d = tl.arange(0, BD)
    i = block.to(tl.int32) * BM + tl.arange(0, BM)
    j = tl.arange(0, BN)
    rows = (i < nodes)[:, None] & (d < D)[None, :]
    columns = (j < nodes)[:, None] & (d < D)[None, :]
    q_i = tl.load(q + batch * q_batch + head * q_head + i[:, None].to(tl.int64) * q_node + d[None, :], mask=rows, other=0.0)
    k_j = tl.load(k + batch * k_batch + head * k_head + j[:, None].to(tl.int64) * k_node + d[None, :], mask=columns, other=0.0)
    v_j = tl.load(v + batch * v_batch + head * v_head + j[:, None].to(tl.int64) * v_node + d[None, :], mask=columns, other=0.0)
    pair = i[:, None] * nodes + j[None, :]
    role_set = tl.load(sets + pair, mask=(i < nodes)[:, None] & (j < nodes)[None, :], other=-1).to(tl.int32)
    there = role_set >= 0

    score = SCALE * tl.dot(q_i.to(DOT), tl.trans(k_j.to(DOT)), input_precision="ieee")  # [BM, BN]
    if BIASED:
        score += tl.load(set_bias + head * set_count + role_set, mask=there, other=0.0)
    score = tl.where(there, score, float("-inf"))
    top = tl.maximum(tl.max(score, axis=1), -3e38)  # finite in rows beyond the last, which have no entries
    weight = tl.exp(score - top[:, None])
    total = tl.sum(weight, axis=1)
    total = tl.where(i < nodes, total, 1.0)
    mixed = tl.dot(weight.to(DOT), v_j.to(DOT), input_precision="ieee") / total[:, None]  # [BM, BD]
    tl.store(out + ((batch * nodes + i[:, None]) * heads + head) * D + d[None, :], mixed, mask=rows)
    tl.store(lse + (batch * heads + head) * nodes + i, top + tl.log(total), mask=i < nodes)


@triton.jit(do_not_specialize=["heads", "nodes", "set_count", "entries_count"])
def differentiate_tile(
    q: Any,  # [B, H, N, D] by strides
    k: Any,
    v: Any,
    d_out: Any,
    out: Any,  # [B, N, H, D]
    lse: Any,  # [B, H, N]
    set_bias: Any,  # [H, S]
    d_q: Any,  # [B, N, H, D]
    d_k: Any,
    d_v: Any,
    d_scores: Any,  # [B, H, E]
    sets: Any,  # [N, N]
    entries: Any,  # [N, N]
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
    nodes: Any,
    set_count: Any,
    entries_count: Any,
    SCALE: tl.constexpr,
    D: tl.constexpr,
    BM: tl.constexpr,  # queries
    BN: tl.constexpr,  # keys, all of them
    BD: tl.constexpr,
    DOT: tl.constexpr,  # dtype of products
    BIASED: tl.constexpr,
    KEEP: tl.constexpr,  # d_scores
) -> None:
    """All gradients of one head of one example, `BM` queries after another."""
    pid = tl.program_id(0).to(tl.int64)
    head = pid % heads
    batch = pid // heads
    d = tl.arange(0, BD)
    j = tl.arange(0, BN)
    columns = (j < nodes)[:, None] & (d < D)[None, :]
    q += batch * q_batch + head * q_head
    d_out += batch * o_batch + head * o_head
    k_j = tl.load(k + batch * k_batch + head * k_head + j[:, None].to(tl.int64) * k_node + d[None, :], mask=columns, other=0.0)
    v_j = tl.load(v + batch * v_batch + head * v_head + j[:, None].to(tl.int64) * v_node + d[None, :], mask=columns, other=0.0)
    k_j = k_j.to(DOT)
    v_j = v_j.to(DOT)
    d_k_j = tl.zeros([BN, BD], tl.float32)
    d_v_j = tl.zeros([BN, BD], tl.float32)
    for first in range(0, nodes, BM):
        i = first + tl.arange(0, BM)
        far = i[:, None].to(tl.int64)
        rows = (i < nodes)[:, None] & (d < D)[None, :]
        place = ((batch * nodes + far) * heads + head) * D + d[None, :]  # [BM, BD]
        q_i = tl.load(q + far * q_node + d[None, :], mask=rows, other=0.0).to(DOT)
        o_i = tl.load(d_out + far * o_node + d[None, :], mask=rows, other=0.0)
        delta = tl.sum(o_i.to(tl.float32) * tl.load(out + place, mask=rows, other=0.0).to(tl.float32), axis=1)
        o_i = o_i.to(DOT)
        lse_i = tl.load(lse + (batch * heads + head) * nodes + i, mask=i < nodes, other=0.0)
        pair = i[:, None] * nodes + j[None, :]
        inside = (i < nodes)[:, None] & (j < nodes)[None, :]
        role_set = tl.load(sets + pair, mask=inside, other=-1).to(tl.int32)
        there = role_set >= 0

        score = SCALE * tl.dot(q_i, tl.trans(k_j), input_precision="ieee")  # [BM, BN]
        if BIASED:
            score += tl.load(set_bias + head * set_count + role_set, mask=there, other=0.0)
        weight = tl.exp(tl.where(there, score - lse_i[:, None], float("-inf")))
        d_score = weight * (tl.dot(o_i, tl.trans(v_j), input_precision="ieee") - delta[:, None])
        if KEEP:
            entry = tl.load(entries + pair, mask=there, other=0).to(tl.int64)
            tl.store(d_scores + (batch * heads + head) * entries_count + entry, d_score, mask=there)
        d_v_j += tl.dot(tl.trans(weight.to(DOT)), o_i, input_precision="ieee")  # [BN, BD]
        d_k_j += tl.dot(tl.trans(d_score.to(DOT)), q_i, input_precision="ieee")
        tl.store(d_q + place, SCALE * tl.dot(d_score.to(DOT), k_j, input_precision="ieee"), mask=rows)

    place = ((batch * nodes + j[:, None]) * heads + head) * D + d[None, :]  # [BN, BD]
    tl.store(d_k + place, SCALE * d_k_j, mask=columns)
    tl.store(d_v + place, d_v_j, mask=columns)
