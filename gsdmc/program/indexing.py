"""Looking into vectors and maps, and what each look says of the plates involved."""

from __future__ import annotations

import dataclasses

import numpy as np

from gsdmc.language.source import GsdmcError, Span
from gsdmc.program.axes import Axis, Fact, spread
from gsdmc.program.tape import Alias, Instruction, Lookup, Stack, Type
from gsdmc.program.values import (
    Accumulator,
    MapValue,
    NeedsUnroll,
    Static,
    Symbol,
    Tup,
    Value,
    Vec,
    as_instruction,
    describe,
    scalar_type,
    static,
    substitute,
)


def index_of(axis: Axis, at: int | None = None) -> Static:
    """An iteration's own index: of all its replicas, or of the one that is being unrolled."""
    origins = frozenset([(axis, False)])
    if at is None:
        return Static(np.arange(axis.size), (axis,), axis, origins)
    return Static(np.asarray(at), (), axis, origins)


def annotate(value: Value, facts: tuple[Fact, ...], span: Span) -> Value:
    """The value, saying `facts` too wherever it is used."""
    if not facts:
        return value
    match value:
        case Instruction():
            return Alias(inputs=(value,), axes=value.axes, type=value.type, span=span, facts=facts)
        case Static():
            return dataclasses.replace(value, facts=(*value.facts, *facts))
        case Vec():
            return Vec(value.axis, annotate(value.body, facts, span))
        case Tup():
            return Tup(tuple(annotate(v, facts, span) for v in value.items), value.axis)
        case MapValue():
            return MapValue({k: annotate(v, facts, span) for k, v in value.entries.items()})
    return value


def index_facts(axis: Axis, index: Static, span: Span) -> tuple[Fact, ...]:
    """What indexing a vector over `axis` says of that axis and of those that the index came from."""
    origins = tuple(sorted({a for a, _ in index.origins}, key=lambda a: a.name))
    if index.index_of is not None:
        own = index.index_of
        if own.size == axis.size:
            return (*index.facts, Fact("same", (axis, own), "", span))
        return (*index.facts, Fact("ordered", (axis, own), "a part of its range is indexed", span))
    if any(data for _, data in index.origins):
        return (*index.facts, Fact("fixed", (axis, *origins), "its index looks up data", span))
    if origins:
        return (*index.facts, Fact("ordered", (axis, *origins), "index arithmetic", span))
    return (*index.facts, Fact("fixed", (axis,), "one element is singled out", span))


def get(value: Value, key: Value, span: Span) -> Value:
    """`(get value key)`.

    Raises:
        GsdmcError: an index out of range, a missing key, or a value that has no elements.
    """
    match value:
        case Accumulator():
            raise NeedsUnroll(frozenset([value.axis]), "the accumulator is indexed", span)
        case MapValue():
            name = map_key(key, span)
            if name not in value.entries:
                known = ", ".join(str(k) for k in value.entries)
                raise GsdmcError(f"The map has no key {name}.", span, hint=f"its keys are {known}")
            return value.entries[name]
        case Vec() | Tup():
            pass
        case _:
            raise GsdmcError(f"`get` looks into vectors and maps, but this is {describe(value)}.", span)
    size = length(value, span)
    if isinstance(key, Instruction):
        return random_element(value, key, span)
    if not isinstance(key, Static) or not (key.values == np.floor(key.values)).all():
        raise GsdmcError(f"A vector's index is a whole number, but this is {describe(key)}.", span)
    for bad in key.values[(key.values < 0) | (key.values >= size)].flat[:1]:
        raise GsdmcError(
            f"Index {bad} is out of range: the vector has {size} element{'s' * (size != 1)}.",
            span,
            hint=f"indices run from 0 to {size - 1}" if size else "the vector is empty",
        )
    if isinstance(value, Tup):
        if not key.axes:
            return item(value, key, span)
        value = stacked(value, span, frozenset(key.axes))
    return substitute(value.body, value.axis, key, index_facts(value.axis, key, span), span)


def item(value: Tup, key: Static, span: Span) -> Value:
    """One element of separate ones."""
    found = value.items[int(key.values)]
    if value.axis is not None:
        if isinstance(found, Static) and found.index_of is value.axis:
            return key
        facts = index_facts(value.axis, key, span)
    else:
        origins = tuple(sorted({a for a, _ in key.origins}, key=lambda a: a.name))
        facts = (Fact("fixed", origins, "it picks among separate elements", span),) if origins else ()
    if isinstance(found, Static):
        looked_up = frozenset((a, True) for a, _ in key.origins)
        return dataclasses.replace(found, origins=found.origins | looked_up, index_of=None)
    return annotate(found, facts, span)


def random_element(value: Vec | Tup, key: Instruction, span: Span) -> Value:
    """The element at a random index: it depends on the index and on every element."""
    vector = stacked(value, span, frozenset())
    if not isinstance(vector.body, Static | Instruction):
        raise GsdmcError("A random index picks among numbers; take the inner index first.", span)
    body = as_instruction(vector.body, span)
    axes = tuple(a for a in body.axes if a is not vector.axis)
    return Lookup(
        inputs=(body, key),
        axes=(*axes, *(a for a in key.axes if a not in axes)),
        type=body.type,
        span=span,
        facts=(Fact("fixed", (vector.axis,), "a random index says which element", span),),
        axis=vector.axis,
    )


def stacked(value: Vec | Tup, span: Span, needed: frozenset[Axis]) -> Vec:
    """The vector with its elements under one axis.

    Raises:
        NeedsUnroll: for `needed`, where the elements have different shapes.
    """
    if isinstance(value, Vec):
        return value
    axis = value.axis or Axis("element", len(value.items), span)
    written = () if value.axis else (Fact("fixed", (axis,), "its elements are written one by one", span),)
    items = [stacked(v, span, needed) if isinstance(v, Tup) else v for v in value.items]
    if items and all(isinstance(v, Vec) for v in items):
        vectors = [v for v in items if isinstance(v, Vec)]
        inner = vectors[0].axis
        if all(v.axis.size == inner.size for v in vectors):
            shared = index_of(inner)
            bodies = [
                v.body
                if v.axis is inner
                else substitute(v.body, v.axis, shared, (Fact("same", (v.axis, inner), "", span),), span)
                for v in vectors
            ]
            return Vec(axis, Vec(inner, stacked(Tup(tuple(bodies), axis), span, needed).body))
    if not all(isinstance(v, Static | Instruction) for v in items):
        if needed:
            raise NeedsUnroll(needed, "it picks among elements of different shapes", span)
        raise GsdmcError("This needs elements of one shape, but they differ.", span)
    scalars = [v for v in items if isinstance(v, Static | Instruction)]
    if all(isinstance(v, Static) for v in scalars):
        return Vec(axis, stack_static([v for v in scalars if isinstance(v, Static)], axis))
    inputs = tuple(as_instruction(v, span) for v in scalars)
    axes = tuple(dict.fromkeys(a for v in inputs for a in v.axes))
    return Vec(
        axis,
        Stack(
            inputs=inputs, axes=(axis, *axes), type=join_types(scalars), span=span, facts=written, axis=axis
        ),
    )


def stack_static(items: list[Static], axis: Axis) -> Static:
    """Compile-time numbers side by side."""
    axes = tuple(dict.fromkeys(a for v in items for a in v.axes))
    shape = [a.size for a in axes]
    values = np.stack([np.broadcast_to(spread(v.values, v.axes, axes), shape) for v in items])
    origins = frozenset(o for v in items for o in v.origins)
    return Static(values, (axis, *axes), None, origins, tuple(f for v in items for f in v.facts))


def join_types(items: list[Static | Instruction]) -> Type:
    """What is known of a scalar that is one of several."""
    types = [scalar_type(v) for v in items]
    for base in ("real", "int"):
        if any(t.base == base for t in types):
            return Type(base, min(t.low for t in types), max(t.high for t in types))  # type: ignore[arg-type]
    return types[0]


def elements(value: Value, span: Span) -> tuple[Value, ...]:
    """A vector's elements one by one."""
    if isinstance(value, Tup):
        return value.items
    if isinstance(value, Accumulator):
        raise NeedsUnroll(frozenset([value.axis]), "the accumulator's elements are used", span)
    return tuple(get(value, static(i), span) for i in range(length(value, span)))


def length(value: Value, span: Span) -> int:
    """Number of elements.

    Raises:
        GsdmcError: the value is no vector or map.
    """
    match value:
        case Vec():
            return value.axis.size
        case Tup():
            return len(value.items)
        case MapValue():
            return len(value.entries)
        case Accumulator():
            raise NeedsUnroll(frozenset([value.axis]), "the accumulator's length is used", span)
    raise GsdmcError(f"A vector is expected here, but this is {describe(value)}.", span)


def map_key(key: Value, span: Span) -> object:
    """A static map key as a Python value that compares by content."""
    match key:
        case str():
            return f'"{key}"'
        case Symbol():
            return f":{key.name}"
        case Static() if not key.axes:
            return key.values.item()
        case Static():
            raise NeedsUnroll(frozenset(key.axes), "a map's key varies with the index", span)
    raise GsdmcError(f"A map's key is a keyword, string or number, but this is {describe(key)}.", span)
