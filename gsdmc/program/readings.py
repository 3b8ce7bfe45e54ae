"""The readings of a tape: `run` draws joint samples, `verify` measures residuals, `restore` recomputes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gsdmc.language.kinds import Kind
from gsdmc.program.axes import Axis, spread
from gsdmc.program.distributions import DISTRIBUTIONS, uniform_noise
from gsdmc.program.interpreter import Interpreter
from gsdmc.program.tape import Draw, ExternCall, FactorUse, Tape

MAX_REDRAWS = 100
"""Times that batch members with exact ties are drawn again before giving up."""


def seed_of(*parts: object) -> int:
    """A 63-bit seed that depends on every part."""
    text = "/".join(str(p) for p in parts)
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little") >> 1


def dtype_of(kind: Kind, real: torch.dtype) -> torch.dtype:
    """The tensor type of a kind's values."""
    return {"real": real, "boolean": torch.bool}.get(kind.name, torch.int64)


def region(draw: Draw) -> tuple[slice | int, ...]:
    """The part of the array that a draw fills, behind the batch dimension."""
    return (slice(None), *(slice(None) if isinstance(c, Axis) else c[1] for c in draw.coordinates))


@dataclass
class Arrays:
    """Array values being put together from draws."""

    batch: int
    parts: dict[str, Tensor] = field(default_factory=dict)

    def put(self, draw: Draw, value: Tensor) -> None:
        """Note a draw's values, `[B, *axes]`."""
        if all(isinstance(c, Axis) for c in draw.coordinates):
            self.parts[draw.array] = value
            return
        if draw.array not in self.parts:
            shape = (self.batch, *(a.size for a in draw.dims))
            self.parts[draw.array] = torch.empty(shape, dtype=value.dtype)
        self.parts[draw.array][region(draw)] = value


class Run:
    """The reading `run`: joint samples. Noise goes by seed, array and index."""

    def __init__(self, batch: int, seed: int, dtype: torch.dtype) -> None:
        self.batch = batch
        self.seed = seed
        self.dtype = dtype
        self.arrays = Arrays(batch)
        self.ties = torch.zeros(batch, dtype=torch.bool)
        self.noise: dict[str, Tensor] = {}

    def draw(self, draw: Draw, arguments: list[Tensor]) -> Tensor:
        """Draw from the distribution."""
        spec = DISTRIBUTIONS[draw.distribution]
        shape = (self.batch, *(a.size for a in draw.axes))
        if spec.noise == "none":
            value = spec.draw(*arguments)
        else:
            value = spec.draw(self.noise_of(draw, spec.noise), *arguments)
        value = value.to(dtype_of(draw.kind, self.dtype)).expand(shape)
        self.arrays.put(draw, value)
        return value

    def noise_of(self, draw: Draw, noise: str) -> Tensor:
        """The noise of the elements that a draw fills."""
        key = f"{draw.array}/{noise}"
        if key not in self.noise:
            generator = torch.Generator().manual_seed(seed_of(self.seed, key))
            shape = (self.batch, *(a.size for a in draw.dims))
            self.noise[key] = (
                torch.randn(shape, generator=generator, dtype=self.dtype)
                if noise == "normal"
                else uniform_noise(shape, generator, self.dtype)
            )
        return self.noise[key][region(draw)]

    def extern(self, call: ExternCall) -> Tensor:
        """Call the registered function."""
        rng = np.random.default_rng(seed_of(self.seed, call.key))
        values = torch.from_numpy(np.ascontiguousarray(call.extern.draw(rng, self.batch, *call.args)))
        return values.to(dtype_of(call.extern.kind(*call.args), self.dtype))

    def factor(self, factor: FactorUse, holds: Tensor) -> None:
        """Nothing: draws satisfy their factors, which `verify` checks."""

    def tied(self, members: Tensor) -> None:
        """Remember members with ties: sorting is defined for distinct values only."""
        self.ties = self.ties | members


def run(
    interpreter: Interpreter, batch: int, seed: int, dtype: torch.dtype = torch.float32
) -> dict[str, Tensor]:
    """Draw joint samples, `[B, *shape]` per array.

    Members in which a sort met equal values are drawn again, so exact ties never occur.

    Raises:
        RuntimeError: ties in every redraw; the program sorts discrete values.
    """
    reading = Run(batch, seed, dtype)
    interpreter.run(reading)
    values = {d.array: reading.arrays.parts[d.array] for d in interpreter.tape.draws}
    tied = reading.ties
    for attempt in range(MAX_REDRAWS):
        if not tied.any():
            return values
        again = Run(batch, seed_of(seed, "redraw", attempt), dtype)
        interpreter.run(again)
        for name, value in again.arrays.parts.items():
            replace = tied.reshape(-1, *[1] * (value.dim() - 1))
            values[name] = torch.where(replace, value, values[name])
        tied = tied & again.ties
    raise RuntimeError("sorting meets equal values in every draw; it is defined for distinct values only")


def default_evidence(tape: Tape) -> dict[str, tuple[NDArray[Any], NDArray[np.bool_]]]:
    """Values that `observe` gives, and where, per observed array."""
    found: dict[str, tuple[NDArray[Any], NDArray[np.bool_]]] = {}
    for draw in tape.draws:
        if draw.evidence is None:
            continue
        shape = tuple(a.size for a in draw.dims)
        values, given = found.setdefault(draw.array, (np.zeros(shape), np.zeros(shape, dtype=bool)))
        here = region(draw)[1:]
        values[here] = spread(draw.evidence.values, draw.evidence.axes, draw.axes)
        given[here] = True
    return found


class Replay:
    """A reading over given values, `[B, *shape]` per array."""

    def __init__(self, values: Mapping[str, Tensor], dtype: torch.dtype) -> None:
        self.values = values
        self.batch = next(iter(values.values())).shape[0]
        self.dtype = dtype

    def extern(self, call: ExternCall) -> Tensor:
        """A placeholder: values that it generates are given, so nothing reads it."""
        shape = (1, *(a.size for a in call.axes))
        return torch.zeros(shape, dtype=dtype_of(call.extern.kind(*call.args), self.dtype))

    def factor(self, factor: FactorUse, holds: Tensor) -> None:
        """Nothing."""

    def tied(self, members: Tensor) -> None:
        """Nothing."""


class Verify(Replay):
    """The reading `verify`: how far values are from what the program says."""

    def __init__(self, values: Mapping[str, Tensor], dtype: torch.dtype) -> None:
        super().__init__(values, dtype)
        self.arrays = Arrays(self.batch)
        self.factors: dict[str, list[Tensor]] = {}

    def draw(self, draw: Draw, arguments: list[Tensor]) -> Tensor:
        """The given values; for a `dirac`, note its residual."""
        given = self.values[draw.array][region(draw)]
        if draw.deterministic and not draw.generated:
            target = arguments[0].expand(given.shape)
            self.arrays.put(draw, target.to(self.dtype) - given.to(self.dtype))
        return given

    def factor(self, factor: FactorUse, holds: Tensor) -> None:
        """Note whether each instance holds."""
        shape = (self.batch, *(a.size for a in factor.axes))
        self.factors.setdefault(factor.name, []).append(holds.expand(shape).flatten(1))


@dataclass(frozen=True)
class Residuals:
    """How far joint values are from what the program says.

    `dirac` holds computed minus given values, `[B, *shape]` per deterministic array; `factors`
    whether each instance of a factor holds, boolean `[B, instances]`.
    """

    dirac: dict[str, Tensor]
    factors: dict[str, Tensor]


def verify(
    interpreter: Interpreter, values: Mapping[str, Tensor], dtype: torch.dtype = torch.float32
) -> Residuals:
    """Measure every `dirac` and every factor on joint values, `[B, *shape]` per array."""
    reading = Verify(values, dtype)
    interpreter.run(reading)
    return Residuals(reading.arrays.parts, {n: torch.cat(v, dim=1) for n, v in reading.factors.items()})


class Restore(Replay):
    """The reading `restore`: `dirac` nodes recomputed from their parents, in the program's order."""

    def __init__(self, values: Mapping[str, Tensor], keep: Mapping[str, Tensor], dtype: torch.dtype) -> None:
        super().__init__(values, dtype)
        self.keep = keep
        self.arrays = Arrays(self.batch)

    def draw(self, draw: Draw, arguments: list[Tensor]) -> Tensor:
        """The computed value of a `dirac` that is not kept, else the given one."""
        value = self.values[draw.array][region(draw)]
        if draw.deterministic and not draw.generated:
            computed = arguments[0].to(value.dtype).expand(value.shape)
            kept = self.keep.get(draw.array)
            value = computed if kept is None else torch.where(kept[region(draw)], value, computed)
        self.arrays.put(draw, value)
        return value


def restore(
    interpreter: Interpreter,
    values: Mapping[str, Tensor],
    keep: Mapping[str, Tensor] | None = None,
    dtype: torch.dtype = torch.float32,
) -> dict[str, Tensor]:
    """Recompute `dirac` nodes from their parents, except where `keep` (boolean, per array) is true.

    Generated nodes keep their values.
    """
    reading = Restore(values, keep or {}, dtype)
    interpreter.run(reading)
    return {d.array: reading.arrays.parts[d.array] for d in interpreter.tape.draws}
