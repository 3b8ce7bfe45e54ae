"""Partial evaluation: a program whose sizes are known becomes a tape."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from numpy.typing import NDArray

from gsdmc.language.builtins import BUILTINS
from gsdmc.language.distributions import canonical, signature
from gsdmc.language.limits import DEFAULT, Limits, cure, within
from gsdmc.language.signatures import plural
from gsdmc.language.source import GsdmcError, Span
from gsdmc.language.syntax import (
    Call,
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
from gsdmc.program import choices, folds, iteration, outside, sampling, structure
from gsdmc.program.axes import Fact
from gsdmc.program.definitions import definitions
from gsdmc.program.expectations import map_key, need_int, not_callable
from gsdmc.program.inlining import inline
from gsdmc.program.meter import CALL, Meter, metered
from gsdmc.program.scalars import elementwise
from gsdmc.program.stacking import vector_of
from gsdmc.program.tape import Instruction, Tape
from gsdmc.program.values import (
    BuiltinValue,
    Closure,
    Dist,
    MapValue,
    NeedsUnroll,
    Scope,
    Static,
    Symbol,
    Value,
    plain,
    static,
)
from gsdmc.program.vectors import VECTOR_BUILTINS
from gsdmc.program.wholeness import finish

MAX_CALL_DEPTH = 60
"""Deepest chain of calls that evaluation follows."""


def evaluate(
    syntax: Syntax,
    overrides: Mapping[str, object] | None = None,
    *,
    frozen: Mapping[str, NDArray[Any]] | None = None,
    plated: bool = True,
    intermediates: bool = True,
    keep: Iterable[str] = (),
    limits: Limits = DEFAULT,
) -> Tape:
    """Write a program's tape.

    Args:
        syntax: the program.
        overrides: values for its `def`s: numbers, or arrays for data.
        frozen: what `def`s drew with their seed before, in place of new draws.
        plated: whether iterations are evaluated once, on named axes, where they can be; False
            unrolls every one (an oracle for tests).
        intermediates: whether `dirac` variables are nodes of the graph; without them only those are
            that are generated, observed, part of the program's returned value or in `keep`.
        keep: names of arrays.
        limits: how large the program may become.

    Raises:
        GsdmcError: whatever is wrong with the program, with the place.
    """
    evaluator = Evaluator(syntax, plated)
    tape = evaluator.tape
    try:
        with within(limits), metered() as evaluator.meter:
            scope = definitions(evaluator, overrides or {}, frozen or {})
            result: Value = Symbol(None)
            for expr in syntax.body:
                result = evaluator.evaluate(expr, scope)
            finish(tape)
            tape.result = tuple(part for part in plain(result) if isinstance(part, Instruction))
    except RecursionError:
        raise GsdmcError(
            "the program's calls and forms nest too deep to be evaluated",
            evaluator.meter.place,
            hint="name parts of it with `let` or `defn`, or " + cure("nesting", 2 * limits.nesting),
        ) from None
    except NeedsUnroll as stuck:
        raise GsdmcError(f"this can't be evaluated: {stuck.reason}", stuck.span) from None
    if not intermediates:
        inline(tape, keep)
    return tape


class Evaluator:
    """Walks expressions; everything random goes on the tape.

    `plated` says whether iterations are tried on named axes, `calls` are the calls that evaluation is
    inside of, outermost first, `meter` what it has used of the limits, `generated` what is known of values
    that come from `untracked` or `extern`, `arrays` the names that variables were drawn under.
    """

    def __init__(self, syntax: Syntax, plated: bool) -> None:
        self.syntax = syntax
        self.plated = plated
        self.tape = Tape()
        self.calls: list[Span] = []
        self.generated: dict[Instruction, bool] = {}
        self.arrays: set[str] = set()
        self.externs = 0
        self.meter = Meter(DEFAULT)

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """Evaluation on named axes, even where everything is unrolled otherwise."""
        before, self.plated = self.plated, True
        try:
            yield
        finally:
            self.plated = before

    def say(self, facts: tuple[Fact, ...]) -> None:
        """Note facts that hold for the whole program."""
        self.tape.facts.extend(facts)

    def decide(self, value: Value, reason: str, span: Span) -> None:
        """Note that the program's structure, not a value, depends on `value`: that singles out replicas."""
        if not isinstance(value, Static):
            return
        self.say(value.facts)
        for axis, data in value.origins:
            if data:
                self.say((Fact("fixed", (axis,), "its index looks up data", span),))
            else:
                self.say((Fact("ordered", (axis,), reason, span),))

    def size(self, expr: Expr, scope: Scope, what: str) -> tuple[Value, int]:
        """A size known at compile time: as a value, and as a number."""
        value = self.evaluate(expr, scope)
        number = need_int(value, what, expr.span)
        self.decide(value, "a size depends on its index", expr.span)
        return value, number

    def evaluate(self, expr: Expr, scope: Scope) -> Value:
        """The value of an expression."""
        self.meter.place = expr.span
        self.meter.spend(1)
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
                return vector_of([self.evaluate(e, scope) for e in expr.items], None, expr.span)
            case MapExpr():
                return self.map_form(expr, scope)
            case Let():
                for name, value in expr.bindings:
                    scope = scope.bind({name.name: self.evaluate(value, scope)})
                return self.body(expr.body, scope)
            case If():
                return choices.conditional(self, expr, scope)
            case Fn():
                return Closure(expr, scope.env)
            case Foreach():
                return iteration.foreach(self, expr, scope)
            case Loop():
                return folds.loop(self, expr, scope)
            case Sample():
                return sampling.sample(self, expr, scope)
            case Observe():
                return sampling.observe(self, expr, scope)
            case Factor():
                return structure.factor(self, expr, scope)
            case Untracked():
                return structure.untracked(self, expr, scope)
            case Extern():
                return outside.extern(self, expr, scope)
            case Call():
                return self.call_form(expr, scope)
        raise AssertionError(expr)

    def body(self, exprs: tuple[Expr, ...], scope: Scope) -> Value:
        """The value of the last of several forms."""
        result: Value = Symbol(None)
        for expr in exprs:
            result = self.evaluate(expr, scope)
        return result

    def map_form(self, expr: MapExpr, scope: Scope) -> MapValue:
        """`{key value ...}`."""
        entries: dict[object, Value] = {}
        for key, value in expr.entries:
            name = self.evaluate(key, scope)
            self.decide(name, "a map's key depends on its index", key.span)
            entries[map_key(name, key.span)] = self.evaluate(value, scope)
        return MapValue(entries)

    def name(self, expr: Name, scope: Scope) -> Value:
        """What a name stands for."""
        found = scope.env.find(expr.name)
        if found is not None:
            return found
        assert expr.name in BUILTINS or signature(expr.name), expr.name  # the parser knows every name
        return BuiltinValue(expr.name)

    def call_form(self, expr: Call, scope: Scope) -> Value:
        """`(f args ...)`."""
        function = self.evaluate(expr.function, scope)
        if not isinstance(function, Closure | BuiltinValue):
            raise not_callable(expr, function)
        args = tuple(self.evaluate(a, scope) for a in expr.args)
        return self.call(function, args, expr.span, scope)

    def call(
        self, function: Closure | BuiltinValue, args: tuple[Value, ...], span: Span, scope: Scope
    ) -> Value:
        """Apply a function value; errors inside it carry the call."""
        if isinstance(function, BuiltinValue):
            distribution = signature(function.name)
            known = distribution or BUILTINS[function.name]
            if not known.accepts(len(args)):
                raise GsdmcError(
                    f"`{known.name}` takes {known.expected}: {known}; this call has {len(args) or 'none'}",
                    span,
                    hint=f"`{known.name}`: {known.doc}",
                )
            if distribution is not None:
                return Dist(canonical(function.name), args, span)
            if function.name in VECTOR_BUILTINS:
                return VECTOR_BUILTINS[function.name](self, list(args), span, scope)
            return elementwise(function.name, args, span)
        fn = function.fn
        if len(fn.params) != len(args):
            names, who = " ".join(p.name for p in fn.params), f"`{fn.name}`" if fn.name else "this function"
            raise GsdmcError(
                f"{who} takes {plural(len(fn.params), 'argument')}, [{names}]; "
                f"this call has {len(args) or 'none'}",
                span,
                hint=f"call it with {plural(len(fn.params), 'argument')}",
                related=(("the function is written here", fn.span),),
            )
        if len(self.calls) >= MAX_CALL_DEPTH:
            raise GsdmcError(
                f"calls nest deeper than {MAX_CALL_DEPTH}", span, hint="write `loop` or `reduce` instead"
            )
        self.meter.spend(CALL)
        bound = {p.name: a for p, a in zip(fn.params, args, strict=True)}
        self.calls.append(span)
        try:
            return self.body(fn.body, Scope(function.env.also(bound), scope.iterations, scope.tests))
        except GsdmcError as error:
            error.calls = (*error.calls, span)
            raise
        finally:
            self.calls.pop()
