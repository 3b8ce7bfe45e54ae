"""The forms that make variables and structure: `sample`, `observe`, `factor`, `untracked`, `extern`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gsdmc.language.distributions import signature
from gsdmc.language.source import GsdmcError, Span
from gsdmc.language.syntax import Def, Expr, Extern, Factor, Observe, Sample, Untracked
from gsdmc.program.axes import Axis, Fact
from gsdmc.program.distributions import DISTRIBUTIONS
from gsdmc.program.externs import ExternSpec, UnknownExternError, lookup
from gsdmc.program.indexing import stacked
from gsdmc.program.parameters import check_parameters
from gsdmc.program.tape import (
    BOOL,
    Const,
    Draw,
    ExternCall,
    FactorUse,
    Instruction,
    Tape,
    Type,
)
from gsdmc.program.tape import Untracked as UntrackedInstruction
from gsdmc.program.values import (
    Dist,
    MapValue,
    NeedsUnroll,
    Scope,
    Static,
    Symbol,
    Tup,
    Value,
    Vec,
    as_instruction,
    describe,
    need_scalar,
    scalar_type,
)
from gsdmc.program.vectors import flattened

if TYPE_CHECKING:
    from gsdmc.language.kinds import Kind
    from gsdmc.program.evaluator import Evaluator


def sample(ev: Evaluator, expr: Sample, scope: Scope) -> Value:
    """`(sample name distribution)`."""
    return draw(ev, array_name(ev, expr, scope), expr.distribution, expr.span, scope)


def observe(ev: Evaluator, expr: Observe, scope: Scope) -> Value:
    """`(observe name distribution value)`: a draw with default evidence."""
    value = ev.evaluate(expr.value, scope)
    value = need_scalar(value, "The value of an `observe`", expr.value.span)
    if not isinstance(value, Static):
        raise GsdmcError("The value of an `observe` must be known at compile time.", expr.value.span)
    drawn = draw(ev, array_name(ev, expr, scope), expr.distribution, expr.span, scope)
    evidence = as_instruction(value, expr.value.span)
    assert isinstance(evidence, Const)
    drawn.evidence = evidence
    ev.tape.facts.extend(evidence.facts)
    return drawn


def array_name(ev: Evaluator, expr: Sample | Observe, scope: Scope) -> str:
    """The name of the array that a form draws."""
    if expr.name is None:
        if expr.bound is not None:
            return expr.bound
        line, column = expr.span.source.position(expr.span.start)
        return f"sample-{line}-{column}"
    name = ev.evaluate(expr.name, scope)
    if not isinstance(name, str):
        raise GsdmcError(f"A variable's name is a string, but this is {describe(name)}.", expr.name.span)
    return name


def draw(ev: Evaluator, name: str, distribution: Expr, span: Span, scope: Scope) -> Draw:
    """Put a draw on the tape.

    Raises:
        GsdmcError: no distribution, wrong parameters, or a name that is taken.
    """
    dist = ev.evaluate(distribution, scope)
    if not isinstance(dist, Dist):
        raise GsdmcError(
            f"`sample` takes a distribution, but this is {describe(dist)}.",
            distribution.span,
            hint="write (dirac x) to give a computed value a name",
        )
    spec = DISTRIBUTIONS[dist.name]
    slots = signature(dist.name).params  # type: ignore[union-attr]
    inputs: list[Instruction] = []
    types: list[Type] = []
    options: list[int] = []
    for slot, arg in zip(slots, dist.args, strict=True):
        if slot == spec.vector:
            if not isinstance(arg, Vec | Tup):
                raise GsdmcError(
                    f"The {slot} of `{dist.name}` are a vector, but this is {describe(arg)}.", dist.span
                )
            vector = stacked(arg, dist.span, frozenset())
            scalar = need_scalar(vector.body, f"Each of the {slot} of `{dist.name}`", dist.span)
            options.append(vector.axis.size)
            instruction = as_instruction(scalar, dist.span)
            if instruction.axes[-1:] != (vector.axis,):
                instruction = _last_axis(instruction, vector.axis)
        else:
            scalar = need_scalar(arg, f"The {slot} of `{dist.name}`", dist.span)
            instruction = as_instruction(scalar, dist.span)
        check_parameters(dist.name, slot, scalar, dist.span)
        inputs.append(instruction)
        types.append(scalar_type(scalar))
    kind = spec.kind(*types, *options)
    result = Draw(
        inputs=tuple(inputs),
        axes=scope.free,
        type=type_of(kind),
        span=span,
        array=name,
        coordinates=tuple(axis if at is None else (axis, at) for axis, at in scope.iterations),
        distribution=dist.name,
        slots=tuple(slots),
        kind=kind,
        text=" ".join(dist.span.text.split()),
        generated=dist.name == "dirac" and any(is_generated(i) for i in inputs),
    )
    ev.tape.draws.append(result)
    return result


def _last_axis(instruction: Instruction, axis: Axis) -> Instruction:
    """The same value with `axis` last among its axes."""
    from gsdmc.program.tape import Alias

    axes = (*(a for a in instruction.axes if a is not axis), axis)
    return Alias(inputs=(instruction,), axes=axes, type=instruction.type, span=instruction.span)


def type_of(kind: Kind) -> Type:
    """What a variable's kind says of its values."""
    if kind.name == "boolean":
        return BOOL
    if kind.name == "category":
        return Type("int", 0, kind.options - 1)
    if kind.name == "count":
        return Type("int", 0)
    low, high = kind.bounds or ((0.0, np.inf) if kind.support == "positive" else (-np.inf, np.inf))
    return Type("real", low, high)


def is_generated(instruction: Instruction) -> bool:
    """Whether a value comes, by computation alone, from `untracked` or `extern`."""
    stack = [instruction]
    while stack:
        here = stack.pop()
        if isinstance(here, UntrackedInstruction | ExternCall):
            return True
        if not isinstance(here, Draw):
            stack.extend(here.inputs)
    return False


def factor(ev: Evaluator, expr: Factor, scope: Scope) -> Value:
    """`(factor name expression)`."""
    name = ev.evaluate(expr.name, scope)
    if not isinstance(name, str):
        raise GsdmcError(f"A factor's name is a string, but this is {describe(name)}.", expr.name.span)
    value = need_scalar(ev.evaluate(expr.value, scope), "A factor", expr.value.span)
    if scalar_type(value).base != "bool":
        raise GsdmcError(
            f"A factor is a boolean that must hold, but this is {describe(value)}.",
            expr.value.span,
            hint="compare: (= a b), (<= a b), (distinct? xs) ...",
        )
    ev.tape.factors.append(
        FactorUse(
            name=name,
            value=as_instruction(value, expr.value.span),
            axes=scope.free,
            dims=tuple(axis for axis, _ in scope.iterations),
            text=" ".join(expr.value.span.text.split()),
            span=expr.span,
        )
    )
    return Symbol(None)


def untracked(ev: Evaluator, expr: Untracked, scope: Scope) -> Value:
    """`(untracked expression)`."""
    return forget(ev.evaluate(expr.value, scope), expr.span)


def forget(value: Value, span: Span) -> Value:
    """The value without what it depended on."""
    match value:
        case Static() | Instruction():
            inner = as_instruction(value, span)
            return UntrackedInstruction(inputs=(inner,), axes=inner.axes, type=inner.type, span=span)
        case Vec():
            return Vec(value.axis, forget(value.body, span))
        case Tup():
            return Tup(tuple(forget(v, span) for v in value.items), value.axis)
        case MapValue():
            return MapValue({k: forget(v, span) for k, v in value.entries.items()})
    return value


def spec_of(name: str, span: Span) -> ExternSpec:
    """The registered function of that name.

    Raises:
        GsdmcError: there is none.
    """
    try:
        return lookup(name)
    except UnknownExternError as error:
        raise GsdmcError(str(error), span) from None


def extern_args(ev: Evaluator, expr: Extern, scope: Scope) -> tuple[int | float, ...]:
    """The arguments of a registered function, which must be known at compile time."""
    args: list[int | float] = []
    for arg in expr.args:
        value = ev.evaluate(arg, scope)
        if not isinstance(value, Static):
            raise GsdmcError(
                f"An argument of `extern` must be known at compile time, but this is {describe(value)}.",
                arg.span,
            )
        if value.axes:
            raise NeedsUnroll(
                frozenset(value.axes), "an argument of `extern` varies with the index", arg.span
            )
        args.append(value.values.item())
    return tuple(args)


def extern(ev: Evaluator, expr: Extern, scope: Scope) -> Value:
    """`(extern name args ...)` in the body: drawn with every batch member.

    Raises:
        GsdmcError: inside an iteration, where its dimensions would not be its own.
    """
    if scope.iterations:
        raise GsdmcError(
            "`extern` stands outside of iterations.", expr.span, hint="bind it with let before the foreach"
        )
    spec = spec_of(expr.function, expr.span)
    args = extern_args(ev, expr, scope)
    try:
        shape = spec.shape(*args)
    except (ValueError, TypeError) as error:
        raise GsdmcError(f"`{spec.name}` can't take {args}: {error}", expr.span) from None
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


def frozen_extern(ev: Evaluator, definition: Def, expr: Extern, scope: Scope) -> Value:
    """`(def ^{:seed s} name (extern f args ...))`: drawn once, now."""
    from gsdmc.program.evaluator import data_value

    if definition.seed is None:
        raise GsdmcError(
            f"`{definition.name}` is drawn once, so its seed must be given.",
            definition.span,
            hint=f"write (def ^{{:seed 0}} {definition.name} ...)",
        )
    spec = spec_of(expr.function, expr.span)
    args = extern_args(ev, expr, scope)
    try:
        values = spec.draw(np.random.default_rng(definition.seed), 1, *args)[0]
    except (ValueError, TypeError) as error:
        raise GsdmcError(f"`{spec.name}` can't take {args}: {error}", expr.span) from None
    ev.tape.frozen[definition.name] = np.asarray(values)
    return data_value(np.asarray(values), definition.name, definition.span)


def finish(tape: Tape) -> None:
    """Check that every array is whole: one rank, one shape, one kind, each element drawn once.

    Raises:
        GsdmcError: naming the places that disagree.
    """
    first: dict[str, Draw] = {}
    drawn: dict[str, np.ndarray] = {}  # type: ignore[type-arg]
    for d in tape.draws:
        other = first.setdefault(d.array, d)
        shape, other_shape = ([a.size for a in x.dims] for x in (d, other))
        if shape != other_shape:
            raise GsdmcError(
                f'"{d.array}" has shape {shape} here but {other_shape} elsewhere.',
                d.span,
                related=(("the other", other.span),),
                hint="an array has one dimension for every iteration around its sample",
            )
        if d.kind.name != other.kind.name or d.kind.options != other.kind.options:
            raise GsdmcError(
                f'"{d.array}" is {d.kind} here but {other.kind} elsewhere.',
                d.span,
                related=(("the other", other.span),),
            )
        seen = drawn.setdefault(d.array, np.zeros(shape, dtype=bool))
        region = tuple(slice(None) if isinstance(c, Axis) else c[1] for c in d.coordinates)
        if np.any(seen[region]):
            raise GsdmcError(
                f'An element of "{d.array}" is sampled twice.',
                d.span,
                related=(("first sampled", other.span),),
                hint="give one of them another name",
            )
        seen[region] = True
        for axis, own in zip(d.dims, other.dims, strict=True):
            if axis is not own:
                tape.facts.append(Fact("same", (axis, own), "", d.span))
    for name, seen in drawn.items():
        if not seen.all():
            gap = tuple(int(i) for i in np.argwhere(~seen)[0])
            raise GsdmcError(
                f'"{name}" is ragged: its element {list(gap)} is never sampled.',
                first[name].span,
                hint="use one flat array, or one array per level",
            )


__all__ = [
    "draw",
    "extern",
    "factor",
    "finish",
    "flattened",
    "frozen_extern",
    "observe",
    "sample",
    "untracked",
]
