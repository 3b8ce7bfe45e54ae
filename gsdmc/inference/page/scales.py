"""Axes of charts: where ticks stand and how numbers are written."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
MINUS = "\N{MINUS SIGN}"


@dataclass(frozen=True)
class Scale:
    """From numbers to places along an axis.

    Attributes:
        low: the number at `start`.
        high: the number at `stop`.
        start: a place, in the chart's units.
        stop: another.
        log: whether equal ratios, not equal differences, are equally far apart.
    """

    low: float
    high: float
    start: float
    stop: float
    log: bool = False

    def __call__(self, number: float) -> float:
        """The place of a number."""
        low, high = self.low, self.high
        if self.log:
            number, low, high = (math.log(max(x, 1e-300)) for x in (number, low, high))
        share = (number - low) / (high - low) if high > low else 0.5
        return self.start + share * (self.stop - self.start)

    def ticks(self, most: int = 6) -> list[float]:
        """Round numbers within the range."""
        return log_ticks(self.low, self.high, most) if self.log else ticks(self.low, self.high, most)


def ticks(low: float, high: float, most: int = 6) -> list[float]:
    """At most so many round numbers, evenly spaced; the ends of the range where there is none between."""
    width = high - low
    if not (math.isfinite(width) and width > 0):
        return [low]
    power = 10.0 ** math.floor(math.log10(width / most))
    step = next(s * power for s in STEPS if width / (s * power) <= most)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    found = [number * step for number in range(first, last + 1)]
    return found or [low, high]


def log_ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Powers of ten in a range, with 2 and 5 times them where they are few."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    every = -(-(last - first + 1) // most)
    for factors in ((1, 2, 5), (1, 3), (1,)):
        found = [f * 10.0**p for p in range(first, last + 1, every) for f in factors]
        found = [number for number in found if low * (1 - 1e-9) <= number <= high * (1 + 1e-9)]
        if len(found) <= most:
            break
    return found if len(found) > 1 else [low, high]


def shown(number: float) -> str:
    """A number as a label has it: four digits, thousands grouped."""
    if not math.isfinite(number):
        return str(number)
    if abs(number) >= 1e6 or 0 < abs(number) < 1e-4:
        words = f"{number:.3g}".replace("e+0", "e").replace("e-0", "e-").replace("e+", "e")
    elif abs(number) >= 1000:
        words = f"{number:,.0f}"
    else:
        words = f"{number:.4g}"
    return words.replace("-", MINUS)


def span_of(numbers: Sequence[float]) -> tuple[float, float]:
    """The least and the largest, apart from each other."""
    low, high = min(numbers, default=0.0), max(numbers, default=1.0)
    if high > low:
        return low, high
    room = abs(low) * 0.1 or 0.5
    return low - room, high + room
