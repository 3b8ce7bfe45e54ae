"""The default architecture's block: attention over the graph's edges, then an MLP, both modulated by time."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gsdmc.kernels.attention import sparse_attention
from gsdmc.kernels.structure import Structure
from gsdmc.model.config import ModelConfig


class SparseAttention(nn.Module):
    """Multi-head attention to graph neighbours, with a learned bias per head and directed role."""

    def __init__(self, config: ModelConfig, *, scaled: bool = True) -> None:
        super().__init__()
        self.heads = config.heads
        self.scale = None if scaled else 1.0
        self.qkv = nn.Linear(config.width, 3 * config.width)
        self.out = nn.Linear(config.width, config.width)
        self.role_bias = (
            nn.Parameter(torch.zeros(config.heads, len(config.role_names))) if config.roles else None
        )

    def forward(self, x: Tensor, structure: Structure, roles: Tensor) -> Tensor:
        """Mix `[B, N, width]` along edges; `roles` are the layout's columns in the bias."""
        batch, nodes, width = x.shape
        qkv = self.qkv(x).view(batch, nodes, 3, self.heads, width // self.heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4).unbind(0)  # [B, H, N, d] each
        bias = None if self.role_bias is None else self.role_bias.index_select(1, roles)
        mixed = sparse_attention(q, k, v, structure, bias, scale=self.scale)
        mixed_nodes: Tensor = self.out(mixed.transpose(1, 2).reshape(batch, nodes, width))
        return mixed_nodes


class Block(nn.Module):
    """Pre-norm attention and MLP whose shift, scale and gate come from time (adaptive layer norm).

    Gates start at zero, so a new block is the identity (Peebles & Xie 2023, adaLN-Zero).
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        width, hidden = config.width, round(config.expansion * config.width)
        self.attention = SparseAttention(config)
        self.up = nn.Linear(width, hidden)
        self.down = nn.Linear(hidden, width)
        self.modulation = nn.Linear(width, 6 * width)

    def forward(self, x: Tensor, time: Tensor, structure: Structure, roles: Tensor) -> Tensor:
        """One round of messages; x `[B, N, width]`, time `[B, width]`."""
        shift, scale, gate, shift2, scale2, gate2 = self.modulation(time)[:, None].chunk(6, dim=-1)
        h = torch.addcmul(shift, _norm(x), 1 + scale)
        x = torch.addcmul(x, gate, self.attention(h, structure, roles))
        h = torch.addcmul(shift2, _norm(x), 1 + scale2)
        return torch.addcmul(x, gate2, self.down(F.gelu(self.up(h))))


def _norm(x: Tensor) -> Tensor:
    return F.layer_norm(x, x.shape[-1:])
