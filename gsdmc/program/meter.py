"""What evaluation and tracing have used of their limits, counted before it is made."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

from gsdmc.language.limits import Limits, active, cure
from gsdmc.language.source import GsdmcError, Span

READ_AT_ONCE = 500
"""Numbers of an array that are read in the time of one step."""

WORK_OF_STEP = 125
"""Numbers that are added or multiplied in the time of one step, where nothing else is done."""

FACTORED = 48
"""Multiplications of a matrix's factorisation in the time of one number that is multiplied elsewhere."""

SCANNED_AT_ONCE, COPIED_AT_ONCE = 8, 128
"""Elements of a vector that are looked at, and that are copied, in the time of one step."""

POINTERS = 4
"""Copied elements that count as one number: most copies are forgotten soon."""

LOOK, CALL, FOLD, APPLY, MOVE, PART, DRAW, ARRAY, REFERENCE, PAIR = 8, 8, 24, 15, 5, 5, 110, 60, 10, 8
REPLICA = 5
"""Steps of a look-up, a call, a function of known numbers, an instruction, the same at another index, a part
of a structure that is made anew, a variable in all that compiling does with it, an array, elements that a
value refers to, their edges; and a replica of an iteration."""

MAX_AXES = 24
"""Most iterations that one value can vary with: arrays of more dimensions don't exist everywhere."""


class Meter:
    """Steps that compiling took and numbers that it made; `place` is the form that it last looked at."""

    __slots__ = ("limits", "numbers", "place", "steps")

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.steps = 0
        self.numbers = 0
        self.place: Span | None = None

    def spend(self, steps: int) -> None:
        """Count steps.

        Raises:
            GsdmcError: above the limit.
        """
        self.steps += steps
        if self.steps > self.limits.steps:
            raise GsdmcError(
                f"compiling this program takes more than {self.limits.steps} steps",
                self.place,
                hint="iterations that can't be plated are unrolled: make them smaller, or " + cure("steps"),
            )

    def hold(self, numbers: int, span: Span | None) -> None:
        """Count numbers that are about to be made.

        Raises:
            GsdmcError: above the limit.
        """
        total = self.numbers + numbers
        if total > self.limits.table:
            alone = numbers > self.limits.table
            raise GsdmcError(
                (f"this makes a table of {numbers}" if alone else f"the values up to here make {total}")
                + f" numbers at compile time; at most {self.limits.table} are allowed",
                self.place if span is None else span,
                hint="make the sizes smaller, or " + cure("table", total),
            )
        self.numbers += numbers


_METER: ContextVar[Meter | None] = ContextVar("meter", default=None)


@contextmanager
def metered() -> Iterator[Meter]:
    """Count what is evaluated against the active limits."""
    meter = Meter(active())
    token = _METER.set(meter)
    try:
        yield meter
    finally:
        _METER.reset(token)


def spend(steps: int) -> None:
    """Count steps of the evaluation that is under way, if one is.

    Raises:
        GsdmcError: more than the limit.
    """
    meter = _METER.get()
    if meter is not None:
        meter.spend(steps)


def hold(shape: Sequence[int], span: Span | None = None) -> None:
    """Count the numbers of an array that the evaluation under way, if one is, is about to make.

    Raises:
        GsdmcError: more than the limit, or more dimensions than an array can have.
    """
    check_axes(len(shape), span)
    meter = _METER.get()
    if meter is not None:
        meter.hold(math.prod(shape), span)


def check_axes(count: int, span: Span | None = None) -> None:
    """Refuse a value that varies with too many iterations.

    Raises:
        GsdmcError: more than `MAX_AXES`.
    """
    if count > MAX_AXES:
        raise GsdmcError(
            f"this varies with {count} iterations; at most {MAX_AXES} are possible",
            span or getattr(_METER.get(), "place", None),
            hint="iterate once over the product of some sizes, `(range (* m n))`, in place of nesting",
        )
