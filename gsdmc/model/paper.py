"""The block of Weilbach et al. 2022 (Figure 2): a residual network per node, then masked attention."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from gsdmc.kernels.structure import Structure
from gsdmc.model.attention import GraphAttention
from gsdmc.model.config import ModelConfig

GROUPS = 32


class NodeGroupNorm(nn.Module):
    """Group norm whose statistics run over a group's channels and all nodes of one example."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(GROUPS, width, eps=1e-6)

    def forward(self, x: Tensor) -> Tensor:
        """Normalise `[B, N, width]`."""
        normed: Tensor = self.norm(x.transpose(1, 2)).transpose(1, 2)
        return normed


class PaperBlock(nn.Module):
    """Residual block with time and variable embeddings, then attention with unscaled logits."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        width = config.width
        self.norm1, self.norm2, self.norm3 = (NodeGroupNorm(width) for _ in range(3))
        self.first = nn.Linear(width, width)
        self.second = nn.Linear(width, width)
        self.time = nn.Linear(width, width)
        self.variable = nn.Linear(width, width)
        self.attention = GraphAttention(config, scaled=False)

    def forward(
        self, x: Tensor, time: Tensor, variables: Tensor, structure: Structure, roles: Tensor
    ) -> Tensor:
        """One layer; x `[B, N, width]`, time `[B, width]`, variables `[N, width]`."""
        h = self.first(F.silu(self.norm1(x)))
        h = h + self.time(F.silu(time))[:, None] + self.variable(variables)
        x = x + self.second(F.silu(self.norm2(h)))
        out: Tensor = x + self.attention(self.norm3(x), structure, roles)
        return out
