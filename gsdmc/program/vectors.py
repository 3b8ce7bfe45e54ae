"""Builtins of vectors and maps."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from gsdmc.language.signatures import plural
from gsdmc.language.source import GsdmcError, Span
from gsdmc.program.axes import Axis, Fact, merged
from gsdmc.program.choices import equal, fold_vector, pick
from gsdmc.program.expectations import map_key, need_int, need_scalar, shown, text_of
from gsdmc.program.folds import reduce_vector
from gsdmc.program.indexing import elements, get, length
from gsdmc.program.iteration import check_size, map_vectors
from gsdmc.program.meter import APPLY, COPIED_AT_ONCE, PART, POINTERS, hold, spend
from gsdmc.program.rewriting import as_instruction
from gsdmc.program.scalars import SOMETHING, elementwise
from gsdmc.program.stacking import stacked, vector_of
from gsdmc.program.tape import BOOL, Type, VectorOp
from gsdmc.program.values import (
    Accumulator,
    MapValue,
    NeedsUnroll,
    Scope,
    Static,
    Text,
    Tup,
    Value,
    Vec,
    describe,
    static,
)

if TYPE_CHECKING:
    from gsdmc.program.evaluator import Evaluator

MAX_TEXT = 10_000
"""Most characters of a text that `str` makes."""

Builtin = Callable[["Evaluator", list[Value], Span, Scope], Value]


def _range(ev: Evaluator, args: list[Value], span: Span, scope: Scope) -> Value:
    bounds = [need_int(a, "a bound of `range`", span.part(i)) for i, a in enumerate(args)]
    for a in args:
        ev.decide(a, "a bound of `range` depends on its index", span)
    start, end = (0, bounds[0]) if len(bounds) == 1 else bounds
    size = max(end - start, 0)
    check_size(f"a range of {size} numbers", size, span)
    named = args[0] if len(args) == 1 else None
    axis = Axis("i", size, span, named.size_name if isinstance(named, Static) else None)
    own = axis if start == 0 else None
    hold([size], span)
    return Vec(axis, Static(np.arange(start, start + size), (axis,), own, ((axis, False),)))


def _get(ev: Evaluator, args: list[Value], span: Span, scope: Scope) -> Value:
    if len(args) == 3 and _missing(ev, args[0], args[1], span):
        return args[2]
    found = pick(ev, args[0], args[1], span)
    if len(args) == 3 and isinstance(found, Vec | Tup) and isinstance(args[2], Static):
        texts = [shown(part) for part in span.parts]
        raise GsdmcError(
            f"the third argument of `get` is a default, but this is {describe(args[2])} "
            f"and the element is {describe(found)}",
            span.part(2),
            hint=f"to look into nested vectors, write `(get-in {texts[0]} [{texts[1]} {texts[2]}])`"
            if len(texts) == 3
            else None,
        )
    return found


def _missing(ev: Evaluator, value: Value, key: Value, span: Span) -> bool:
    """Whether a look-up with a default misses."""
    if isinstance(key, Static):
        if key.axes:
            raise NeedsUnroll(frozenset(key.axes), "a look-up with a default varies with the index", span)
        ev.decide(key, "a look-up with a default depends on its index", span)
    if isinstance(value, MapValue):
        return map_key(key, span) not in value.entries
    if isinstance(key, Static):
        return not 0 <= key.values.item() < length(value, span)
    return False


def _get_in(ev: Evaluator, args: list[Value], span: Span, scope: Scope) -> Value:
    value = args[0]
    if not isinstance(args[1], Vec | Tup | Accumulator):
        texts = [shown(part) for part in span.parts]
        raise GsdmcError(
            f"`get-in` takes a vector of indices and keys, but this is {describe(args[1])}",
            span.part(1),
            hint=f"write `(get-in {texts[0]} [{' '.join(texts[1:])}])`" if len(texts) > 1 else None,
        )
    for depth, key in enumerate(elements(args[1], span)):
        if depth and not isinstance(value, Vec | Tup | MapValue | Accumulator):
            raise GsdmcError(
                f"`get-in` finds {describe(value)} after {plural(depth, 'step')}, and that has no elements",
                span.part(1),
                hint="give one index or key for each level",
            )
        if len(args) == 3 and _missing(ev, value, key, span):
            return args[2]
        value = pick(ev, value, key, span)
    return value


def _conj(ev: Evaluator, args: list[Value], span: Span, scope: Scope) -> Value:
    if isinstance(args[0], Accumulator):
        if args[0].update is not None or len(args) != 2:
            raise NeedsUnroll(frozenset([args[0].axis]), "the accumulator grows by more than one", span)
        return Accumulator(args[0].axis, ("conj", args[1]))
    if isinstance(args[0], MapValue):
        raise GsdmcError(
            "`conj` adds to a vector, but this is a map",
            span.part(0),
            hint="write `(put m key value)`",
        )
    return vector_of((*elements(args[0], span.part(0)), *args[1:]), None, span)


def _rest(ev: Evaluator, args: list[Value], span: Span, scope: Scope) -> Value:
    return vector_of(elements(args[0], span.part(0))[1:], None, span)


def _last(ev: Evaluator, args: list[Value], span: Span, scope: Scope) -> Value:
    size = length(args[0], span.part(0))
    if not size:
        raise GsdmcError("`last` of an empty vector has no value", span, hint=SOMETHING)
    growing = args[0].growing if isinstance(args[0], Tup) else None
    origins = () if growing is None else ((growing, False),)  # the replica before, whichever that is
    return get(args[0], Static(np.asarray(size - 1), origins=origins), span)


def _concat(ev: Evaluator, args: list[Value], span: Span, scope: Scope) -> Value:
    parts = [elements(a, span.part(i)) for i, a in enumerate(args)]
    hold([sum(map(len, parts)) // POINTERS], span)
    return vector_of([v for part in parts for v in part], None, span)


def _put(ev: Evaluator, args: list[Value], span: Span, scope: Scope) -> Value:
    target, key, value = args
    ev.decide(key, "`put` depends on its index", span)
    if isinstance(target, MapValue):
        spend(len(target.entries) // 4)
        return MapValue({**target.entries, map_key(key, span): value})
    items = list(elements(target, span.part(0)))
    at = need_int(key, "the index of `put`", span.part(1))
    if not 0 <= at < len(items):
        raise GsdmcError(
            f"index {at} is out of range: the vector has {plural(len(items), 'element')}",
            span.part(1),
            hint="write `(conj xs x)` to add an element at the end"
            if at == len(items)
            else f"indices run from 0 to {len(items) - 1}",
        )
    items[at] = value
    return vector_of(items, None, span)


def _hash_map(ev: Evaluator, args: list[Value], span: Span, scope: Scope) -> Value:
    if len(args) % 2:
        raise GsdmcError(
            "`hash-map` takes keys and values in turn; one key has no value",
            span,
            hint="write `(hash-map key value ...)`",
        )
    for key in args[::2]:
        ev.decide(key, "a map's key depends on its index", span)
    keys = [map_key(k, span.part(2 * i)) for i, k in enumerate(args[::2])]
    return MapValue(dict(zip(keys, args[1::2], strict=True)))


def _count(ev: Evaluator, args: list[Value], span: Span, scope: Scope) -> Value:
    name = args[0].axis.size_name if isinstance(args[0], Vec | Tup) and args[0].axis else None
    return Static(np.asarray(length(args[0], span.part(0))), size_name=name)


def _str(ev: Evaluator, args: list[Value], span: Span, scope: Scope) -> Value:
    axes: list[Axis] = []
    for a in args:
        ev.decide(a, "a name depends on its index", span)
        axes += [axis for axis, _ in a.origins] if isinstance(a, Static) else []
        axes += a.axes if isinstance(a, Text) else ()
    parts = [text_of(a, span.part(i)) for i, a in enumerate(args)]
    size = sum(map(len, parts))
    if size > MAX_TEXT:
        raise GsdmcError(
            f"`str` makes a text of at most {MAX_TEXT} characters, this one has {size}",
            span,
            hint="texts name variables and keys: make a shorter one",
        )
    spend(PART * len(parts) + size // COPIED_AT_ONCE)
    return Text.of("".join(parts), merged(tuple(axes)))


def vector_argument(name: str, value: Value, span: Span) -> Vec | Tup:
    """The argument of a builtin that takes one vector.

    Raises:
        GsdmcError: it is no vector.
    """
    if isinstance(value, Accumulator):
        raise NeedsUnroll(frozenset([value.axis]), "the accumulator's elements are used", span)
    if not isinstance(value, Vec | Tup):
        raise GsdmcError(
            f"`{name}` takes a vector, but this is {describe(value)}",
            span.part(0),
            hint=f"write `({name} [a b ...])`, or give it what a `foreach` makes",
        )
    return value


def _fold(name: str, said: str) -> Builtin:
    def fold(ev: Evaluator, args: list[Value], span: Span, scope: Scope) -> Value:
        return fold_vector(name, vector_argument(said, args[0], span), span, said)

    return fold


def _mean(ev: Evaluator, args: list[Value], span: Span, scope: Scope) -> Value:
    xs = vector_argument("mean", args[0], span)
    size = length(xs, span)
    if not size:
        raise GsdmcError("`mean` of nothing has no value", span, hint=SOMETHING)
    return elementwise("/", [fold_vector("+", xs, span, "mean"), static(size)], span.whole)


def flattened(value: Value, span: Span) -> tuple[tuple[Axis, ...], Value]:
    """A nested vector's axes, outermost first, and its body."""
    axes: list[Axis] = []
    while isinstance(value, Vec | Tup):
        vector = stacked(value, span)
        axes.append(vector.axis)
        value = vector.body
    return tuple(axes), value


def _predicate(name: str, empty: bool) -> Builtin:
    def predicate(ev: Evaluator, args: list[Value], span: Span, scope: Scope) -> Value:
        xs = vector_argument(name, args[0], span)
        spend(APPLY)
        if isinstance(xs, Tup) and not xs.items:
            return static(empty)
        consumed, body = flattened(xs, span)
        instruction = as_instruction(need_scalar(body, f"what `{name}` looks at", span), span)
        axes = tuple(a for a in instruction.axes if a not in consumed)
        return VectorOp(
            inputs=(instruction,), axes=axes, type=BOOL, span=span, function=name, consumed=consumed
        )

    return predicate


def _ordering(name: str) -> Builtin:
    def ordering(ev: Evaluator, args: list[Value], span: Span, scope: Scope) -> Value:
        xs = vector_argument(name, args[0], span)
        spend(APPLY)
        if isinstance(xs, Tup) and not xs.items:
            return xs
        vector = stacked(xs, span)
        size = vector.axis.size
        body = as_instruction(need_scalar(vector.body, f"what `{name}` orders", span), span)
        made = Axis("rank", size, span, vector.axis.size_name)
        facts = [Fact("ordered", (made,), f"`{name}` orders it", span)]
        kind = body.type
        if name == "argsort":
            kind = Type("int", 0, max(size - 1, 0))
            facts.append(Fact("fixed", (vector.axis,), "`argsort` makes values of its index", span))
        instruction = VectorOp(
            inputs=(body,),
            axes=(*(a for a in body.axes if a is not vector.axis), made),
            type=kind,
            span=span,
            facts=tuple(facts),
            function=name,
            consumed=(vector.axis,),
            made=made,
        )
        return Vec(made, instruction)

    return ordering


def _nth(position: int) -> Builtin:
    def nth(ev: Evaluator, args: list[Value], span: Span, scope: Scope) -> Value:
        return get(args[0], static(position), span)

    return nth


def _equal(ev: Evaluator, args: list[Value], span: Span, scope: Scope) -> Value:
    return equal(args, span)


def _not_equal(ev: Evaluator, args: list[Value], span: Span, scope: Scope) -> Value:
    return elementwise("not", [equal(args, span)], span)


def _vector(ev: Evaluator, args: list[Value], span: Span, scope: Scope) -> Value:
    return vector_of(args, None, span)


VECTOR_BUILTINS: dict[str, Builtin] = {
    "range": _range,
    "vector": _vector,
    "hash-map": _hash_map,
    "first": _nth(0),
    "second": _nth(1),
    "rest": _rest,
    "last": _last,
    "nth": _get,
    "get": _get,
    "get-in": _get_in,
    "conj": _conj,
    "append": _conj,
    "concat": _concat,
    "put": _put,
    "count": _count,
    "str": _str,
    "map": map_vectors,
    "reduce": reduce_vector,
    "sum": _fold("+", "sum"),
    "prod": _fold("*", "prod"),
    "any?": _fold("or", "any?"),
    "all?": _fold("and", "all?"),
    "mean": _mean,
    "distinct?": _predicate("distinct?", empty=True),
    "one-hot?": _predicate("one-hot?", empty=False),
    "argsort": _ordering("argsort"),
    "sort": _ordering("sort"),
    "=": _equal,
    "not=": _not_equal,
}
"""Builtins that are not element-wise, by name."""
