"""What drawing a program's joint samples takes, known before anything is drawn."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from gsdmc.program.axes import Axis, merged
from gsdmc.program.meter import FACTORED
from gsdmc.program.tape import Const, Draw, ExternCall, Instruction, VectorOp

QUANTILES = frozenset({"gamma", "beta", "student-t", "poisson", "dirichlet"})
"""Distributions whose draws come from quantile functions."""

QUANTILE, SORT = 200, 10
"""The time of a quantile and of a sorted number, where a number that is added or multiplied takes 1."""


@dataclass(frozen=True)
class Cost:
    """What one batch takes.

    Attributes:
        numbers: that are kept until the batch is done, whatever its size.
        each: that every member of the batch adds.
        work: the time, in numbers that are added or multiplied, whatever the size of the batch.
        each_work: the time that every member of the batch adds.
        most: the instruction that makes most numbers, None where there are no instructions.
    """

    numbers: int
    each: int
    work: int
    each_work: int
    most: Instruction | None

    def members(self, numbers: int, work: int) -> int:
        """How many members a batch can have within so many numbers and so much work."""
        return min(numbers // max(self.each, 1), work // max(self.each_work, 1))


def cost_of(instructions: Iterable[Instruction]) -> Cost:
    """What it takes to run some instructions, inputs before uses."""
    varying: dict[Instruction, bool] = {}
    numbers, work, most, largest = [0, 0], [0, 0], None, -1
    for here in instructions:
        random = isinstance(here, Draw | ExternCall) or any(varying.get(i, True) for i in here.inputs)
        varying[here] = random and not isinstance(here, Const)
        size, time = weigh(here)
        numbers[varying[here]] += size
        work[varying[here]] += time
        if size > largest:
            most, largest = here, size
    return Cost(numbers[0], numbers[1], work[0], work[1], most)


def weigh(here: Instruction) -> tuple[int, int]:
    """How many numbers an instruction makes for one member of a batch, and its time."""
    match here:
        case Draw():
            return weigh_draw(here)
        case ExternCall():
            size = product(here.axes)
            return size, size * here.extern.work
        case VectorOp():
            outer = tuple(axis for axis in here.axes if axis is not here.made)
            size = product((*outer, *here.consumed))
            return size, size * SORT
    size = product(here.axes)
    return size, size


def weigh_draw(draw: Draw) -> tuple[int, int]:
    """The same of a draw: its arguments' own elements count for every replica."""
    replicas = product(draw.replicas)
    size = replicas * max((product(trailing) for trailing in draw.trailing), default=1)
    name = draw.component or draw.distribution
    if name in QUANTILES:
        return size, product(draw.axes) * QUANTILE + size
    if name == "multivariate-normal":
        factored = product(merged(draw.inputs[-1].axes, draw.trailing[-1]))
        return size, size + factored * draw.trailing[-1][-1].size // FACTORED
    return size, size


def product(axes: Iterable[Axis]) -> int:
    """How many replicas some axes have together."""
    return math.prod(axis.size for axis in axes)
