"""The form `extern`: values from registered functions, drawn with every batch or once, at compile time."""

from __future__ import annotations

import math
from inspect import signature
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gsdmc.language.kinds import Kind
from gsdmc.language.source import GsdmcError, Span
from gsdmc.language.syntax import Def, Extern
from gsdmc.program.axes import Axis, Fact
from gsdmc.program.distributions import type_of
from gsdmc.program.externs import ExternSpec, UnknownExternError, lookup, registered
from gsdmc.program.meter import WORK_OF_STEP, hold, spend
from gsdmc.program.tape import ExternCall, Instruction
from gsdmc.program.values import Accumulator, NeedsUnroll, Scope, Static, Value, Vec, describe

if TYPE_CHECKING:
    from gsdmc.program.evaluator import Evaluator

Arguments = tuple[bool | int | float, ...]


class UnregisteredError(GsdmcError):
    """No function is registered under the name `function`, which a program calls."""

    function: str


def spec_of(expr: Extern) -> ExternSpec:
    """The registered function that a form calls.

    Raises:
        UnregisteredError: there is none of that name.
    """
    try:
        return lookup(expr.function)
    except UnknownExternError as error:
        if error.nearest:
            hint = f"did you mean `{error.nearest[0]}`?"
        else:
            hint = f"registered are {', '.join(registered())}; gsdmc.register adds one, before compiling"
        missing = UnregisteredError(f"no function is registered as `{expr.function}`", expr.span, hint=hint)
        missing.function = expr.function
        raise missing from None


def arguments(ev: Evaluator, expr: Extern, scope: Scope) -> Arguments:
    """The arguments of a registered function, which must be known at compile time."""
    args: list[bool | int | float] = []
    for arg in expr.args:
        value = ev.evaluate(arg, scope)
        if isinstance(value, Accumulator):
            raise NeedsUnroll(frozenset([value.axis]), "the accumulator enters an `extern`", arg.span)
        if not isinstance(value, Static):
            what = "known at compile time" if isinstance(value, Instruction) else "a number"
            raise GsdmcError(
                f"an argument of `extern` must be {what}, but this is {describe(value)}",
                arg.span,
                hint="its arguments may depend on defs and literals only",
            )
        if value.axes:
            raise NeedsUnroll(
                frozenset(value.axes), "an argument of `extern` varies with the index", arg.span
            )
        ev.decide(value, "an argument of `extern` depends on its index", arg.span)
        args.append(value.values.item())
    return tuple(args)


def shape_of(spec: ExternSpec, args: Arguments, span: Span) -> tuple[int, ...]:
    """The dimensions of one draw.

    Raises:
        GsdmcError: the function can't take these arguments.
    """
    try:
        shape = spec.shape(*args)
        kind = spec.kind(*args)
        if not isinstance(kind, Kind) or kind.event_shape:
            raise ValueError(f"it declares the kind {kind}, which is not one of single values in gsdmc.kinds")
    except (ValueError, TypeError) as error:
        raise _refused(spec, args, error, span) from None
    return shape


def _refused(spec: ExternSpec, args: Arguments, error: Exception, span: Span) -> GsdmcError:
    shown = " ".join(str(a).lower() if isinstance(a, bool) else str(a) for a in args)
    hint = f"write `(extern {' '.join([spec.name, *signature(spec.shape).parameters])})`"
    if isinstance(error, TypeError) and "argument" in str(error):
        return GsdmcError(
            f"`{spec.name}` can't be called with {len(args) or 'no'} arguments", span, hint=hint
        )
    return GsdmcError(
        f"`{spec.name}` can't be called with {shown or 'no arguments'}: {error}", span, hint=hint
    )


def extern(ev: Evaluator, expr: Extern, scope: Scope) -> Value:
    """`(extern name args ...)` in the body: drawn with every batch member.

    Raises:
        GsdmcError: inside an iteration, where its dimensions would not be its own.
    """
    if scope.iterations:
        raise GsdmcError(
            "an `extern` has all its dimensions itself, so it can't stand inside an iteration",
            expr.span,
            hint="bind it with `let` before the `foreach`, and index it inside",
        )
    spec = spec_of(expr)
    args = arguments(ev, expr, scope)
    shape = shape_of(spec, args, expr.span)
    axes = tuple(Axis(f"{spec.name}-{d}", n, expr.span) for d, n in enumerate(shape))
    facts = tuple(
        Fact("fixed", (axis,), f"`{spec.name}` does not declare it exchangeable", expr.span)
        for axis, free in zip(axes, spec.exchangeable, strict=True)
        if not free
    )
    ev.externs += 1
    value: Value = ExternCall(
        axes=axes,
        type=type_of(spec.kind(*args)),
        span=expr.span,
        facts=facts,
        extern=spec,
        args=args,
        key=f"extern {ev.externs} {spec.name}",
    )
    for axis in reversed(axes):
        value = Vec(axis, value)
    return value


def frozen_extern(ev: Evaluator, definition: Def, expr: Extern, scope: Scope) -> NDArray[Any]:
    """`(def ^{:seed s} name (extern f args ...))`: drawn once, now."""
    if definition.seed is None:
        raise GsdmcError(
            f"`{definition.name}` is drawn once, so it needs a seed",
            definition.span,
            hint=f"write `(def ^{{:seed 0}} {definition.name} {' '.join(expr.span.text.split())})`",
        )
    spec = spec_of(expr)
    args = arguments(ev, expr, scope)
    shape = shape_of(spec, args, expr.span)
    hold(shape, expr.span)
    spend(math.prod(shape) * spec.work // WORK_OF_STEP)
    try:
        return np.asarray(spec.draw(np.random.default_rng(definition.seed), 1, *args)[0])
    except (ValueError, TypeError) as error:
        raise _refused(spec, args, error, expr.span) from None
