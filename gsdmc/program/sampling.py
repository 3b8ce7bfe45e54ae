"""The forms that make variables: `sample` and `observe`."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from gsdmc.language.distributions import signature
from gsdmc.language.source import GsdmcError, Span
from gsdmc.language.syntax import Expr, Observe, Sample
from gsdmc.program.axes import Axis, Fact, Origin
from gsdmc.program.distributions import DISTRIBUTIONS, type_of
from gsdmc.program.expectations import name_of, need_scalar, scalar_type
from gsdmc.program.parameters import check_pair, check_parameter, check_probabilities
from gsdmc.program.rewriting import as_instruction
from gsdmc.program.stacking import stacked
from gsdmc.program.structure import reads
from gsdmc.program.tape import Alias, Const, Draw, ExternCall, Instruction, Type, Untracked
from gsdmc.program.values import (
    Accumulator,
    Dist,
    NeedsUnroll,
    Scalar,
    Scope,
    Static,
    Text,
    Tup,
    Value,
    Vec,
    describe,
)
from gsdmc.program.wholeness import WHOLE

if TYPE_CHECKING:
    from gsdmc.program.evaluator import Evaluator


def sample(ev: Evaluator, expr: Sample, scope: Scope) -> Value:
    """`(sample name distribution)`."""
    return draw(ev, array_name(ev, expr, scope), expr.distribution, expr.span, scope)


def observe(ev: Evaluator, expr: Observe, scope: Scope) -> Value:
    """`(observe name distribution value)`: a draw with default evidence.

    Raises:
        GsdmcError: a value that isn't known at compile time, or not of the distribution's kind.
    """
    value = ev.evaluate(expr.value, scope)
    if isinstance(value, Instruction):
        raise GsdmcError(
            f"The value of an `observe` must be known at compile time, but this is {describe(value)}.",
            expr.value.span,
            hint="name the variable with sample; evidence is given when the model is asked",
        )
    given = need_scalar(value, "The value of an `observe`", expr.value.span)
    drawn = draw(ev, array_name(ev, expr, scope), expr.distribution, expr.span, scope)
    boolean = scalar_type(given).base == "bool"
    if boolean != (drawn.kind.name == "boolean"):
        wanted = "a boolean, true or false" if drawn.kind.name == "boolean" else "a number"
        raise GsdmcError(
            f"`{drawn.distribution}` draws {wanted}, but this value is {describe(given)}.", expr.value.span
        )
    evidence = as_instruction(given, expr.value.span)
    assert isinstance(evidence, Const)
    drawn.evidence = evidence
    ev.say(evidence.facts)
    return drawn


def array_name(ev: Evaluator, expr: Sample | Observe, scope: Scope) -> str:
    """The name of the array that a form draws."""
    if expr.name is None:
        if expr.bound is not None:
            return expr.bound
        line, column = expr.span.source.position(expr.span.start)
        return f"sample-{line}-{column}"
    return name_of(ev.evaluate(expr.name, scope), "A variable's name", expr.name.span)


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
            f"`sample` takes a distribution, but this is {describe(dist)}.",
            distribution.span,
            hint="write (dirac x) to give a computed value a name",
        )
    named = name.axes if isinstance(name, Text) else ()  # a dimension that is part of the name is none
    spec, known = DISTRIBUTIONS[dist.name], signature(dist.name)
    assert known is not None
    inputs: list[Instruction] = []
    types: list[Type] = []
    options: list[Axis | None] = []
    given: dict[str, Scalar] = {}
    for slot, arg in zip(known.params, dist.args, strict=True):
        if slot == spec.vector:
            vector = option_vector(arg, slot, dist)
            scalar = need_scalar(vector.body, f"Each of the {slot} of `{dist.name}`", dist.span)
            options.append(vector.axis)
            check_probabilities(dist.name, scalar, vector.axis, dist.span)
            instruction = option_instruction(scalar, vector.axis, dist)
        else:
            scalar = need_scalar(arg, f"The parameter {slot} of `{dist.name}`", dist.span)
            instruction = as_instruction(scalar if dist.name in WHOLE else as_real(scalar), dist.span)
            options.append(None)
        check_parameter(dist.name, slot, scalar, dist.span)
        given[slot] = scalar
        inputs.append(instruction)
        types.append(scalar_type(scalar))
    check_pair(dist.name, given, dist.span)
    kind = spec.kind(*types, *(a.size for a in options if a is not None))
    result = Draw(
        inputs=tuple(inputs),
        axes=scope.free,
        type=type_of(kind),
        span=span,
        array=name,
        coordinates=tuple(
            axis if at is None else (axis, at) for axis, at in scope.iterations if axis not in named
        ),
        distribution=dist.name,
        slots=tuple(known.params),
        kind=kind,
        text=" ".join(dist.span.text.split()),
        generated=dist.name == "dirac"
        and any(reads(i, Untracked, ExternCall, memo=ev.generated) for i in inputs),
        options=tuple(options),
        calls=tuple(reversed(ev.calls)),
    )
    ev.tape.draws.append(result)
    return result


def as_real(scalar: Scalar) -> Scalar:
    """A compile-time number as a real, so that drawing needs no conversion."""
    if not isinstance(scalar, Static) or not np.issubdtype(scalar.values.dtype, np.integer):
        return scalar
    return dataclasses.replace(scalar, values=scalar.values.astype(np.float64))


def option_vector(arg: Value, slot: str, dist: Dist) -> Vec:
    """A vector parameter with its options under one axis.

    Raises:
        GsdmcError: it is no vector, or empty.
    """
    if isinstance(arg, Accumulator):
        raise NeedsUnroll(frozenset([arg.axis]), "the accumulator is a parameter", dist.span)
    if not isinstance(arg, Vec | Tup):
        raise GsdmcError(
            f"The {slot} of `{dist.name}` are a vector, but this is {describe(arg)}.",
            dist.span,
            hint=f"write ({dist.name} [0.2 0.3 0.5])",
        )
    if (arg.axis.size if isinstance(arg, Vec) else len(arg.items)) == 0:
        raise GsdmcError(f"`{dist.name}` needs at least one option, but this vector is empty.", dist.span)
    return stacked(arg, dist.span)


def option_instruction(scalar: Scalar, axis: Axis, dist: Dist) -> Instruction:
    """A vector parameter on the tape: its index becomes a value, which singles out every replica."""
    fact = Fact("fixed", (axis,), f"its index is a value of `{dist.name}`", dist.span)
    if isinstance(scalar, Static):
        others: tuple[Origin, ...] = tuple(o for o in scalar.origins if o[0] is not axis)
        scalar = Static(scalar.values, scalar.axes, None, others, (*scalar.facts, fact))
        return as_instruction(scalar, dist.span)
    return Alias(inputs=(scalar,), axes=scalar.axes, type=scalar.type, span=dist.span, facts=(fact,))
