"""Scales of real variables, estimated from the program's own draws."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from gsdmc.diffusion.bijections import bijection_of
from gsdmc.layout.layout import ArraySlot, Layout


@dataclass(frozen=True, eq=False)
class Standardiser:
    """Mean and standard deviation of real variables, where the diffusion runs.

    Statistics are pooled over all of an array, over sizes and draws, and kept apart along fixed plates alone.
    The channels of a vector have their own; those of a simplex share the standard deviation, so that their
    centred log ratios keep summing to 0.

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
    def estimate(
        layout: Layout, draws: Iterable[tuple[Layout, Mapping[str, Tensor]]], *, bijections: bool = True
    ) -> Standardiser:
        """Pool draws (a layout of the same program, values `[B, *value_shape]` by array name).

        Args:
            layout: a size of the program; its names are all that counts.
            draws: joint samples at any sizes.
            bijections: whether supports are mapped onto the reals first, as `ProcessConfig` says.
        """
        groups = [_group(key, layout) for key in layout.embedding_keys]
        names = {group: i for i, group in enumerate(dict.fromkeys(groups))}
        row = {key: names[group] for key, group in zip(layout.embedding_keys, groups, strict=True)}
        shape = (3, len(names), _widest(layout))  # number, sum, sum of squares
        sums = torch.zeros(shape, dtype=torch.float64)
        tied = torch.zeros(len(names), dtype=torch.bool)
        for drawn, values in draws:
            rows = torch.tensor([row[key] for key in drawn.embedding_keys])[drawn.embedding]
            for slot in drawn.arrays:
                if slot.kind.discrete or not slot.size:  # an array may be empty at one size
                    continue
                own = rows[slot.offset : slot.offset + slot.size]
                encoded = values[slot.name].double()
                if bijections:
                    encoded = bijection_of(slot.kind).forward(encoded)
                    tied[own] = slot.kind.support == "simplex"
                flat = encoded.reshape(-1, slot.size, slot.kind.channels)
                moments = torch.stack((torch.ones_like(flat), flat, flat.square())).sum(1)
                sums[:, :, : slot.kind.channels].index_add_(1, own, moments)
        number = sums[0].clamp(min=1)
        mean = sums[1] / number
        variance = sums[2] / number - mean.square()
        channels = (sums[0] > 0).sum(1, keepdim=True).clamp(min=1)
        common = variance.sum(1, keepdim=True) / channels
        variance = torch.where(tied[:, None] & (sums[0] > 0), common, variance)
        constant = variance <= 1e-12 * mean.square().clamp(min=1)
        std = torch.where(constant, torch.ones_like(variance), variance.clamp(min=0).sqrt())
        pooled = torch.tensor([names[group] for group in groups], dtype=torch.int64)
        return Standardiser(layout.embedding_keys, mean[pooled], std[pooled])

    def scales(self, layout: Layout, slot: ArraySlot, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
        """(mean, std) of an array's elements, each `[*value_shape]`."""
        key = ("diffusion.scales", id(self), slot.name, dtype)
        cache = layout.structure.cache
        if key not in cache:
            index = {name: i for i, name in enumerate(self.keys)}
            nodes = layout.embedding[slot.offset : slot.offset + slot.size].tolist()
            rows = torch.tensor([index[layout.embedding_keys[n]] for n in nodes], dtype=torch.int64)
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


def _group(key: str, layout: Layout) -> str:
    """An embedding's name without the pattern of coinciding indices, such as `G` of `G=01`.

    Replicas on the diagonal of an array have an embedding of their own, but share the array's scale.
    """
    owners = [slot.name for slot in layout.arrays if key.startswith(slot.name)]
    name = max(owners, key=len, default="")
    return name + key[len(name) :].split("=")[0]
