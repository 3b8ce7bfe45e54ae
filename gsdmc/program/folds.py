"""Folds, `loop` and `reduce`: one reduction if the update is symmetric, else step by step."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from gsdmc.language.source import GsdmcError, Span
from gsdmc.language.syntax import Loop
from gsdmc.program.axes import Axis, Fact
from gsdmc.program.choices import pick
from gsdmc.program.elementwise import IDENTITY
from gsdmc.program.expectations import need_function, scalar_type
from gsdmc.program.indexing import elements, get, index_of, length
from gsdmc.program.iteration import axis_of, check_unrollable, parameter
from gsdmc.program.scalars import elementwise, reduce_axis
from gsdmc.program.stacking import vector_of
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
    static,
)

if TYPE_CHECKING:
    from gsdmc.program.evaluator import Evaluator

Step = Callable[[Scope, Static, Value], Value]

IN_ORDER = "the accumulator's update depends on the order"


def loop(ev: Evaluator, expr: Loop, scope: Scope) -> Value:
    """`(loop count init f args ...)`: `(f t accumulator args ...)` for every t."""
    counted, size = ev.size(expr.count, scope, "the count of a `loop`")
    init = ev.evaluate(expr.init, scope)
    function = need_function(ev.evaluate(expr.function, scope), expr.function.span)
    args = tuple(ev.evaluate(a, scope) for a in expr.args)
    axis = axis_of(parameter(function, 0, "t"), size, counted, expr.count.span)

    def step(inner: Scope, index: Static, accumulator: Value) -> Value:
        return ev.call(function, (index, accumulator, *args), expr.span, inner)

    return fold(ev, axis, init, step, scope, expr.span)


def reduce_vector(ev: Evaluator, args: list[Value], span: Span, scope: Scope) -> Value:
    """`(reduce f xs)` or `(reduce f init xs)`."""
    function, xs = need_function(args[0], span.part(0)), args[-1]
    if len(args) == 3 and isinstance(args[1], Vec | Tup) and not isinstance(xs, Vec | Tup | Accumulator):
        raise GsdmcError(
            f"`reduce` folds a vector, but this is {describe(xs)}",
            span.part(2),
            hint="the value to start from comes before the vector: `(reduce f init xs)`",
        )
    size = length(xs, span.part(-1))
    span = span.whole
    size_name = xs.axis.size_name if isinstance(xs, Vec | Tup) and xs.axis else None
    axis = Axis(parameter(function, 1, "i"), size, span, size_name)

    met: list[Value] = []

    def step(inner: Scope, index: Static, accumulator: Value) -> Value:
        met.append(pick(ev, xs, index, span))
        return ev.call(function, (accumulator, met[-1]), span, inner)

    if len(args) == 3:
        return fold(ev, axis, args[1], step, scope, span)
    if not size:
        if isinstance(function, BuiltinValue) and function.name in IDENTITY:
            return static(IDENTITY[function.name])
        raise GsdmcError(
            "`reduce` of nothing has no value", span, hint="give it one to start from: `(reduce f init xs)`"
        )
    mark = ev.tape.mark()
    tried, reason = attempt(ev, axis, step, scope, span)
    samples = ev.tape.mark()[:2] != mark[:2]
    if samples or tried is None or tried.update is None or tried.update[1] is not met[-1]:
        ev.tape.rewind(mark)
        return one_by_one(ev, function, xs, Axis(axis.name, size - 1, span), reason, scope, span)
    if ev.plated:
        return reduce_axis(tried.update[0], tried.update[1], axis, span)
    ev.tape.rewind(mark)
    value = pick(ev, xs, index_of(axis, 0), span)
    for t in range(1, size):
        value = step(scope.inside(axis, t), index_of(axis, t), value)
    return value


def one_by_one(
    ev: Evaluator,
    function: Closure | BuiltinValue,
    xs: Value,
    axis: Axis,
    reason: str,
    scope: Scope,
    span: Span,
) -> Value:
    """`(reduce f xs)` step by step: `axis` numbers the calls of f, one less than there are elements."""
    if ev.plated and axis.size:
        ev.tape.unrolled.append((axis, f"{reason} ({span})"))
    check_unrollable(axis)
    ev.say((Fact("ordered", (axis,), reason, span),))
    value = get(xs, static(0), span)
    for t in range(axis.size):
        value = ev.call(function, (value, get(xs, static(t + 1), span)), span, scope.inside(axis, t))
    return value


def fold(ev: Evaluator, axis: Axis, init: Value, step: Step, scope: Scope, span: Span) -> Value:
    """Fold a step over an iteration: one reduction if its update is symmetric, else step by step.

    Where nothing is plated, the reduction is tried all the same: it tells whether the order matters.
    """
    mark = ev.tape.mark()
    tried, reason = attempt(ev, axis, step, scope, span)
    symmetric = tried is not None and (tried.update is None or tried.update[0] != "conj" or is_empty(init))
    if tried is not None and symmetric and (ev.plated or not axis.size):
        try:
            return finish(tried, init, span)
        except GsdmcError:
            if axis.size:
                raise
    ev.tape.rewind(mark)
    if not axis.size:
        return init
    if ev.plated:
        ev.tape.unrolled.append((axis, f"{reason} ({span})"))
    check_unrollable(axis)
    value, grows = init, is_empty(init)
    for t in range(axis.size):
        before, value = value, step(scope.inside(axis, t), index_of(axis, t), value)
        grows = grows and extends(value, before)
        if grows and isinstance(value, Tup):
            value = Tup(value.items, growing=axis)
    if not symmetric:
        ev.say((Fact("ordered", (axis,), reason, span),))
    elif tried is not None and tried.update is not None and tried.update[0] == "conj":
        grows = True
    return vector_of(elements(value, span), axis, span) if grows else value


def extends(value: Value, before: Value) -> bool:
    """Whether a vector has one element more than another, behind the same ones."""
    return (
        isinstance(value, Tup)
        and isinstance(before, Tup)
        and value.axis is None
        and len(value.items) == len(before.items) + 1
        and value.items[:-1] == before.items
    )


def attempt(
    ev: Evaluator, axis: Axis, step: Step, scope: Scope, span: Span
) -> tuple[Accumulator | None, str]:
    """The accumulator after one step for the whole iteration, if that has a meaning, else why not.

    What the step wrote on the tape stays there.
    """
    try:
        with ev.at_once():
            result = step(scope.inside(axis, None), index_of(axis), Accumulator(axis))
    except NeedsUnroll as stuck:
        if axis not in stuck.axes:
            raise
        return None, stuck.reason
    except GsdmcError:  # what is wrong for the accumulator may be right for its values
        return None, IN_ORDER
    if isinstance(result, Accumulator) and result.axis is axis:
        return result, IN_ORDER
    return None, IN_ORDER


def is_empty(value: Value) -> bool:
    """Whether a value is the empty vector as it is written, `[]`."""
    return isinstance(value, Tup) and not value.items


def finish(tried: Accumulator, init: Value, span: Span) -> Value:
    """The value of a fold whose steps combine the accumulator with terms in any order."""
    if tried.update is None:
        return init
    name, term = tried.update
    if name == "conj":
        return Vec(tried.axis, term)
    reduced = reduce_axis(name, term, tried.axis, span)
    if isinstance(init, Static) and not init.axes and not init.facts and not init.origins:
        neutral = name in IDENTITY and init.values.item() == IDENTITY[name]
        if neutral and (scalar_type(init).base != "real" or scalar_type(reduced).base == "real"):
            return reduced
    return elementwise(name, [init, reduced], span)
