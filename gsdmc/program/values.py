"""What expressions evaluate to while the tape is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gsdmc.language.distributions import signature
from gsdmc.language.source import Span
from gsdmc.language.syntax import Fn
from gsdmc.program.axes import Axis, Fact, IndexMap, Origin
from gsdmc.program.meter import REPLICA, check_axes, spend
from gsdmc.program.names import Names
from gsdmc.program.tape import Instruction


@dataclass(frozen=True, eq=False)
class Static:
    """A number or boolean known at compile time, for every replica of `axes`.

    `index_of` is set where it is an iteration's own index, unchanged (with no axes left when the
    iteration is unrolled). `origins` are the iterations whose index it was computed from.
    """

    values: NDArray[Any]
    axes: tuple[Axis, ...] = ()
    index_of: Axis | None = None
    origins: tuple[Origin, ...] = ()
    facts: tuple[Fact, ...] = ()
    size_name: str | None = None

    @property
    def index(self) -> IndexMap:
        """The value as an index map."""
        return IndexMap(self.axes, self.values.astype(np.int64, copy=False))


@dataclass(frozen=True, eq=False)
class Vec:
    """A vector whose elements are `body` as `axis` runs over its range."""

    axis: Axis
    body: Value


@dataclass(frozen=True, eq=False)
class Tup:
    """A vector of separate elements.

    `axis` is the unrolled iteration that made it, if one did; `growing` the one that is making it: a
    fold's accumulator, with an element for each of the first replicas.
    """

    items: tuple[Value, ...]
    axis: Axis | None = None
    growing: Axis | None = None

    @cached_property
    def varying(self) -> tuple[bool, ...]:
        """Which parts of an element depend on the replica; empty where elements differ in form."""
        parts = [tuple(plain(item)) for item in self.items]
        if len({len(p) for p in parts}) != 1:
            return ()
        return tuple(self._varies(column) for column in zip(*parts, strict=True))

    def _varies(self, column: tuple[Value, ...]) -> bool:
        numbers = [v for v in column if isinstance(v, Static)]
        if len(numbers) < len(column):
            return True
        first = numbers[0].values
        alike = all(v.values.dtype == first.dtype and np.array_equal(v.values, first) for v in numbers)
        return not alike or any(a is self.axis for v in numbers for a, _ in v.origins)


class Text(str):
    """A string that was put together from the indices of `axes`; any string is a value."""

    axes: tuple[Axis, ...] = ()

    @classmethod
    def of(cls, text: str, axes: tuple[Axis, ...]) -> Text:
        """A string and what it was put together from."""
        made = cls(text)
        made.axes = axes
        return made


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
    """A function with the environment that it closes over; `local` unless that is the program's own."""

    fn: Fn
    env: Names[Value]
    local: bool = True


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


@dataclass(frozen=True, eq=False)
class Accumulator:
    """The running value of a fold that is tried as one reduction.

    `update` holds (function, term) once the fold's body has combined it with a term.
    """

    axis: Axis
    update: tuple[str, Value] | None = None


Value = (
    Static | Instruction | Vec | Tup | MapValue | Symbol | Closure | BuiltinValue | Dist | Accumulator | str
)
Scalar = Static | Instruction


class NeedsUnroll(Exception):  # noqa: N818 - control flow, never seen by users
    """The body of an iteration over one of `axes` has no plated form."""

    def __init__(self, axes: frozenset[Axis], reason: str, span: Span) -> None:
        super().__init__(reason)
        self.axes = axes
        self.reason = reason
        self.span = span


@dataclass(frozen=True)
class Scope:
    """Where evaluation stands: names, the iterations around it, outermost first, and the arms.

    `tests` are the random tests that hold in the arms of `if`s around.
    """

    env: Names[Value]
    iterations: tuple[tuple[Axis, int | None], ...] = ()
    tests: tuple[Value, ...] = ()

    def bind(self, names: Mapping[str, Value]) -> Scope:
        """The scope with more names."""
        return Scope(self.env.also(names), self.iterations, self.tests)

    def inside(self, axis: Axis, at: int | None) -> Scope:
        """The scope within one more iteration; `at` is the replica when it is unrolled.

        Raises:
            GsdmcError: iterations nest too deep.
        """
        spend(REPLICA)
        check_axes(len(self.iterations) + 1, axis.span)
        return Scope(self.env, (*self.iterations, (axis, at)), self.tests)

    def under(self, test: Value) -> Scope:
        """The scope within an arm that is taken where `test` holds."""
        return Scope(self.env, self.iterations, (*self.tests, test))

    @property
    def free(self) -> tuple[Axis, ...]:
        """The plated iterations around."""
        return tuple(a for a, at in self.iterations if at is None)


def static(value: bool | int | float) -> Static:
    """A constant."""
    return Static(np.asarray(value))


def plain(value: Value) -> Iterator[Value]:
    """Every part of a structure that has no parts of its own."""
    match value:
        case Vec():
            spend(1)
            yield from plain(value.body)
        case Tup():
            spend(len(value.items))
            for v in value.items:
                yield from plain(v)
        case MapValue():
            spend(len(value.entries))
            for v in value.entries.values():
                yield from plain(v)
        case Dist():
            for v in value.args:
                yield from plain(v)
        case Accumulator(update=(_, term)):
            yield value
            yield from plain(term)
        case _:
            yield value


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
            return "nil" if value.name is None else f"the keyword :{value.name}"
        case BuiltinValue() if signature(value.name) is not None:
            return f"the distribution `{value.name}` without parameters"
        case Closure() | BuiltinValue():
            return "a function"
        case Dist():
            return f"the distribution `{value.name}`"
        case Accumulator():
            return "the accumulator"
    return f'the string "{value if len(value) <= 60 else value[:57] + "..."}"'
