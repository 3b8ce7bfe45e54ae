"""Attention and its gradients on a GPU."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from gsdmc.kernels.structure import Structure
from gsdmc.kernels.triton import configs, rows, tile
from gsdmc.kernels.triton.inputs import Inputs, kind


def attend(
    q: Tensor, k: Tensor, v: Tensor, structure: Structure, role_bias: Tensor | None, scale: float
) -> Tensor:
    """Softmax attention over each node's neighbours; q, k, v `[B, H, N, D]`, role_bias `[H, R]`.

    Half precision is computed in float32, float64 in float64. Tensors are read by their strides; only one
    whose last dimension isn't contiguous is copied. The kernels are compiled anew for each `scale`.
    """
    out: Tensor = _Attention.apply(q, k, v, role_bias, structure, scale)  # type: ignore[no-untyped-call]
    return out


class _Attention(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        q: Tensor,
        k: Tensor,
        v: Tensor,
        role_bias: Tensor | None,
        structure: Structure,
        scale: float,
    ) -> Tensor:
        q, k, v = (_last_contiguous(x) for x in (q, k, v))
        set_bias = None
        if role_bias is not None:
            ctx.bias_dtype = role_bias.dtype
            with torch.autocast(q.device.type, enabled=False):
                set_bias = role_bias.to(kind(q)) @ structure.membership.to(kind(q)).T  # [H, S]
        ctx.kernels = (
            tile if configs.tile_pays(q.dtype, structure.nodes, structure.entries, q.shape[3]) else rows
        )
        out: Tensor
        out, lse = ctx.kernels.attend(Inputs(q, k, v, set_bias, structure, scale))
        ctx.save_for_backward(q, k, v, set_bias, out, lse)
        ctx.structure, ctx.scale = structure, scale
        return out.transpose(1, 2)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, d_out: Tensor) -> tuple[Tensor | None, ...]:
        q, k, v, set_bias, out, lse = ctx.saved_tensors
        x = Inputs(q, k, v, set_bias, ctx.structure, ctx.scale)
        biased = ctx.needs_input_grad[3]
        d_q, d_k, d_v, d_set = ctx.kernels.differentiate(x, _last_contiguous(d_out), out, lse, biased)
        d_bias = None
        if d_set is not None:
            with torch.autocast(q.device.type, enabled=False):
                d_bias = (d_set @ ctx.structure.membership.to(d_set.dtype)).to(ctx.bias_dtype)  # [H, R]
        return d_q.transpose(1, 2), d_k.transpose(1, 2), d_v.transpose(1, 2), d_bias, None, None


def _last_contiguous(x: Tensor) -> Tensor:
    return x if x.stride(3) == 1 else x.contiguous()
