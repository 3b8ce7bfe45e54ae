"""Builtins of vectors and maps."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from gsdmc.language.source import GsdmcError, Span
from gsdmc.program.axes import Axis, Fact
from gsdmc.program.indexing import elements, get, length, map_key, stacked
from gsdmc.program.iteration import map_vectors, reduce_vector
from gsdmc.program.scalars import elementwise, reduce_axis
from gsdmc.program.tape import BOOL, Instruction, Type, VectorOp
from gsdmc.program.values import (
    Accumulator,
    MapValue,
    NeedsUnroll,
    Scope,
    Static,
    Symbol,
    Tup,
    Value,
    Vec,
    as_instruction,
    describe,
    need_int,
    need_scalar,
    static,
)

if TYPE_CHECKING:
    from gsdmc.program.evaluator import Evaluator

Builtin = Callable[["Evaluator", list[Value], Span, Scope], Value]


def _range(ev: Evaluator, args: list[Value], span: Span, scope: Scope) -> Value:
    bounds = [need_int(a, "A bound of `range`", span) for a in args]
    start, end = (0, bounds[0]) if len(bounds) == 1 else bounds
    named = args[0] if len(args) == 1 else None
    axis = Axis("i", max(end - start, 0), span, named.size_name if isinstance(named, Static) else None)
    own = axis if start == 0 else None
    return Vec(axis, Static(np.arange(start, max(start, end)), (axis,), own, frozenset([(axis, False)])))


def _get(ev: Evaluator, args: list[Value], span: Span, scope: Scope) -> Value:
    if len(args) == 3 and missing(args[0], args[1], span):
        return args[2]
    return get(args[0], args[1], span)


def missing(value: Value, key: Value, span: Span) -> bool:
    """Whether a look-up with a default misses."""
    if isinstance(value, MapValue):
        return map_key(key, span) not in value.entries
    if isinstance(key, Static):
        if key.axes:
            raise NeedsUnroll(frozenset(key.axes), "a look-up with a default varies with the index", span)
        return not 0 <= int(key.values) < length(value, span)
    return False


def _get_in(ev: Evaluator, args: list[Value], span: Span, scope: Scope) -> Value:
    value = args[0]
    for key in elements(args[1], span):
        if len(args) == 3 and missing(value, key, span):
            return args[2]
        value = get(value, key, span)
    return value


def _conj(ev: Evaluator, args: list[Value], span: Span, scope: Scope) -> Value:
    if isinstance(args[0], Accumulator):
        if args[0].update is not None or len(args) != 2:
            raise NeedsUnroll(frozenset([args[0].axis]), "the accumulator grows by more than one", span)
        return Accumulator(args[0].axis, ("conj", args[1]))
    return Tup((*elements(args[0], span), *args[1:]))


def _rest(ev: Evaluator, args: list[Value], span: Span, scope: Scope) -> Value:
    return Tup(elements(args[0], span)[1:])


def _last(ev: Evaluator, args: list[Value], span: Span, scope: Scope) -> Value:
    return get(args[0], static(length(args[0], span) - 1), span)


def _concat(ev: Evaluator, args: list[Value], span: Span, scope: Scope) -> Value:
    return Tup(tuple(v for a in args for v in elements(a, span)))


def _put(ev: Evaluator, args: list[Value], span: Span, scope: Scope) -> Value:
    target, key, value = args
    if isinstance(target, MapValue):
        return MapValue({**target.entries, map_key(key, span): value})
    items = list(elements(target, span))
    at = need_int(key, "The index of `put`", span)
    if not 0 <= at < len(items):
        raise GsdmcError(f"Index {at} is out of range: the vector has {len(items)} elements.", span)
    items[at] = value
    return Tup(tuple(items))


def _hash_map(ev: Evaluator, args: list[Value], span: Span, scope: Scope) -> Value:
    if len(args) % 2:
        raise GsdmcError("`hash-map` takes keys and values in turn; one key has no value.", span)
    keys = [map_key(k, span) for k in args[::2]]
    return MapValue(dict(zip(keys, args[1::2], strict=True)))


def _count(ev: Evaluator, args: list[Value], span: Span, scope: Scope) -> Value:
    name = args[0].axis.size_name if isinstance(args[0], Vec) else None
    return Static(np.asarray(length(args[0], span)), size_name=name)


def _str(ev: Evaluator, args: list[Value], span: Span, scope: Scope) -> Value:
    return "".join(text_of(a, span) for a in args)


def text_of(value: Value, span: Span) -> str:
    """A compile-time value as `str` shows it."""
    match value:
        case str():
            return value
        case Symbol():
            return "" if value.name is None else f":{value.name}"
        case Static() if value.axes:
            raise NeedsUnroll(frozenset(value.axes), "a name varies with the index", span)
        case Static():
            number = value.values.item()
            return str(number).lower() if isinstance(number, bool) else str(number)
    raise GsdmcError(f"`str` takes what is known at compile time, but this is {describe(value)}.", span)


def _fold(name: str) -> Builtin:
    def fold(ev: Evaluator, args: list[Value], span: Span, scope: Scope) -> Value:
        xs = args[0]
        if isinstance(xs, Vec):
            return reduce_axis(name, xs.body, xs.axis, span)
        return elementwise(name, list(elements(xs, span)), span)

    return fold


def _mean(ev: Evaluator, args: list[Value], span: Span, scope: Scope) -> Value:
    size = length(args[0], span)
    if not size:
        raise GsdmcError("The mean of no elements has no value.", span)
    return elementwise("/", [_fold("+")(ev, args, span, scope), static(size)], span)


def flattened(value: Value, span: Span) -> tuple[tuple[Axis, ...], Static | Instruction]:
    """A nested vector's axes, outermost first, and its scalar body."""
    axes: list[Axis] = []
    while isinstance(value, Vec | Tup):
        value = stacked(value, span, frozenset())
        axes.append(value.axis)
        value = value.body
    return tuple(axes), need_scalar(value, "A vector's element", span)


def _predicate(name: str) -> Builtin:
    def predicate(ev: Evaluator, args: list[Value], span: Span, scope: Scope) -> Value:
        length(args[0], span)
        consumed, body = flattened(args[0], span)
        instruction = as_instruction(body, span)
        axes = tuple(a for a in instruction.axes if a not in consumed)
        return VectorOp(
            inputs=(instruction,), axes=axes, type=BOOL, span=span, function=name, consumed=consumed
        )

    return predicate


def _ordering(name: str) -> Builtin:
    def ordering(ev: Evaluator, args: list[Value], span: Span, scope: Scope) -> Value:
        size = length(args[0], span)
        vector = stacked(args[0], span, frozenset()) if isinstance(args[0], Vec | Tup) else args[0]
        assert isinstance(vector, Vec)
        body = as_instruction(need_scalar(vector.body, f"What `{name}` orders", span), span)
        made = Axis("rank", size, span)
        kind = Type("int", 0, max(size - 1, 0)) if name == "argsort" else body.type
        instruction = VectorOp(
            inputs=(body,),
            axes=(*(a for a in body.axes if a is not vector.axis), made),
            type=kind,
            span=span,
            facts=(Fact("ordered", (made,), f"`{name}` orders it", span),),
            function=name,
            consumed=(vector.axis,),
            made=made,
        )
        return Vec(made, instruction)

    return ordering


def _equal(ev: Evaluator, args: list[Value], span: Span, scope: Scope) -> Value:
    if any(isinstance(a, str | Symbol) for a in args):
        shown = [text_of(a, span) if isinstance(a, str | Symbol) else None for a in args]
        return static(all(s is not None and s == shown[0] for s in shown))
    if any(isinstance(a, Vec | Tup) for a in args):
        return elementwise("and", [_vectors_equal(ev, args[0], b, span, scope) for b in args[1:]], span)
    return elementwise("=", args, span)


def _vectors_equal(ev: Evaluator, a: Value, b: Value, span: Span, scope: Scope) -> Value:
    if not (isinstance(a, Vec | Tup) and isinstance(b, Vec | Tup)) or length(a, span) != length(b, span):
        return static(False)
    same = [
        _equal(ev, [x, y], span, scope) for x, y in zip(elements(a, span), elements(b, span), strict=True)
    ]
    return elementwise("and", same, span)


def _not_equal(ev: Evaluator, args: list[Value], span: Span, scope: Scope) -> Value:
    return elementwise("not", [_equal(ev, args, span, scope)], span)


VECTOR_BUILTINS: dict[str, Builtin] = {
    "range": _range,
    "vector": lambda ev, args, span, scope: Tup(tuple(args)),
    "hash-map": _hash_map,
    "first": lambda ev, args, span, scope: get(args[0], static(0), span),
    "second": lambda ev, args, span, scope: get(args[0], static(1), span),
    "rest": _rest,
    "last": _last,
    "nth": lambda ev, args, span, scope: get(args[0], args[1], span),
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
    "sum": _fold("+"),
    "prod": _fold("*"),
    "any?": _fold("or"),
    "all?": _fold("and"),
    "mean": _mean,
    "distinct?": _predicate("distinct?"),
    "one-hot?": _predicate("one-hot?"),
    "argsort": _ordering("argsort"),
    "sort": _ordering("sort"),
    "=": _equal,
    "not=": _not_equal,
}
"""Builtins that are not element-wise, by name."""
