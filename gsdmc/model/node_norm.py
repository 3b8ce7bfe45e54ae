"""Group norm over nodes, with the activation that follows it."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

GROUPS = 32
EPSILON = 1e-6


class NodeGroupNorm(nn.Module):
    """Group norm whose statistics run over a group's channels and all nodes of one example.

    With `silu` its output goes through that activation. torch's own group norm wants channels before
    nodes; here nodes stay contiguous rows, which spares a transposed copy each way and the slow
    element-wise kernels of transposed gradients.
    """

    def __init__(self, width: int, *, silu: bool = False) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.bias = nn.Parameter(torch.zeros(width))
        self.silu = silu

    def forward(self, x: Tensor) -> Tensor:
        """Normalise `[B, N, width]`; 16-bit input is taken to float32 first."""
        x = x.float() if x.dtype.itemsize < 4 else x
        out: Tensor = _Norm.apply(x, self.weight, self.bias, self.silu)  # type: ignore[no-untyped-call]
        return out


class _Norm(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, silu: bool) -> Tensor:
        count = x.shape[1] * (x.shape[2] // GROUPS)
        centred = x - _pooled(x.sum(1), count)[:, None]  # [B, N, W]
        variance = _pooled((centred * centred).sum(1), count)
        deviation = (variance + EPSILON).rsqrt()  # [B, W], one over it
        y = torch.addcmul(bias, centred, (deviation * weight)[:, None])
        ctx.save_for_backward(centred, deviation, weight, bias)
        ctx.silu, ctx.count = silu, count
        return F.silu(y, inplace=True) if silu else y

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, d_out: Tensor) -> tuple[Tensor | None, ...]:
        centred, deviation, weight, bias = ctx.saved_tensors
        d_y = d_out
        if ctx.silu:
            y = torch.addcmul(bias, centred, (deviation * weight)[:, None])
            d_y = torch.ops.aten.silu_backward(d_out.contiguous(), y)
        sums = d_y.sum(1)  # [B, W]
        products = (d_y * centred).sum(1) * deviation
        d_weight, d_bias = products.sum(0), sums.sum(0)
        # The mean and the deviation depend on x as well: both terms are means over the group.
        scale = deviation * weight
        slope = -_pooled(products * weight, ctx.count) * deviation.square()
        shift = -_pooled(sums * weight, ctx.count) * deviation
        d_x = torch.addcmul(shift[:, None], d_y, scale[:, None]).addcmul_(centred, slope[:, None])
        return d_x, d_weight, d_bias, None


def _pooled(sums: Tensor, count: int) -> Tensor:
    """Sums per channel, `[B, W]`, as means over their group, for each of its channels."""
    groups = sums.view(sums.shape[0], GROUPS, sums.shape[1] // GROUPS)
    return (groups.sum(2, keepdim=True) / count).expand_as(groups).reshape_as(sums)
