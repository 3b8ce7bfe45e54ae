"""Runs a tape on tensors: every instruction once, for the whole batch and all its plates."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from gsdmc.program.axes import Axis
from gsdmc.program.elementwise import ELEMENTWISE
from gsdmc.program.tape import (
    Alias,
    Apply,
    Const,
    Draw,
    ExternCall,
    FactorUse,
    Gather,
    Instruction,
    Lookup,
    Reduce,
    Stack,
    Tape,
    Untracked,
    VectorOp,
)

Step = Callable[[list[Tensor], "Reading"], Tensor]


class Reading(Protocol):
    """What the readings of a program do differently."""

    batch: int
    dtype: torch.dtype

    def draw(self, draw: Draw, arguments: list[Tensor]) -> Tensor:
        """Values `[B, *axes]` of a draw; the arguments broadcast to that shape."""

    def extern(self, call: ExternCall) -> Tensor:
        """Values `[B, *axes]` of a registered function."""

    def factor(self, factor: FactorUse, holds: Tensor) -> None:
        """Take note of a factor's value, boolean `[b, *axes]`."""

    def tied(self, members: Tensor) -> None:
        """Take note of batch members in which a sort met equal values, boolean `[b]`."""


class Interpreter:
    """A tape, ordered and with its views worked out, to be run many times.

    Values are tensors `[b, *axes]`, with b the batch size or 1.
    """

    def __init__(self, tape: Tape) -> None:
        self.tape = tape
        roots: list[Instruction] = [*tape.draws, *(f.value for f in tape.factors)]
        self.order = topological(roots)
        self.position = {id(i): n for n, i in enumerate(self.order)}
        self.steps = [(tuple(self.position[id(x)] for x in i.inputs), compile_step(i)) for i in self.order]
        self.factors = [(f, self.position[id(f.value)], aligned(f.value.axes, f.axes)) for f in tape.factors]

    def run(self, reading: Reading) -> None:
        """Run every instruction under a reading."""
        values: list[Tensor] = []
        for inputs, step in self.steps:
            values.append(step([values[i] for i in inputs], reading))
        for factor, position, view in self.factors:
            reading.factor(factor, view(values[position]))


def topological(roots: list[Instruction]) -> list[Instruction]:
    """Every instruction that the roots need, inputs before uses."""
    order: list[Instruction] = []
    done: set[int] = set()
    for root in roots:
        stack: list[tuple[Instruction, bool]] = [(root, False)]
        while stack:
            here, ready = stack.pop()
            if id(here) in done:
                continue
            if ready:
                done.add(id(here))
                order.append(here)
            else:
                stack.append((here, True))
                stack.extend((i, False) for i in reversed(here.inputs))
    return order


def aligned(axes: tuple[Axis, ...], out: tuple[Axis, ...]) -> Callable[[Tensor], Tensor]:
    """A view of `[b, *axes]` as `[b, *out]`, of size one in dimensions that it lacks."""
    if axes == out:
        return lambda t: t
    present = [a for a in out if a in axes]
    permutation = [0, *(1 + axes.index(a) for a in present)]
    index = (slice(None), *(slice(None) if a in axes else None for a in out))
    if permutation == list(range(len(permutation))):
        return lambda t: t[index]
    if all(a in axes for a in out):
        return lambda t: t.permute(permutation)
    return lambda t: t.permute(permutation)[index]


def compile_step(instruction: Instruction) -> Step:
    """How to compute one instruction from its inputs."""
    match instruction:
        case Const():
            return constant(instruction)
        case Apply():
            function = ELEMENTWISE[instruction.function].tensor
            views = [aligned(i.axes, instruction.axes) for i in instruction.inputs]
            return lambda xs, _: function(*(view(x) for view, x in zip(views, xs, strict=True)))
        case Gather():
            return gather(instruction)
        case Lookup():
            return lookup(instruction)
        case Reduce():
            dim = 1 + instruction.inputs[0].axes.index(instruction.axis)
            return reduction(instruction.function, dim)
        case VectorOp():
            return vector_op(instruction)
        case Stack():
            return stack(instruction)
        case ExternCall():
            return lambda _, reading: reading.extern(instruction)
        case Draw():
            return draw(instruction)
        case Untracked() | Alias():
            view = aligned(instruction.inputs[0].axes, instruction.axes)
            return lambda xs, _: view(xs[0])
    raise TypeError(type(instruction))


def constant(instruction: Const) -> Step:
    """Compile-time values; reals take the reading's precision."""
    value = torch.from_numpy(np.array(instruction.values)[None])
    if not value.is_floating_point():
        return lambda _, reading: value
    casts = {value.dtype: value}

    def step(_: list[Tensor], reading: Reading) -> Tensor:
        if reading.dtype not in casts:
            casts[reading.dtype] = value.to(reading.dtype)
        return casts[reading.dtype]

    return step


def draw(instruction: Draw) -> Step:
    """A draw's arguments, aligned with its axes; extra axes (options) come last."""
    views = []
    for i in instruction.inputs:
        extra = tuple(a for a in i.axes if a not in instruction.axes)
        views.append(aligned(i.axes, (*instruction.axes, *extra)))
    return lambda xs, reading: reading.draw(instruction, [view(x) for view, x in zip(views, xs, strict=True)])


def gather(instruction: Gather) -> Step:
    """A static look-up: a renaming, a selection, or an indexed copy."""
    source = instruction.inputs[0]
    dim, index = 1 + source.axes.index(instruction.axis), instruction.index
    rest = tuple(a for a in source.axes if a is not instruction.axis)
    if not index.axes:
        at = int(index.values)
        return lambda xs, _: xs[0].select(dim, at)
    if not any(a in rest for a in index.axes):
        if index.is_identity_of(instruction.axis):
            return lambda xs, _: xs[0].movedim(dim, -1)
        places = torch.from_numpy(np.ascontiguousarray(index.values))
        return lambda xs, _: xs[0].movedim(dim, -1)[..., places]
    places = aligned(index.axes, instruction.axes)(torch.from_numpy(index.values)[None])[0]
    grids = [torch.arange(a.size).reshape([-1 if b is a else 1 for b in instruction.axes]) for a in rest]
    return lambda xs, _: xs[0].movedim(dim, -1)[(slice(None), *grids, places)]


def lookup(instruction: Lookup) -> Step:
    """A look-up at a random index."""
    source, key = instruction.inputs
    view = aligned(source.axes, (*instruction.axes, instruction.axis))
    key_view = aligned(key.axes, instruction.axes)

    def step(xs: list[Tensor], _: Reading) -> Tensor:
        table, places = view(xs[0]), key_view(xs[1]).to(torch.int64)
        shape = torch.broadcast_shapes(table.shape[:-1], places.shape)
        table = table.expand(*shape, table.shape[-1])
        return table.gather(-1, places.expand(shape).unsqueeze(-1)).squeeze(-1)

    return step


def reduction(function: str, dim: int) -> Step:
    """A symmetric fold over one dimension."""
    folds: dict[str, Callable[[Tensor], Tensor]] = {
        "+": lambda x: x.sum(dim),
        "*": lambda x: x.prod(dim),
        "min": lambda x: x.amin(dim),
        "max": lambda x: x.amax(dim),
        "and": lambda x: x.all(dim),
        "or": lambda x: x.any(dim),
    }
    fold = folds[function]
    return lambda xs, _: fold(xs[0])


def stack(instruction: Stack) -> Step:
    """Inputs side by side along the first axis."""
    inner = instruction.axes[1:]
    views = [aligned(i.axes, inner) for i in instruction.inputs]

    def step(xs: list[Tensor], _: Reading) -> Tensor:
        parts = torch.broadcast_tensors(*(view(x) for view, x in zip(views, xs, strict=True)))
        dtype = torch.int64 if any(p.dtype == torch.int64 for p in parts) else parts[0].dtype
        for p in parts:
            dtype = p.dtype if p.is_floating_point() else dtype
        return torch.stack([p.to(dtype) for p in parts], dim=1)

    return step


def vector_op(instruction: VectorOp) -> Step:
    """A builtin of a whole vector, its elements laid out in the last dimension."""
    source, name = instruction.inputs[0], instruction.function
    outer = tuple(a for a in instruction.axes if a is not instruction.made)
    view = aligned(source.axes, (*outer, *instruction.consumed))
    sizes = [a.size for a in instruction.consumed]

    def flat(x: Tensor) -> Tensor:
        x = view(x)
        lead = x.shape[: x.dim() - len(sizes)]
        return x.expand(*lead, *sizes).reshape(*lead, int(np.prod(sizes)))

    def step(xs: list[Tensor], reading: Reading) -> Tensor:
        x = flat(xs[0])
        if name == "distinct?":
            ordered = (
                x.to(torch.int64).sort(dim=-1).values if x.dtype == torch.bool else x.sort(dim=-1).values
            )
            return (ordered.diff(dim=-1) != 0).all(-1)
        if name == "one-hot?":
            number = x.to(torch.int64) if x.dtype == torch.bool else x
            return (number.sum(-1) == 1) & ((number == 0) | (number == 1)).all(-1)
        values, places = x.sort(dim=-1, stable=True)
        reading.tied((values.diff(dim=-1) == 0).flatten(1).any(1))
        return places if name == "argsort" else values

    return step
