"""The readings of a tape: `run` draws joint samples, `verify` measures residuals, `restore` recomputes."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gsdmc.language.kinds import Kind
from gsdmc.language.source import GsdmcError
from gsdmc.program.arrays import Arrays
from gsdmc.program.axes import spread
from gsdmc.program.distributions import Noise, law_of, noise_values
from gsdmc.program.interpreter import Interpreter
from gsdmc.program.tape import Draw, ExternCall, FactorUse, Tape, VectorOp

MAX_REDRAWS = 100
"""Times that batch members with exact ties are drawn again before giving up."""


def seed_of(*parts: object) -> int:
    """A 63-bit seed that depends on every part."""
    text = "/".join(str(p) for p in parts)
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little") >> 1


def dtype_of(kind: Kind, real: torch.dtype) -> torch.dtype:
    """The tensor type of a kind's values."""
    return {"real": real, "vector": real, "boolean": torch.bool}.get(kind.name, torch.int64)


class Run:
    """The reading `run`: joint samples. Noise goes by seed, array and index."""

    def __init__(self, batch: int, seed: int, dtype: torch.dtype) -> None:
        self.batch = batch
        self.seed = seed
        self.dtype = dtype
        self.arrays = Arrays(batch)
        self.ties = torch.zeros(batch, dtype=torch.bool)
        self.sorted: VectorOp | None = None
        self.noise: dict[str, Tensor] = {}

    def draw(self, draw: Draw, arguments: list[Tensor]) -> Tensor:
        """Draw from the distribution."""
        law = law_of(draw)
        shape = (self.batch, *(a.size for a in draw.axes))
        if draw.deterministic:
            value = arguments[0].clone() if draw.shares else arguments[0]
        else:
            value = law.draw(*(self.noise_of(draw, noise) for noise in law.noise), *arguments)
        value = value.to(dtype_of(draw.kind, self.dtype)).expand(shape)
        self.arrays.put(draw, value)
        return value

    def noise_of(self, draw: Draw, noise: Noise) -> Tensor:
        """The noise of the elements that a draw fills."""
        key = f"{draw.array}/{noise.name}"
        if key not in self.noise:
            self.noise[key] = self.stream(draw, noise, seed_of(self.seed, key))
        return self.noise[key][draw.region]

    def stream(self, draw: Draw, noise: Noise, seed: int) -> Tensor:
        """The noise of all elements of a draw's array."""
        generator = torch.Generator().manual_seed(seed)
        channels = draw.kind.event_shape if noise.channels else ()
        shape = (self.batch, *(a.size for a in draw.dims), *channels)
        return noise_values(noise, shape, generator, self.dtype)

    def extern(self, call: ExternCall) -> Tensor:
        """Call the registered function.

        Raises:
            GsdmcError: whatever it raises, or values that it does not declare.
        """
        rng = np.random.default_rng(seed_of(self.seed, call.key))
        try:
            drawn = call.extern.draw(rng, self.batch, *call.args)
        except Exception as error:
            what = " ".join(str(error).split()) or type(error).__name__
            raise GsdmcError(
                f"`{call.extern.name}` failed: {what}",
                call.span,
                hint="the fault lies in the function that is registered from Python under this name",
            ) from error
        values = torch.from_numpy(np.ascontiguousarray(drawn))
        return values.to(dtype_of(call.extern.kind(*call.args), self.dtype))

    def condition(self, draw: Draw, holds: Tensor) -> None:
        """Nothing: an observed variable is drawn like any other."""

    def factor(self, factor: FactorUse, holds: Tensor) -> None:
        """Nothing: draws satisfy their factors, which `verify` checks."""

    def tied(self, sort: VectorOp, members: Tensor) -> None:
        """Remember members with ties: the order of equal values is no function of them."""
        self.ties = self.ties | members
        self.sorted = sort


def run(
    interpreter: Interpreter,
    batch: int,
    seed: int,
    dtype: torch.dtype = torch.float32,
    reading_type: type[Run] = Run,
    redraws: int | None = None,
) -> dict[str, Tensor]:
    """Draw joint samples, `[B, *shape]` per array (`[B, *shape, K]` for vectors).

    Members in which an `argsort` met equal values are drawn again, so exact ties never occur.

    Args:
        interpreter: the program.
        batch: how many.
        seed: of the noise.
        dtype: of the reals.
        reading_type: what draws them.
        redraws: how often members with ties are drawn again, after which they are left out; None draws
            them `MAX_REDRAWS` times and leaves none out.

    Raises:
        GsdmcError: ties in every redraw, or values for which the program is not defined.
    """
    reading = reading_type(batch, seed, dtype)
    interpreter.run(reading)
    values = reading.arrays.whole(interpreter.assemblies)
    tied = reading.ties
    for attempt in range(MAX_REDRAWS if redraws is None else redraws):
        if not tied.any():
            return values
        again = reading_type(batch, seed_of(seed, "redraw", attempt), dtype)
        interpreter.run(again)
        for name, value in again.arrays.whole(interpreter.assemblies).items():
            replace = tied.reshape(-1, *[1] * (value.dim() - 1))
            values[name] = torch.where(replace, value, values[name])
        tied = tied & again.ties
    if not tied.any() or (redraws is not None and not tied.all()):
        return {name: value[~tied] for name, value in values.items()}
    assert reading.sorted is not None
    raise GsdmcError(
        "`argsort` meets equal values in every draw, and their order is not defined",
        reading.sorted.span,
        hint="sort values of a continuous distribution",
    )


def default_evidence(tape: Tape) -> dict[str, tuple[NDArray[Any], NDArray[np.bool_]]]:
    """Values that `observe` gives, `[*shape]` or for vectors `[*shape, K]`, and where, `[*shape]`."""
    found: dict[str, tuple[NDArray[Any], NDArray[np.bool_]]] = {}
    for draw in tape.draws:
        if draw.evidence is None:
            continue
        shape = tuple(a.size for a in draw.dims)
        whole = (*shape, *draw.kind.event_shape)
        values, given = found.setdefault(draw.array, (np.zeros(whole), np.zeros(shape, dtype=bool)))
        here = draw.region[1:]
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

    def condition(self, draw: Draw, holds: Tensor) -> None:
        """Nothing."""

    def factor(self, factor: FactorUse, holds: Tensor) -> None:
        """Nothing."""

    def tied(self, sort: VectorOp, members: Tensor) -> None:
        """Nothing: given values may be anything."""


class Verify(Replay):
    """The reading `verify`: how far values are from what the program says."""

    def __init__(self, values: Mapping[str, Tensor], dtype: torch.dtype) -> None:
        super().__init__(values, dtype)
        self.arrays = Arrays(self.batch)
        self.factors: dict[str, list[Tensor]] = {}

    def draw(self, draw: Draw, arguments: list[Tensor]) -> Tensor:
        """The given values; for a `dirac`, note its residual."""
        given = self.values[draw.array][draw.region]
        if draw.deterministic and not draw.generated:
            target = arguments[0].expand(given.shape)
            self.arrays.put(draw, target.to(self.dtype) - given.to(self.dtype))
        return given

    def factor(self, factor: FactorUse, holds: Tensor) -> None:
        """Note whether each instance holds."""
        sizes = [a.size for a in factor.axes]
        every = holds.expand(self.batch, *sizes).reshape(self.batch, math.prod(sizes))
        self.factors.setdefault(factor.name, []).append(every)


@dataclass(frozen=True)
class Residuals:
    """How far joint values are from what the program says.

    `dirac` holds computed minus given values, `[B, *shape]` per deterministic array (0 for elements
    that are sampled or generated); `factors` whether each instance of a factor holds, boolean
    `[B, instances]`.
    """

    dirac: dict[str, Tensor]
    factors: dict[str, Tensor]


def verify(
    interpreter: Interpreter, values: Mapping[str, Tensor], dtype: torch.dtype = torch.float32
) -> Residuals:
    """Measure every `dirac` and every factor on joint values, `[B, *shape]` per array."""
    reading = Verify(values, dtype)
    interpreter.run(reading)
    factors = {name: torch.cat(holds, dim=1) for name, holds in reading.factors.items()}
    return Residuals(reading.arrays.whole(interpreter.assemblies), factors)


class Restore(Replay):
    """The reading `restore`: `dirac` nodes recomputed from their parents, in the program's order."""

    def __init__(self, values: Mapping[str, Tensor], keep: Mapping[str, Tensor], dtype: torch.dtype) -> None:
        super().__init__(values, dtype)
        self.keep = keep
        self.arrays = Arrays(self.batch)

    def draw(self, draw: Draw, arguments: list[Tensor]) -> Tensor:
        """The computed value of a `dirac` that is not kept, else the given one."""
        value = self.values[draw.array][draw.region]
        if draw.deterministic and not draw.generated:
            computed = arguments[0].to(value.dtype).expand(value.shape)
            kept = self.keep.get(draw.array)
            if kept is not None:
                held = kept[draw.region]
                held = held.unsqueeze(-1) if held.dim() < value.dim() else held  # a vector is kept whole
                computed = torch.where(held, value, computed)
            value = computed
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
    return reading.arrays.whole(interpreter.assemblies)
