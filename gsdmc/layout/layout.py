"""All that a network needs to know of a graph."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from gsdmc.graph.parts import Part
from gsdmc.kernels.structure import Structure
from gsdmc.language.kinds import Kind


@dataclass(frozen=True)
class ArraySlot:
    """Where an array's nodes lie in a layout: `offset .. offset + size - 1`, row-major in `shape`.

    A vector is one node, so `shape` and `size` don't count its channels; `value_shape` and `state_shape` do.
    `part` says whether it is a parameter of the program or its data, see `gsdmc.graph.parts`.
    """

    name: str
    kind: Kind
    shape: tuple[int, ...]
    offset: int
    size: int
    deterministic: bool = False
    generated: bool = False
    part: Part = "between"

    @property
    def value_shape(self) -> tuple[int, ...]:
        """Shape of one draw of the array: `shape`, and the channels of vectors last."""
        return (*self.shape, *self.kind.event_shape)

    @property
    def state_shape(self) -> tuple[int, ...]:
        """Shape of what a network reads and predicts: as the values, with a channel per option last."""
        return (*self.shape, self.kind.options) if self.kind.discrete else self.value_shape


@dataclass(frozen=True, eq=False)
class Layout:
    """Node order, neighbour structure and embedding indices of a factor graph.

    Two sizes of one program share weights because embeddings go by key and position, never by node.

    Attributes:
        arrays: the arrays in node order.
        structure: who attends to whom, and in which roles.
        roles: name of each directed role, `structure.roles` of them; `roles[0]` is `self`.
        embedding_keys: names of the learned embeddings in use, e.g. `A`, `y[7]` (fixed plate),
            `G=01` (the diagonal of an array that spans one plate twice).
        embedding: `[N]` int64, each node's position in `embedding_keys`.
        positions: `[N, P]` int64, the node's index along each ordered plate, -1 where it has none;
            P is the number of ordered plates, in `position_plates` order.
        position_plates: names of the ordered plates.
        diameter: the longest shortest path, or an upper bound of it (None when not computed).
    """

    arrays: tuple[ArraySlot, ...]
    structure: Structure
    roles: tuple[str, ...]
    embedding_keys: tuple[str, ...]
    embedding: Tensor
    positions: Tensor
    position_plates: tuple[str, ...]
    diameter: int | None = None

    @property
    def nodes(self) -> int:
        """N, the number of nodes."""
        return self.structure.nodes

    def to(self, device: torch.device) -> Layout:
        """The layout with its structure on a device, made once per device."""
        if self.structure.indptr.device == device:
            return self
        key = ("layout.on", device)
        if key not in self.structure.cache:
            self.structure.cache[key] = replace(self, structure=self.structure.to(device))
        moved: Layout = self.structure.cache[key]
        return moved
