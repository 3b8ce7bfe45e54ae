"""Looking into vectors and maps, and what each look says of the plates involved."""

from __future__ import annotations

import dataclasses

import numpy as np

from gsdmc.language.signatures import plural
from gsdmc.language.source import GsdmcError, Span
from gsdmc.program.axes import Axis, Fact, merged
from gsdmc.program.expectations import map_key, shown
from gsdmc.program.meter import LOOK, READ_AT_ONCE, hold, spend
from gsdmc.program.rewriting import annotate, as_instruction, each_part, substitute
from gsdmc.program.stacking import stacked
from gsdmc.program.tape import Instruction, Lookup
from gsdmc.program.values import (
    Accumulator,
    Dist,
    MapValue,
    NeedsUnroll,
    Static,
    Tup,
    Value,
    Vec,
    describe,
    plain,
    static,
)


def index_of(axis: Axis, at: int | None = None) -> Static:
    """An iteration's own index: of all its replicas, or of the one that is being unrolled."""
    if at is None:
        hold([axis.size], axis.span)
        return Static(np.arange(axis.size), (axis,), axis, ((axis, False),))
    return Static(np.asarray(at), (), axis, ((axis, False),))


def index_facts(axis: Axis, index: Static, span: Span) -> tuple[Fact, ...]:
    """What indexing a vector over `axis` says of that axis and of those that the index came from."""
    if axis.separate:
        return separate_facts(index, span)
    origins = merged(tuple(a for a, _ in index.origins))
    if index.index_of is not None:
        own = index.index_of
        if own.size == axis.size:
            return (*index.facts, Fact("same", (axis, own), "", span))
        return (*index.facts, Fact("part", (axis, own), "a part of its range is indexed", span))
    if any(data for _, data in index.origins):
        return (*index.facts, Fact("fixed", (axis, *origins), "its index looks up data", span))
    if origins:
        return (*index.facts, Fact("ordered", (axis, *origins), "its index is computed with", span))
    return (*index.facts, Fact("fixed", (axis,), "one element is singled out", span))


def separate_facts(index: Static, span: Span) -> tuple[Fact, ...]:
    """What picking among separately written elements says of the iterations that the index came from."""
    origins = merged(tuple(a for a, _ in index.origins))
    return (*index.facts, Fact("fixed", origins, "it picks among separate elements", span)) if origins else ()


def get(value: Value, key: Value, span: Span) -> Value:
    """`(get value key)`.

    Raises:
        GsdmcError: an index out of range, a missing key, or a value that has no elements.
    """
    spend(LOOK)
    match value:
        case Accumulator():
            raise NeedsUnroll(frozenset([value.axis]), "the accumulator is indexed", span)
        case MapValue():
            return entry(value, key, span)
        case Vec() | Tup():
            pass
        case _:
            swapped = isinstance(key, Vec | Tup | MapValue) and len(span.parts) > 1
            raise GsdmcError(
                f"only vectors and maps have elements, but this is {describe(value)}",
                span.part(0),
                hint=f"the vector or map comes first: `(get {shown(span.part(1))} {shown(span.part(0))})`"
                if swapped
                else "a number is used as it is"
                if isinstance(value, Static | Instruction)
                else None,
            )
    if isinstance(key, Accumulator):
        raise NeedsUnroll(frozenset([key.axis]), "the accumulator is an index", span)
    if isinstance(key, Instruction):
        return random_element(value, key, span)
    size = length(value, span)
    index = static_index(key, size, span)
    if isinstance(value, Vec):
        return substitute(value.body, value.axis, index, index_facts(value.axis, index, span), span)
    if not index.axes:
        return item(value, index, span)
    vector = stacked(value, span, frozenset(index.axes))
    owner = value.growing or vector.axis
    found = substitute(vector.body, vector.axis, index, index_facts(owner, index, span), span)
    return annotate(found, separate_facts(index, span), span) if owner.separate else found


def entry(value: MapValue, key: Value, span: Span) -> Value:
    """A map's value at a key."""
    name = map_key(key, span)
    if name not in value.entries:
        known = ", ".join(str(k) for k in value.entries)
        hint = f"its keys are {known}" if known else "the map is empty"
        raise GsdmcError(f"the map has no key {name}", span.part(1), hint=hint)
    return value.entries[name]


def static_index(key: Value, size: int, span: Span) -> Static:
    """A compile-time index into a vector of `size` elements.

    Raises:
        GsdmcError: it is no whole number, or out of range.
    """
    place = span.part(1)
    if not isinstance(key, Static):
        nested = "to look into nested vectors, write `(get-in xs [i j])`"
        raise GsdmcError(
            f"a vector's index is a whole number, but this is {describe(key)}",
            place,
            hint=nested if isinstance(key, Vec | Tup) else "vectors are numbered from 0; only maps have keys",
        )
    spend(key.values.size // READ_AT_ONCE)
    if key.values.dtype == bool:
        raise GsdmcError("a vector's index is a whole number, but this is a boolean", place, hint=BY_TEST)
    for bad in key.values[key.values != np.floor(key.values)].flat[:1]:
        raise GsdmcError(
            f"a vector's index is a whole number, but this is {bad}", place, hint="round it: `(floor x)`"
        )
    for bad in key.values[(key.values < 0) | (key.values >= size)].flat[:1]:
        raise GsdmcError(
            f"index {int(bad)} is out of range: the vector has {plural(size, 'element')}",
            place,
            hint=f"indices run from 0 to {size - 1}" if size else "the vector is empty",
        )
    return key


BY_TEST = "choose by a boolean with `(if test (get xs 1) (get xs 0))`"


def item(value: Tup, index: Static, span: Span) -> Value:
    """One of separate elements."""
    found = value.items[int(index.values)]
    if isinstance(found, Static):  # its like have other types; those of one type are a Vec
        return looked_up(found, index)
    owner = value.axis or value.growing
    if owner is None:
        return annotate(found, separate_facts(index, span), span)
    facts = index_facts(owner, index, span)
    if value.axis is None or not any(isinstance(part, Static) for part in plain(found)):
        return annotate(found, facts, span)
    varying = iter(value.varying or (True for _ in plain(found)))

    def part(inner: Value) -> Value:
        if isinstance(inner, Vec | Tup | MapValue | Dist):
            return each_part(inner, part)
        varies = next(varying)
        if not isinstance(inner, Static):
            return annotate(inner, facts, span)
        return looked_up(inner, index) if varies else inner  # one number for all owes nothing to the index

    return part(found)


def looked_up(value: Static, index: Static) -> Static:
    """A compile-time number that an index chose among others."""
    if not (index.origins or index.facts):
        return value
    origins = merged(value.origins, tuple((a, True) for a, _ in index.origins))
    return dataclasses.replace(value, index_of=None, origins=origins, facts=merged(value.facts, index.facts))


def random_element(value: Vec | Tup, key: Instruction, span: Span) -> Value:
    """The element at a random index: it depends on the index and on every element.

    Raises:
        GsdmcError: the index is no whole number, or its range is not the vector's.
    """
    check_random_index(key, length(value, span), span)
    vector = stacked(value, span)
    fact = Fact("fixed", (vector.axis,), "a random index says which element", span)
    return _looked_up(vector.body, vector.axis, key, fact, span)


def _looked_up(body: Value, axis: Axis, key: Instruction, fact: Fact, span: Span) -> Value:
    if not isinstance(body, Static | Instruction):
        return each_part(body, lambda part: _looked_up(part, axis, key, fact, span))
    table = as_instruction(body, span)
    return Lookup(
        inputs=(table, key),
        axes=merged(tuple(a for a in table.axes if a is not axis), key.axes),
        type=table.type,
        span=span,
        facts=(fact,),
        axis=axis,
    )


def check_random_index(key: Instruction, size: int, span: Span) -> None:
    """Refuse a random index that can miss the vector.

    Raises:
        GsdmcError: it is no whole number, or its range is not known to lie in the vector's.
    """
    if key.type.base != "int":
        boolean = key.type.base == "bool"
        raise GsdmcError(
            f"a vector's index is a whole number, but this is {describe(key)}",
            span.part(1),
            hint=BY_TEST if boolean else "round it: `(get xs (floor x))`, or draw it from `categorical`",
        )
    if size == 0:
        raise GsdmcError(
            "a random index can't look into an empty vector",
            span,
            hint="make the vector's size at least 1",
        )
    low, high = key.type.low, key.type.high
    if low < 0 or high > size - 1:
        if np.isfinite([low, high]).all():
            what = f"runs from {low:g} to {high:g}"
        else:
            what = f"is at least {low:g}, without a limit" if np.isfinite(low) else "has no known range"
        raise GsdmcError(
            f"this random index {what}, but the vector has {plural(size, 'element')}, "
            f"with indices 0 to {size - 1}",
            span.part(1),
            hint=f"keep it in range: `(max 0 (min {size - 1} index))`, or `(mod index {size})`",
        )


def elements(value: Value, span: Span) -> tuple[Value, ...]:
    """A vector's elements one by one: each is singled out."""
    if isinstance(value, Accumulator):
        raise NeedsUnroll(frozenset([value.axis]), "the accumulator's elements are used", span)
    if isinstance(value, Tup) and value.axis is None:
        return value.items
    spend(LOOK * length(value, span))
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
    raise GsdmcError(
        f"a vector is expected here, but this is {describe(value)}",
        span,
        hint="draw one element per iteration of a `foreach` for a vector of them"
        if isinstance(value, Instruction)
        else "to put strings together, write `(str a b)`"
        if isinstance(value, str)
        else "vectors are written `[a b c]`",
    )
