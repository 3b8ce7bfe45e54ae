"""Element-wise application: folded at compile time, or one instruction on the tape."""

from __future__ import annotations

import numpy as np

from gsdmc.language.source import GsdmcError, Span
from gsdmc.program.axes import Axis, spread
from gsdmc.program.elementwise import ELEMENTWISE, SYMMETRIC
from gsdmc.program.tape import Apply, Instruction, Reduce, Type
from gsdmc.program.values import (
    Accumulator,
    NeedsUnroll,
    Static,
    Value,
    as_instruction,
    describe,
    need_scalar,
    scalar_type,
    static,
)


def elementwise(name: str, args: list[Value], span: Span) -> Value:
    """Apply an element-wise builtin to its arguments, as Clojure would.

    Raises:
        GsdmcError: an argument that is no scalar, or no boolean where one is needed.
    """
    if len(args) == 1:
        if name == "-":
            return elementwise("negate", args, span)
        if name == "/":
            return binary("/", [static(1), args[0]], span)
        if name in ("+", "*", "min", "max", "and", "or"):
            return args[0]
    if not args:
        return static({"+": 0, "*": 1, "and": True, "or": False}[name])
    if any(isinstance(a, Accumulator) for a in args):
        return accumulate(name, args, span)
    function = ELEMENTWISE[name]
    if function.folds:
        result = args[0]
        for arg in args[1:]:
            result = binary(name, [result, arg], span)
        return result
    if function.compares and len(args) > 2:
        pairs = [binary(name, [a, b], span) for a, b in zip(args, args[1:], strict=False)]
        return elementwise("and", pairs, span)
    return binary(name, args, span)


def accumulate(name: str, args: list[Value], span: Span) -> Value:
    """Combine a fold's accumulator with terms, where the order of the terms can't matter."""
    places = [i for i, a in enumerate(args) if isinstance(a, Accumulator)]
    accumulator = args[places[0]]
    assert isinstance(accumulator, Accumulator)
    terms = [a for i, a in enumerate(args) if i != places[0]]
    if name == "-" and places == [0]:
        name, terms = "+", [elementwise("-", [t], span) for t in terms]
    before = accumulator.update
    if len(places) > 1 or name not in SYMMETRIC or (before is not None and before[0] != name):
        axes = frozenset(a.axis for a in args if isinstance(a, Accumulator))
        raise NeedsUnroll(axes, f"the accumulator's update is no plain `{name}`", span)
    if before is not None:
        terms = [before[1], *terms]
    return Accumulator(accumulator.axis, (name, elementwise(name, terms, span)))


def binary(name: str, args: list[Value], span: Span) -> Static | Instruction:
    """Apply an element-wise function to exactly the arguments that its implementation takes."""
    function = ELEMENTWISE[name]
    shown = {"negate": "-"}.get(name, name)
    scalars = [need_scalar(a, f"Every argument of `{shown}`", span) for a in args]
    types = [scalar_type(s) for s in scalars]
    for scalar, kind in zip(scalars, types, strict=True):
        if function.booleans and kind.base != "bool":
            raise GsdmcError(
                f"`{shown}` takes booleans, but one argument is {describe(scalar)}.",
                span,
                hint="compare it first, as in (> x 0)",
            )
    axes = tuple(dict.fromkeys(a for s in scalars for a in s.axes))
    if all(isinstance(s, Static) for s in scalars):
        return fold_static(name, [s for s in scalars if isinstance(s, Static)], axes, span)
    inputs = tuple(as_instruction(s, span) for s in scalars)
    return Apply(inputs=inputs, axes=axes, type=function.type(*types), span=span, function=name)


def fold_static(name: str, args: list[Static], axes: tuple[Axis, ...], span: Span) -> Static:
    """Compute at compile time."""
    try:
        with np.errstate(divide="raise", invalid="raise", over="raise"):
            values = ELEMENTWISE[name].static(*(spread(a.values, a.axes, axes) for a in args))
    except (FloatingPointError, ValueError) as error:
        shown = " ".join(str(a.values) for a in args if not a.axes)
        raise GsdmcError(f"`{name}` has no value here ({error}): {shown}", span) from None
    origins = frozenset(o for a in args for o in a.origins)
    facts = tuple(f for a in args for f in a.facts)
    return Static(np.asarray(values), axes, None, origins, facts)


def reduce_axis(name: str, term: Value, axis: Axis, span: Span) -> Static | Instruction:
    """Fold a term over an iteration by a symmetric function.

    Raises:
        GsdmcError: `min` or `max` over nothing.
    """
    term = need_scalar(term, f"What `{name}` folds", span)
    if axis.size == 0:
        if name in ("min", "max"):
            raise GsdmcError(f"`{name}` of nothing: the iteration {axis.name} is empty.", span)
        return static({"+": 0, "*": 1, "and": True, "or": False}[name])
    if axis not in term.axes:
        if name == "+":
            return binary("*", [term, static(axis.size)], span)
        return binary("pow", [term, static(axis.size)], span) if name == "*" else term
    axes = tuple(a for a in term.axes if a is not axis)
    if isinstance(term, Static):
        operator = {"+": np.sum, "*": np.prod, "min": np.min, "max": np.max, "and": np.all, "or": np.any}
        values = operator[name](term.values, axis=term.axes.index(axis))  # type: ignore[operator]
        origins = frozenset(o for o in term.origins if o[0] is not axis)
        return Static(np.asarray(values), axes, None, origins, term.facts)
    return Reduce(
        inputs=(term,),
        axes=axes,
        type=fold_type(name, term.type, axis.size),
        span=span,
        function=name,
        axis=axis,
    )


def fold_type(name: str, term: Type, count: int) -> Type:
    """What is known of a fold of `count` terms."""
    if name in ("and", "or"):
        return Type("bool", 0, 1)
    base = "int" if term.base == "bool" else term.base
    if name == "+":
        return Type(base, term.low * count, term.high * count)
    if name == "*":
        bounded = term.low >= 0 and np.isfinite(term.high)
        return Type(base, 0, max(1.0, term.high) ** count) if bounded else Type(base)
    return Type(base, term.low, term.high)
