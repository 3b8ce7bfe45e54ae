"""Training batches: fresh draws of the program, each step's from its own seed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from gsdmc.diffusion.standardise import Standardiser
from gsdmc.language.source import GsdmcError
from gsdmc.layout.layout import Layout
from gsdmc.training.conditioning import Conditioning
from gsdmc.training.masks import draw_masks
from gsdmc.training.problem import Problem
from gsdmc.training.seeds import derive, generator

DRAWS, MASKS, SIZES, SCALES, NOISE, WEIGHTS = range(6)
"""Streams of random numbers, each independent of the others."""

CHUNK = 16
"""Steps whose batches are simulated in one call, to spread its fixed cost."""


@dataclass(frozen=True)
class Batch:
    """One step's data: the layout at its size; by array, values `[B, *value_shape]`, masks `[B, *shape]`."""

    layout: Layout
    values: dict[str, Tensor]
    observed: dict[str, Tensor]

    def to(self, device: torch.device) -> Batch:
        """The batch on a device, itself where that is the CPU."""
        if device.type == "cpu":
            return self
        values, observed = (
            {name: tensor.to(device, non_blocking=True) for name, tensor in part.items()}
            for part in (self.values, self.observed)
        )
        return Batch(self.layout.to(device), values, observed)


class Batches:
    """The batch of any step, a function of (problem, seed, step) alone."""

    def __init__(
        self,
        problem: Problem,
        batch: int,
        seed: int,
        vary: Sequence[str] = (),
        conditioning: Conditioning = "mixture",
        missing: float = 0.0,
    ) -> None:
        for name in vary:
            if name not in problem.ranges:
                raise GsdmcError(
                    f"size {name!r} has no training range",
                    hint=f"write (def ^{{:in [1 10]}} {name} ...), or give one: --vary {name}=1..10",
                )
        self.problem, self.batch, self.seed, self.vary = problem, batch, seed, tuple(vary)
        self.conditioning, self.missing = conditioning, missing
        self._chunk: tuple[int, dict[str, Tensor]] | None = None

    def __call__(self, step: int) -> Batch:
        """Draw the batch of a step."""
        problem = self.sized(step, SIZES)
        return Batch(problem.layout, self.draws(step, problem), self.masks(step, problem))

    def draws(self, step: int, problem: Problem) -> dict[str, Tensor]:
        """The joint draws of a step's batch, at the step's sizes."""
        if self.vary:
            return problem.simulate(self.batch, derive(self.seed, DRAWS, step))
        number, part = divmod(step, CHUNK)
        if self._chunk is None or self._chunk[0] != number:
            drawn = problem.simulate(self.batch * CHUNK, derive(self.seed, DRAWS, number))
            self._chunk = (number, drawn)
        rows = slice(part * self.batch, (part + 1) * self.batch)
        return {name: value[rows] for name, value in self._chunk[1].items()}

    def masks(self, step: int, problem: Problem) -> dict[str, Tensor]:
        """What is evidence in a step's batch."""
        random = generator(self.seed, MASKS, step)
        how = (self.conditioning, self.missing)
        return draw_masks(problem.layout, problem.givens, self.batch, random, *how)

    def sized(self, step: int, stream: int) -> Problem:
        """The problem at a step's sizes, each uniform in its range."""
        if not self.vary:
            return self.problem
        sizes = {}
        for position, name in enumerate(self.vary):
            low, high = self.problem.ranges[name]
            sizes[name] = low + derive(self.seed, stream, step, position) % (high - low + 1)
        return self.problem.resized(**sizes)

    def scales(self, draws: int = 4096, sizes: int = 16, *, bijections: bool = True) -> Standardiser:
        """Scales of the reals, from about `draws` draws, spread over `sizes` sizes where sizes vary.

        With `bijections`, of what these make of the draws.
        """
        rounds = sizes if self.vary else 1
        sized = (self.sized(i, SCALES) for i in range(rounds))
        pairs: Iterator[tuple[Layout, dict[str, Tensor]]] = (
            (p.layout, p.simulate(draws // rounds, derive(self.seed, SCALES, i))) for i, p in enumerate(sized)
        )
        return Standardiser.estimate(self.problem.layout, pairs, bijections=bijections)
