"""What names stand for where evaluation is: frames, one around another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Generic, TypeVar

T = TypeVar("T")


class Names(Generic[T]):
    """Names with what they stand for; inner ones hide outer ones.

    A frame is never changed, but joined with the one around it where that holds no more names: of n names
    bound in turn, each is copied about log n times, and is found in as many steps. The outermost frame is the
    program's own mapping, which may still grow.
    """

    __slots__ = ("frame", "outer")

    def __init__(self, frame: Mapping[str, T], outer: Names[T] | None = None) -> None:
        self.frame = frame
        self.outer = outer

    def find(self, name: str) -> T | None:
        """What a name stands for, None where it is not known."""
        here: Names[T] | None = self
        while here is not None:
            if name in here.frame:
                return here.frame[name]
            here = here.outer
        return None

    def also(self, names: Mapping[str, T]) -> Names[T]:
        """With more names."""
        outer: Names[T] = self
        while outer.outer is not None and len(outer.frame) <= len(names):
            names, outer = {**outer.frame, **names}, outer.outer
        return Names(names, outer)
