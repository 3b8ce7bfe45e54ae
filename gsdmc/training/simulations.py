"""Training on a fixed set of simulations, for programs whose draws are dear or counted."""

from __future__ import annotations

import torch
from torch import Tensor

from gsdmc.diffusion.standardise import Standardiser
from gsdmc.training.conditioning import Conditioning
from gsdmc.training.data import DRAWS, Batches
from gsdmc.training.problem import Problem
from gsdmc.training.seeds import derive, generator

ORDER = 6
"""The stream of random numbers that orders the simulations, after those of `gsdmc.training.data`."""


class FixedBatches(Batches):
    """Batches of a fixed set of joint draws: every epoch is the whole set, in an order of its own.

    Where the batch does not divide the set, a batch spans the end of one epoch and the start of the next.
    Evidence masks are drawn afresh at each step, and scales come from the set, so that nothing but its
    `simulations` draws is learnt from. As in `Batches`, a batch follows from problem, seed and step alone.
    """

    def __init__(
        self,
        problem: Problem,
        batch: int,
        seed: int,
        simulations: int,
        conditioning: Conditioning = "mixture",
        missing: float = 0.0,
    ) -> None:
        if simulations < 1:
            raise ValueError(f"a set of simulations has at least one, not {simulations}")
        super().__init__(problem, batch, seed, conditioning=conditioning, missing=missing)
        self.simulations = simulations
        self.drawn = problem.simulate(simulations, derive(seed, DRAWS))
        self._orders: dict[int, Tensor] = {}

    def rows(self, step: int) -> Tensor:
        """Which simulations a step's batch holds: `[batch]`."""
        first = step * self.batch
        last = first + self.batch
        epochs = range(first // self.simulations, (last - 1) // self.simulations + 1)
        self._orders = {epoch: self._order(epoch) for epoch in epochs}
        order = torch.cat([self._orders[epoch] for epoch in epochs])
        start = first - epochs[0] * self.simulations
        return order[start : start + self.batch]

    def draws(self, step: int, problem: Problem) -> dict[str, Tensor]:
        """The joint draws of a step's batch."""
        rows = self.rows(step)
        return {name: value[rows] for name, value in self.drawn.items()}

    def scales(self, draws: int = 4096, sizes: int = 16, *, bijections: bool = True) -> Standardiser:
        """Scales of the reals, from the set alone."""
        layout = self.problem.layout
        return Standardiser.estimate(layout, iter([(layout, self.drawn)]), bijections=bijections)

    def _order(self, epoch: int) -> Tensor:
        if epoch in self._orders:
            return self._orders[epoch]
        return torch.randperm(self.simulations, generator=generator(self.seed, ORDER, epoch))
