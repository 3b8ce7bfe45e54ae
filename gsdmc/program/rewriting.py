"""Values on the tape, with facts, or at another index."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from gsdmc.language.source import Span
from gsdmc.program.axes import Axis, Fact, merged, take
from gsdmc.program.expectations import scalar_type
from gsdmc.program.meter import MOVE, PART, spend
from gsdmc.program.tape import Alias, Const, Gather, Instruction
from gsdmc.program.values import Dist, MapValue, Scalar, Static, Tup, Value, Vec


def as_instruction(value: Scalar, span: Span) -> Instruction:
    """The value on the tape. An index that enters a computation fixes its plate; a comparison orders it."""
    if isinstance(value, Instruction):
        return value
    spend(MOVE)
    kind = scalar_type(value)
    facts = list(value.facts)
    for axis, data in value.origins:
        if data:
            facts.append(Fact("fixed", (axis,), "its index looks up data", span))
        elif kind.base == "bool":
            facts.append(Fact("ordered", (axis,), "its index is compared", span))
        else:
            facts.append(Fact("fixed", (axis,), "its index enters a value", span))
    return Const(axes=value.axes, type=kind, span=span, facts=merged(tuple(facts)), values=value.values)


def each_part(value: Value, change: Callable[[Value], Value]) -> Value:
    """The structure with its parts changed; values without parts stay."""
    match value:
        case Vec():
            spend(1)
            return Vec(value.axis, change(value.body))
        case Tup():
            spend(PART * len(value.items))
            return Tup(tuple(change(v) for v in value.items), value.axis)
        case MapValue():
            spend(PART * len(value.entries))
            return MapValue({k: change(v) for k, v in value.entries.items()})
        case Dist():
            return Dist(value.name, tuple(change(v) for v in value.args), value.span)
    return value


def annotate(value: Value, facts: tuple[Fact, ...], span: Span) -> Value:
    """The value, saying `facts` too wherever it is used."""
    if not facts:
        return value
    match value:
        case Instruction():
            spend(MOVE)
            return Alias(inputs=(value,), axes=value.axes, type=value.type, span=span, facts=facts)
        case Static():
            return dataclasses.replace(value, facts=merged(value.facts, facts))
    return each_part(value, lambda v: annotate(v, facts, span))


def substitute(value: Value, axis: Axis, index: Static, facts: tuple[Fact, ...], span: Span) -> Value:
    """The value at `axis = index`; `facts` go with everything that is looked up."""
    match value:
        case Instruction() if axis not in value.axes:
            return annotate(value, facts, span)
        case Instruction():
            spend(MOVE)
            rest = tuple(a for a in value.axes if a is not axis)
            return Gather(
                inputs=(value,),
                axes=merged(rest, index.axes),
                type=value.type,
                span=span,
                facts=facts,
                axis=axis,
                index=index.index,
            )
        case Static():
            return substitute_static(value, axis, index)
    return each_part(value, lambda v: substitute(v, axis, index, facts, span))


def substitute_static(value: Static, axis: Axis, index: Static) -> Static:
    """A compile-time value at `axis = index`: it was computed from what the index was computed from."""
    if axis not in value.axes:
        return value
    values, axes = take(value.values, value.axes, axis, index.index)
    facts = merged(value.facts, index.facts)
    if value.index_of is axis:
        return Static(values, axes, index.index_of, index.origins, facts)
    looked_up = any(data for a, data in value.origins if a is axis) or all(
        a is not axis for a, _ in value.origins
    )
    kept = tuple(o for o in value.origins if o[0] is not axis)
    moved = tuple((a, data or looked_up) for a, data in index.origins)
    return Static(values, axes, None, merged(kept, moved), facts)
