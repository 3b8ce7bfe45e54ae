"""Element-wise application: folded at compile time, or one instruction on the tape."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gsdmc.language.source import GsdmcError, Span
from gsdmc.program.axes import Axis, merged, spread
from gsdmc.program.elementwise import ELEMENTWISE, IDENTITY, SYMMETRIC
from gsdmc.program.expectations import ONE_OR_ALL, need_scalar, scalar_type, shown
from gsdmc.program.meter import APPLY, FOLD, READ_AT_ONCE, hold, spend
from gsdmc.program.rewriting import as_instruction
from gsdmc.program.tape import Apply, Reduce, Type
from gsdmc.program.values import (
    Accumulator,
    NeedsUnroll,
    Scalar,
    Static,
    Tup,
    Value,
    Vec,
    describe,
    static,
)

MAX_WHOLE = 2.0**62
"""Whole numbers of the language stay below this."""

SOMETHING = "make the vector's size at least 1"
COMPARE_FIRST = "compare it first, as in `(> x 0)`"


def elementwise(name: str, args: Sequence[Value], span: Span) -> Value:
    """Apply an element-wise builtin to its arguments, as Clojure would; the parts of `span` are theirs.

    Raises:
        GsdmcError: an argument that is no scalar, or no boolean where one is needed.
    """
    if not args:
        return static(IDENTITY[name])
    if any(isinstance(a, Accumulator) for a in args):
        return accumulate(name, args, span)
    scalars = [_argument(name, args, i, span) for i in range(len(args))]
    if len(scalars) == 1:
        return single(name, scalars[0], span)
    function = ELEMENTWISE[name]
    if function.folds:
        result = scalars[0]
        for scalar in scalars[1:]:
            result = binary(name, [result, scalar], span)
        return result
    if function.compares and len(scalars) > 2:
        return elementwise("and", [binary(name, pair, span) for pair in pairwise(scalars)], span.whole)
    return binary(name, scalars, span)


def single(name: str, scalar: Scalar, span: Span) -> Value:
    """A builtin of one argument."""
    function = ELEMENTWISE[name]
    if function.compares:
        return static(True)
    if not function.folds:
        return binary(name, [scalar], span)
    if name == "-":
        return binary("negate", [scalar], span)
    if name == "/":
        return binary("/", [static(1), scalar], span)
    if function.booleans or scalar_type(scalar).base != "bool":
        return scalar
    return binary("+", [static(0), scalar], span)


def _argument(name: str, args: Sequence[Value], at: int, span: Span) -> Scalar:
    """An argument that is a number, or a boolean where the function takes nothing else."""
    place = span.part(at)
    of_vector = _each(name, args, at, span) if isinstance(args[at], Vec | Tup) else ONE_OR_ALL
    scalar = need_scalar(args[at], f"an argument of `{name}`", place, of_vector)
    if ELEMENTWISE[name].booleans and scalar_type(scalar).base != "bool":
        raise GsdmcError(
            f"`{name}` takes booleans, but this is {describe(scalar)}", place, hint=COMPARE_FIRST
        )
    return scalar


def _each(name: str, args: Sequence[Value], at: int, span: Span) -> str:
    """How to apply a builtin to the elements of vectors, or to fold one."""
    parts = [shown(part) for part in span.parts]
    if len(parts) != len(args):
        return ONE_OR_ALL
    if len(args) == 1 and name in SYMMETRIC:
        fold = {"+": "sum", "*": "prod", "and": "all?", "or": "any?"}.get(name, f"reduce {name}")
        return f"fold the vector: `({fold} {parts[0]})`"
    if all(isinstance(a, Vec | Tup) for a in args):
        return f"apply it to each element: `(map {name} {' '.join(parts)})`"
    x = next(letter for letter in "xyzuvw" if letter not in parts)
    inner = " ".join(x if i == at else part for i, part in enumerate(parts))
    return f"apply it to each element: `(map (fn [{x}] ({name} {inner})) {parts[at]})`"


def accumulate(name: str, args: Sequence[Value], span: Span) -> Value:
    """Combine a fold's accumulator with terms, where the order of the terms can't matter."""
    place = next(i for i, a in enumerate(args) if isinstance(a, Accumulator))
    accumulator = args[place]
    assert isinstance(accumulator, Accumulator)
    terms: list[Value] = [a for i, a in enumerate(args) if i != place]
    if not terms and name in SYMMETRIC:
        return accumulator
    if name == "-" and place == 0 and terms:
        name, terms = "+", [elementwise("-", [t], span.whole) for t in terms]
    if name in ("inc", "dec"):
        name, terms = "+", [static(1 if name == "inc" else -1)]
    before = accumulator.update
    several = any(isinstance(t, Accumulator) for t in terms)
    if several or name not in SYMMETRIC or (before is not None and before[0] != name):
        axes = frozenset(a.axis for a in args if isinstance(a, Accumulator))
        raise NeedsUnroll(axes, f"the accumulator's update is no plain `{name}`", span)
    if before is not None:
        terms = [before[1], *terms]
    return Accumulator(accumulator.axis, (name, elementwise(name, terms, span.whole)))


def binary(name: str, scalars: Sequence[Scalar], span: Span) -> Scalar:
    """Apply an element-wise function to exactly the arguments that its implementation takes."""
    function = ELEMENTWISE[name]
    types = [scalar_type(s) for s in scalars]
    axes = merged(*(s.axes for s in scalars))
    statics = [s for s in scalars if isinstance(s, Static)]
    if len(statics) == len(scalars):
        return fold_static(name, statics, axes, span)
    spend(APPLY)
    inputs = tuple(as_instruction(s, span) for s in scalars)
    return Apply(inputs=inputs, axes=axes, type=function.type(*types), span=span, function=name)


def fold_static(name: str, args: Sequence[Static], axes: tuple[Axis, ...], span: Span) -> Static:
    """Compute at compile time.

    Raises:
        GsdmcError: the function has no value there, or the result is too large.
    """
    spend(FOLD + sum(len(a.facts) for a in args))
    if axes:
        hold([a.size for a in axes], span)
    given = [spread(a.values, a.axes, axes) for a in args] if axes else [a.values for a in args]
    try:
        with np.errstate(divide="raise", invalid="raise", over="raise"):
            values = np.asarray(ELEMENTWISE[name].static(*given))
            whole = np.issubdtype(values.dtype, np.integer)
            if whole and (name == "pow" or any(_largest(v) > 2**31 for v in (*given, values))):
                rough = np.asarray(ELEMENTWISE[name].static(*(v.astype(np.float64) for v in given)))
                if _largest(rough) > MAX_WHOLE:
                    raise FloatingPointError("overflow encountered")
    except (FloatingPointError, ValueError, OverflowError) as error:
        raise _no_value(name, given, str(error), span) from None
    origins = merged(*(a.origins for a in args))
    return Static(values, axes, None, origins, merged(*(a.facts for a in args)))


def _largest(values: NDArray[Any]) -> float:
    return max(-float(values.min()), float(values.max())) if values.size else 0.0


def _no_value(name: str, given: Sequence[NDArray[Any]], error: str, span: Span) -> GsdmcError:
    """The error for a function without a value, which shows the first arguments that have none."""
    with np.errstate(all="ignore"):
        values = np.asarray(
            ELEMENTWISE[name].static(*(a.astype(np.float64) for a in given)), dtype=np.float64
        )
    bad = np.unravel_index(int((~(np.abs(values) <= MAX_WHOLE)).argmax()), values.shape)
    numbers = [f"{np.broadcast_to(a, values.shape)[bad]:g}" for a in given]
    call = " ".join(["-" if name == "negate" else name, *numbers])
    why, hint = "it is not defined there", _DEFINED.get(name)
    if name != "log" and "divide by zero" in error:
        why, hint = "it divides by zero", "choose another value there: `(if (= d 0) x (/ n d))`"
    elif "overflow" in error or "cast" in error:
        why, hint = "it is too large", "whole numbers stay below 2^62; decimals, such as 1e30, reach 1e308"
    return GsdmcError(f"`({call})` has no value: {why}", span, hint=hint)


_DEFINED = {
    "log": "a logarithm is defined above 0",
    "sqrt": "a square root is defined from 0 up",
    "pow": "a negative number has whole powers only, and 0 none below 0",
}


def folded(name: str, term: Value, said: str, span: Span) -> Scalar:
    """What a symmetric function folds; `said` is the builtin that the program calls it by.

    Raises:
        GsdmcError: a term that is no number, or no boolean for `and` and `or`.
    """
    inner = f"fold the inner vectors first: `({said} (map {said} {shown(span.part(0))}))`"
    of_vector = inner if said != name and len(span.parts) == 1 else ONE_OR_ALL
    scalar = need_scalar(term, f"an element that `{said}` folds", span.part(0), of_vector)
    if name in ("and", "or") and scalar_type(scalar).base != "bool":
        raise GsdmcError(
            f"`{said}` folds booleans, but an element is {describe(scalar)}", span.part(0), hint=COMPARE_FIRST
        )
    return scalar


def reduce_axis(name: str, term: Value, axis: Axis, span: Span, said: str | None = None) -> Scalar:
    """Fold a term over an iteration by a symmetric function; `said` is what the program calls it.

    Raises:
        GsdmcError: `min` or `max` over nothing, or a term that is no boolean for `and` and `or`.
    """
    scalar = folded(name, term, said or name, span)
    kind = scalar_type(scalar)
    if axis.size == 0:
        if name not in IDENTITY:
            raise GsdmcError(
                f"`{name}` of nothing has no value: the iteration {axis.name} is empty", span, hint=SOMETHING
            )
        if axis not in scalar.axes or isinstance(scalar, Static):
            identity = IDENTITY[name]
            return static(float(identity) if kind.base == "real" else identity)
    if axis not in scalar.axes:
        if name == "+":
            return binary("*", [scalar, static(axis.size)], span)
        return power(scalar, axis.size, span) if name == "*" else binary(name, [scalar, scalar], span)
    axes = tuple(a for a in scalar.axes if a is not axis)
    if isinstance(scalar, Static):
        return reduce_static(name, scalar, axis, axes)
    return Reduce(
        inputs=(scalar,),
        axes=axes,
        type=fold_type(name, kind, axis.size),
        span=span,
        function=name,
        axis=axis,
    )


def power(base: Scalar, exponent: int, span: Span) -> Scalar:
    """A product of equal factors, whole where they are."""
    result: Scalar = static(1)
    while exponent:
        if exponent % 2:
            result = binary("*", [result, base], span)
        exponent //= 2
        base = binary("*", [base, base], span) if exponent else base
    return result


def reduce_static(name: str, term: Static, axis: Axis, axes: tuple[Axis, ...]) -> Static:
    """A fold at compile time. Its value does not depend on the iteration any more."""
    operators: dict[str, Callable[..., Any]] = {
        "+": np.sum,
        "*": np.prod,
        "min": np.min,
        "max": np.max,
        "and": np.all,
        "or": np.any,
    }
    values = term.values
    spend(FOLD + values.size // READ_AT_ONCE)
    if values.dtype == bool and name not in ("and", "or"):
        values = values.astype(np.int64)
    folded = np.asarray(operators[name](values, axis=term.axes.index(axis)))
    return Static(folded, axes, None, tuple(o for o in term.origins if o[0] is not axis), term.facts)


def fold_type(name: str, term: Type, count: int) -> Type:
    """What is known of a fold of `count` terms."""
    if name in ("and", "or"):
        return Type("bool", 0, 1)
    base = "int" if term.base == "bool" else term.base
    if count == 0:
        return Type(base, IDENTITY[name], IDENTITY[name])
    if name == "+":
        return Type(base, term.low * count, term.high * count)
    if name == "*":
        if term.low < 0:
            return Type(base)
        with np.errstate(over="ignore"):
            return Type(base, 0, float(np.float64(max(1.0, term.high)) ** count))
    return Type(base, term.low, term.high)
