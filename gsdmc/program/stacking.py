"""Separate elements brought under one axis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np

from gsdmc.language.source import GsdmcError, Span
from gsdmc.program.axes import Axis, Fact, merged, spread
from gsdmc.program.expectations import scalar_type
from gsdmc.program.meter import COPIED_AT_ONCE, FOLD, PART, POINTERS, SCANNED_AT_ONCE, hold, spend
from gsdmc.program.rewriting import as_instruction, substitute
from gsdmc.program.tape import Stack, Type
from gsdmc.program.values import Dist, NeedsUnroll, Scalar, Static, Tup, Value, Vec, describe

_BASES: tuple[Literal["real", "int", "bool"], ...] = ("real", "int", "bool")


def vector_of(items: Sequence[Value], axis: Axis | None, span: Span) -> Vec | Tup:
    """A vector of separate elements; compile-time numbers of one type lie under one axis at once.

    `axis` is the unrolled iteration that made them, None for elements that are written one by one. Those
    stay apart where they are more than numbers: an index, or a size by name.
    """
    statics: list[Static] = []
    for v in items:
        apart = axis is None and isinstance(v, Static) and (v.axes or v.origins or v.facts or v.size_name)
        if not isinstance(v, Static) or apart or (statics and v.values.dtype != statics[0].values.dtype):
            spend(len(statics) // SCANNED_AT_ONCE + len(items) // COPIED_AT_ONCE)
            hold([len(items) // POINTERS], span)
            return Tup(tuple(items), axis)
        statics.append(v)
    if not statics:
        return Tup((), axis)
    own = axis or Axis("element", len(items), span, separate=True)
    return Vec(own, stack_static(statics, own))


def stack_static(items: Sequence[Static], axis: Axis) -> Static:
    """Compile-time numbers side by side, as the iteration over `axis` would have made them at once."""
    axes = merged(*(v.axes for v in items))
    shape = [a.size for a in axes]
    spend(FOLD + PART * len(items))
    hold([len(items), *shape], axis.span)
    values = np.stack([np.broadcast_to(spread(v.values, v.axes, axes), shape) for v in items])
    facts = merged(*(v.facts for v in items))
    origins = merged(*(v.origins for v in items))
    if all(v.index_of is axis for v in items) and np.array_equal(values, np.arange(axis.size)):
        return Static(values, (axis,), axis, ((axis, False),), facts)
    made = [a for a, _ in origins]
    if axis not in made:
        if not axis.separate and (values == values[:1]).all():
            return items[0]
        origins = (*origins, (axis, True))
    return Static(values, (axis, *axes), None, origins, facts)


def stacked(value: Vec | Tup, span: Span, needed: frozenset[Axis] = frozenset()) -> Vec:
    """The vector with its elements under one axis.

    Raises:
        NeedsUnroll: for the axes `needed`, where the elements have different shapes.
        GsdmcError: where they have and no axis is needed.
    """
    if isinstance(value, Vec):
        return value
    axis = value.axis or Axis("element", len(value.items), span, separate=True)
    return Vec(axis, stack(value.items, axis, span, needed))


def stack(items: Sequence[Value], axis: Axis, span: Span, needed: frozenset[Axis]) -> Value:
    """Values of one shape side by side along `axis`: what a vector over `axis` has as its body."""
    spend(FOLD + len(items))
    first = items[0] if items else None
    if isinstance(first, Vec | Tup):
        vectors = [stacked(v, span, needed) for v in items if isinstance(v, Vec | Tup)]
        inner = vectors[0].axis
        if len(vectors) == len(items) and all(v.axis.size == inner.size for v in vectors):
            return Vec(inner, stack([_over(v, inner, span) for v in vectors], axis, span, needed))
    if isinstance(first, Dist):
        dists = [v for v in items if isinstance(v, Dist) and v.name == first.name]
        if len(dists) == len(items):
            columns = zip(*(d.args for d in dists), strict=True)
            return Dist(first.name, tuple(stack(c, axis, span, needed) for c in columns), first.span)
    scalars = [v for v in items if isinstance(v, get_args(Scalar))]
    if len(scalars) < len(items) or not items:
        if needed:
            raise NeedsUnroll(needed, "it picks among elements of different shapes", span)
        if not items:
            raise GsdmcError(
                "this vector has no elements, so there is nothing to look at",
                span,
                hint="give it elements, or make its size at least 1",
            )
        shown = list(dict.fromkeys(describe(v) for v in items))
        if len(shown) > 1:
            raise GsdmcError(
                f"this needs elements of one shape, but they are {' and '.join(shown)}",
                span,
                hint="give all elements one shape, or bind them to names of their own",
            )
        raise GsdmcError(
            f"this needs elements that are numbers, but each is {''.join(shown)}",
            span,
            hint="a random index chooses among numbers: use each element, then choose",
        )
    statics = [v for v in items if isinstance(v, Static)]
    if len(statics) == len(items):
        return stack_static(statics, axis)
    if statics and needed:
        raise NeedsUnroll(needed, "it picks among elements of which only some are random", span)
    inputs = tuple(as_instruction(v, span) for v in scalars)
    return Stack(
        inputs=inputs,
        axes=merged((axis,), *(v.axes for v in inputs)),
        type=join_types([scalar_type(v) for v in scalars]),
        span=span,
        axis=axis,
    )


def _over(vector: Vec, axis: Axis, span: Span) -> Value:
    """A vector's body over another axis of its size: the two are one plate."""
    if vector.axis is axis:
        return vector.body
    index = Static(np.arange(axis.size), (axis,), axis, ((axis, False),))
    return substitute(vector.body, vector.axis, index, (Fact("same", (vector.axis, axis), "", span),), span)


def join_types(types: Sequence[Type]) -> Type:
    """What is known of a scalar that is one of several."""
    base = next(b for b in _BASES if any(t.base == b for t in types))
    return Type(base, min(t.low for t in types), max(t.high for t in types))
