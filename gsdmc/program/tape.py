"""The tape: a program with its sizes known, as array instructions over named axes.

Evaluation writes it once; the readings (`run`, `trace`, `verify`, restoration) interpret it. An
instruction stands for a value that varies over the batch and over its `axes`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from gsdmc.language.kinds import Kind
from gsdmc.language.source import Span
from gsdmc.program.axes import Axis, Fact, IndexMap
from gsdmc.program.externs import ExternSpec
from gsdmc.program.meter import check_axes


@dataclass(frozen=True)
class Type:
    """What is known of a scalar: its base, and for numbers the range that it can't leave."""

    base: Literal["bool", "int", "real"]
    low: float = -np.inf
    high: float = np.inf


BOOL = Type("bool", 0, 1)
REAL_TYPE = Type("real")


@dataclass(eq=False, kw_only=True)
class Instruction:
    """A value of the program. `facts` are what computing it says of its axes."""

    inputs: tuple[Instruction, ...] = ()
    axes: tuple[Axis, ...]
    type: Type
    span: Span
    facts: tuple[Fact, ...] = ()

    def __post_init__(self) -> None:
        check_axes(len(self.axes), self.span)


@dataclass(eq=False, kw_only=True)
class Const(Instruction):
    """Values known at compile time, one dimension per axis."""

    values: NDArray[np.generic]


@dataclass(eq=False, kw_only=True)
class Apply(Instruction):
    """An element-wise function of the inputs, by its builtin name."""

    function: str


@dataclass(eq=False, kw_only=True)
class Gather(Instruction):
    """The input with `axis` replaced by a static index map."""

    axis: Axis
    index: IndexMap


@dataclass(eq=False, kw_only=True)
class Lookup(Instruction):
    """The first input with `axis` replaced by a random index, the second input."""

    axis: Axis


@dataclass(eq=False, kw_only=True)
class Reduce(Instruction):
    """A symmetric function (`+ * min max and or`) of the input over `axis`."""

    function: str
    axis: Axis


@dataclass(eq=False, kw_only=True)
class VectorOp(Instruction):
    """A builtin of a whole vector: consumes `consumed`, and may make the axis `made`."""

    function: str
    consumed: tuple[Axis, ...]
    made: Axis | None = None


@dataclass(eq=False, kw_only=True)
class Stack(Instruction):
    """The inputs side by side along `axis`."""

    axis: Axis


@dataclass(eq=False, kw_only=True)
class ExternCall(Instruction):
    """A registered function, drawn anew for every batch; its dimensions are the axes."""

    extern: ExternSpec
    args: tuple[int | float, ...]
    key: str


@dataclass(eq=False, kw_only=True)
class Untracked(Instruction):
    """The input's value without its dependences and facts."""


@dataclass(eq=False, kw_only=True)
class Alias(Instruction):
    """The input's value; carries facts."""


Coordinate = Axis | tuple[Axis, int]


@dataclass(eq=False, kw_only=True)
class Draw(Instruction):
    """Variables of one array, drawn from a distribution whose arguments are the inputs.

    `coordinates` says for each dimension whether all of the iteration is drawn here (the axis) or
    one replica (axis, index). `trailing` has, for each input, the axes of its own elements: one where it
    is a vector, two for a matrix, a mixture's components first. `component` names the distribution that a
    mixture mixes. `channel` is the axis of the elements of what is one vector. `evidence` is the value
    that an `observe` gives, `condition` what must hold for it to count, `calls` the calls around the
    form, innermost first. An `inlined` draw is no variable: it passes on what it depends on.
    """

    array: str
    coordinates: tuple[Coordinate, ...]
    distribution: str
    slots: tuple[str, ...]
    kind: Kind
    text: str
    trailing: tuple[tuple[Axis, ...], ...]
    component: str | None = None
    channel: Axis | None = None
    generated: bool = False
    evidence: Const | None = None
    condition: Instruction | None = None
    calls: tuple[Span, ...] = ()
    inlined: bool = False

    @property
    def replicas(self) -> tuple[Axis, ...]:
        """The axes without the channel: one variable for each of their replicas."""
        return self.axes if self.channel is None else self.axes[:-1]

    @property
    def dims(self) -> tuple[Axis, ...]:
        """The axis of every dimension of the array."""
        return tuple(c if isinstance(c, Axis) else c[0] for c in self.coordinates)

    @property
    def deterministic(self) -> bool:
        """Whether the distribution is a `dirac`."""
        return self.distribution == "dirac"

    @cached_property
    def shares(self) -> bool:
        """Whether its values lie where another instruction's do: a `dirac` of what was not just computed."""
        source = self.inputs[0] if self.deterministic else None
        while isinstance(source, Alias | Untracked):
            source = source.inputs[0]
        return isinstance(source, Draw | Gather | Const | ExternCall)

    @cached_property
    def region(self) -> tuple[slice | int, ...]:
        """The part of the array that is drawn here, behind the batch dimension."""
        return (slice(None), *(slice(None) if isinstance(c, Axis) else c[1] for c in self.coordinates))


@dataclass(eq=False, kw_only=True)
class FactorUse:
    """One `factor` form, as often as its free axes say; `value` is its boolean."""

    name: str
    value: Instruction
    axes: tuple[Axis, ...]
    dims: tuple[Axis, ...]
    text: str
    span: Span


@dataclass
class Tape:
    """A program's instructions in the order that the source makes them.

    `facts` hold for the whole program, `unrolled` says which iterations could not be plated and why,
    `sizes` are the whole-number `def`s, `frozen` the data that `def`s drew with their seed.
    """

    draws: list[Draw] = field(default_factory=list)
    factors: list[FactorUse] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
    unrolled: list[tuple[Axis, str]] = field(default_factory=list)
    result: tuple[Instruction, ...] = ()
    sizes: dict[str, int] = field(default_factory=dict)
    frozen: dict[str, NDArray[np.generic]] = field(default_factory=dict)

    def mark(self) -> tuple[int, int, int, int]:
        """The tape's present length, for `rewind`."""
        return len(self.draws), len(self.factors), len(self.facts), len(self.unrolled)

    def rewind(self, mark: tuple[int, int, int, int]) -> None:
        """Forget what was written since `mark`."""
        del self.draws[mark[0] :], self.factors[mark[1] :], self.facts[mark[2] :], self.unrolled[mark[3] :]
