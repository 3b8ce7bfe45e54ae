"""The network: noisy values, evidence and a time in, one prediction per variable out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain, repeat

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

from gsdmc.kernels.structure import Structure
from gsdmc.layout.layout import Layout
from gsdmc.model.blocks import Block
from gsdmc.model.config import ModelConfig
from gsdmc.model.embedding import Heads, NodeEmbedding, State
from gsdmc.model.features import sinusoidal
from gsdmc.model.lookup import lookup
from gsdmc.model.paper import PaperBlock


class Denoiser(nn.Module):
    """A transformer over graph nodes whose weights go by name, so it runs on any size of its program.

    Everything but attention works node by node, and attention follows the layout's edges and
    roles; the network is therefore equivariant to every permutation of nodes that keeps
    embeddings, edges and roles (Weilbach et al. 2022, Appendix I).

    Attributes:
        config: its architecture.
        recompute: keep only the blocks' inputs for the backward pass, and compute the rest again there.
        autocast: the type of matrix products in the blocks, None for the weights' own.
    """

    recompute: bool = False
    autocast: torch.dtype | None = None

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        width = config.width
        paper = config.architecture == "paper"
        self.embedding = NodeEmbedding(config, by_kind=paper)
        self.time = nn.Sequential(nn.Linear(width, width), nn.SiLU(), nn.Linear(width, width))
        self.blocks = nn.ModuleList(
            PaperBlock(config) if paper else Block(config) for _ in range(config.layers)
        )
        self.heads = Heads(config, by_kind=paper)
        if not paper:
            self.norm = nn.LayerNorm(width)

    @property
    def parameter_count(self) -> int:
        """Number of trained weights."""
        return sum(p.numel() for p in self.parameters())

    def forward(
        self, layout: Layout, state: State, observed: Mapping[str, Tensor], time: Tensor
    ) -> dict[str, Tensor]:
        """Predict every array.

        Args:
            layout: a size of the program, with tensors on the weights' device.
            state: noisy values where unobserved, evidence where observed; `[B, *shape]`, and
                `[B, *shape, K]` for vectors, booleans and categories.
            observed: `[B, *shape]`, true where the value is evidence.
            time: `[B]`, the process's clock in `0 .. 1000`.

        Returns:
            Per array `[B, *shape]`; for vectors `[B, *shape, K]`, for booleans and categories logits; see
            `Heads` for mixtures.

        Raises:
            GsdmcError: the layout has names that the model was not built for.
        """
        rows = lookup(self.config, layout, time.device)
        variables = self.embedding.variable_embedding(rows)
        x = self.embedding(layout, state, observed)  # [B, N, width]
        features = self.time(sinusoidal(time.to(x.dtype), self.config.width))  # [B, width]
        if self.config.architecture == "paper":
            for block in self._rounds():
                x = self._through(block, x, features, variables, layout.structure, rows.roles)
            return self._read(layout, x)
        x = x + variables + features[:, None]
        features = F.silu(features)
        for block in self._rounds():
            x = self._through(block, x, features, layout.structure, rows.roles)
        return self._read(layout, self.norm(x))

    def _through(self, block: nn.Module, *arguments: Tensor | Structure) -> Tensor:
        if self.autocast is not None:
            assert isinstance(arguments[0], Tensor)
            with torch.autocast(arguments[0].device.type, self.autocast):
                mixed: Tensor = block(*arguments)
            return mixed
        if self.recompute and torch.is_grad_enabled():
            kept: Tensor = checkpoint(block, *arguments, use_reentrant=False, preserve_rng_state=False)
            return kept
        out: Tensor = block(*arguments)
        return out

    def _rounds(self) -> Iterator[nn.Module]:
        """The blocks in the order of their application: the whole stack, `loops` times."""
        return chain.from_iterable(repeat(self.blocks, self.config.loops))

    def _read(self, layout: Layout, nodes: Tensor) -> dict[str, Tensor]:
        outputs: dict[str, Tensor] = self.heads(layout, nodes)
        return outputs
