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
    and ordered plates and over sizes, and kept apart along fixed plates and between a vector's channels.

    Attributes:
        keys: embedding names, as in `Layout.embedding_keys`.
        mean: `[keys, C]` float64, C the most channels that a real or a vector has; 0 for discrete
            variables, and where a variable has fewer channels.
        std: `[keys, C]` float64, positive; 1 there, and where values are constant.
    """

    keys: tuple[str, ...]
    mean: Tensor
    std: Tensor

    @staticmethod
    def identity(layout: Layout) -> Standardiser:
        """Leave values as they are."""
        one = torch.ones(len(layout.embedding_keys), _widest(layout), dtype=torch.float64)
        return Standardiser(layout.embedding_keys, torch.zeros_like(one), one)

    @staticmethod
    def estimate(layout: Layout, draws: Iterable[tuple[Layout, Mapping[str, Tensor]]]) -> Standardiser:
        """Pool draws (a layout of the same program, values `[B, *value_shape]` by array name)."""
        row = {key: i for i, key in enumerate(layout.embedding_keys)}
        shape = (3, len(row), _widest(layout))  # number, sum, sum of squares
        sums = torch.zeros(shape, dtype=torch.float64)
        for drawn, values in draws:
            rows = torch.tensor([row[key] for key in drawn.embedding_keys])[drawn.embedding]
            for slot in drawn.arrays:
                if not slot.kind.discrete:
                    flat = values[slot.name].reshape(-1, slot.size, slot.kind.channels).double()
                    moments = torch.stack((torch.ones_like(flat), flat, flat.square())).sum(1)
                    part = sums[:, :, : slot.kind.channels]
                    part.index_add_(1, rows[slot.offset : slot.offset + slot.size], moments)
        number = sums[0].clamp(min=1)
        mean = sums[1] / number
        variance = sums[2] / number - mean.square()
        constant = variance <= 1e-12 * mean.square().clamp(min=1)
        std = torch.where(constant, torch.ones_like(variance), variance.clamp(min=0).sqrt())
        return Standardiser(layout.embedding_keys, mean, std)

    def scales(self, layout: Layout, slot: ArraySlot, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
        """(mean, std) of an array's elements, each `[*value_shape]`."""
        key = ("diffusion.scales", id(self), slot.name, dtype)
        cache = layout.structure.cache
        if key not in cache:
            index = {name: i for i, name in enumerate(self.keys)}
            nodes = layout.embedding[slot.offset : slot.offset + slot.size].tolist()
            rows = torch.tensor([index[layout.embedding_keys[n]] for n in nodes])
            device = layout.structure.indptr.device
            pair = tuple(
                t[rows, : slot.kind.channels].reshape(slot.value_shape).to(device, dtype)
                for t in (self.mean, self.std)
            )
            cache[key] = (*pair, self)  # keeping self alive keeps its id
        mean, std, _ = cache[key]
        return mean, std


def _widest(layout: Layout) -> int:
    return max((slot.kind.channels for slot in layout.arrays if not slot.kind.discrete), default=1)
