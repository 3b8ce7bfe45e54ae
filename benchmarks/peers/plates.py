"""Attention by broadcasting over plates, without an index: what `torch.compile` can fuse into loops.

A problem's nodes are arrays over named axes. A group says which nodes of a source a target's attend to, by
names alone: axes of equal name run together, the target's other axes broadcast, and the source's other axes
are summed over. `C` over (i, j, k) attends to `A` over (i, k) at its own i and k; `A` attends to `C` at
its own i and k and every j. `over` makes an axis of the source run by itself: `P` over (i, j), `over` j, is
the clique of each row. Pairs that an earlier group has, such as the diagonal in a second clique, are masked.

Such a description belongs to a program; the structure alone, which is all that `sparse_attention` needs, does
not hold it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor

from gsdmc.kernels.structure import Structure

from .attentions import Attention

Plan = list[tuple["Grid", list["Group"]]]
"""Whom each array's nodes attend to."""


@dataclass(frozen=True)
class Grid:
    """An array of nodes: its axes, a small letter each, their sizes and its first node's number."""

    axes: str
    shape: tuple[int, ...]
    first: int

    @property
    def size(self) -> int:
        """How many nodes it has."""
        return math.prod(self.shape)

    def of(self, x: Tensor) -> Tensor:
        """Its part of `[B, N, H, D]`, as `[B, *shape, H, D]`."""
        part = x[:, self.first : self.first + self.size]
        return part.view(-1, *self.shape, *x.shape[2:])


@dataclass(frozen=True)
class Group:
    """Whom of `source` the nodes of an array attend to; `shift` moves a source of one axis along it."""

    source: Grid
    over: str = ""
    shift: int = 0

    @property
    def axes(self) -> str:
        """The source's, with capitals for those that run by themselves."""
        return "".join(a.upper() if a in self.over else a for a in self.source.axes)

    def of(self, x: Tensor) -> Tensor:
        """The source's part of `[B, N, H, D]`, moved."""
        part = self.source.of(x)
        return part.roll(self.shift, 1) if self.shift else part


def make(plan: Plan, s: Structure) -> Attention:
    """Attention by `plan`, ready to be compiled.

    Raises:
        ValueError: the plan's pairs aren't the structure's entries.
    """
    steps: list[tuple[Grid, list[Step]]] = []
    seen = torch.empty(0, dtype=torch.int64)
    for target, groups in sorted(plan, key=lambda part: part[0].first):
        steps.append((target, []))
        for group in groups:
            pairs = _pairs(target, group, s.nodes)
            fresh = ~torch.isin(pairs, seen) & (pairs >= 0)
            seen = torch.cat([seen, pairs[fresh]])
            mask = None if bool(fresh.all()) else torch.zeros(fresh.shape).masked_fill(~fresh, -torch.inf)
            steps[-1][1].append(Step(target, group, mask))
    if not torch.equal(seen.sort()[0], s.rows * s.nodes + s.indices):
        raise ValueError("the plan's pairs aren't the structure's entries")

    def attend(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        q, k, v = (x.transpose(1, 2) for x in (q, k, v))  # [B, N, H, D], as it lies in memory
        done = []
        for target, parts in steps:
            own = target.of(q) * q.shape[-1] ** -0.5
            scores = [part.scores(own, k) for part in parts]  # [B, *target, H, count] each
            top = scores[0].detach().amax(-1, keepdim=True)
            for x in scores[1:]:
                top = torch.maximum(top, x.detach().amax(-1, keepdim=True))
            weights = [(x - top).exp() for x in scores]
            total = torch.stack([w.sum(-1, keepdim=True) for w in weights]).sum(0)
            mixed = [part.sums(w / total, v) for part, w in zip(parts, weights, strict=True)]
            done.append(sum(mixed[1:], mixed[0]).flatten(1, -3))
        return torch.cat(done, 1).transpose(1, 2)

    return attend


class Step:
    """A group, and how its products and sums run; heads are an axis y after the target's."""

    def __init__(self, target: Grid, group: Group, mask: Tensor | None) -> None:
        sizes = dict(zip(group.axes, group.source.shape, strict=True))
        free = "".join(a for a in group.axes if a not in target.axes)
        self.group, self.mask = group, mask
        self.own, self.source = target.axes + "y", group.axes + "y"
        self.every = self.own + free
        self.shape = [sizes[a] for a in free]
        self.count = math.prod(self.shape)
        if mask is not None:
            self.mask = mask.unsqueeze(len(target.axes))  # [*target, 1, *free]

    def scores(self, q: Tensor, k: Tensor) -> Tensor:
        """Products, `[B, *target, H, D]` and `[B, N, H, D]` to `[B, *target, H, count]`."""
        k = self.group.of(k)
        if self.group.over:  # all pairs of many nodes: matrix products
            found = torch.einsum(f"x{self.own}z,x{self.source}z->x{self.every}", q, k)
        else:
            found = (_spread(q, self.own, self.every) * _spread(k, self.source, self.every)).sum(-1)
        if self.mask is not None:
            found = found + self.mask
        return found.reshape(*q.shape[:-1], self.count)

    def sums(self, weights: Tensor, v: Tensor) -> Tensor:
        """Sums of neighbours, `[B, *target, H, count]` and `[B, N, H, D]` to `[B, *target, H, D]`."""
        v = self.group.of(v)
        weights = weights.reshape(*weights.shape[:-1], *self.shape)
        if self.group.over:
            return torch.einsum(f"x{self.every},x{self.source}z->x{self.own}z", weights, v)
        products = weights[..., None] * _spread(v, self.source, self.every)
        places = list(range(1 + len(self.own), 1 + len(self.every)))
        return products.sum(places) if places else products


def _spread(x: Tensor, axes: str, every: str) -> Tensor:
    """`[B, *axes, D]` with its axes in the order of `every`, and 1 for those that it lacks."""
    order = sorted(range(len(axes)), key=lambda n: every.index(axes[n]))
    x = x.permute(0, *(1 + n for n in order), -1)
    for place, a in enumerate(every):
        if a not in axes:
            x = x.unsqueeze(1 + place)
    return x


def _pairs(target: Grid, group: Group, nodes: int) -> Tensor:
    """Numbers of the pairs, `[*target, *free]`, and -1 where a shift runs over the end."""
    numbers = torch.arange(nodes).view(1, nodes, 1, 1)
    every = target.axes + "y" + "".join(a for a in group.axes if a not in target.axes)
    columns = group.of(numbers)
    if group.shift:
        moved = torch.arange(group.source.size) - group.shift  # where each place's node comes from
        columns = columns.masked_fill(((moved < 0) | (moved >= group.source.size)).view(1, -1, 1, 1), -1)
    rows = _spread(target.of(numbers), target.axes + "y", every)
    columns = _spread(columns, group.axes + "y", every)
    pairs = torch.where(columns < 0, -1, rows * nodes + columns)
    return pairs.squeeze(1 + len(target.axes))[0, ..., 0]


def bcmf(m: int, n: int, k: int) -> Plan:
    """As `masks.bcmf` lays it out."""
    A, R, C, E = _grids(("ik", m, k), ("kj", k, n), ("ijk", m, n, k), ("ij", m, n))
    return [
        (A, [Group(A), Group(C)]),
        (R, [Group(R), Group(C)]),
        (C, [Group(C), Group(A), Group(R), Group(E)]),
        (E, [Group(E), Group(C)]),
    ]


def sorting(n: int) -> Plan:
    """As `masks.sorting` lays it out."""
    P, C, u, s = _grids(("ij", n, n), ("ij", n, n), ("j", n), ("i", n))
    return [
        (P, [Group(P, "j"), Group(P, "i"), Group(C)]),
        (C, [Group(C), Group(P), Group(u), Group(s)]),
        (u, [Group(u), Group(C)]),
        (s, [Group(s), Group(C), Group(s, shift=1), Group(s, shift=-1)]),
    ]


def sudoku(side: int = 3) -> Plan:
    """Rows, columns and boxes, each all pairs of its cells; masked where a row or column has them already."""
    (cells,) = _grids(("ijkl", side, side, side, side))  # band, row in it, stack, column in it
    return [(cells, [Group(cells, "kl"), Group(cells, "ij"), Group(cells, "jl")])]


def _grids(*arrays: Any) -> list[Grid]:
    found, first = [], 0
    for axes, *shape in arrays:
        found.append(Grid(axes, tuple(shape), first))
        first += found[-1].size
    return found


PLANS: dict[str, Callable[[], Plan]] = {
    "bcmf-10": partial(bcmf, 10, 10, 10),
    "sorting-20": partial(sorting, 20),
    "sudoku": sudoku,
    "bcmf-50-50-10": partial(bcmf, 50, 50, 10),
    "bcmf-2": partial(bcmf, 2, 2, 2),
    "sorting-3": partial(sorting, 3),
    "sudoku-2": partial(sudoku, 2),
}
"""Plans for the masks of those names."""
