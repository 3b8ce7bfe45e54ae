"""Attention by batched dense products: for graphs so small or so full that sparsity costs more.

Without a bias, torch's fused dense attention takes the place of our products where it is faster.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional

from gsdmc.kernels.choice import fused_pays
from gsdmc.kernels.structure import Structure

CHUNK = 2**17  # scores computed at once: half a MiB, so that they stay in the second-level cache


def attend(
    q: Tensor, k: Tensor, v: Tensor, structure: Structure, entry_bias: Tensor | None, scale: float
) -> Tensor:
    """Softmax attention over each node's neighbours; q, k, v `[B, H, N, D]`, entry_bias `[H, E]`."""
    given = q.dtype
    kind = _computed_in(given)
    q, k, v = (x.to(kind) for x in (q, k, v))
    mask = None if entry_bias is not None else fused_mask(q, structure)
    if mask is not None:
        return functional.scaled_dot_product_attention(q, k, v, mask, scale=scale).to(given)
    q, k, v = (x.contiguous() for x in (q, k, v))
    bias = None if entry_bias is None else entry_bias.to(kind)
    out: Tensor = _Attention.apply(q, k, v, bias, structure, scale)  # type: ignore[no-untyped-call]
    return out.to(given)


def fused_mask(q: Tensor, structure: Structure) -> Tensor | None:
    """The mask for torch's fused attention, where that pays and there is no bias; else None.

    Zeros at entries and minus infinity elsewhere, `[N, N]`, made once.
    """
    kind = q.dtype
    if q.device.type != "cpu" or kind != _computed_in(kind):
        return None
    if not fused_pays(q.shape[2], q.shape[0] * q.shape[1]):
        return None
    key = ("dense.mask", kind)
    if key not in structure.cache:
        mask = torch.full((structure.nodes, structure.nodes), -torch.inf, dtype=kind)
        mask[structure.rows, structure.indices] = 0
        structure.cache[key] = mask
    found: Tensor = structure.cache[key]
    return found


class _Attention(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, q: Tensor, k: Tensor, v: Tensor, bias: Tensor | None, structure: Structure, scale: float
    ) -> Tensor:
        batch, heads, nodes, _ = q.shape
        values = q.new_zeros(1, 1) if bias is None else bias
        # Keys before queries: torch's softmax is up to four times as slow over a short last dimension.
        mask = q.new_full((values.shape[0], nodes, nodes), -torch.inf)  # [H or 1, N, N]
        mask[:, structure.indices, structure.rows] = values
        out = torch.empty_like(q)
        weights = q.new_empty(batch, heads, nodes, nodes)  # [B, H, keys, queries]
        for part in _chunks(q):
            size = len(range(*part.indices(batch))) * heads
            w = weights[part].view(size, nodes, nodes)
            torch.bmm(_flat(k[part]), _flat(q[part]).transpose(1, 2), out=w)
            torch.add(mask, weights[part], alpha=scale, out=weights[part])
            torch.softmax(w, dim=1, out=w)
            torch.bmm(w.transpose(1, 2), _flat(v[part]), out=_flat(out[part]))
        ctx.save_for_backward(q, k, v, weights)
        ctx.structure, ctx.scale, ctx.biased = structure, scale, bias is not None
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, d_out: Tensor) -> tuple[Tensor | None, ...]:
        q, k, v, weights = ctx.saved_tensors
        d_out = d_out.contiguous()
        d_q, d_k, d_v = torch.empty_like(q), torch.empty_like(k), torch.empty_like(v)
        nodes = q.shape[2]
        d_mask = q.new_zeros(q.shape[1], nodes, nodes)
        for part in _chunks(q):
            w, d_o = weights[part].view(-1, nodes, nodes), _flat(d_out[part])
            torch.bmm(w, d_o, out=_flat(d_v[part]))
            d_w = torch.bmm(_flat(v[part]), d_o.transpose(1, 2))
            d_s = torch._softmax_backward_data(d_w, w, 1, w.dtype)
            if ctx.biased:
                d_mask += d_s.view(-1, *d_mask.shape).sum(0)
            torch.bmm(d_s.transpose(1, 2), _flat(k[part]), out=_flat(d_q[part])).mul_(ctx.scale)
            torch.bmm(d_s, _flat(q[part]), out=_flat(d_k[part])).mul_(ctx.scale)
        s = ctx.structure
        return d_q, d_k, d_v, d_mask[:, s.indices, s.rows] if ctx.biased else None, None, None


def _computed_in(given: torch.dtype) -> torch.dtype:
    return torch.float64 if given == torch.float64 else torch.float32


def _chunks(q: Tensor) -> list[slice]:
    batch, heads, nodes, _ = q.shape
    step = max(1, CHUNK // max(1, heads * nodes * nodes))
    return [slice(start, min(start + step, batch)) for start in range(0, batch, step)]


def _flat(x: Tensor) -> Tensor:
    return x.view(-1, *x.shape[2:])  # [b, H, N, D] to [b·H, N, D]
