"""The paper's network in plain torch: norms with channels first, padded gather, sums out of place."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gsdmc.kernels.structure import Structure
from gsdmc.model.denoiser import Denoiser
from gsdmc.model.paper import PaperBlock
from gsdmc.training.loop import Run
from gsdmc.training.optimiser import Optimiser

from .attentions import padded


class PlainBlock(nn.Module):
    """A `PaperBlock` on the same weights, without any of our kernels (Weilbach et al. 2022, Figure 2)."""

    def __init__(self, block: PaperBlock, heads: int) -> None:
        super().__init__()
        self.block, self.heads = block, heads

    def forward(
        self, x: Tensor, time: Tensor, variables: Tensor, structure: Structure, roles: Tensor
    ) -> Tensor:
        b = self.block
        h = b.first(F.silu(self.norm(b.norm1, x)))
        h = h + b.time(F.silu(time))[:, None] + b.variable(variables)
        x = x + b.second(F.silu(self.norm(b.norm2, h)))
        return x + self.attend(self.norm(b.norm3, x), structure)

    def norm(self, norm: Any, x: Tensor) -> Tensor:
        return F.group_norm(x.transpose(1, 2), 32, norm.weight, norm.bias, 1e-6).transpose(1, 2)

    def attend(self, x: Tensor, structure: Structure) -> Tensor:
        attention = self.block.attention
        batch, nodes, width = x.shape
        q, k, v = (
            project(x).view(batch, nodes, self.heads, -1).transpose(1, 2)
            for project in (attention.query, attention.key, attention.value)
        )
        if "plain" not in structure.cache:
            structure.cache["plain"] = padded(structure, batch)
        # `padded` scales logits by 1/√D, the paper's sparse code doesn't.
        mixed = structure.cache["plain"](q * q.shape[-1] ** 0.5, k, v)
        out: Tensor = attention.out(mixed.transpose(1, 2).reshape(batch, nodes, width))
        return out


def plain(run: Run) -> Run:
    """Turn a run of the `paper` preset into one of the plain network and a plain Adam; the same weights."""
    heads = run.denoiser.config.heads
    run.denoiser.blocks = nn.ModuleList(
        PlainBlock(block, heads) for block in run.denoiser.blocks if isinstance(block, PaperBlock)
    )
    optimiser = Optimiser(run.denoiser, run.config)
    adam = torch.optim.Adam(run.denoiser.parameters(), lr=run.config.learning_rate, foreach=False)
    optimiser.parts = [(adam, run.config.learning_rate, [n for n, _ in run.denoiser.named_parameters()])]
    run.optimiser = optimiser
    run.weights = list(run.denoiser.parameters())
    return run


def linear_layers(denoiser: Denoiser, nodes: int, batch: int) -> tuple[list[nn.Linear], Tensor]:
    """The linear layers that every node goes through, and an input for them: the floor of a step."""
    layers = [
        module
        for block in denoiser.blocks
        for name, module in block.named_modules()
        if isinstance(module, nn.Linear) and name not in ("time", "variable")
    ]
    return layers, torch.randn(batch, nodes, denoiser.config.width)
