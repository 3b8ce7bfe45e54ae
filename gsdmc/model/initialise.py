"""Initial weights from an explicit generator."""

from __future__ import annotations

import torch
from torch import nn

from gsdmc.model.attention import GraphAttention
from gsdmc.model.blocks import Block
from gsdmc.model.config import ModelConfig
from gsdmc.model.denoiser import Denoiser
from gsdmc.model.embedding import NodeEmbedding
from gsdmc.model.node_norm import NodeGroupNorm


def build_denoiser(config: ModelConfig, generator: torch.Generator) -> Denoiser:
    """A new denoiser with weights drawn from the generator.

    Linear layers are uniform within ±1/√fan-in; embeddings are standard normal. In the default
    architecture time modulation, block outputs and heads start at zero, so a new block is the identity.
    """
    denoiser = empty_denoiser(config)
    with torch.no_grad():
        for module in denoiser.modules():
            _fill(module, generator)
        if config.architecture == "default":
            blocks = [b for b in denoiser.blocks if isinstance(b, Block)]
            idle = [m for b in blocks for m in (b.modulation, b.attention.out, b.down)]
            for module in (*idle, *denoiser.heads.outputs.values()):
                for parameter in module.parameters():
                    parameter.zero_()
    return denoiser


def empty_denoiser(config: ModelConfig) -> Denoiser:
    """A denoiser with memory for its weights but no values in it yet; draws no random number."""
    with torch.device("meta"):
        denoiser = Denoiser(config)
    return denoiser.to_empty(device="cpu")


def _fill(module: nn.Module, generator: torch.Generator) -> None:
    if isinstance(module, nn.Linear):
        bound = module.in_features**-0.5
        module.weight.uniform_(-bound, bound, generator=generator)
        if module.bias is not None:
            module.bias.uniform_(-bound, bound, generator=generator)
    elif isinstance(module, nn.LayerNorm | NodeGroupNorm):
        module.weight.fill_(1)
        module.bias.zero_()
    elif isinstance(module, NodeEmbedding):
        module.variables.normal_(generator=generator)
        module.observed.normal_(generator=generator)
    elif isinstance(module, GraphAttention) and module.role_bias is not None:
        module.role_bias.zero_()
