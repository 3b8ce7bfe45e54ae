"""Scales of real variables, estimated from the program's own draws."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from gsdmc.layout.layout import ArraySlot, Layout


@dataclass(frozen=True, eq=False)
class Standardiser:
    """Mean and standard deviation of every learned embedding's real variables.

    Variables that share an embedding share a scale, so statistics are pooled over exchangeable
    and ordered plates and over sizes, and kept apart along fixed plates.

    Attributes:
        keys: embedding names, as in `Layout.embedding_keys`.
        mean: `[K]` float64; 0 for discrete variables.
        std: `[K]` float64, positive; 1 for discrete and for constant variables.
    """

    keys: tuple[str, ...]
    mean: Tensor
    std: Tensor

    @staticmethod
    def identity(layout: Layout) -> Standardiser:
        """Leave values as they are."""
        count = len(layout.embedding_keys)
        one = torch.ones(count, dtype=torch.float64)
        return Standardiser(layout.embedding_keys, torch.zeros(count, dtype=torch.float64), one)

    @staticmethod
    def estimate(layout: Layout, draws: Iterable[tuple[Layout, Mapping[str, Tensor]]]) -> Standardiser:
        """Pool draws (a layout of the same program, values `[B, *shape]` by array name)."""
        count = len(layout.embedding_keys)
        row = {key: i for i, key in enumerate(layout.embedding_keys)}
        sums = torch.zeros(3, count, dtype=torch.float64)  # number, sum, sum of squares
        for drawn, values in draws:
            rows = torch.tensor([row[key] for key in drawn.embedding_keys])[drawn.embedding]
            for slot in drawn.arrays:
                if not slot.kind.discrete:
                    flat = values[slot.name].reshape(-1, slot.size).double()
                    moments = torch.stack((torch.ones_like(flat), flat, flat.square())).sum(1)
                    sums.index_add_(1, rows[slot.offset : slot.offset + slot.size], moments)
        number = sums[0].clamp(min=1)
        mean = sums[1] / number
        variance = sums[2] / number - mean.square()
        constant = variance <= 1e-12 * mean.square().clamp(min=1)
        std = torch.where(constant, torch.ones_like(variance), variance.clamp(min=0).sqrt())
        return Standardiser(layout.embedding_keys, mean, std)

    def scales(self, layout: Layout, slot: ArraySlot, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
        """(mean, std) of an array's elements, each of the array's shape."""
        key = ("diffusion.scales", id(self), slot.name, dtype)
        cache = layout.structure.cache
        if key not in cache:
            index = {name: i for i, name in enumerate(self.keys)}
            nodes = layout.embedding[slot.offset : slot.offset + slot.size].tolist()
            rows = torch.tensor([index[layout.embedding_keys[n]] for n in nodes])
            device = layout.structure.indptr.device
            pair = tuple(t[rows].reshape(slot.shape).to(device, dtype) for t in (self.mean, self.std))
            cache[key] = (*pair, self)  # keeping self alive keeps its id
        mean, std, _ = cache[key]
        return mean, std
