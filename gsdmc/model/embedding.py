"""From the state of every array to one vector per node, and back."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from gsdmc.layout.layout import Layout
from gsdmc.model.config import ArraySpec, ModelConfig
from gsdmc.model.features import sinusoidal
from gsdmc.model.lookup import Lookup

State = Mapping[str, Tensor]
"""Array name to noisy values: `[B, *shape]` for reals and counts, `[B, *shape, K]` for vectors of K
reals, and for booleans and categories, where a masked value is the zero vector. Masked reals have a flag as
one more channel last, `[B, *shape, 2]` and `[B, *shape, K + 1]`, and are the zero vector too where masked."""


class NodeEmbedding(nn.Module):
    """Values, variable embeddings, positions and the observed flag, summed node by node.

    With `by_kind` arrays of one kind share their projection, as in the paper's code; without it
    every array has its own. An affine projection tells a masked value (the zero vector) from
    every one-hot, so masks need no flag of their own; masked reals have one.
    """

    def __init__(self, config: ModelConfig, *, by_kind: bool = False) -> None:
        super().__init__()
        width = config.width
        self.width = width
        self.projection_of = projection_names(config, by_kind)
        self.inputs = {spec.name: config.inputs(spec) for spec in config.arrays}
        channels = {self.projection_of[name]: c for name, c in self.inputs.items()}
        self.values = nn.ModuleDict({name: nn.Linear(c, width) for name, c in channels.items()})
        self.variables = nn.Parameter(torch.randn(len(config.embedding_keys), width))
        self.observed = nn.Parameter(torch.randn(width))
        self.positions = nn.ModuleList(nn.Linear(width, width, bias=False) for _ in config.position_plates)
        self.plates = config.position_plates

    def variable_embedding(self, rows: Lookup) -> Tensor:
        """What tells a node's variable from others: `[N, width]`."""
        embedding = self.variables[rows.embedding]
        for plate, projection in zip(self.plates, self.positions, strict=True):
            if plate in rows.positions:
                index = rows.positions[plate]
                features = sinusoidal(index.to(embedding.dtype), self.width)  # [N, width]
                embedding = embedding + projection(features) * (index >= 0)[:, None]
        return embedding

    def forward(self, layout: Layout, state: State, observed: Mapping[str, Tensor]) -> Tensor:
        """Embed values and observed flags (`[B, *shape]` booleans): `[B, N, width]`."""
        parts, flags = [], []
        for slot in layout.arrays:
            value = state[slot.name]
            batch = value.shape[0]
            flat = value.reshape(batch, slot.size, self.inputs[slot.name])
            parts.append(self.values[self.projection_of[slot.name]](flat))
            flags.append(observed[slot.name].reshape(batch, slot.size))
        flag = torch.cat(flags, dim=1)[..., None].to(parts[0].dtype)  # [B, N, 1]
        return torch.addcmul(torch.cat(parts, dim=1), flag, self.observed)


class Heads(nn.Module):
    """One linear map per array (or kind) from node vectors to what is predicted of each array.

    `[B, *shape]` for reals and counts, `[B, *shape, K]` for vectors, logits `[B, *shape, K]` for discretes.
    Of a mixture of C components `[B, *shape, C (1 + 2 K)]`, K being 1 for reals and counts.
    """

    def __init__(self, config: ModelConfig, *, by_kind: bool = False) -> None:
        super().__init__()
        self.projection_of = projection_names(config, by_kind)
        self.mixture = config.components > 0
        channels = {self.projection_of[spec.name]: config.outputs(spec) for spec in config.arrays}
        self.outputs = nn.ModuleDict({name: nn.Linear(config.width, c) for name, c in channels.items()})

    def forward(self, layout: Layout, nodes: Tensor) -> dict[str, Tensor]:
        """Read `[B, N, width]` out, array by array."""
        batch = nodes.shape[0]
        outputs = {}
        for slot in layout.arrays:
            part = nodes[:, slot.offset : slot.offset + slot.size]
            out = self.outputs[self.projection_of[slot.name]](part)
            mixed = self.mixture and not slot.kind.discrete
            shape = (*slot.shape, out.shape[-1]) if mixed else slot.state_shape
            outputs[slot.name] = out.reshape(batch, *shape)
        return outputs


def projection_names(config: ModelConfig, by_kind: bool) -> dict[str, str]:
    """The name of each array's value projection, free of the dots that module names forbid."""
    if by_kind:
        return {s.name: _kind_name(s) for s in config.arrays}
    return {s.name: f"{i}_{s.name.replace('.', '_')}" for i, s in enumerate(config.arrays)}


def _kind_name(spec: ArraySpec) -> str:
    if spec.kind == "vector":
        return f"vector_{spec.size}"
    return f"categorical_{spec.options}" if spec.discrete else "continuous"
