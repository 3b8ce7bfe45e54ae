"""The registry of `extern` functions: the only outside code that a program can call, by name.

A program file never imports anything; `(extern name args...)` calls what is registered here under
that name, by this module or by `register` from the user's own Python.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from operator import index
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gsdmc.language.kinds import BOOLEAN, REAL, Kind, category
from gsdmc.program.sudoku import sudoku_grids

GATE_RANGE = (0.2, 0.8)
"""Where `random-gates` keeps the probability that a gate's output is true, if either gate can."""


class UnknownExternError(LookupError):
    """No function is registered under `name`; `nearest` holds registered names like it, best first."""

    def __init__(self, name: str, nearest: tuple[str, ...]) -> None:
        super().__init__(f"no extern is called '{name}'")
        self.name = name
        self.nearest = nearest


@dataclass(frozen=True)
class ExternSpec:
    """A registered function.

    Attributes:
        name: the name that programs use.
        function: `(rng, batch, *args)`, or `(rng, *args)` unless `batched`; draws values from `rng` alone.
        kind: `(*args)`, the kind of every element.
        shape: `(*args)`, the dimensions of one draw; raises ValueError where the arguments make no sense.
        exchangeable: for each dimension, whether permuting it leaves the law of a draw unchanged.
        batched: whether `function` makes a whole batch at once.
        work: the time that drawing an element takes, where adding two numbers takes 1.
    """

    name: str
    function: Callable[..., NDArray[Any]]
    kind: Callable[..., Kind]
    shape: Callable[..., tuple[int, ...]]
    exchangeable: tuple[bool, ...]
    batched: bool = True
    work: int = 1

    def draw(self, rng: np.random.Generator, batch: int, *args: Any) -> NDArray[Any]:
        """Call the function: values [batch, *shape(*args)].

        Raises:
            ValueError: the arguments make no sense, or the function breaks what it declared: the
                number of dimensions, the shape, or the values that the kind allows.
        """
        shape = self.shape(*args)
        if len(shape) != len(self.exchangeable):
            raise ValueError(
                f"extern {self.name} declares {len(self.exchangeable)} dimensions but has shape {shape}"
            )
        if self.batched:
            values = np.asarray(self.function(rng, batch, *args))
        else:
            draws = [np.asarray(self.function(rng, *args)) for _ in range(batch)]
            values = np.stack(draws) if draws else np.empty((0, *shape))
        if values.shape != (batch, *shape):
            raise ValueError(f"extern {self.name} drew shape {values.shape}, not {(batch, *shape)}")
        kind = self.kind(*args)
        if not _fits(values, kind):
            raise ValueError(f"extern {self.name} drew values that are not of its kind, {kind}")
        return values


def _fits(values: NDArray[Any], kind: Kind) -> bool:
    if values.size == 0:
        return True
    if kind.name == "boolean":
        return values.dtype == np.bool_
    if kind.name == "category":
        integers = np.issubdtype(values.dtype, np.integer)
        return bool(integers and values.min() >= 0 and values.max() < kind.options)
    if kind.name == "count":
        return bool(np.issubdtype(values.dtype, np.integer) and values.min() >= 0)
    return bool(np.issubdtype(values.dtype, np.floating) and np.isfinite(values).all())


_REGISTRY: dict[str, ExternSpec] = {}


def register(
    name: str,
    function: Callable[..., NDArray[Any]],
    *,
    kind: Callable[..., Kind],
    shape: Callable[..., tuple[int, ...]],
    exchangeable: tuple[bool, ...],
    batched: bool = True,
    work: int = 1,
) -> ExternSpec:
    """Make `function` callable from programs as `(extern name args...)`; see `ExternSpec`.

    Raises:
        ValueError: the name is taken; a program's meaning must not depend on what was imported last.
    """
    if name in _REGISTRY:
        raise ValueError(f"an extern called '{name}' is registered already")
    spec = ExternSpec(name, function, kind, shape, exchangeable, batched, work)
    _REGISTRY[name] = spec
    return spec


def registered() -> tuple[str, ...]:
    """All registered names, sorted."""
    return tuple(sorted(_REGISTRY))


def lookup(name: str) -> ExternSpec:
    """The function registered as `name`.

    Raises:
        UnknownExternError: there is none.
    """
    if name not in _REGISTRY:
        raise UnknownExternError(name, tuple(get_close_matches(name, registered())))
    return _REGISTRY[name]


def random_gates(rng: np.random.Generator, batch: int, count: int) -> NDArray[np.bool_]:
    """Draw lists [batch, count] of gates, True for and, False for or.

    Gate g reads values 2g and 2g + 1 of the list of inputs and earlier gates' outputs. With
    2^n - 1 gates on 2^n fair, independent inputs that is a binary tree, a gate's two arguments are
    independent, and its output is true with probability p q (and) or p + q - p q (or). Level by
    level, each gate is random among those that keep this within `GATE_RANGE`; if none does, it is
    the one that comes nearer to one half, a tie again drawn at random. Any other count: fair coins.
    """
    conjunctions = rng.integers(2, size=(batch, count)).astype(np.bool_)
    if (count + 1) & count:
        return conjunctions
    true = np.full((batch, count + 1), 0.5)  # [B, values of one level]
    first = 0
    while true.shape[1] > 1:
        p, q = true[:, 0::2], true[:, 1::2]
        both, either = p * q, p + q - p * q
        level = conjunctions[:, first : first + p.shape[1]]
        # Of the two, `both` is nearer to one half exactly when p + q > 1; equal up to rounding is a tie.
        nearer = np.where(np.isclose(p + q, 1.0), level, p + q > 1.0)
        choice = (both >= GATE_RANGE[0]) & (either <= GATE_RANGE[1])
        level[:] = np.where(choice, level, nearer)
        true = np.where(level, both, either)
        first += p.shape[1]
    return conjunctions


def white_noise(rng: np.random.Generator, batch: int, count: int) -> NDArray[np.float64]:
    """Draw independent standard normals, [batch, count]."""
    return rng.standard_normal((batch, count))


def _size(value: Any, what: str, least: int) -> int:
    """`value` as an integer, refused with a sentence that says `what` it is."""
    try:
        size = index(value)
    except TypeError:
        raise ValueError(f"{what} must be an integer, not {value!r}") from None
    if isinstance(value, bool) or size < least:
        raise ValueError(f"{what} must be an integer of at least {least}, not {value!r}")
    return size


def _grid_shape(side: Any) -> tuple[int, ...]:
    return (_size(side, "a sudoku's box side", 1),) * 4


def _gate_shape(count: Any) -> tuple[int, ...]:
    return (_size(count, "the number of gates", 0),)


def _noise_shape(count: Any) -> tuple[int, ...]:
    return (_size(count, "the length of white noise", 0),)


register(
    "sudoku-grid",
    sudoku_grids,
    kind=lambda side: category(side * side),
    shape=_grid_shape,
    exchangeable=(True, True, True, True),
    work=5000,
)
register(
    "random-gates",
    random_gates,
    kind=lambda count: BOOLEAN,
    shape=_gate_shape,
    exchangeable=(False,),
)
register(
    "white-noise",
    white_noise,
    kind=lambda count: REAL,
    shape=_noise_shape,
    exchangeable=(True,),
)
