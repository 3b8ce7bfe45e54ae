"""Which rows of the named weights a layout uses, worked out once per layout."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from gsdmc.language.source import GsdmcError
from gsdmc.layout.layout import Layout
from gsdmc.model.config import ModelConfig


@dataclass(frozen=True, eq=False)
class Lookup:
    """A layout's rows in a denoiser's weights.

    Attributes:
        embedding: `[N]`, each node's row among the learned embeddings.
        roles: `[R]`, each role's column among the role biases.
        positions: per ordered plate, `[N]` indices along it, -1 where a node has none.
    """

    embedding: Tensor
    roles: Tensor
    positions: dict[str, Tensor]


def lookup(config: ModelConfig, layout: Layout, device: torch.device) -> Lookup:
    """Match a layout's names to a model's, cached with the layout's structure.

    Raises:
        GsdmcError: the layout has an array, embedding, role or ordered plate that the model
            was not built for.
    """
    cache = layout.structure.cache
    key = ("model.lookup", config, device)
    if key not in cache:
        cache[key] = _match(config, layout, device)
    found: Lookup = cache[key]
    return found


def _match(config: ModelConfig, layout: Layout, device: torch.device) -> Lookup:
    known = {spec.name: spec for spec in config.arrays}
    for slot in layout.arrays:
        spec = known.get(slot.name)
        if spec is None or not spec.fits(slot.kind):
            raise GsdmcError(
                f"the model has no weights for array {slot.name} ({slot.kind})",
                hint="a model runs on the program it was trained for, at other sizes of its free plates",
            )
    rows = _rows(config.embedding_keys, layout.embedding_keys, "embedding")
    columns = _rows(config.role_names, layout.roles, "role")
    _rows(config.position_plates, layout.position_plates, "ordered plate")
    positions = {p: layout.positions[:, i].to(device) for i, p in enumerate(layout.position_plates)}
    return Lookup(rows[layout.embedding].to(device), columns.to(device), positions)


def _rows(known: Sequence[str], wanted: Sequence[str], what: str) -> Tensor:
    index = {name: row for row, name in enumerate(known)}
    missing = [name for name in wanted if name not in index]
    if missing:
        shown = ", ".join(missing[:5]) + (", ..." if len(missing) > 5 else "")
        raise GsdmcError(
            f"the model has no {what} for {shown}",
            hint="plates that are not free in size keep the size that the model was trained at",
        )
    return torch.tensor([index[name] for name in wanted], dtype=torch.int64)
