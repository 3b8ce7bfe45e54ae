"""What a form needs its arguments to be, and the errors where they are something else."""

from __future__ import annotations

import math

import numpy as np

from gsdmc.language.source import GsdmcError, Span
from gsdmc.program.tape import BOOL, Instruction, Type
from gsdmc.program.values import (
    Accumulator,
    BuiltinValue,
    Closure,
    Dist,
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
    whole = np.issubdtype(value.values.dtype, np.integer)
    if value.values.size == 0:
        return Type("int" if whole else "real")
    return Type("int" if whole else "real", float(value.values.min()), float(value.values.max()))


def need_scalar(value: Value, what: str, span: Span) -> Scalar:
    """The value if it is a number or boolean.

    Raises:
        GsdmcError: naming what was expected and found.
    """
    if isinstance(value, Static | Instruction):
        return value
    if isinstance(value, Accumulator):
        raise NeedsUnroll(frozenset([value.axis]), "the accumulator is used in the body", span)
    hint = None
    if isinstance(value, Vec | Tup):
        hint = "take one element, (get xs i), or fold them, (sum xs)"
    if isinstance(value, Dist):
        hint = f"draw from it: (sample ({value.name} ...))"
    raise GsdmcError(f"{what} must be a number or boolean, but this is {describe(value)}.", span, hint=hint)


def need_int(value: Value, what: str, span: Span) -> int:
    """The value if it is one integer known at compile time.

    Raises:
        GsdmcError: naming what was expected and found.
    """
    if isinstance(value, Accumulator):
        raise NeedsUnroll(frozenset([value.axis]), "the accumulator decides a size", span)
    if isinstance(value, Instruction):
        raise GsdmcError(
            f"{what} must be known at compile time, but this is {describe(value)}.",
            span,
            hint="sizes may depend on defs and literals only",
        )
    if isinstance(value, Static) and value.axes:
        raise NeedsUnroll(frozenset(value.axes), f"{_lower(what)} varies with the index", span)
    if isinstance(value, Static) and value.values.dtype != bool:
        number = value.values.item()
        if math.isfinite(number) and float(number).is_integer():
            return int(number)
    shown = repr(value.values.item()) if isinstance(value, Static) else describe(value)
    raise GsdmcError(f"{what} must be a whole number, but this is {shown.lower()}.", span)


def need_function(value: Value, span: Span) -> Closure | BuiltinValue:
    """The value if it is a function.

    Raises:
        GsdmcError: it isn't.
    """
    if isinstance(value, Closure | BuiltinValue):
        return value
    raise GsdmcError(f"A function is expected here, but this is {describe(value)}.", span)


def name_of(name: Value, what: str, span: Span) -> str:
    """A name known at compile time.

    Raises:
        GsdmcError: it is no string, or empty.
    """
    if isinstance(name, Accumulator):
        raise NeedsUnroll(frozenset([name.axis]), "the accumulator is a name", span)
    if not isinstance(name, str):
        hint = 'one name serves all replicas; to tell some apart, write (str "x" i)'
        numbers = isinstance(name, Static | Instruction)
        raise GsdmcError(
            f"{what} is a string, but this is {describe(name)}.", span, hint=hint if numbers else None
        )
    if not name:
        raise GsdmcError(f"{what} can't be empty.", span)
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
    raise GsdmcError(f"`str` takes what is known at compile time, but this is {describe(value)}.", span)


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
        f"A map's key is a keyword, a string or a number known at compile time, but this is {describe(key)}.",
        span,
    )


def _lower(what: str) -> str:
    return what[:1].lower() + what[1:]
