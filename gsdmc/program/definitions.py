"""The `def`s of a program: sizes and data, with what the user sets in their place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gsdmc.language.source import GsdmcError, Span
from gsdmc.language.syntax import Def, Extern, Literal
from gsdmc.program.axes import Axis
from gsdmc.program.names import Names
from gsdmc.program.outside import frozen_extern
from gsdmc.program.tape import Instruction
from gsdmc.program.values import Closure, Scope, Static, Value, Vec, plain

if TYPE_CHECKING:
    from gsdmc.program.evaluator import Evaluator


def definitions(ev: Evaluator, overrides: Mapping[str, object], frozen: Mapping[str, NDArray[Any]]) -> Scope:
    """The scope in which the body runs: functions, and defs or what stands in their place.

    Raises:
        GsdmcError: a def that isn't known at compile time, or an override that is no number or array.
    """
    env: dict[str, Value] = {}
    scope = Scope(Names(env))
    for name, fn in ev.syntax.functions.items():
        env[name] = Closure(fn, scope.env, local=False)
    for d in ev.syntax.defs:
        env[d.name] = value = definition(ev, d, scope, overrides, frozen)
        if isinstance(value, Static) and not value.axes and value.values.dtype.kind == "i":
            ev.tape.sizes[d.name] = int(value.values)
        if any(isinstance(part, Instruction) for part in plain(value)):
            raise GsdmcError(
                f"`{d.name}` is a def, so it must be known at compile time",
                d.value.span,
                hint="bind random values with `let`, in the body",
            )
    return scope


def definition(
    ev: Evaluator, d: Def, scope: Scope, overrides: Mapping[str, object], frozen: Mapping[str, NDArray[Any]]
) -> Value:
    """The value of one def."""
    if d.name in overrides:
        return from_outside(overrides[d.name], d)
    if isinstance(d.value, Extern):
        values = frozen[d.name] if d.name in frozen else frozen_extern(ev, d, d.value, scope)
        ev.tape.frozen[d.name] = values
        return from_outside(values, d)
    value = ev.evaluate(d.value, scope)
    if isinstance(value, Static) and not value.axes:
        return Static(value.values, size_name=d.name)
    return value


def from_outside(data: object, d: Def) -> Value:
    """A number or array given in a `def`'s place.

    Raises:
        GsdmcError: it is neither, or has missing values.
    """
    try:
        values = np.asarray(data)
    except ValueError:
        values = np.asarray(None)
    if values.dtype.kind == "u":
        values = values.astype(np.int64)
    if values.dtype.kind not in "bif":
        shown = repr(data)
        shown = shown if len(shown) <= 60 else shown[:57] + "..."
        raise GsdmcError(
            f"`{d.name}` can be set to a number or an array of numbers, not to {shown}",
            d.span,
            hint="the rows of an array all have one length"
            if isinstance(data, list | tuple)
            else f"write a number, or name a file: --set {d.name}=@FILE",
        )
    values = values.astype({"b": np.bool_, "i": np.int64, "f": np.float64}[values.dtype.kind])
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        raise GsdmcError(
            f"`{d.name}` is set to data with missing or infinite values",
            d.span,
            hint="set it to finite numbers; what is unknown is a variable, to `sample`",
        )
    size = isinstance(d.value, Literal) and isinstance(d.value.value, int)
    if not values.ndim and size and values.dtype.kind == "f" and float(values).is_integer():
        values = values.astype(np.int64)
    return data_value(values, d.name, d.span)


def data_value(values: NDArray[Any], name: str, span: Span) -> Value:
    """An array as nested vectors over axes of its own."""
    if not values.ndim:
        return Static(values, size_name=name)
    axes = tuple(
        Axis(f"{name}-{d}" if values.ndim > 1 else name, n, span) for d, n in enumerate(values.shape)
    )
    value: Value = Static(values, axes, None, tuple((a, True) for a in axes))
    for axis in reversed(axes):
        value = Vec(axis, value)
    return value
