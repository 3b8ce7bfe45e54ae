"""Partial evaluation: a program whose sizes are known becomes a tape."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from gsdmc.language.builtins import BUILTINS
from gsdmc.language.distributions import canonical, signature
from gsdmc.language.source import GsdmcError, Span
from gsdmc.language.syntax import (
    Call,
    Def,
    Expr,
    Extern,
    Factor,
    Fn,
    Foreach,
    If,
    Keyword,
    Let,
    Literal,
    Loop,
    MapExpr,
    Name,
    Observe,
    Sample,
    Syntax,
    Untracked,
    VectorExpr,
)
from gsdmc.program import iteration, random_forms
from gsdmc.program.axes import Axis, Fact
from gsdmc.program.indexing import annotate, map_key
from gsdmc.program.scalars import elementwise
from gsdmc.program.tape import Instruction, Tape
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
    scalar_type,
    static,
)
from gsdmc.program.vectors import VECTOR_BUILTINS

MAX_CALL_DEPTH = 60
"""Deepest chain of calls that evaluation follows."""


def evaluate(syntax: Syntax, overrides: Mapping[str, object] | None = None, *, plated: bool = True) -> Tape:
    """Write a program's tape.

    Args:
        syntax: the program.
        overrides: values for its `def`s: numbers, or arrays for data.
        plated: whether iterations are evaluated once, on named axes, where they can be; False
            unrolls every one (an oracle for tests).

    Raises:
        GsdmcError: whatever is wrong with the program, with the place.
    """
    evaluator = Evaluator(syntax, plated)
    try:
        scope = evaluator.definitions(overrides or {})
        result: Value = Symbol(None)
        for expr in syntax.body:
            result = evaluator.evaluate(expr, scope)
        random_forms.finish(evaluator.tape)
    except RecursionError:
        raise GsdmcError("The program nests too deeply.", hint="name parts of it with let or defn") from None
    except NeedsUnroll as stuck:
        raise GsdmcError(f"This can't be evaluated: {stuck.reason}.", stuck.span) from None
    evaluator.tape.result = tuple(leaves(result))
    return evaluator.tape


class Evaluator:
    """Walks expressions; everything random goes on the tape."""

    def __init__(self, syntax: Syntax, plated: bool) -> None:
        self.syntax = syntax
        self.plated = plated
        self.tape = Tape()
        self.depth = 0
        self.externs = 0

    def definitions(self, overrides: Mapping[str, object]) -> Scope:
        """The scope in which the body runs: functions and defs, with overrides in their place."""
        env: dict[str, Value] = {}
        scope = Scope(env)
        for name, fn in self.syntax.functions.items():
            env[name] = Closure(fn, env)
        for d in self.syntax.defs:
            if d.name in overrides:
                env[d.name] = named_size(from_data(overrides[d.name], d), d.name)
            elif isinstance(d.value, Extern):
                env[d.name] = random_forms.frozen_extern(self, d, d.value, scope)
            else:
                env[d.name] = named_size(self.evaluate(d.value, scope), d.name)
            number = env[d.name]
            if isinstance(number, Static) and not number.axes and number.values.dtype.kind == "i":
                self.tape.sizes[d.name] = int(number.values)
            if any(isinstance(leaf, Instruction) for leaf in leaves(env[d.name])):
                raise GsdmcError(
                    f"`{d.name}` is a def, so it must be known at compile time.",
                    d.value.span,
                    hint="sample in the body, inside let",
                )
        return scope

    def evaluate(self, expr: Expr, scope: Scope) -> Value:
        """The value of an expression."""
        match expr:
            case Literal(value=bool() | int() | float() as number):
                return static(number)
            case Literal(value=str() as text):
                return text
            case Literal():
                return Symbol(None)
            case Keyword():
                return Symbol(expr.name)
            case Name():
                return self.name(expr, scope)
            case VectorExpr():
                return Tup(tuple(self.evaluate(e, scope) for e in expr.items))
            case MapExpr():
                keys = [map_key(self.evaluate(k, scope), k.span) for k, _ in expr.entries]
                values = [self.evaluate(v, scope) for _, v in expr.entries]
                return MapValue(dict(zip(keys, values, strict=True)))
            case Let():
                for name, value in expr.bindings:
                    scope = scope.bind({name.name: self.evaluate(value, scope)})
                return self.body(expr.body, scope)
            case If():
                return self.conditional(expr, scope)
            case Fn():
                return Closure(expr, scope.env)
            case Foreach():
                return iteration.foreach(self, expr, scope)
            case Loop():
                return iteration.loop(self, expr, scope)
            case Sample():
                return random_forms.sample(self, expr, scope)
            case Observe():
                return random_forms.observe(self, expr, scope)
            case Factor():
                return random_forms.factor(self, expr, scope)
            case Untracked():
                return random_forms.untracked(self, expr, scope)
            case Extern():
                return random_forms.extern(self, expr, scope)
            case Call():
                return self.call_form(expr, scope)
        raise GsdmcError("This form has no value.", expr.span)

    def body(self, exprs: tuple[Expr, ...], scope: Scope) -> Value:
        """The value of the last of several forms."""
        result: Value = Symbol(None)
        for expr in exprs:
            result = self.evaluate(expr, scope)
        return result

    def name(self, expr: Name, scope: Scope) -> Value:
        """What a name stands for."""
        if expr.name in scope.env:
            return scope.env[expr.name]
        if expr.name in BUILTINS:
            return BuiltinValue(expr.name)
        if signature(expr.name):
            raise GsdmcError(
                f"`{expr.name}` is a distribution; give it its parameters.",
                expr.span,
                hint=f"write (sample ({expr.name} ...))",
            )
        raise GsdmcError(
            f"`{expr.name}` has no value yet.", expr.span, hint="a def can use only the defs above it"
        )

    def call_form(self, expr: Call, scope: Scope) -> Value:
        """`(f args ...)`."""
        target = expr.function
        if isinstance(target, Name) and target.name not in scope.env and signature(target.name):
            args = tuple(self.evaluate(a, scope) for a in expr.args)
            return Dist(canonical(target.name), args, expr.span)
        function = self.evaluate(target, scope)
        args = tuple(self.evaluate(a, scope) for a in expr.args)
        return self.call(function, args, expr.span, scope)

    def call(self, function: Value, args: tuple[Value, ...], span: Span, scope: Scope) -> Value:
        """Apply a function value; errors inside it carry the call."""
        if isinstance(function, BuiltinValue):
            if function.name in VECTOR_BUILTINS:
                return VECTOR_BUILTINS[function.name](self, list(args), span, scope)
            return elementwise(function.name, list(args), span)
        if not isinstance(function, Closure):
            raise GsdmcError(f"Only functions can be called, but this is {describe(function)}.", span)
        fn = function.fn
        if len(fn.params) != len(args):
            names = " ".join(p.name for p in fn.params)
            raise GsdmcError(
                f"{fn.name or 'This function'} takes {len(fn.params)} arguments, [{names}], but gets {len(args)}.",
                span,
            )
        if self.depth >= MAX_CALL_DEPTH:
            raise GsdmcError(f"Calls nest deeper than {MAX_CALL_DEPTH}.", span, hint="use loop or reduce")
        inner = Scope({**function.env, **{p.name: a for p, a in zip(fn.params, args, strict=True)}})
        self.depth += 1
        try:
            return self.body(fn.body, Scope(inner.env, scope.iterations))
        except GsdmcError as error:
            error.calls = (*error.calls, span)
            raise
        finally:
            self.depth -= 1

    def conditional(self, expr: If, scope: Scope) -> Value:
        """`(if test a b)`: decided at compile time where it can be, else both arms are traced."""
        test = self.evaluate(expr.test, scope)
        if isinstance(test, Symbol) and test.name is None:
            return self.evaluate(expr.orelse, scope)
        if isinstance(test, Accumulator):
            raise NeedsUnroll(frozenset([test.axis]), "the accumulator is tested", expr.span)
        if not isinstance(test, Static | Instruction):
            return self.evaluate(expr.then, scope)
        if scalar_type(test).base != "bool":
            raise GsdmcError(
                f"`if` tests a boolean, but this is {describe(test)}.",
                expr.test.span,
                hint="compare it first, as in (> x 0)",
            )
        if isinstance(test, Static):
            if test.axes:
                raise NeedsUnroll(frozenset(test.axes), "an `if` decides by the index", expr.span)
            arm = self.evaluate(expr.then if test.values else expr.orelse, scope)
            compared = tuple(sorted({a for a, data in test.origins if not data}, key=lambda a: a.name))
            looked_up = tuple(sorted({a for a, data in test.origins if data}, key=lambda a: a.name))
            facts = list(test.facts)
            if compared:
                facts.append(Fact("ordered", compared, "its index is compared", expr.span))
            if looked_up:
                facts.append(Fact("fixed", looked_up, "its index looks up data", expr.span))
            return annotate(arm, tuple(facts), expr.span)
        then, orelse = self.evaluate(expr.then, scope), self.evaluate(expr.orelse, scope)
        return select(test, then, orelse, expr.span)


def select(test: Instruction, then: Value, orelse: Value, span: Span) -> Value:
    """Element by element, the one or the other arm."""
    match then, orelse:
        case Tup(), Tup() if len(then.items) == len(orelse.items):
            pairs = zip(then.items, orelse.items, strict=True)
            return Tup(tuple(select(test, a, b, span) for a, b in pairs))
        case Symbol(), Symbol() if then.name == orelse.name:
            return then
        case ((Static() | Instruction() | Accumulator()), (Static() | Instruction() | Accumulator())):
            return elementwise("if", [test, then, orelse], span)
    raise GsdmcError(
        f"Both arms of an `if` on a random value need one shape: {describe(then)} and {describe(orelse)}.",
        span,
    )


def leaves(value: Value) -> list[Instruction]:
    """Every instruction in a structure."""
    match value:
        case Instruction():
            return [value]
        case Vec():
            return leaves(value.body)
        case Tup():
            return [leaf for v in value.items for leaf in leaves(v)]
        case MapValue():
            return [leaf for v in value.entries.values() for leaf in leaves(v)]
    return []


def named_size(value: Value, name: str) -> Value:
    """The value, remembering that it is the `def` of that name."""
    if isinstance(value, Static) and not value.axes:
        return Static(value.values, size_name=name)
    return value


def from_data(data: object, definition: Def) -> Value:
    """A number or array given from outside in a `def`'s place.

    Raises:
        GsdmcError: it is neither.
    """
    try:
        values = np.asarray(data)
    except ValueError:
        values = np.asarray(None)
    if values.dtype.kind not in "bif":
        raise GsdmcError(f"`{definition.name}` can be set to numbers only, not to {data!r}.", definition.span)
    return data_value(values, definition.name, definition.span)


def data_value(values: np.ndarray, name: str, span: Span) -> Value:  # type: ignore[type-arg]
    """An array as nested vectors over axes of its own."""
    axes = tuple(
        Axis(f"{name}-{d}" if values.ndim > 1 else name, n, span) for d, n in enumerate(values.shape)
    )
    value: Value = Static(values, axes)
    for axis in reversed(axes):
        value = Vec(axis, value)
    return value
