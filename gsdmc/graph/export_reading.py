"""Fields of plain data, read with their types checked: what a file holds is trusted in nothing."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

import numpy as np

from gsdmc.graph.factor_graph import Array, Indices
from gsdmc.language.source import GsdmcError

T = TypeVar("T")
C = TypeVar("C", bound=str)

MOST = 2**62
"""What no number of a graph reaches."""


def refuse(why: str) -> GsdmcError:
    """The error for data that is no factor graph."""
    return GsdmcError(
        f"this is no factor graph that gsdmc wrote, or a damaged one: {why}",
        hint="write it again with gsdmc compile --export",
    )


class Fields:
    """A dict from a file; every reader raises a `GsdmcError` at a value of another type.

    `of` names the thing in messages.
    """

    def __init__(self, data: Any, of: str) -> None:
        if type(data) is not dict:
            raise refuse(f"{of} is no object with named fields")
        self.data: dict[str, Any] = data
        self.of = of
        self.read: set[str] = set()

    def get(self, key: str, kind: type[T], what: str) -> T:
        """The value of a field, of exactly this type."""
        self.read.add(key)
        if key not in self.data:
            raise refuse(f"{self.of} has no `{key}`")
        value = self.data[key]
        if type(value) is not kind:
            raise refuse(f"the `{key}` of {self.of} is no {what}")
        return value

    def end(self) -> None:
        """Refuse fields that nothing has read."""
        unknown = [key for key in self.data if key not in self.read]
        if unknown:
            raise refuse(f"{self.of} has an unknown field {unknown[0]!r}")

    def text(self, key: str) -> str:
        """A string."""
        return self.get(key, str, "text")

    def optional_text(self, key: str) -> str | None:
        """A string, or nothing."""
        if self.data.get(key, "") is None:
            self.read.add(key)
            return None
        return self.text(key)

    def choice(self, key: str, known: Sequence[C]) -> C:
        """One of the known words."""
        word = self.text(key)
        for one in known:
            if one == word:
                return one
        raise refuse(f"the `{key}` of {self.of} is none of {', '.join(known)}")

    def flag(self, key: str) -> bool:
        """A truth value."""
        return self.get(key, bool, "truth value")

    def whole(self, key: str) -> int:
        """A whole number, 0 or more."""
        number = self.get(key, int, "whole number")
        if not 0 <= number < MOST:
            raise refuse(f"the `{key}` of {self.of} is out of range")
        return number

    def items(self, key: str, kind: type[T], what: str) -> list[T]:
        """A list of values of one type."""
        values: list[Any] = self.get(key, list, "list")
        if any(type(value) is not kind for value in values):
            raise refuse(f"the `{key}` of {self.of} holds what is no {what}")
        return values

    def texts(self, key: str) -> tuple[str, ...]:
        """Strings."""
        return tuple(self.items(key, str, "text"))

    def wholes(self, key: str) -> tuple[int, ...]:
        """Whole numbers, 0 or more."""
        numbers = self.items(key, int, "whole number")
        if any(not 0 <= n < MOST for n in numbers):
            raise refuse(f"the `{key}` of {self.of} is out of range")
        return tuple(numbers)

    def fields(self, key: str) -> Fields:
        """The fields of an inner object."""
        return Fields(self.get(key, dict, "object"), f"the {key} of {self.of}")

    def rows(self, key: str, one: str) -> Iterator[Fields]:
        """The fields of every object of a list, each called `one` and its place."""
        for place, row in enumerate(self.items(key, dict, "object")):
            yield Fields(row, f"{one} {place + 1}")

    def bounds(self, key: str) -> tuple[float, float] | None:
        """Two real numbers, or nothing. Infinite ones are written in words: JSON has no number for them."""
        self.read.add(key)
        if key in self.data and self.data[key] is None:
            return None
        values: list[Any] = self.get(key, list, "pair of numbers")
        numbers = [float(v) for v in values if _is_bound(v)]
        if not len(values) == len(numbers) == 2:
            raise refuse(f"the `{key}` of {self.of} is no pair of numbers")
        return numbers[0], numbers[1]

    def nodes(self, key: str, array: Array) -> Indices:
        """Numbers of nodes of an array, `[edges]`."""
        numbers = np.array(self.wholes(key), dtype=np.int64)
        self._check_inside(key, numbers, [array])
        return numbers

    def members(self, key: str, width: int, arrays: Sequence[Array]) -> Indices:
        """Rows of node numbers of some arrays, `[rows, width]`, padded with -1."""
        rows = self.items(key, list, "list")
        if any(len(row) != width for row in rows):
            raise refuse(f"the `{key}` of {self.of} are not {width} each")
        flat = [number for row in rows for number in row]
        if any(type(n) is not int or not -1 <= n < MOST for n in flat):
            raise refuse(f"the `{key}` of {self.of} are no node numbers")
        numbers = np.array(flat, dtype=np.int64)
        self._check_inside(key, numbers[numbers >= 0], arrays)
        return numbers.reshape(len(rows), width)

    def _check_inside(self, key: str, numbers: Indices, arrays: Sequence[Array]) -> None:
        inside = np.zeros(len(numbers), dtype=np.bool_)
        for array in arrays:
            inside |= (numbers >= array.offset) & (numbers < array.offset + array.size)
        if not inside.all():
            raise refuse(f"the `{key}` of {self.of} point at nodes outside its arrays")


def _is_bound(value: Any) -> bool:
    if type(value) is int:
        return abs(value) < MOST
    return math.isfinite(value) if type(value) is float else value in ("inf", "-inf")
