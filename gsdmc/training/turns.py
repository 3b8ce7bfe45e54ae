"""Simulation by turns: each process draws whole batches of some steps, and deals their rows out to all."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

import torch
from torch import Tensor

from gsdmc.layout.layout import Layout
from gsdmc.training.data import CHUNK, SIZES, Batches
from gsdmc.training.ranks import Ranks


class Turns:
    """This process's rows of the draws of any step.

    Of so many processes, each simulates a run of `CHUNK` steps, all of their examples, and all exchange rows
    before the first of these steps. So the draws are those that one process would make by itself, and of
    the work of making them each has its share, however long the program or a simulator takes.
    """

    def __init__(self, batches: Batches, ranks: Ranks) -> None:
        self.batches, self.ranks = batches, ranks
        self.rows = batches.batch // ranks.size
        self._round, self._dealt = -1, list[dict[str, Tensor]]()

    def __call__(self, step: int) -> dict[str, Tensor]:
        """`[rows, *value_shape]` by array; called by all processes for the same steps."""
        number, position = divmod(step, CHUNK * self.ranks.size)
        if number != self._round:
            self._dealt = self._deal(number * CHUNK * self.ranks.size)
            self._round = number
        return self._dealt[position]

    def _deal(self, first: int) -> list[dict[str, Tensor]]:
        """The rows of the steps of a round, each process's part of which follows the one before."""
        turns = [range(first + rank * CHUNK, first + (rank + 1) * CHUNK) for rank in range(self.ranks.size)]
        problems = [[self.batches.sized(step, SIZES) for step in steps] for steps in turns]
        mine = self.ranks.place.rank
        drawn = [self.batches.draws(s, p) for s, p in zip(turns[mine], problems[mine], strict=True)]
        kinds = {name: value.dtype for name, value in drawn[0].items()}
        forms = [[_shapes(problem.layout, self.rows) for problem in part] for part in problems]
        sizes = [sum(_bytes(kinds, shapes) for shapes in part) for part in forms]
        rows = [slice(rank * self.rows, (rank + 1) * self.rows) for rank in range(self.ranks.size)]
        hands = [
            torch.cat([_packed(value[own]) for draws in drawn for value in draws.values()]) for own in rows
        ]
        got = self.ranks.deal(hands, sizes)
        return [
            values for hand, part in zip(got, forms, strict=True) for values in _unpacked(hand, kinds, part)
        ]


def _shapes(layout: Layout, rows: int) -> dict[str, tuple[int, ...]]:
    return {slot.name: (rows, *slot.value_shape) for slot in layout.arrays}


def _bytes(kinds: Mapping[str, torch.dtype], shapes: Mapping[str, tuple[int, ...]]) -> int:
    return sum(kind.itemsize * prod(shapes[name]) for name, kind in kinds.items())


def _packed(values: Tensor) -> Tensor:
    return values.flatten().view(torch.uint8)


def _unpacked(
    hand: Tensor, kinds: Mapping[str, torch.dtype], steps: list[dict[str, tuple[int, ...]]]
) -> list[dict[str, Tensor]]:
    """The values of each step, of copies, since a number's bytes must begin where its size divides."""
    found, start = [], 0
    for shapes in steps:
        values = {}
        for name, kind in kinds.items():
            size = kind.itemsize * prod(shapes[name])
            values[name] = hand[start : start + size].clone().view(kind).view(shapes[name])
            start += size
        found.append(values)
    return found
