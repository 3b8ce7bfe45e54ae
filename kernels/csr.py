"""Attention on the CPU whose cost follows the edges.

Scores are sampled products at the entries of a block-diagonal CSR matrix, sums over neighbours are embedding
bags (both run on contiguous rows of D numbers, in one call for many examples), and the softmax runs in
slots (see `buckets`). The backward pass reads the weights at the transposed entries, so every gradient is
again a sum over a node's own neighbours: no scatter, no atomics, the same bits on every run.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional

from gsdmc.kernels.buckets import Buckets, buckets
from gsdmc.kernels.structure import Structure

CHUNK = 2**18  # scores computed at once: flat from 2**16 to 2**20, and this takes a few MiB


def attend(
    q: Tensor, k: Tensor, v: Tensor, structure: Structure, entry_bias: Tensor | None, scale: float
) -> Tensor:
    """Softmax attention over each node's neighbours; q, k, v `[B, H, N, D]`, entry_bias `[H, E]`."""
    kind = torch.float64 if q.dtype == torch.float64 else torch.float32
    rows = [x.to(kind).transpose(1, 2).contiguous() for x in (q, k, v)]  # [B, N, H, D]
    bias = None if entry_bias is None else entry_bias.to(kind)
    plan = buckets(structure, q.shape[1])
    out: Tensor = _Attention.apply(*rows, bias, plan, scale)  # type: ignore[no-untyped-call]
    return out.transpose(1, 2).to(q.dtype)


class _Attention(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, q: Tensor, k: Tensor, v: Tensor, bias: Tensor | None, plan: Buckets, scale: float
    ) -> Tensor:
        shift = plan.padding
        if bias is not None:
            shift = bias.flatten().index_select(0, plan.numbers)
            shift = shift if plan.padding is None else shift + plan.padding
        kept, out = [], torch.empty_like(v)
        for part in _chunks(q.shape[0], plan):
            weights = _softmax(plan, _sampled(plan, q[part], k[part], scale), shift)  # [b, L']
            out = _put(out, part, _gathered(plan, weights.index_select(1, plan.slots), v[part]))
            kept.append(weights)
        ctx.save_for_backward(q, k, v, *(kept if any(ctx.needs_input_grad) else ()))
        ctx.plan, ctx.scale, ctx.biased = plan, scale, bias is not None
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, d_out: Tensor) -> tuple[Tensor | None, ...]:
        q, k, v, *kept = ctx.saved_tensors
        plan: Buckets = ctx.plan
        d_out = d_out.contiguous()
        d_q, d_k, d_v = torch.empty_like(q), torch.empty_like(k), torch.empty_like(v)
        d_shift = q.new_zeros(plan.numbers.numel())
        for part, weights in zip(_chunks(q.shape[0], plan), kept, strict=True):
            d_o = d_out[part]
            d_scores = _softmax_backward(plan, _sampled(plan, d_o, v[part], 1.0), weights)
            if ctx.biased:
                d_shift += d_scores.sum(0)
            d_scores *= ctx.scale
            d_q = _put(d_q, part, _gathered(plan, d_scores.index_select(1, plan.slots), k[part]))
            d_k = _put(d_k, part, _gathered(plan, d_scores.index_select(1, plan.mirrored), q[part]))
            d_v = _put(d_v, part, _gathered(plan, weights.index_select(1, plan.mirrored), d_o))
        d_bias = d_shift.index_select(0, plan.homes).view(q.shape[2], -1) if ctx.biased else None
        return d_q, d_k, d_v, d_bias, None, None


def _chunks(batch: int, plan: Buckets) -> list[slice]:
    step = max(1, CHUNK // plan.columns.numel())
    return [slice(start, min(start + step, batch)) for start in range(0, batch, step)]


def _put(whole: Tensor, part: slice, value: Tensor) -> Tensor:
    """`whole` with `value` at `part`, without a copy where that is all of it."""
    if value.shape == whole.shape:
        return value
    whole[part] = value
    return whole


def _sampled(plan: Buckets, left: Tensor, right: Tensor, scale: float) -> Tensor:
    """Products of each entry's row of `left` and column's row of `right`, `[b, N, H, D]` to `[b, L]`."""
    batch, width = left.shape[0], left.shape[-1]
    pointers, columns = plan.table(batch)
    size = batch * plan.rows
    values = left.new_zeros(columns.numel())
    matrix = torch.sparse_csr_tensor(pointers, columns, values, (size, size), check_invariants=False)
    left, right = left.view(size, width), right.view(size, width)
    torch.sparse.sampled_addmm(matrix, left, right.T, beta=0.0, alpha=scale, out=matrix)
    return values.view(batch, -1)


def _gathered(plan: Buckets, weights: Tensor, table: Tensor) -> Tensor:
    """Weighted sums of the rows of `table` over each row's entries, `[b, L]` and `[b, N, H, D]`."""
    pointers, columns = plan.table(weights.shape[0])
    sums = functional.embedding_bag(
        columns,
        table.detach().view(-1, table.shape[-1]),  # or torch would make what only its own backward needs
        pointers,
        mode="sum",
        per_sample_weights=weights.view(-1),
        include_last_offset=True,
    )
    return sums.view_as(table)


def _softmax(plan: Buckets, scores: Tensor, shift: Tensor | None) -> Tensor:
    """Softmax of `scores + shift` over each row's entries, `[b, L]` and `[L']` to slots `[b, L']`."""
    done, start = [], 0
    for (g, m), source in zip(plan.blocks, plan.sources, strict=True):
        block = scores.index_select(1, source)
        if shift is not None:
            block += shift[start : start + g * m]
        done.append(torch.softmax(block.view(-1, g, m), dim=1).view(-1, g * m))
        start += g * m
    return done[0] if len(done) == 1 else torch.cat(done, dim=1)


def _softmax_backward(plan: Buckets, d_weights: Tensor, weights: Tensor) -> Tensor:
    """Gradient of the scores, `[b, L]` and slots `[b, L']` to slots `[b, L']`."""
    done, start = [], 0
    for (g, m), source in zip(plan.blocks, plan.sources, strict=True):
        block = weights[:, start : start + g * m].view(-1, g, m)
        product = d_weights.index_select(1, source).view(-1, g, m).mul_(block)
        product.addcmul_(block, product.sum(1, keepdim=True), value=-1.0)
        done.append(product.view(-1, g * m))
        start += g * m
    return done[0] if len(done) == 1 else torch.cat(done, dim=1)
