"""The default architecture's block: attention over the graph's edges, then an MLP per node."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gsdmc.kernels.structure import Structure
from gsdmc.model.attention import GraphAttention
from gsdmc.model.config import ModelConfig
from gsdmc.model.residual import add


class Block(nn.Module):
    """Pre-norm attention, whose input time shifts and scales, and a pre-norm MLP.

    Output projections and the modulation start at zero, so a new block is the identity. Its MLP is narrow:
    depth, a round of messages per layer, was measured to be worth more than width.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        width, hidden = config.width, round(config.expansion * config.width)
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.modulation = nn.Linear(width, 2 * width)
        self.attention = GraphAttention(config)
        self.up = nn.Linear(width, hidden)
        self.down = nn.Linear(hidden, width)

    def forward(self, x: Tensor, time: Tensor, structure: Structure, roles: Tensor) -> Tensor:
        """One round of messages; x `[B, N, width]`, time `[B, width]`."""
        shift, scale = self.modulation(time)[:, None].chunk(2, dim=-1)
        h = torch.addcmul(shift, self.norm1(x), 1 + scale)
        x = add(self.attention(h, structure, roles), x)
        return add(self.down(F.silu(self.up(self.norm2(x)))), x)
