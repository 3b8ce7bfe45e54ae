"""Runs a tape on tensors: every instruction once, for the whole batch and all its plates."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

import torch
from torch import Tensor

from gsdmc.language.source import GsdmcError
from gsdmc.program.arrays import assemblies
from gsdmc.program.steps import Step, View, aligned, step_of
from gsdmc.program.tape import Alias, Draw, ExternCall, FactorUse, Instruction, Tape, Untracked, VectorOp


class Reading(Protocol):
    """What the readings of a program do differently."""

    batch: int
    dtype: torch.dtype

    def draw(self, draw: Draw, arguments: list[Tensor]) -> Tensor:
        """Values `[B, *axes]` of a draw; the arguments broadcast to that shape."""

    def extern(self, call: ExternCall) -> Tensor:
        """Values `[B, *axes]` of a registered function."""

    def condition(self, draw: Draw, holds: Tensor) -> None:
        """Take note of where an observation counts, boolean `[b, *replicas]`."""

    def factor(self, factor: FactorUse, holds: Tensor) -> None:
        """Take note of a factor's value, boolean `[b, *axes]`."""

    def tied(self, sort: VectorOp, members: Tensor) -> None:
        """Take note of batch members in which an `argsort` met equal values, boolean `[b]`."""


class Interpreter:
    """A tape, ordered and with its views worked out, to be run many times.

    Values are tensors `[b, *axes]`, with b the batch size or 1.
    """

    def __init__(self, tape: Tape) -> None:
        self.tape = tape
        self.assemblies = assemblies(tape)
        conditions = [(d, d.condition) for d in tape.draws if d.condition is not None]
        self.order = topological([*tape.draws, *(c for _, c in conditions), *(f.value for f in tape.factors)])
        position = {instruction: n for n, instruction in enumerate(self.order)}
        self.steps: list[Step] = [
            step_of(i, [position[transparent(x)] for x in i.inputs]) for i in self.order
        ]
        self.conditions: list[tuple[Draw, int, View]] = [
            (d, position[transparent(c)], aligned(c.axes, d.replicas)) for d, c in conditions
        ]
        self.factors: list[tuple[FactorUse, int, View]] = [
            (f, position[transparent(f.value)], aligned(f.value.axes, f.axes)) for f in tape.factors
        ]

    def run(self, reading: Reading) -> None:
        """Run every instruction under a reading.

        Raises:
            GsdmcError: an instruction that has no value for these numbers, with its place.
        """
        values: list[Tensor] = []
        try:
            for step in self.steps:
                values.append(step(values, reading))
        except (RuntimeError, IndexError, ZeroDivisionError, ValueError) as error:
            here = self.order[len(values)]
            what = (str(error) or type(error).__name__).splitlines()[0]
            what = "it divides by zero" if "ZeroDivision" in what else what
            raise GsdmcError(
                f"this has no value for some of what the program draws: {what}",
                here.span,
                hint="choose another value for such draws, with `(if test a b)`",
            ) from error
        for draw, at, view in self.conditions:
            reading.condition(draw, view(values[at]))
        for factor, at, view in self.factors:
            reading.factor(factor, view(values[at]))


def transparent(instruction: Instruction) -> Instruction:
    """The instruction whose value this one has: facts and dependences are no matter of values."""
    while isinstance(instruction, Alias | Untracked):
        instruction = instruction.inputs[0]
    return instruction


def topological(roots: Iterable[Instruction]) -> list[Instruction]:
    """Every instruction that the roots' values need, inputs before uses."""
    order: list[Instruction] = []
    done: set[Instruction] = set()
    for root in roots:
        stack = [(transparent(root), False)]
        while stack:
            here, ready = stack.pop()
            if here in done:
                continue
            if ready:
                done.add(here)
                order.append(here)
            else:
                stack.append((here, True))
                stack.extend((transparent(i), False) for i in reversed(here.inputs))
    return order
