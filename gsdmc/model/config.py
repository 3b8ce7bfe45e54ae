"""What a denoiser is made of, in a form that a checkpoint can keep."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any, Literal

from gsdmc.language.kinds import Kind
from gsdmc.layout.layout import Layout
from gsdmc.model.node_norm import GROUPS

Architecture = Literal["default", "paper"]
DEEPEST = 16
"""Layers that a graph's diameter may ask for; larger diameters ask for loops."""

FURTHEST = 64
"""Diameter that loops still reach; a deeper network is the caller's own choice."""


@dataclass(frozen=True)
class ArraySpec:
    """An array's name and kind, which fix the channels that the network reads and writes for it."""

    name: str
    kind: str
    options: int = 0
    size: int = 0

    @property
    def discrete(self) -> bool:
        """Whether the array takes finitely many values."""
        return self.kind in ("boolean", "category")

    @property
    def channels(self) -> int:
        """Numbers per node: one, one per option, or a vector's size."""
        if self.kind == "vector":
            return self.size
        return self.options if self.discrete else 1

    def fits(self, kind: Kind) -> bool:
        """Whether weights for this array serve variables of a kind."""
        return (self.kind, self.options, self.size) == (kind.name, kind.options, kind.size)


@dataclass(frozen=True)
class ModelConfig:
    """Architecture, widths and the names that weights go by.

    Attributes:
        architecture: `paper` (Weilbach et al. 2022, Figure 2) or `default`.
        width: channels per node; a multiple of `heads`.
        layers: attention layers.
        heads: attention heads.
        expansion: hidden channels of the default's MLP, as a multiple of `width`.
        roles: whether attention has a learned bias per head and role.
        arrays: name and kind of every array.
        embedding_keys: names of the learned embeddings, a row each.
        role_names: names of the directed roles, a bias per head and layer each.
        position_plates: names of the ordered plates.
        loops: times that the stack of layers is applied, with the same weights, role biases included.
        components: of the mixture predicted of each real, count and vector; 0 predicts one number a channel.
        masked_reals: whether these come with a flag as their last channel, which is 0 where they are masked.
    """

    architecture: Architecture
    width: int
    layers: int
    heads: int
    expansion: float
    roles: bool
    arrays: tuple[ArraySpec, ...]
    embedding_keys: tuple[str, ...]
    role_names: tuple[str, ...]
    position_plates: tuple[str, ...]
    loops: int = 1
    components: int = 0
    masked_reals: bool = False

    def __post_init__(self) -> None:
        if self.layers < 1 or self.loops < 1:
            raise ValueError(f"a network has at least one layer, not {self.layers} layers {self.loops} times")
        if self.width % self.heads:
            raise ValueError(f"width {self.width} is not a multiple of {self.heads} heads")
        if self.architecture == "paper" and self.width % GROUPS:
            raise ValueError(f"width {self.width} is not a multiple of the {GROUPS} groups of its norm")

    def inputs(self, spec: ArraySpec) -> int:
        """Numbers that the network reads of a node of an array."""
        return spec.channels + (self.masked_reals and not spec.discrete)

    def outputs(self, spec: ArraySpec) -> int:
        """Numbers that it predicts of one; of a mixture a weight, and a mean and a scale a channel, each."""
        if spec.discrete or self.components == 0:
            return spec.channels
        return self.components * (1 + 2 * spec.channels)

    @property
    def depth(self) -> int:
        """Rounds of messages along edges: layers times loops."""
        return self.layers * self.loops

    @staticmethod
    def for_layout(
        layout: Layout,
        *,
        architecture: Architecture = "default",
        width: int,
        layers: int,
        heads: int,
        expansion: float = 2.0,
        roles: bool = True,
        loops: int = 1,
        reach: bool = True,
        components: int = 0,
        masked_reals: bool = False,
    ) -> ModelConfig:
        """The configuration for a layout.

        With `reach`, the depth grows to the graph's diameter where that is known, so that evidence anywhere
        can bear on any node; see `reaching`.
        """
        if reach and layout.diameter is not None:
            layers, loops = reaching(layout.diameter, layers, loops)
        return ModelConfig(
            architecture=architecture,
            width=width,
            layers=layers,
            heads=heads,
            expansion=expansion,
            roles=roles and architecture == "default",
            arrays=tuple(_spec(slot.name, slot.kind) for slot in layout.arrays),
            embedding_keys=layout.embedding_keys,
            role_names=layout.roles,
            position_plates=layout.position_plates,
            loops=loops,
            components=components,
            masked_reals=masked_reals,
        )

    def to_json(self) -> dict[str, Any]:
        """Plain lists, dicts and scalars."""
        return asdict(self)

    @staticmethod
    def from_json(data: dict[str, Any]) -> ModelConfig:
        """The inverse of `to_json`; files from before a field with a default have none."""
        fields: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in data.items()}
        fields["arrays"] = tuple(ArraySpec(**spec) for spec in data["arrays"])
        return ModelConfig(**fields)


def reaching(diameter: int, layers: int, loops: int = 1) -> tuple[int, int]:
    """Layers and loops, at least as many as asked for, whose product reaches a graph's diameter.

    Layers that aren't looped grow to a diameter of up to `DEEPEST`, a set of weights each. A larger diameter,
    up to `FURTHEST`, asks for loops instead, and so does any where the layers are looped already: parameters
    stay as they are.
    """
    if layers * loops >= diameter:
        return layers, loops
    if loops == 1 and diameter <= DEEPEST:
        return diameter, 1
    return layers, max(loops, math.ceil(min(diameter, FURTHEST) / layers))


def _spec(name: str, kind: Kind) -> ArraySpec:
    return ArraySpec(name, kind.name, kind.options, kind.size)
