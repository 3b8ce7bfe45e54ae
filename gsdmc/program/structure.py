"""The forms that shape the graph alone: `factor` and `untracked`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gsdmc.language.source import GsdmcError, Span
from gsdmc.language.syntax import Factor, Untracked
from gsdmc.program.axes import Fact, merged
from gsdmc.program.expectations import name_of, need_scalar, scalar_type
from gsdmc.program.meter import DRAW, spend
from gsdmc.program.rewriting import as_instruction, each_part
from gsdmc.program.tape import Alias, Draw, ExternCall, FactorUse, Instruction
from gsdmc.program.tape import Untracked as UntrackedInstruction
from gsdmc.program.values import (
    Accumulator,
    Closure,
    NeedsUnroll,
    Scope,
    Static,
    Symbol,
    Value,
    describe,
    plain,
)

if TYPE_CHECKING:
    from gsdmc.program.evaluator import Evaluator


def factor(ev: Evaluator, expr: Factor, scope: Scope) -> Value:
    """`(factor name expression)`.

    Raises:
        GsdmcError: no boolean, or one that reads an `extern` past every variable.
    """
    name = name_of(ev.evaluate(expr.name, scope), "a factor's name", expr.name.span)
    value = need_scalar(
        ev.evaluate(expr.value, scope),
        "the condition of a `factor`",
        expr.value.span,
        "one boolean is needed: `(all? xs)`, or a factor for each element, in a `foreach`",
        "a boolean",
    )
    if scalar_type(value).base != "bool":
        raise GsdmcError(
            f"a factor is a boolean that must hold, but this is {describe(value)}",
            expr.value.span,
            hint="compare: `(= a b)`, `(<= a b)`, `(distinct? xs)`; a factor is no weight",
        )
    instruction = as_instruction(value, expr.value.span)
    if reads(instruction, ExternCall):
        raise GsdmcError(
            "this factor reads an `extern` that is no variable, so given values can't be checked against it",
            expr.value.span,
            hint='name its values first: `(sample "x" (dirac ...))`',
        )
    spend(DRAW)
    ev.tape.factors.append(
        FactorUse(
            name=str(name),
            value=instruction,
            axes=scope.free,
            dims=tuple(axis for axis, _ in scope.iterations),
            text=expr.value.span.one_line,
            span=expr.span,
        )
    )
    return Symbol(None)


def untracked(ev: Evaluator, expr: Untracked, scope: Scope) -> Value:
    """`(untracked expression)`: what is said inside of the whole program goes with its value instead."""
    mark = ev.tape.mark()
    value = ev.evaluate(expr.value, scope)
    said: tuple[Fact, ...] = ()
    if ev.tape.mark()[:2] == mark[:2]:  # no variable and no factor is made inside
        said = merged(tuple(ev.tape.facts[mark[2] :]))
        del ev.tape.facts[mark[2] :]
    for part in plain(value):
        if isinstance(part, Accumulator):
            raise NeedsUnroll(frozenset([part.axis]), "the accumulator is untracked", expr.span)
        if isinstance(part, Closure):
            raise GsdmcError(
                "`untracked` takes values, but this is a function",
                expr.value.span,
                hint="write `(untracked (f x))`, around its call",
            )
    return forget(value, said, expr.span)


def forget(value: Value, facts: tuple[Fact, ...], span: Span) -> Value:
    """The value without what it depended on; `facts` are more that it owes to indices."""
    if isinstance(value, Static | Instruction):
        inner = as_instruction(value, span)
        inner = Alias(inputs=(inner,), axes=inner.axes, type=inner.type, span=span, facts=facts)
        return UntrackedInstruction(inputs=(inner,), axes=inner.axes, type=inner.type, span=span)
    return each_part(value, lambda v: forget(v, facts, span))


def reads(
    instruction: Instruction, *kinds: type[Instruction], memo: dict[Instruction, bool] | None = None
) -> bool:
    """Whether a value comes, by computation alone, from an instruction of some kind.

    `memo` keeps the answers of earlier calls for the same kinds.
    """
    known = {} if memo is None else memo
    stack = [instruction]
    while stack:
        here = stack[-1]
        if here in known:
            stack.pop()
            continue
        if isinstance(here, kinds):
            known[here] = True
            continue
        inputs = () if isinstance(here, Draw) else here.inputs
        waiting = [i for i in inputs if i not in known]
        if waiting:
            stack.extend(waiting)
            continue
        known[here] = any(known[i] for i in inputs)
    return known[instruction]
