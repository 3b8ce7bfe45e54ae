"""Kinds of random variables: what values a node of the graph can take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Support = Literal["real", "positive", "unit", "interval", "simplex"]


@dataclass(frozen=True)
class Kind:
    """The kind of a variable.

    `name` is one of `real`, `count`, `boolean`, `category`, `vector`. A category has `options` values,
    `0 .. options - 1`; a boolean has two. A real has a `support`, with `bounds` where the support is an
    interval known at compile time. A vector is one variable of `size` reals that is observed as a whole;
    its support is `real`, or `simplex` where they are positive and sum to 1.
    """

    name: Literal["real", "count", "boolean", "category", "vector"]
    options: int = 0
    support: Support = "real"
    bounds: tuple[float, float] | None = None
    size: int = 0

    @property
    def discrete(self) -> bool:
        """Whether the variable takes finitely many values (boolean or category)."""
        return self.name in ("boolean", "category")

    @property
    def channels(self) -> int:
        """Numbers that the network reads for one node: one, one per option, or a vector's size."""
        if self.name == "vector":
            return self.size
        return self.options if self.discrete else 1

    @property
    def event_shape(self) -> tuple[int, ...]:
        """The shape of one value: `(size,)` for a vector, `()` for everything else."""
        return (self.size,) if self.name == "vector" else ()

    def __str__(self) -> str:
        if self.name == "vector":
            return f"{'simplex' if self.support == 'simplex' else 'vector'} of {self.size}"
        if self.name == "category":
            return f"category of {self.options}"
        if self.name == "real" and self.bounds is not None:
            return f"real in [{self.bounds[0]:g}, {self.bounds[1]:g}]"
        if self.name == "real" and self.support != "real":
            return f"{self.support} real"
        return self.name


REAL = Kind("real")
COUNT = Kind("count", support="positive")
BOOLEAN = Kind("boolean", options=2)


def category(options: int) -> Kind:
    """The kind of a variable with `options` unordered values."""
    return Kind("category", options=options)


def vector(size: int, support: Support = "real") -> Kind:
    """The kind of a variable of `size` reals: one node, `size` channels."""
    return Kind("vector", support=support, size=size)
