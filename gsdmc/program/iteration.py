"""Iterations: `foreach`, `loop`, `map` and `reduce`, once on a named axis or replica by replica."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from gsdmc.language.source import GsdmcError, Span
from gsdmc.language.syntax import Foreach, Loop
from gsdmc.program.axes import Axis, Fact
from gsdmc.program.elementwise import SYMMETRIC
from gsdmc.program.indexing import get, index_of, length
from gsdmc.program.scalars import elementwise, reduce_axis
from gsdmc.program.values import (
    Accumulator,
    BuiltinValue,
    Closure,
    NeedsUnroll,
    Scope,
    Static,
    Tup,
    Value,
    Vec,
    describe,
    need_int,
    static,
)

if TYPE_CHECKING:
    from gsdmc.program.evaluator import Evaluator

Body = Callable[[Scope, Static], Value]
Step = Callable[[Scope, Static, Value], Value]

MAX_UNROLLED = 20_000
"""Most replicas that one iteration is unrolled into."""


def foreach(ev: Evaluator, expr: Foreach, scope: Scope) -> Value:
    """`(foreach count [x xs ...] body ...)`."""
    counted = ev.evaluate(expr.count, scope)
    size = need_int(counted, "The count of a `foreach`", expr.count.span)
    vectors = [(name.name, ev.evaluate(value, scope), value.span) for name, value in expr.bindings]
    for name, vector, span in vectors:
        if length(vector, span) < size:
            raise GsdmcError(
                f"`{name}` runs over {length(vector, span)} elements, but the foreach makes {size}.", span
            )
    name = next((n for n, _, _ in vectors if n != "_"), "i")

    def body(inner: Scope, index: Static) -> Value:
        names = {n: get(v, index, s) for n, v, s in vectors}
        return ev.body(expr.body, inner.bind(names))

    return each(ev, axis_of(name, size, counted, expr.span), body, scope)


def axis_of(name: str, size: int, counted: Value, span: Span) -> Axis:
    """A new iteration.

    Raises:
        GsdmcError: a negative size.
    """
    if size < 0:
        raise GsdmcError(f"An iteration can't run {size} times.", span)
    return Axis(name, size, span, counted.size_name if isinstance(counted, Static) else None)


def each(ev: Evaluator, axis: Axis, body: Body, scope: Scope) -> Value:
    """A vector of the body's values: evaluated once if its structure doesn't vary with the index."""
    mark = ev.tape.mark()
    if ev.plated:
        try:
            return Vec(axis, body(scope.inside(axis, None), index_of(axis)))
        except NeedsUnroll as stuck:
            if axis not in stuck.axes:
                raise
            ev.tape.rewind(mark)
            ev.tape.unrolled.append((axis, f"{stuck.reason} ({stuck.span})"))
    check_unrollable(axis)
    return Tup(tuple(body(scope.inside(axis, t), index_of(axis, t)) for t in range(axis.size)), axis)


def check_unrollable(axis: Axis) -> None:
    """Refuse to unroll what would never end.

    Raises:
        GsdmcError: more replicas than the limit.
    """
    if axis.size > MAX_UNROLLED:
        raise GsdmcError(
            f"The iteration {axis.name} has {axis.size} replicas of varying structure; at most "
            f"{MAX_UNROLLED} can be unrolled.",
            axis.span,
        )


def loop(ev: Evaluator, expr: Loop, scope: Scope) -> Value:
    """`(loop count init f args ...)`: `(f t accumulator args ...)` for every t."""
    counted = ev.evaluate(expr.count, scope)
    size = need_int(counted, "The count of a `loop`", expr.count.span)
    init = ev.evaluate(expr.init, scope)
    function = need_function(ev.evaluate(expr.function, scope), expr.function.span)
    args = tuple(ev.evaluate(a, scope) for a in expr.args)
    name = first_parameter(function, "t")

    def step(inner: Scope, index: Static, accumulator: Value) -> Value:
        return ev.call(function, (index, accumulator, *args), expr.span, inner)

    return fold(ev, axis_of(name, size, counted, expr.span), init, step, scope, expr.span)


def fold(ev: Evaluator, axis: Axis, init: Value, step: Step, scope: Scope, span: Span) -> Value:
    """Fold a step over an iteration: one reduction if its update is symmetric, else step by step."""
    if axis.size == 0:
        return init
    mark = ev.tape.mark()
    reason = "its accumulator's update depends on the order"
    if ev.plated:
        try:
            result = step(scope.inside(axis, None), index_of(axis), Accumulator(axis))
            folded = finish_fold(result, axis, init, span)
            if folded is not None:
                return folded
        except NeedsUnroll as stuck:
            if axis not in stuck.axes:
                raise
            reason = stuck.reason
        ev.tape.rewind(mark)
        ev.tape.unrolled.append((axis, f"{reason} ({span})"))
    check_unrollable(axis)
    if not ev.plated:
        reason = fold_reason(ev, axis, init, step, scope, span, mark)
    value = init
    for t in range(axis.size):
        value = step(scope.inside(axis, t), index_of(axis, t), value)
    if reason:
        ev.tape.facts.append(Fact("ordered", (axis,), reason, span))
    return value


def fold_reason(
    ev: Evaluator,
    axis: Axis,
    init: Value,
    step: Step,
    scope: Scope,
    span: Span,
    mark: tuple[int, int, int, int],
) -> str:
    """Why a fold's order matters, or nothing if it doesn't, found by trying it in one piece."""
    ev.plated = True
    try:
        result = step(scope.inside(axis, None), index_of(axis), Accumulator(axis))
        return "" if finish_fold(result, axis, init, span) is not None else "its update depends on the order"
    except NeedsUnroll as stuck:
        return stuck.reason
    finally:
        ev.plated = False
        ev.tape.rewind(mark)


def finish_fold(result: Value, axis: Axis, init: Value, span: Span) -> Value | None:
    """The fold's value if its body combined the accumulator symmetrically, else None."""
    if not isinstance(result, Accumulator) or result.axis is not axis:
        return None
    if result.update is None:
        return init
    name, term = result.update
    if name == "conj":
        return Vec(axis, term) if isinstance(init, Tup) and not init.items else None
    reduced = reduce_axis(name, term, axis, span)
    if isinstance(init, Static) and not init.axes and not init.facts:
        value = init.values.item()
        if (name == "+" and value == 0) or (name == "*" and value == 1):
            return reduced
    return elementwise(name, [init, reduced], span)


def need_function(value: Value, span: Span) -> Closure | BuiltinValue:
    """The value if it is a function.

    Raises:
        GsdmcError: it isn't.
    """
    if isinstance(value, Closure | BuiltinValue):
        return value
    raise GsdmcError(f"A function is expected here, but this is {describe(value)}.", span)


def first_parameter(function: Value, otherwise: str) -> str:
    """The name that a function gives its first argument."""
    if isinstance(function, Closure) and function.fn.params:
        name = function.fn.params[0].name
        return otherwise if name == "_" else name
    return otherwise


def map_vectors(ev: Evaluator, args: list[Value], span: Span, scope: Scope) -> Value:
    """`(map f xs ...)`."""
    function = need_function(args[0], span)
    size = min(length(v, span) for v in args[1:])
    axis = Axis(first_parameter(function, "i"), size, span)

    def body(inner: Scope, index: Static) -> Value:
        return ev.call(function, tuple(get(v, index, span) for v in args[1:]), span, inner)

    return each(ev, axis, body, scope)


def reduce_vector(ev: Evaluator, args: list[Value], span: Span, scope: Scope) -> Value:
    """`(reduce f xs)` or `(reduce f init xs)`."""
    function, xs = need_function(args[0], span), args[-1]
    size = length(xs, span)
    if isinstance(function, BuiltinValue) and function.name in SYMMETRIC and isinstance(xs, Vec):
        if len(args) == 2:
            return reduce_axis(function.name, xs.body, xs.axis, span)
        return elementwise(function.name, [args[1], reduce_axis(function.name, xs.body, xs.axis, span)], span)
    start = 0
    if len(args) == 3:
        init = args[1]
    elif size:
        init, start = get(xs, static(0), span), 1
    else:
        return ev.call(function, (), span, scope)
    if start or isinstance(xs, Tup):
        value = init
        for t in range(start, size):
            value = ev.call(function, (value, get(xs, static(t), span)), span, scope)
        return value
    axis = Axis("i", size, span)

    def step(inner: Scope, index: Static, accumulator: Value) -> Value:
        return ev.call(function, (accumulator, get(xs, index, span)), span, inner)

    return fold(ev, axis, init, step, scope, span)
