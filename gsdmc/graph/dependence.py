"""Which variables a value was computed from, as index maps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from gsdmc.graph.factor_graph import Indices
from gsdmc.program.axes import Axis, IndexMap, merged, spread
from gsdmc.program.meter import REFERENCE, SCANNED_AT_ONCE, spend
from gsdmc.program.tape import (
    Const,
    Draw,
    ExternCall,
    Gather,
    Instruction,
    Lookup,
    Reduce,
    Stack,
    Untracked,
    VectorOp,
)

Guard = tuple[IndexMap, int]
"""A condition on axes: the map has the number there."""


@dataclass(frozen=True, eq=False)
class Reference:
    """Elements of an array that a value depends on.

    `dims` gives the element's index in every dimension for each replica of the axes involved: the
    value's own axes, and axes that were folded over, whose replicas all count. It holds only where
    every guard's map equals its number.
    """

    array: str
    dims: tuple[IndexMap, ...]
    guards: tuple[Guard, ...] = ()

    @cached_property
    def content(self) -> tuple[object, ...]:
        """Equal for references that are equal."""
        guards = tuple((g.content, number) for g, number in self.guards)
        return self.array, tuple(m.content for m in self.dims), guards

    @cached_property
    def axes(self) -> tuple[Axis, ...]:
        """Every axis that the reference varies with."""
        return merged(*(m.axes for m in self.dims), *(g.axes for g, _ in self.guards))

    def substitute(self, axis: Axis, index: IndexMap) -> Reference | None:
        """The reference at `axis = index`, or None where a guard, or two over the same axes, can't hold."""
        if axis not in self.axes:
            return self
        dims = tuple(m.substitute(axis, index) for m in self.dims)
        guards: list[Guard] = []
        for guard, number in self.guards:
            moved = guard.substitute(axis, index)
            if moved.values.size and not len(moved.places(number)):
                return None
            if any(exclude((moved, number), other) for other in guards):
                return None
            if moved.axes:
                guards.append((moved, number))
        return replace(self, dims=dims, guards=merged(tuple(guards)))

    def fold(self, axis: Axis) -> Reference | None:
        """The reference with every replica of `axis` counted, under an axis of its own.

        Where a guard admits some replicas only, those are taken. Over no replicas nothing is referred to, but
        it is known to what it would be.
        """
        for guard, number in self.guards if axis.size else ():
            if guard.axes == (axis,):
                places = guard.places(number)
                rest = replace(self, guards=tuple(g for g in self.guards if g != (guard, number)))
                if len(places) == 1 and axis not in rest.axes:
                    return rest
                return self.substitute(axis, those(axis, places)) if len(places) else None
        fresh = Axis(axis.name, axis.size, axis.span)
        return self.substitute(axis, IndexMap.identity(fresh))

    def narrowed(self) -> tuple[Axis, IndexMap, Reference | None] | None:
        """An axis that a guard restricts, the replicas that it admits, and the reference at those, if any.

        None where no guard restricts one axis alone.
        """
        for guard, number in self.guards:
            if len(guard.axes) == 1:
                index = those(guard.axes[0], guard.places(number))
                rest = replace(self, guards=tuple(g for g in self.guards if g != (guard, number)))
                empty = index.values.size == 0
                return guard.axes[0], index, None if empty else rest.substitute(guard.axes[0], index)
        return None


def exclude(one: Guard, other: Guard) -> bool:
    """Whether two guards over the same axes hold together for none of their replicas."""
    (index, number), (beside, also) = one, other
    if index.axes != beside.axes or not index.values.size:
        return False
    if index is beside:
        return number != also
    return not np.isin(index.places(number), beside.places(also)).any()


def those(axis: Axis, replicas: Indices) -> IndexMap:
    """Some replicas of an axis: one of them, or all under an axis of their own."""
    if len(replicas) == 1:
        return IndexMap.constant(int(replicas[0]))
    return IndexMap((Axis(axis.name, len(replicas), axis.span),), replicas)


References = tuple[Reference, ...]


class Dependences:
    """Finds references of instructions, each once."""

    def __init__(self) -> None:
        self.memo: dict[Instruction, References] = {}
        self.known: dict[tuple[object, ...], Reference] = {}
        self.folds: dict[tuple[Reference, Axis], Reference | None] = {}

    def of(self, instruction: Instruction) -> References:
        """The variables that a value was computed from, with nothing `untracked`."""
        stack = [instruction]
        while stack:
            here = stack[-1]
            if here in self.memo:
                stack.pop()
                continue
            inputs = () if ends(here) else here.inputs
            waiting = [i for i in inputs if i not in self.memo]
            if waiting:
                stack.extend(waiting)
                continue
            self.memo[here] = self.step(here, [self.memo[i] for i in inputs])
            stack.pop()
        return self.memo[instruction]

    def step(self, here: Instruction, inputs: Sequence[References]) -> References:
        """References of one instruction from those of its inputs."""
        match here:
            case Draw(inlined=False):
                return (self.one(variable(here)),)
            case Draw(channel=Axis() as channel, trailing=((own,),)):
                place = IndexMap.identity(channel)
                return self.left(r.substitute(own, place) for r in inputs[0])
            case Gather():
                return self.left(r.substitute(here.axis, here.index) for r in inputs[0])
            case Reduce():
                return self.folded(inputs[0], (here.axis,))
            case Lookup():
                return merged(self.folded(inputs[0], (here.axis,)), inputs[1])
            case VectorOp():
                return self.folded(inputs[0], here.consumed)
            case Stack():
                place = IndexMap.identity(here.axis)
                return self.left(
                    Reference(r.array, r.dims, (*r.guards, (place, k)))
                    for k, found in enumerate(inputs)
                    for r in found
                )
        spend(sum(map(len, inputs)) // SCANNED_AT_ONCE)
        return merged(*inputs)

    def left(self, references: Iterable[Reference | None]) -> References:
        """New references, each once, without those of which nothing is left."""
        found: dict[Reference, None] = {}
        for reference in references:
            spend(REFERENCE)
            if reference is not None:
                found[self.one(reference)] = None
        return tuple(found)

    def one(self, reference: Reference) -> Reference:
        """The same object for equal references: what is computed in several ways is referred to once."""
        return self.known.setdefault(reference.content, reference)

    def folded(self, references: References, axes: tuple[Axis, ...]) -> References:
        """References with every replica of the axes counted."""
        for axis in axes:
            references = self.left(self.fold(r, axis) for r in references)
        return references

    def fold(self, reference: Reference, axis: Axis) -> Reference | None:
        """The same axis for one reference, however often it is folded."""
        if (reference, axis) not in self.folds:
            self.folds[reference, axis] = reference.fold(axis)
        return self.folds[reference, axis]


def ends(here: Instruction) -> bool:
    """Whether the search for variables goes no further than here."""
    return isinstance(here, Untracked | ExternCall | Const) or (isinstance(here, Draw) and not here.inlined)


def variable(draw: Draw) -> Reference:
    """The reference that a draw itself is."""
    dims = (
        IndexMap.identity(c) if isinstance(c, Axis) else IndexMap.constant(c[1]) for c in draw.coordinates
    )
    return Reference(draw.array, tuple(dims))


def node_numbers(
    reference: Reference, shape: tuple[int, ...], offset: int, axes: tuple[Axis, ...]
) -> tuple[Indices, Indices | None]:
    """Node numbers over `axes`, one dimension each (of size one where constant), and where they hold.

    Args:
        reference: elements of the array.
        shape: the array's shape.
        offset: its first node.
        axes: at least the reference's axes.
    """
    numbers: Indices = np.asarray(offset).reshape([1] * len(axes))
    stride = 1
    for size, index in zip(reversed(shape), reversed(reference.dims), strict=True):
        numbers = numbers + stride * spread(index.values, index.axes, axes)
        stride *= size
    holds = None
    for guard, number in reference.guards:
        here = spread(guard.values, guard.axes, axes) == number
        holds = here if holds is None else holds & here
    return numbers, holds


def one_number(reference: Reference, shape: tuple[int, ...], offset: int) -> Indices:
    """The node number, `[1]`, of a reference that varies with nothing."""
    number, stride = offset, 1
    for size, index in zip(reversed(shape), reversed(reference.dims), strict=True):
        number += stride * int(index.values)
        stride *= size
    return np.array([number], dtype=np.int64)
