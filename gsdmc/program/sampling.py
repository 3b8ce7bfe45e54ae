"""The forms that make variables: `sample` and `observe`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gsdmc.language.kinds import vector as vector_kind
from gsdmc.language.source import GsdmcError, Span
from gsdmc.language.syntax import Expr, Observe, Sample
from gsdmc.program.arguments import CHANNEL, arguments_of, mixture_arguments
from gsdmc.program.axes import Axis, Fact
from gsdmc.program.distributions import DISTRIBUTIONS, type_of
from gsdmc.program.expectations import name_of, need_scalar, scalar_type
from gsdmc.program.indexing import index_of, length
from gsdmc.program.meter import ARRAY, DRAW, spend
from gsdmc.program.rewriting import as_instruction, substitute
from gsdmc.program.scalars import elementwise
from gsdmc.program.stacking import stacked
from gsdmc.program.structure import reads
from gsdmc.program.tape import Const, Draw, ExternCall, Instruction, Untracked
from gsdmc.program.values import (
    Accumulator,
    Dist,
    NeedsUnroll,
    Scope,
    Text,
    Tup,
    Value,
    Vec,
    describe,
    plain,
)

if TYPE_CHECKING:
    from gsdmc.program.evaluator import Evaluator


OBSERVE_EACH = "observe one element at a time: `(foreach n [y ys] (observe name distribution y))`"


def sample(ev: Evaluator, expr: Sample, scope: Scope) -> Value:
    """`(sample name distribution)`."""
    return value_of(draw(ev, array_name(ev, expr, scope), expr.distribution, expr.span, scope))


def observe(ev: Evaluator, expr: Observe, scope: Scope) -> Value:
    """`(observe name distribution value)`: a draw with default evidence.

    Raises:
        GsdmcError: a value that isn't known at compile time, or not of the distribution's kind.
    """
    value = ev.evaluate(expr.value, scope)
    for part in plain(value):
        if isinstance(part, Instruction):
            raise GsdmcError(
                f"the value of an `observe` must be known at compile time, but this is {describe(part)}",
                expr.value.span,
                hint="write `sample` for an unknown; what is known comes as evidence, with each query",
            )
    drawn = draw(ev, array_name(ev, expr, scope), expr.distribution, expr.span, scope)
    given = need_scalar(
        _whole(value, drawn, expr), "the value of an `observe`", expr.value.span, OBSERVE_EACH
    )
    boolean = scalar_type(given).base == "bool"
    if boolean != (drawn.kind.name == "boolean"):
        wanted = "a boolean, true or false" if drawn.kind.name == "boolean" else "a number"
        raise GsdmcError(
            f"`{drawn.distribution}` draws {wanted}, but this value is {describe(given)}",
            expr.value.span,
            hint="write `true` or `false`" if drawn.kind.name == "boolean" else "write 1 or 0",
        )
    evidence = as_instruction(given, expr.value.span)
    assert isinstance(evidence, Const)
    drawn.evidence = evidence
    if scope.tests:
        drawn.condition = as_instruction(
            need_scalar(elementwise("and", scope.tests, expr.span), "a test", expr.span), expr.span
        )
    ev.say(evidence.facts)
    return value_of(drawn)


def _whole(value: Value, drawn: Draw, expr: Observe) -> Value:
    """The value, with the elements of what is one vector along the draw's channel.

    Raises:
        GsdmcError: a value of another size, or a number where a vector is drawn.
    """
    if drawn.channel is None:
        return value
    size, span = drawn.channel.size, expr.value.span
    if not isinstance(value, Vec | Tup) or length(value, span) != size:
        raise GsdmcError(
            f"`{drawn.distribution}` draws a vector of {size}, but this value is {describe(value)}",
            span,
            hint=f"write a vector of {size} numbers, `[...]`",
        )
    vector = stacked(value, span)
    index = index_of(drawn.channel)
    facts = (Fact("fixed", (vector.axis,), CHANNEL, span),)
    return substitute(vector.body, vector.axis, replace(index, origins=()), facts, span)


def array_name(ev: Evaluator, expr: Sample | Observe, scope: Scope) -> str:
    """The name of the array that a form draws."""
    if expr.name is None:
        if expr.bound is not None:
            return expr.bound
        line, column = expr.span.source.position(expr.span.start)
        return f"sample-{line}-{column}"
    return name_of(ev.evaluate(expr.name, scope), "a variable's name", expr.name.span)


def draw(ev: Evaluator, name: str, distribution: Expr, span: Span, scope: Scope) -> Draw:
    """Put a draw on the tape.

    Raises:
        GsdmcError: no distribution, or wrong parameters.
    """
    dist = ev.evaluate(distribution, scope)
    if isinstance(dist, Accumulator):
        raise NeedsUnroll(frozenset([dist.axis]), "the accumulator is a distribution", distribution.span)
    if not isinstance(dist, Dist):
        raise GsdmcError(
            f"`sample` takes a distribution, but this is {describe(dist)}",
            distribution.span,
            hint="write `(dirac x)` to give a computed value a name",
        )
    component, found = mixture_arguments(dist) if dist.name == "mixture" else (None, arguments_of(dist))
    spec = DISTRIBUTIONS[component or dist.name]
    mixed = 0 if component is None else 1  # a mixture's first trailing axis numbers its components
    sizes = [axis.size for argument in found for axis in argument.trailing[mixed:]]
    own = found[mixed:]
    if dist.name == "dirac" and own[0].trailing:
        kind = vector_kind(sizes[0])
    else:
        kind = spec.kind(*(argument.type for argument in own), *sizes)
    channel = Axis("channel", kind.size, span, separate=True) if kind.event_shape else None
    named = name.axes if isinstance(name, Text) else ()  # a dimension that is part of the name is none
    result = Draw(
        inputs=tuple(argument.instruction for argument in found),
        axes=scope.free if channel is None else (*scope.free, channel),
        type=type_of(kind),
        span=span,
        array=str(name),
        coordinates=tuple(
            axis if at is None else (axis, at) for axis, at in scope.iterations if axis not in named
        ),
        distribution=dist.name,
        slots=tuple(argument.slot for argument in found),
        kind=kind,
        text=dist.span.one_line,
        generated=dist.name == "dirac"
        and any(reads(a.instruction, Untracked, ExternCall, memo=ev.generated) for a in found),
        trailing=tuple(argument.trailing for argument in found),
        component=component,
        channel=channel,
        calls=tuple(reversed(ev.calls)),
    )
    spend(DRAW if name in ev.arrays else DRAW + ARRAY)
    ev.arrays.add(name)
    ev.tape.draws.append(result)
    return result


def value_of(draw: Draw) -> Value:
    """What a variable is to the rest of the program: a scalar, or a vector of its channels."""
    return draw if draw.channel is None else Vec(draw.channel, draw)
