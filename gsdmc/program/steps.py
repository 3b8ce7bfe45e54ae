"""How one instruction computes its tensor from those of its inputs."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from gsdmc.program.axes import Axis
from gsdmc.program.elementwise import ELEMENTWISE
from gsdmc.program.tape import (
    Apply,
    Const,
    Draw,
    ExternCall,
    Gather,
    Instruction,
    Lookup,
    Reduce,
    Stack,
    VectorOp,
)

if TYPE_CHECKING:
    from gsdmc.program.interpreter import Reading

View = Callable[[Tensor], Tensor]
Step = Callable[[Sequence[Tensor], "Reading"], Tensor]
"""Takes the values of all earlier instructions."""


def aligned(axes: tuple[Axis, ...], out: tuple[Axis, ...]) -> View:
    """A view of `[b, *axes]` as `[b, *out]`, of size one in dimensions that it lacks."""
    if axes == out:
        return lambda t: t
    present = [a for a in out if a in axes]
    permutation = [0, *(1 + axes.index(a) for a in present)]
    index: tuple[slice | None, ...] = (slice(None), *(slice(None) if a in axes else None for a in out))
    if permutation == list(range(len(permutation))):
        return lambda t: t[index]
    if len(present) == len(out):
        return lambda t: t.permute(permutation)
    return lambda t: t.permute(permutation)[index]


def step_of(instruction: Instruction, at: list[int]) -> Step:
    """How to compute one instruction; `at` says where its inputs' values are."""
    match instruction:
        case Const():
            return constant(instruction)
        case Apply():
            return apply(instruction, at)
        case Gather():
            return gather(instruction, at[0])
        case Lookup():
            return lookup(instruction, at)
        case Reduce():
            return reduction(instruction, at[0])
        case VectorOp():
            return vector_op(instruction, at[0])
        case Stack():
            return stack(instruction, at)
        case ExternCall():
            return lambda _, reading: reading.extern(instruction)
        case Draw():
            return draw(instruction, at)
    raise TypeError(type(instruction))


def constant(instruction: Const) -> Step:
    """Compile-time values; reals take the reading's precision."""
    value = torch.from_numpy(np.array(instruction.values)[None])
    if not value.is_floating_point():
        return lambda _, reading: value
    casts = {value.dtype: value}

    def step(_: Sequence[Tensor], reading: Reading) -> Tensor:
        if reading.dtype not in casts:
            casts[reading.dtype] = value.to(reading.dtype)
        return casts[reading.dtype]

    return step


def apply(instruction: Apply, at: list[int]) -> Step:
    """An element-wise function of aligned inputs."""
    function = ELEMENTWISE[instruction.function].tensor
    if all(i.axes == instruction.axes for i in instruction.inputs) and len(at) <= 2:
        first, last = at[0], at[-1]
        if len(at) == 1:
            return lambda values, _: function(values[first])
        return lambda values, _: function(values[first], values[last])
    views = [(aligned(i.axes, instruction.axes), n) for i, n in zip(instruction.inputs, at, strict=True)]
    return lambda values, _: function(*(view(values[n]) for view, n in views))


def draw(instruction: Draw, at: list[int]) -> Step:
    """A draw's arguments, aligned with its replicas; what elements they have themselves comes last."""
    base = instruction.replicas
    views: list[tuple[View, int]] = []
    for source, trailing, n in zip(instruction.inputs, instruction.trailing, at, strict=True):
        view = aligned(source.axes, (*base, *trailing))
        views.append((_with_elements(view, [a.size for a in trailing]) if trailing else view, n))
    if instruction.inlined:
        return inlined(instruction, *views[0])
    if instruction.trailing == ((),) and instruction.inputs[0].axes == base:
        only = at[0]
        return lambda values, reading: reading.draw(instruction, [values[only]])
    return lambda values, reading: reading.draw(instruction, [view(values[n]) for view, n in views])


def inlined(instruction: Draw, view: View, at: int) -> Step:
    """The computed value that is no variable, with its full size in every dimension."""
    sizes = [a.size for a in instruction.axes]

    def step(values: Sequence[Tensor], _: Reading) -> Tensor:
        value = view(values[at])
        return value.expand(value.shape[0], *sizes)

    return step


def _with_elements(view: View, sizes: list[int]) -> View:
    def expanded(t: Tensor) -> Tensor:
        t = view(t)
        return t.expand(*t.shape[: t.dim() - len(sizes)], *sizes)

    return expanded


def gather(instruction: Gather, at: int) -> Step:
    """A static look-up: a renaming, a selection, or an indexed copy."""
    source, index = instruction.inputs[0], instruction.index
    dim = 1 + source.axes.index(instruction.axis)
    rest = tuple(a for a in source.axes if a is not instruction.axis)
    if not index.axes:
        place = int(index.values)
        return lambda values, _: values[at].select(dim, place)
    if not any(a in rest for a in index.axes):
        last = dim == len(source.axes)
        if index.is_identity_of(instruction.axis):
            if last:
                return lambda values, _: values[at]
            return lambda values, _: values[at].movedim(dim, -1)
        places = torch.from_numpy(np.ascontiguousarray(index.values))
        if places.dim() == 1:
            flat = places
            if last:
                return lambda values, _: values[at].index_select(dim, flat)
            return lambda values, _: values[at].movedim(dim, -1).index_select(-1, flat)
        return lambda values, _: values[at].movedim(dim, -1)[..., places]
    places = aligned(index.axes, instruction.axes)(torch.from_numpy(index.values)[None])[0]
    grids = [torch.arange(a.size).reshape([-1 if b is a else 1 for b in instruction.axes]) for a in rest]
    pairs: tuple[slice | Tensor, ...] = (slice(None), *grids, places)
    return lambda values, _: values[at].movedim(dim, -1)[pairs]


def lookup(instruction: Lookup, at: list[int]) -> Step:
    """A look-up at a random index."""
    source, key = instruction.inputs
    view = aligned(source.axes, (*instruction.axes, instruction.axis))
    key_view = aligned(key.axes, instruction.axes)

    def step(values: Sequence[Tensor], _: Reading) -> Tensor:
        table, places = view(values[at[0]]), key_view(values[at[1]]).to(torch.int64)
        shape = [max(a, b) if a and b else 0 for a, b in zip(table.shape[:-1], places.shape, strict=True)]
        table = table.expand(*shape, instruction.axis.size)
        return table.gather(-1, places.expand(shape).unsqueeze(-1)).squeeze(-1)

    return step


def reduction(instruction: Reduce, at: int) -> Step:
    """A symmetric fold over one dimension."""
    dim = 1 + instruction.inputs[0].axes.index(instruction.axis)
    folds: dict[str, View] = {
        "+": lambda x: x.sum(dim),
        "*": lambda x: x.prod(dim),
        "min": lambda x: x.amin(dim),
        "max": lambda x: x.amax(dim),
        "and": lambda x: x.all(dim),
        "or": lambda x: x.any(dim),
    }
    fold = folds[instruction.function]
    return lambda values, _: fold(values[at])


def stack(instruction: Stack, at: list[int]) -> Step:
    """Inputs side by side along the first axis."""
    inner = instruction.axes[1:]
    views = [(aligned(i.axes, inner), n) for i, n in zip(instruction.inputs, at, strict=True)]
    sizes = [a.size for a in inner]

    def step(values: Sequence[Tensor], _: Reading) -> Tensor:
        parts = [view(values[n]) for view, n in views]
        batch = max(p.shape[0] for p in parts)
        dtype = parts[0].dtype
        for part in parts[1:]:
            dtype = torch.promote_types(dtype, part.dtype)
        return torch.stack([p.to(dtype).expand(batch, *sizes) for p in parts], dim=1)

    return step


def vector_op(instruction: VectorOp, at: int) -> Step:
    """A builtin of a whole vector, its elements laid out in the last dimension."""
    source, name = instruction.inputs[0], instruction.function
    outer = tuple(a for a in instruction.axes if a is not instruction.made)
    view = aligned(source.axes, (*outer, *instruction.consumed))
    sizes = [a.size for a in instruction.consumed]

    def flat(x: Tensor) -> Tensor:
        x = view(x.to(torch.int64) if x.dtype == torch.bool else x)
        lead = x.shape[: x.dim() - len(sizes)]
        return x.expand(*lead, *sizes).reshape(*lead, math.prod(sizes))

    def distinct(values: Sequence[Tensor], _: Reading) -> Tensor:
        return (flat(values[at]).sort(dim=-1).values.diff(dim=-1) != 0).all(-1)

    def one_hot(values: Sequence[Tensor], _: Reading) -> Tensor:
        x = flat(values[at])
        return (x.sum(-1) == 1) & ((x == 0) | (x == 1)).all(-1)

    def sort(values: Sequence[Tensor], _: Reading) -> Tensor:
        return flat(values[at]).sort(dim=-1).values.to(values[at].dtype)

    def argsort(values: Sequence[Tensor], reading: Reading) -> Tensor:
        ordered, places = flat(values[at]).sort(dim=-1, stable=True)
        reading.tied(instruction, (ordered.diff(dim=-1) == 0).flatten(1).any(1))
        return places

    steps: dict[str, Step] = {"distinct?": distinct, "one-hot?": one_hot, "sort": sort, "argsort": argsort}
    return steps[name]
