"""What a form needs its arguments to be, and the errors where they are something else."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

from gsdmc.language.habits import OPERATORS, called_outside
from gsdmc.language.lexemes import NAME_LIMIT
from gsdmc.language.source import GsdmcError, Span
from gsdmc.language.syntax import Call, Name
from gsdmc.program.meter import READ_AT_ONCE, spend
from gsdmc.program.tape import BOOL, Instruction, Type
from gsdmc.program.values import (
    Accumulator,
    BuiltinValue,
    Closure,
    Dist,
    MapValue,
    NeedsUnroll,
    Scalar,
    Static,
    Symbol,
    Tup,
    Value,
    Vec,
    describe,
)


def scalar_type(value: Scalar) -> Type:
    """What is known of a scalar."""
    if isinstance(value, Instruction):
        return value.type
    if value.values.dtype == bool:
        return BOOL
    base: Literal["int", "real"] = "int" if np.issubdtype(value.values.dtype, np.integer) else "real"
    if not value.values.ndim:
        return Type(base, float(value.values), float(value.values))
    spend(value.values.size // READ_AT_ONCE)
    if value.values.size == 0:
        return Type(base)
    return Type(base, float(value.values.min()), float(value.values.max()))


ONE_OR_ALL = "take one element, `(get xs i)`, or fold them, `(sum xs)`"


def need_scalar(
    value: Value, what: str, span: Span, of_vector: str = ONE_OR_ALL, wanted: str = "a number or boolean"
) -> Scalar:
    """The value if it is a number or boolean; `of_vector` is the hint where it is a vector.

    Raises:
        GsdmcError: naming what was expected and found.
    """
    if isinstance(value, Static | Instruction):
        return value
    if isinstance(value, Accumulator):
        raise NeedsUnroll(frozenset([value.axis]), "the accumulator is used in the body", span)
    hint = of_vector if isinstance(value, Vec | Tup) else _scalar_hint(value)
    raise GsdmcError(f"{what} must be {wanted}, but this is {describe(value)}", span, hint=hint)


def _scalar_hint(value: Value) -> str | None:
    """How to get a number or boolean from something else."""
    match value:
        case Dist():
            return f"draw from it: `(sample {shown(value.span)})`"
        case Closure() | BuiltinValue():
            return "call it, or pass the value that it gives"
        case MapValue():
            return "take one of its values: `(get m :key)`"
        case str():
            return "numbers stand without quotes"
        case Symbol(name=None):
            return "`factor` and `nil` have no value: use something else here"
    return None


def shown(span: Span) -> str:
    """A form's text on one line, clipped, for hints."""
    return span.clipped(60)


def need_int(value: Value, what: str, span: Span) -> int:
    """The value if it is one integer known at compile time.

    Raises:
        GsdmcError: naming what was expected and found.
    """
    if isinstance(value, Accumulator):
        raise NeedsUnroll(frozenset([value.axis]), "the accumulator decides a size", span)
    if isinstance(value, Instruction):
        raise GsdmcError(
            f"{what} must be known at compile time, but this is {describe(value)}",
            span,
            hint="sizes depend on defs and literals only; take the largest, and choose: `(if (< i n) ...)`",
        )
    if isinstance(value, Static) and value.axes:
        raise NeedsUnroll(frozenset(value.axes), f"{what} varies with the index", span)
    if isinstance(value, Static) and value.values.dtype != bool:
        number = value.values.item()
        if math.isfinite(number) and float(number).is_integer():
            return int(number)
    hint = _scalar_hint(value) or "write a whole number, such as 3"
    if isinstance(value, Vec | Tup):
        hint = "for its number of elements, write `(count xs)`"
    elif isinstance(value, Static) and value.values.dtype != bool:
        hint = "round it: `(floor x)`, or divide without remainder: `(quot n d)`"
    found = repr(value.values.item()).lower() if isinstance(value, Static) else describe(value)
    raise GsdmcError(f"{what} must be a whole number, but this is {found}", span, hint=hint)


def need_function(value: Value, span: Span) -> Closure | BuiltinValue:
    """The value if it is a function.

    Raises:
        GsdmcError: it isn't.
    """
    if isinstance(value, Closure | BuiltinValue):
        return value
    raise GsdmcError(
        f"a function is expected here, but this is {describe(value)}",
        span,
        hint="pass a function's name, or `(fn [x] ...)`",
    )


def not_callable(call: Call, value: Value) -> GsdmcError:
    """The error for a call of what is no function."""
    head, args = call.function, call.args
    what = f"`{head.name}`" if isinstance(head, Name) else "this"
    hint = called_outside(call.span)
    if len(args) == 2 and isinstance(args[0], Name) and args[0].name in OPERATORS:
        operator = OPERATORS[args[0].name]
        hint = f"the function comes first: write `({operator} {shown(head.span)} {shown(args[1].span)})`"
    elif hint is None and len(args) == 1 and isinstance(value, Vec | Tup | MapValue):
        hint = f"write `(get {shown(head.span)} {shown(args[0].span)})` to look something up"
    elif hint is None and not args:
        hint = f"parentheses call: write `{shown(head.span)}` alone"
    return GsdmcError(
        f"only functions can be called, but {what} is {describe(value)}",
        head.span,
        hint=hint or "a list calls its first item: write a function there, or `[...]` for a vector",
    )


def name_of(name: Value, what: str, span: Span) -> str:
    """A name known at compile time.

    Raises:
        GsdmcError: it is no string, empty, or too long.
    """
    if isinstance(name, Accumulator):
        raise NeedsUnroll(frozenset([name.axis]), "the accumulator is a name", span)
    if not isinstance(name, str):
        numbers = isinstance(name, Static | Instruction)
        raise GsdmcError(
            f"{what} is a string, but this is {describe(name)}",
            span,
            hint='one name serves all replicas; to tell some apart, write `(str "x" i)`'
            if numbers
            else 'write it in quotes, such as "x"',
        )
    if not name:
        raise GsdmcError(f"{what} can't be empty", span, hint='write for example "x"')
    if len(name) > NAME_LIMIT:
        raise GsdmcError(
            f"{what} has at most {NAME_LIMIT} characters, this one has {len(name)}",
            span,
            hint="choose a shorter one",
        )
    return name


def text_of(value: Value, span: Span) -> str:
    """A compile-time value as `str` shows it.

    Raises:
        GsdmcError: it isn't known at compile time.
    """
    match value:
        case str():
            return value
        case Symbol():
            return "" if value.name is None else f":{value.name}"
        case Accumulator():
            raise NeedsUnroll(frozenset([value.axis]), "the accumulator is part of a name", span)
        case Static() if value.axes:
            raise NeedsUnroll(frozenset(value.axes), "a name varies with the index", span)
        case Static():
            number = value.values.item()
            return str(number).lower() if isinstance(number, bool) else str(number)
    raise GsdmcError(
        f"`str` takes what is known at compile time, but this is {describe(value)}",
        span,
        hint="names and texts can't depend on what is drawn" if isinstance(value, Instruction) else None,
    )


def map_key(key: Value, span: Span) -> object:
    """A static map key as a Python value that compares by content.

    Raises:
        GsdmcError: it can't be a key.
    """
    match key:
        case str():
            return f'"{key}"'
        case Symbol():
            return "nil" if key.name is None else f":{key.name}"
        case Accumulator():
            raise NeedsUnroll(frozenset([key.axis]), "the accumulator is a map's key", span)
        case Static() if not key.axes:
            return key.values.item()
        case Static():
            raise NeedsUnroll(frozenset(key.axes), "a map's key varies with the index", span)
    raise GsdmcError(
        f"a map's key is a keyword, a string or a number known at compile time, but this is {describe(key)}",
        span,
        hint="choose by a random value with `(if test a b)`, or look into a vector"
        if isinstance(key, Instruction)
        else None,
    )
