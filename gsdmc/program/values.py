"""What expressions evaluate to while the tape is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from gsdmc.language.source import GsdmcError, Span
from gsdmc.language.syntax import Expr, Fn
from gsdmc.program.axes import Axis, Fact, IndexMap, take
from gsdmc.program.tape import BOOL, Const, Gather, Instruction, Type


@dataclass(frozen=True, eq=False)
class Static:
    """A number or boolean known at compile time, for every replica of `axes`.

    `index_of` is set where it is an iteration's own index, unchanged (with no axes left when the
    iteration is unrolled). `origins` are the iterations whose index it was computed from, with True
    where data was looked up by that index.
    """

    values: NDArray[np.generic]
    axes: tuple[Axis, ...] = ()
    index_of: Axis | None = None
    origins: frozenset[tuple[Axis, bool]] = frozenset()
    facts: tuple[Fact, ...] = ()
    size_name: str | None = None

    @property
    def index(self) -> IndexMap:
        """The value as an index map."""
        return IndexMap(self.axes, self.values.astype(np.int64))


@dataclass(frozen=True, eq=False)
class Vec:
    """A vector whose elements are `body` as `axis` runs over its range."""

    axis: Axis
    body: Value


@dataclass(frozen=True, eq=False)
class Tup:
    """A vector of separate elements; `axis` is the unrolled iteration that made it, if one did."""

    items: tuple[Value, ...]
    axis: Axis | None = None


@dataclass(frozen=True, eq=False)
class MapValue:
    """A map from static keys."""

    entries: Mapping[object, Value]


@dataclass(frozen=True, eq=False)
class Symbol:
    """A keyword, or nil (name None)."""

    name: str | None


@dataclass(frozen=True, eq=False)
class Closure:
    """A function with the environment that it closes over."""

    fn: Fn
    env: Mapping[str, Value]


@dataclass(frozen=True, eq=False)
class BuiltinValue:
    """A builtin used as a value."""

    name: str


@dataclass(frozen=True, eq=False)
class Dist:
    """A distribution with its arguments."""

    name: str
    args: tuple[Value, ...]
    span: Span


@dataclass(eq=False)
class Accumulator:
    """The running value of a fold that is tried as one reduction.

    `update` holds (function, term) once the fold's body has combined it with a term.
    """

    axis: Axis
    update: tuple[str, Value] | None = None


Value = (
    Static | Instruction | Vec | Tup | MapValue | Symbol | Closure | BuiltinValue | Dist | Accumulator | str
)


class NeedsUnroll(Exception):  # noqa: N818 - control flow, never seen by users
    """The body of an iteration over one of `axes` has no plated form."""

    def __init__(self, axes: frozenset[Axis], reason: str, span: Span) -> None:
        super().__init__(reason)
        self.axes = axes
        self.reason = reason
        self.span = span


@dataclass
class Scope:
    """Where evaluation stands: names, and the iterations around it, outermost first."""

    env: Mapping[str, Value]
    iterations: tuple[tuple[Axis, int | None], ...] = ()
    overrides: Mapping[str, Value] = field(default_factory=dict)

    def bind(self, names: Mapping[str, Value]) -> Scope:
        """The scope with more names."""
        return Scope({**self.env, **names}, self.iterations)

    def inside(self, axis: Axis, at: int | None) -> Scope:
        """The scope within one more iteration; `at` is the replica when it is unrolled."""
        return Scope(self.env, (*self.iterations, (axis, at)))

    @property
    def free(self) -> tuple[Axis, ...]:
        """The plated iterations around."""
        return tuple(a for a, at in self.iterations if at is None)


def static(value: bool | int | float) -> Static:
    """A constant."""
    return Static(np.asarray(value))


def describe(value: Value) -> str:
    """What a value is, in the language's terms."""
    match value:
        case Static() if value.values.dtype == bool:
            return "a boolean"
        case Static():
            return "a number"
        case Instruction():
            return "a random boolean" if value.type.base == "bool" else "a random number"
        case Vec():
            return f"a vector of {value.axis.size}"
        case Tup():
            return f"a vector of {len(value.items)}"
        case MapValue():
            return "a map"
        case Symbol():
            return "nil" if value.name is None else f":{value.name}"
        case Closure() | BuiltinValue():
            return "a function"
        case Dist():
            return f"the distribution {value.name}"
        case Accumulator():
            return "the loop's accumulator"
    return f'the string "{value}"'


def scalar_type(value: Static | Instruction) -> Type:
    """What is known of a scalar."""
    if isinstance(value, Instruction):
        return value.type
    if value.values.dtype == bool:
        return BOOL
    base = "int" if np.issubdtype(value.values.dtype, np.integer) else "real"
    if value.values.size == 0:
        return Type(base)  # type: ignore[arg-type]
    return Type(base, float(value.values.min()), float(value.values.max()))  # type: ignore[arg-type]


def as_instruction(value: Static | Instruction, span: Span) -> Instruction:
    """The value on the tape. An index that enters a computation fixes its plate."""
    if isinstance(value, Instruction):
        return value
    facts = list(value.facts)
    for axis, data in sorted(value.origins, key=lambda o: o[0].name):
        how = "looks up data" if data else "enters a value"
        facts.append(Fact("fixed", (axis,), f"its index {how}", span))
    return Const(axes=value.axes, type=scalar_type(value), span=span, facts=tuple(facts), values=value.values)


def substitute(value: Value, axis: Axis, index: Static, facts: tuple[Fact, ...], span: Span) -> Value:
    """The value at `axis = index`; `facts` go with every part that depends on the axis."""
    match value:
        case Instruction():
            if axis not in value.axes:
                return value
            rest = tuple(a for a in value.axes if a is not axis)
            axes = (*rest, *(a for a in index.axes if a not in rest))
            return Gather(
                inputs=(value,),
                axes=axes,
                type=value.type,
                span=span,
                facts=facts,
                axis=axis,
                index=index.index,
            )
        case Static():
            if axis not in value.axes:
                return value
            values, axes = take(value.values, value.axes, axis, index.index)
            if value.index_of is axis:
                return Static(values, axes, index.index_of, index.origins, value.facts)
            via = [data for a, data in value.origins if a is axis] or [True]
            origins = frozenset(o for o in value.origins if o[0] is not axis)
            origins |= frozenset((a, data or via[0]) for a, data in index.origins)
            return Static(values, axes, None, origins, value.facts)
        case Vec():
            return Vec(value.axis, substitute(value.body, axis, index, facts, span))
        case Tup():
            items = tuple(substitute(v, axis, index, facts, span) for v in value.items)
            return Tup(items, value.axis)
        case MapValue():
            return MapValue({k: substitute(v, axis, index, facts, span) for k, v in value.entries.items()})
    return value


def need_scalar(value: Value, what: str, span: Span) -> Static | Instruction:
    """The value if it is a number or boolean.

    Raises:
        GsdmcError: naming what was expected and found.
    """
    if isinstance(value, Static | Instruction):
        return value
    if isinstance(value, Accumulator):
        raise NeedsUnroll(frozenset([value.axis]), "the accumulator is used in the body", span)
    raise GsdmcError(f"{what} must be a number or boolean, but this is {describe(value)}.", span)


def need_int(value: Value, what: str, span: Span) -> int:
    """The value if it is one integer known at compile time.

    Raises:
        GsdmcError: naming what was expected and found.
    """
    if isinstance(value, Instruction):
        raise GsdmcError(
            f"{what} must be known at compile time, but this is {describe(value)}.",
            span,
            hint="sizes may depend on defs and literals only",
        )
    if isinstance(value, Static) and value.axes:
        raise NeedsUnroll(frozenset(value.axes), f"{what} varies with the index", span)
    if isinstance(value, Static) and value.values.dtype != bool:
        number = value.values.item()
        if float(number).is_integer():
            return int(number)
    shown = repr(value.values.item()) if isinstance(value, Static) else describe(value)
    raise GsdmcError(f"{what} must be a whole number, but this is {shown}.", span)


EvaluateExpr = Callable[[Expr, Scope], Value]
