"""The reading `score`: the log density of given values."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from gsdmc.language.source import GsdmcError
from gsdmc.program.distributions import law_of
from gsdmc.program.interpreter import Interpreter
from gsdmc.program.readings import Replay, default_evidence, dtype_of
from gsdmc.program.structure import reads
from gsdmc.program.tape import Draw, ExternCall, Instruction, Tape
from gsdmc.program.wholeness import WHOLE


class Score(Replay):
    """Log densities of given values, `[B, *replicas]` per draw.

    Arrays of computed values alone may be left out: they are computed.
    """

    def __init__(self, values: Mapping[str, Tensor], batch: int, dtype: torch.dtype) -> None:
        self.values, self.batch, self.dtype = values, batch, dtype
        self.densities: dict[Draw, Tensor] = {}

    def draw(self, draw: Draw, arguments: list[Tensor]) -> Tensor:
        """The given values; for a distribution with a density, note it."""
        kept = dtype_of(draw.kind, self.dtype)
        if draw.array not in self.values:
            shape = (self.batch, *(a.size for a in draw.axes))
            return arguments[0].to(kept).expand(shape)
        given = self.values[draw.array][draw.region]
        given = given.to(kept) if kept == self.dtype else given
        if not draw.deterministic:
            if draw.distribution not in WHOLE:
                arguments = [a.to(self.dtype) for a in arguments]
            sizes = (a.size for a in draw.replicas)
            self.densities[draw] = law_of(draw).density(given, *arguments).expand(self.batch, *sizes)
        return given

    def condition(self, draw: Draw, holds: Tensor) -> None:
        """An observation in the arm that is not taken adds nothing."""
        density = self.densities.get(draw)
        if density is not None:
            self.densities[draw] = torch.where(holds, density, torch.zeros_like(density))

    def total(self) -> Tensor:
        """The log density of each member, `[B]`."""
        total = torch.zeros(self.batch, dtype=self.dtype)
        for density in self.densities.values():
            total = total + density.to(self.dtype).reshape(self.batch, -1).sum(1)
        return total


def score(
    interpreter: Interpreter, values: Mapping[str, Tensor], dtype: torch.dtype = torch.float64
) -> Tensor:
    """The log density of joint values, `[B]`: differentiable in the reals among them.

    `dirac` variables and factors add nothing. Where values are outside the support it is -inf.

    Args:
        interpreter: the program.
        values: `[B, *shape]` per array (`[B, *shape, K]` for vectors). Observed arrays may be left out, the
            program's own values stand in for them; so may `dirac` arrays, which are computed.
        dtype: in which to compute.

    Raises:
        GsdmcError: values of an array are missing, or a density depends on an `extern` that has no name.
    """
    batch = next((len(v) for v in values.values()), 1)
    given = {**values, **_evidence(interpreter.tape, values, batch)}
    for draw in interpreter.tape.draws:
        if draw.array not in given and (not draw.deterministic or draw.generated):
            raise GsdmcError(f'the values of "{draw.array}" are missing', draw.span)
    _check_visible(interpreter.tape)
    reading = Score(given, batch, dtype)
    interpreter.run(reading)
    return reading.total()


def _check_visible(tape: Tape) -> None:
    """Refuse densities that depend on values which are no variables.

    Raises:
        GsdmcError: one does, on an `extern`.
    """
    known: dict[Instruction, bool] = {}
    for draw in tape.draws:
        needed = [] if draw.deterministic else [*draw.inputs]
        needed += [] if draw.condition is None else [draw.condition]
        if any(reads(i, ExternCall, memo=known) for i in needed):
            raise GsdmcError(
                f'the density of "{draw.array}" depends on an `extern` that is no variable',
                draw.span,
                calls=draw.calls,
                hint='name its values first: `(sample "x" (dirac ...))`',
            )


def _evidence(tape: Tape, values: Mapping[str, Tensor], batch: int) -> dict[str, Tensor]:
    """The program's own values of wholly observed arrays that are not given."""
    kinds = {draw.array: draw.kind for draw in tape.draws}
    return {
        name: torch.as_tensor(value).to(dtype_of(kinds[name], torch.float64)).expand(batch, *value.shape)
        for name, (value, known) in default_evidence(tape).items()
        if name not in values and known.all()
    }
