"""The block of Weilbach et al. 2022 (Figure 2): a residual network per node, then masked attention."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from gsdmc.kernels.structure import Structure
from gsdmc.model.attention import GraphAttention
from gsdmc.model.config import ModelConfig
from gsdmc.model.node_norm import NodeGroupNorm
from gsdmc.model.residual import add


class PaperBlock(nn.Module):
    """Residual block with time and variable embeddings, then attention with unscaled logits."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        width = config.width
        self.norm1, self.norm2 = (NodeGroupNorm(width, silu=True) for _ in range(2))
        self.norm3 = NodeGroupNorm(width)
        self.first = nn.Linear(width, width)
        self.second = nn.Linear(width, width)
        self.time = nn.Linear(width, width)
        self.variable = nn.Linear(width, width)
        self.attention = GraphAttention(config, scaled=False)

    def forward(
        self, x: Tensor, time: Tensor, variables: Tensor, structure: Structure, roles: Tensor
    ) -> Tensor:
        """One layer; x `[B, N, width]`, time `[B, width]`, variables `[N, width]`."""
        h = add(self.first(self.norm1(x)), self.time(F.silu(time))[:, None])
        h = add(h, self.variable(variables))
        x = add(self.second(self.norm2(h)), x)
        return add(self.attention(self.norm3(x), structure, roles), x)
