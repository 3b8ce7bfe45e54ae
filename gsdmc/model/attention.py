"""Attention over the graph's edges."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from gsdmc.kernels.attention import sparse_attention
from gsdmc.kernels.structure import Structure
from gsdmc.model.config import ModelConfig


class GraphAttention(nn.Module):
    """Multi-head attention to graph neighbours, with a learned bias per head and directed role."""

    def __init__(self, config: ModelConfig, *, scaled: bool = True) -> None:
        super().__init__()
        width, roles = config.width, len(config.role_names)
        self.heads = config.heads
        self.scale = None if scaled else 1.0
        # Three maps, not one: their outputs are contiguous, and Muon orthogonalises each by itself.
        self.query, self.key, self.value = (nn.Linear(width, width) for _ in range(3))
        self.out = nn.Linear(width, width)
        self.role_bias = nn.Parameter(torch.zeros(config.heads, roles)) if config.roles else None

    def forward(self, x: Tensor, structure: Structure, roles: Tensor) -> Tensor:
        """Mix `[B, N, width]` along edges; `roles` are the layout's columns in the bias."""
        batch, nodes, width = x.shape
        q, k, v = (
            project(x).view(batch, nodes, self.heads, -1).transpose(1, 2)  # [B, H, N, d]
            for project in (self.query, self.key, self.value)
        )
        bias = None if self.role_bias is None else self.role_bias.index_select(1, roles)
        mixed = self.mix(q, k, v, structure, bias)
        out: Tensor = self.out(mixed.transpose(1, 2).reshape(batch, nodes, width))
        return out

    def mix(self, q: Tensor, k: Tensor, v: Tensor, structure: Structure, bias: Tensor | None) -> Tensor:
        """The kernel's part, which `torch.compile` is to leave alone; see `gsdmc.kernels`."""
        return sparse_attention(q, k, v, structure, bias, scale=self.scale)
