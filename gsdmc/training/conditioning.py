"""Which variables are evidence in a training example: flat masks over a layout's nodes, drawn for a batch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from gsdmc.layout.layout import Layout

Conditioning = Literal["mixture", "uniform"]
"""How a program without `given` is conditioned: `draw_mixture`, or a uniform subset as in the GSDM paper."""

SPARSE, DENSE = 0.3, 0.7
"""Chances of being observed in the mixture's random subsets."""

KEYS = (1 << 31) - 1
"""Sort keys are below this: the chance that a tie moves a subset's size by one is under nodes / `KEYS`."""


@dataclass(frozen=True, eq=False)
class Mixture:
    """The families that a layout's mixture is of.

    Attributes:
        bounds: `[F]` float64, ascending to 1: a uniform number below `bounds[f]`, and not below the bound
            before, is a draw of family f.
        whole: `[F, N]`, what is observed in families that observe the same in every example, else nothing.
        elements: `[F]`, the chance of every variable in families that draw each variable, else 0.
        arrays: `[F]`, the chance of every array in families that draw arrays as a whole, else 0.
        array_of_node: `[N]`, numbers of the arrays, empty ones not counted.
    """

    bounds: Tensor
    whole: Tensor
    elements: Tensor
    arrays: Tensor
    array_of_node: Tensor


def draw_uniform(batch: int, size: int, generator: torch.Generator) -> Tensor:
    """Subsets `[batch, size]` whose number of members is uniform in 0 .. size - 1, and then its members.

    The paper's way for Sudoku (Weilbach et al. 2022, section 4.2). The numbers are stratified over the batch.
    """
    count = (stratified(batch, generator) * size).long().clamp_(max=size - 1)  # [B]
    keys = torch.randint(KEYS, (batch, size), generator=generator, dtype=torch.int32)
    ascending = torch.from_numpy(np.sort(keys.numpy(), axis=1))  # several times faster than torch's
    return keys < ascending.gather(1, count[:, None])


def draw_mixture(layout: Layout, batch: int, generator: torch.Generator) -> Tensor:
    """Arbitrary queries `[batch, N]`: each example's family is drawn, then what it observes.

    As in Simformer (Gloeckler et al. 2024), the families have equal parts: joint (nothing is observed),
    posterior (the program's data are), likelihood (its parameters are), and random subsets whose members are
    observed with chance 0.3, and with 0.7. Half of the subsets are of variables, half of whole arrays.
    Families that observe everything or nothing (see `gsdmc.graph.parts`) are left out, but for the joint.

    Evidence is drawn jointly with what it depends on, so that all of it agrees, `dirac` variables included.
    Some variable is always left to infer: where a subset holds all, one of its members is let go.
    """
    mixture = mixture_of(layout)
    family = torch.searchsorted(mixture.bounds, stratified(batch, generator), right=True)  # [B]
    flat = mixture.whole[family]  # [B, N]
    chance = mixture.elements[family]
    rows = chance.nonzero().flatten()
    flat[rows] = _members(chance[rows], layout.nodes, generator)
    chance = mixture.arrays[family]
    rows = chance.nonzero().flatten()
    if rows.numel():
        count = int(mixture.array_of_node[-1]) + 1
        flat[rows] = _members(chance[rows], count, generator)[:, mixture.array_of_node]
    return flat


def stratified(batch: int, generator: torch.Generator) -> Tensor:
    """`[batch]` numbers, each uniform in [0, 1), one in each of as many equal intervals, in random order."""
    order = torch.randperm(batch, generator=generator)
    return (order + torch.rand((), generator=generator, dtype=torch.float64)) / batch


def mixture_of(layout: Layout) -> Mixture:
    """A layout's families, worked out once."""
    cache, key = layout.structure.cache, ("training.mixture", layout.arrays)
    if key not in cache:
        cache[key] = _families(layout)
    found: Mixture = cache[key]
    return found


def _families(layout: Layout) -> Mixture:
    slots = [slot for slot in layout.arrays if slot.size]
    nothing = torch.zeros(layout.nodes, dtype=torch.bool)
    families: list[tuple[float, Tensor, float, float]] = [(1.0, nothing, 0.0, 0.0)]  # the joint
    for part in ("data", "parameter"):
        seen = torch.cat([torch.full((slot.size,), slot.part == part) for slot in slots])
        if seen.any() and not seen.all():
            families.append((1.0, seen, 0.0, 0.0))
    for chance in (SPARSE, DENSE):
        several = len(slots) > 1  # of a single array, no proper part is a whole array
        families.append((0.5 if several else 1.0, nothing, chance, 0.0))
        if several:
            families.append((0.5, nothing, 0.0, chance))
    share = torch.tensor([f[0] for f in families], dtype=torch.float64).cumsum(0)
    bounds = share / share[-1]
    sizes = torch.tensor([slot.size for slot in slots])
    return Mixture(
        bounds=bounds,
        whole=torch.stack([f[1] for f in families]),
        elements=torch.tensor([f[2] for f in families]),
        arrays=torch.tensor([f[3] for f in families]),
        array_of_node=torch.arange(len(slots)).repeat_interleave(sizes),
    )


def _members(chance: Tensor, size: int, generator: torch.Generator) -> Tensor:
    """Random members `[rows, size]` of each row's chance; a row of all of them loses one."""
    drawn = torch.rand(chance.numel(), size, generator=generator) < chance[:, None]
    full = drawn.all(1).nonzero().flatten()
    if full.numel():
        drawn[full, torch.randint(size, (full.numel(),), generator=generator)] = False
    return drawn
