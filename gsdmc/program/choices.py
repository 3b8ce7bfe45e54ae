"""Choices and pairs: `if`, equality, and elements that are picked by an index."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from gsdmc.language.source import GsdmcError, Span
from gsdmc.language.syntax import If
from gsdmc.program.axes import Fact
from gsdmc.program.expectations import scalar_type, shown
from gsdmc.program.indexing import elements, get, index_of, length
from gsdmc.program.meter import APPLY, spend
from gsdmc.program.rewriting import annotate, substitute
from gsdmc.program.scalars import COMPARE_FIRST, elementwise, folded, reduce_axis
from gsdmc.program.stacking import stacked, vector_of
from gsdmc.program.tape import Instruction
from gsdmc.program.values import (
    Accumulator,
    BuiltinValue,
    Closure,
    Dist,
    MapValue,
    NeedsUnroll,
    Scope,
    Static,
    Symbol,
    Tup,
    Value,
    Vec,
    describe,
    plain,
    static,
)

if TYPE_CHECKING:
    from gsdmc.program.evaluator import Evaluator


FEW = 8
"""Separate elements are folded one by one up to this number, and stacked first above."""


def pick(ev: Evaluator, value: Value, key: Value, span: Span) -> Value:
    """`(get value key)`, noting what the program's structure owes to the index.

    Numbers carry what their index says of plates; a function, a name or the like can't.
    """
    found = get(value, key, span)
    if isinstance(key, Static) and (key.origins or key.facts):
        silent = any(not isinstance(v, Static | Instruction) for v in plain(found))
        if isinstance(value, MapValue) or silent:
            ev.decide(key, "it picks among separate elements", span)
            if isinstance(value, Vec | Tup) and value.axis is not None:
                ev.say((Fact("ordered", (value.axis,), "it picks among separate elements", span),))
    return found


def conditional(ev: Evaluator, expr: If, scope: Scope) -> Value:
    """`(if test a b)`: decided at compile time where it can be, else both arms are evaluated."""
    test = ev.evaluate(expr.test, scope)
    if isinstance(test, Symbol) and test.name is None:
        return ev.evaluate(expr.orelse, scope)
    if isinstance(test, Accumulator):
        raise NeedsUnroll(frozenset([test.axis]), "the accumulator is tested", expr.span)
    if not isinstance(test, Static | Instruction) or scalar_type(test).base != "bool":
        raise GsdmcError(
            f"`if` tests a boolean, but this is {describe(test)}",
            expr.test.span,
            hint=_test_hint(test),
        )
    if isinstance(test, Static):
        if test.axes:
            raise NeedsUnroll(frozenset(test.axes), "an `if` decides by the index", expr.span)
        ev.decide(test, "an `if` compares its index", expr.span)
        return ev.evaluate(expr.then if test.values else expr.orelse, scope)
    then = ev.evaluate(expr.then, scope.under(test))
    orelse = ev.evaluate(expr.orelse, scope.under(elementwise("not", [test], expr.test.span)))
    return select(test, then, orelse, expr.span)


def _test_hint(test: Value) -> str | None:
    match test:
        case Static() | Instruction():
            return COMPARE_FIRST
        case Vec() | Tup():
            return "test an element, `(get xs i)`, or all of them, `(all? xs)`"
        case Dist():
            return f"draw from it: `(sample {shown(test.span)})`"
    return None


def select(test: Instruction, then: Value, orelse: Value, span: Span) -> Value:
    """Element by element, the one or the other arm.

    Raises:
        GsdmcError: the arms have different shapes.
    """
    spend(2 * APPLY)

    def inner(a: Value, b: Value) -> Value:
        return select(test, a, b, span)

    match then, orelse:
        case ((Vec() | Tup()), (Vec() | Tup())) if length(then, span) == length(orelse, span):
            return paired(then, orelse, inner, span)
        case MapValue(), MapValue() if then.entries.keys() == orelse.entries.keys():
            return MapValue({k: inner(v, orelse.entries[k]) for k, v in then.entries.items()})
        case Dist(), Dist() if then.name == orelse.name:
            args = tuple(inner(a, b) for a, b in zip(then.args, orelse.args, strict=True))
            return Dist(then.name, args, span)
        case (Symbol(name=None), _) | (_, Symbol(name=None)):
            return Symbol(None)  # an arm for what it samples or observes alone
        case Symbol(), Symbol() if then.name == orelse.name:
            return then
        case str(), str() if then == orelse:
            return then
        case ((Static() | Instruction() | Accumulator()), (Static() | Instruction() | Accumulator())):
            return elementwise("if", [test, then, orelse], span)
    hint = "give both arms one shape, or choose between their elements"
    if isinstance(then, Dist) and isinstance(orelse, Dist):
        hint = "sample both, then choose: `(if test (sample ...) (sample ...))`"
    elif isinstance(then, str | Symbol | Closure | BuiltinValue):
        hint = "numbers, booleans and vectors of them can depend on a random value; names and functions can't"
    raise GsdmcError(
        f"the arms of an `if` on a random value need one shape, but these are {describe(then)} and "
        f"{describe(orelse)}",
        span,
        hint=hint,
    )


def paired(a: Vec | Tup, b: Vec | Tup, function: Callable[[Value, Value], Value], span: Span) -> Vec | Tup:
    """A function of two vectors' elements in turn, which makes their iterations one plate."""
    if isinstance(a, Tup) or isinstance(b, Tup):
        spend(length(a, span))
    if a.axis is None or b.axis is None:
        both = zip(elements(a, span), elements(b, span), strict=True)
        return vector_of([function(x, y) for x, y in both], None, span)
    facts = (Fact("same", (b.axis, a.axis), "", span),)
    if isinstance(a, Vec) and isinstance(b, Vec):
        return Vec(a.axis, function(a.body, substitute(b.body, b.axis, index_of(a.axis), facts, span)))
    own, items = a.axis, []
    for t in range(own.size):
        at = index_of(own, t)
        items.append(function(_replica(a, at, (), span), _replica(b, at, facts, span)))
    return vector_of(items, own, span)


def _replica(value: Vec | Tup, at: Static, facts: tuple[Fact, ...], span: Span) -> Value:
    """One element, as an iteration over all of them meets it."""
    if isinstance(value, Tup):
        return annotate(value.items[int(at.values)], facts, span)
    return substitute(value.body, value.axis, at, facts, span)


def equal(args: list[Value], span: Span) -> Value:
    """`(= a b ...)`: numbers by value, names by spelling, vectors element by element."""
    for a in args:
        if isinstance(a, Accumulator):
            raise NeedsUnroll(frozenset([a.axis]), "the accumulator is compared", span)
    if any(isinstance(a, Vec | Tup) for a in args):
        return elementwise("and", [_vectors_equal(args[0], b, span) for b in args[1:]], span)
    if any(isinstance(a, str | Symbol) for a in args):
        return static(all(_same_name(args[0], b) for b in args[1:]))
    return elementwise("=", args, span)


def _same_name(a: Value, b: Value) -> bool:
    if isinstance(a, Symbol) and isinstance(b, Symbol):
        return a.name == b.name
    return isinstance(a, str) and isinstance(b, str) and a == b


def _vectors_equal(a: Value, b: Value, span: Span) -> Value:
    if not (isinstance(a, Vec | Tup) and isinstance(b, Vec | Tup)) or length(a, span) != length(b, span):
        return static(False)
    same = paired(a, b, lambda x, y: equal([x, y], span), span)
    return fold_vector("and", same, span)


def fold_vector(name: str, xs: Vec | Tup, span: Span, said: str | None = None) -> Value:
    """A symmetric function of all elements, none of which is singled out; `said` is its builtin."""
    if isinstance(xs, Vec):
        return reduce_axis(name, xs.body, xs.axis, span, said)
    if len(xs.items) > FEW and all(isinstance(v, Static | Instruction) for v in xs.items):
        vector = stacked(xs, span)
        return reduce_axis(name, vector.body, vector.axis, span, said)
    for item in xs.items:
        if not isinstance(item, Accumulator):
            folded(name, item, said or name, span)
    return elementwise(name, xs.items, span.whole)
