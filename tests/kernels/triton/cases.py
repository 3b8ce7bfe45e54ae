"""Inputs of the tests in this folder, on the GPU where there is one, and what attention makes of them."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from gsdmc.kernels.attention import sparse_attention
from gsdmc.kernels.structure import Structure
from gsdmc.kernels.triton.run import interpreted
from tests.kernels.structures import ROLES

DEVICE = "cpu" if interpreted() else "cuda"


def draw(
    s: Structure, batch: int, heads: int, width: int, seed: int = 0, dtype: torch.dtype = torch.float32
) -> list[Tensor]:
    """q, k and v as a network makes them, slices of one projection, and role_bias."""
    generator = torch.Generator().manual_seed(seed)
    fused = torch.randn(batch, s.nodes, 3, heads, width, generator=generator, dtype=torch.float64)
    bias = torch.randn(heads, ROLES, generator=generator, dtype=torch.float64)
    fused, bias = fused.to(DEVICE, dtype), bias.to(DEVICE, dtype)
    return [x.detach().requires_grad_() for x in (*fused.permute(2, 0, 3, 1, 4).unbind(0), bias)]


def results(
    inputs: list[Tensor],
    s: Structure,
    backend: str = "triton",
    scale: float | None = None,
    rounded: torch.dtype = torch.float64,
) -> list[Tensor]:
    """Output and the gradients of all inputs, for a fixed upstream gradient in the network's layout."""
    q, k, v, *bias = inputs
    out = sparse_attention(q, k, v, s.to(q.device), *bias, scale=scale, backend=backend)
    shape = out.transpose(1, 2).shape
    upstream = torch.sin(torch.arange(out.numel(), dtype=torch.float64)).view(shape).transpose(1, 2)
    return [out.detach(), *torch.autograd.grad(out, inputs, upstream.to(rounded).to(out))]


def exact(inputs: list[Tensor], s: Structure, scale: float | None = None) -> list[Tensor]:
    """The same in float64 by the reference."""
    doubled = [x.detach().double().requires_grad_() for x in inputs]
    return results(doubled, s, "reference", scale, inputs[0].dtype)


def errors(got: list[Tensor], expected: list[Tensor]) -> list[float]:
    """Largest error of each tensor, relative to its largest number, or to 1 if all are smaller."""
    worst = []
    for a, b in zip(got, expected, strict=True):
        assert a.shape == b.shape
        size = max(1.0, float(b.abs().max())) if b.numel() else 1.0
        worst.append(float((a.double() - b).abs().max()) / size if b.numel() else 0.0)
    return worst


def hubs(nodes: int, degrees: list[int]) -> Structure:
    """Node h is a neighbour of `degrees[h]` others; the rest are neighbours of no other."""
    columns = [np.arange(len(degrees), len(degrees) + d) for d in degrees]
    i, j = np.repeat(np.arange(len(degrees)), degrees), np.concatenate(columns)
    loop = np.arange(nodes)
    roles = np.concatenate([np.zeros(nodes, np.int64), 1 + i % 3, 1 + j % 3])
    rows, others = np.concatenate([loop, i, j]), np.concatenate([loop, j, i])
    return Structure.build(nodes, rows, others, roles, ROLES)
