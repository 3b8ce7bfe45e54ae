"""Iterations that make vectors, `foreach` and `map`: once on a named axis, or replica by replica."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from gsdmc.language.limits import active, cure
from gsdmc.language.signatures import plural
from gsdmc.language.source import GsdmcError, Span
from gsdmc.language.syntax import Foreach
from gsdmc.program.axes import Axis, Fact
from gsdmc.program.choices import pick
from gsdmc.program.expectations import need_function, shown
from gsdmc.program.indexing import index_of, length
from gsdmc.program.stacking import vector_of
from gsdmc.program.tape import Instruction
from gsdmc.program.values import (
    Accumulator,
    Closure,
    NeedsUnroll,
    Scope,
    Static,
    Tup,
    Value,
    Vec,
    describe,
    plain,
)

if TYPE_CHECKING:
    from gsdmc.program.evaluator import Evaluator

Body = Callable[[Scope, Static], Value]


def foreach(ev: Evaluator, expr: Foreach, scope: Scope) -> Value:
    """`(foreach count [x xs ...] body ...)`."""
    counted, size = ev.size(expr.count, scope, "the count of a `foreach`")
    vectors = [(name.name, ev.evaluate(value, scope), value.span.whole) for name, value in expr.bindings]
    for name, vector, span in vectors:
        if isinstance(vector, Static | Instruction):
            raise GsdmcError(
                f"`{name}` runs over a vector, but this is {describe(vector)}",
                span,
                hint=f"write `[{name} (range {shown(expr.count.span)})]` for an index",
            )
        if length(vector, span) < size:
            raise GsdmcError(
                f"`{name}` runs over {plural(length(vector, span), 'element')}, "
                f"but the `foreach` makes {size}",
                span,
                related=(("the count", expr.count.span),),
                hint="write a count that no vector falls short of; further elements are left out",
            )
    name = next((n for n, _, _ in vectors if n != "_"), "i")

    def body(inner: Scope, index: Static) -> Value:
        names = {n: pick(ev, v, index, s) for n, v, s in vectors}
        return ev.body(expr.body, inner.bind(names))

    return each(ev, axis_of(name, size, counted, expr.count.span), body, scope)


def map_vectors(ev: Evaluator, args: list[Value], span: Span, scope: Scope) -> Value:
    """`(map f xs ...)`."""
    function = need_function(args[0], span.part(0))
    sizes = [length(v, span.part(i)) for i, v in enumerate(args[1:], start=1)]
    span = span.whole
    shortest = args[1 + sizes.index(min(sizes))]
    size_name = shortest.axis.size_name if isinstance(shortest, Vec | Tup) and shortest.axis else None
    axis = Axis(parameter(function, 0, "i"), min(sizes), span, size_name)

    def body(inner: Scope, index: Static) -> Value:
        return ev.call(function, tuple(pick(ev, v, index, span) for v in args[1:]), span, inner)

    return each(ev, axis, body, scope)


def axis_of(name: str, size: int, counted: Value, span: Span) -> Axis:
    """A new iteration.

    Raises:
        GsdmcError: a negative or an enormous size.
    """
    if size < 0:
        raise GsdmcError(f"an iteration can't run {size} times", span, hint="sizes are 0 or above")
    check_size(f"an iteration of {size} replicas", size, span)
    return Axis(name, size, span, counted.size_name if isinstance(counted, Static) else None)


def check_size(what: str, size: int, span: Span) -> None:
    """Refuse an iteration, or a range for one, that is too large.

    Raises:
        GsdmcError: more replicas than the limit.
    """
    limit = active().size
    if size > limit:
        raise GsdmcError(
            f"{what} is too large; at most {limit} are allowed",
            span,
            hint="make the sizes smaller, or " + cure("size", size),
        )


def each(ev: Evaluator, axis: Axis, body: Body, scope: Scope) -> Value:
    """A vector of the body's values: evaluated once if its structure doesn't vary with the index.

    An iteration without replicas has nothing to unroll, but its arrays exist.
    """
    mark = ev.tape.mark()
    if ev.plated or axis.size == 0:
        try:
            with ev.at_once():
                return Vec(axis, whole(body(scope.inside(axis, None), index_of(axis)), axis))
        except NeedsUnroll as stuck:
            if axis not in stuck.axes:
                raise
            ev.tape.rewind(mark)
            ev.tape.unrolled.append((axis, f"{stuck.reason} ({stuck.span})"))
        except GsdmcError:
            if axis.size:
                raise
            ev.tape.rewind(mark)
    check_unrollable(axis)
    items = [body(scope.inside(axis, t), index_of(axis, t)) for t in range(axis.size)]
    if any(isinstance(v, Closure) and v.local for i in items for v in plain(i)):
        ev.say((Fact("ordered", (axis,), "its replicas make functions of their own", axis.span),))
    return vector_of(items, axis, axis.span)


def whole(value: Value, axis: Axis) -> Value:
    """The value, if `axis` can be replaced in it later.

    Raises:
        NeedsUnroll: a function keeps the index in its environment, or a fold's accumulator is inside.
    """
    for part in plain(value):
        if isinstance(part, Accumulator):
            raise NeedsUnroll(frozenset([part.axis]), "the accumulator is used in an iteration", axis.span)
        if isinstance(part, Closure) and part.local:
            raise NeedsUnroll(frozenset([axis]), "its replicas make functions of their own", axis.span)
    return value


def check_unrollable(axis: Axis) -> None:
    """Refuse to unroll what would take too long.

    Raises:
        GsdmcError: more replicas than the limit.
    """
    limit = active().unrolled
    if axis.size > limit:
        raise GsdmcError(
            f"the iteration {axis.name} has {axis.size} replicas of varying structure; at most "
            f"{limit} can be unrolled",
            axis.span,
            hint="make the sizes smaller, or " + cure("unrolled", axis.size),
        )


def parameter(function: Value, position: int, otherwise: str) -> str:
    """The name that a function gives its argument at a position."""
    if isinstance(function, Closure) and len(function.fn.params) > position:
        name = function.fn.params[position].name
        return otherwise if name == "_" else name
    return otherwise
