"""What one process computes of a step's batch: some of its rows, in one pass or in several."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from gsdmc.diffusion.part import Part
from gsdmc.training.data import SIZES, Batch, Batches
from gsdmc.training.ranks import Ranks
from gsdmc.training.simulations import FixedBatches
from gsdmc.training.turns import Turns


@dataclass(frozen=True)
class Shard:
    """Rows of a batch for one pass: the data, and which rows they are, None where they are all."""

    batch: Batch
    part: Part | None

    def rows(self, whole: Tensor) -> Tensor:
        """The pass's rows of a tensor `[T, ...]` of the whole batch."""
        if self.part is None:
            return whole
        size = len(next(iter(self.batch.values.values())))
        return whole[self.part.first : self.part.first + size]


class Shards:
    """Deals a batch of `processes * passes * size` examples out, its rows in this order.

    The whole batch is what a single process would have drawn, so that the same steps are taken however it is
    dealt, but for rounding. Simulations are shared out, see `Turns`; masks are cheap, and so all draw all of
    them, which tells them how much of the whole is latent.
    """

    def __init__(self, batches: Batches, ranks: Ranks, size: int, passes: int) -> None:
        """Args are the whole batches, the processes, examples in a pass, and passes in a step.

        Raises:
            ValueError: batches of another size.
        """
        if batches.batch != size * passes * ranks.size:
            raise ValueError(f"{batches.batch} examples are not {ranks.size} × {passes} × {size}")
        self.batches, self.size, self.passes = batches, size, passes
        self.first = ranks.place.rank * passes * size
        fresh = not isinstance(batches, FixedBatches)
        self.turns = Turns(batches, ranks) if fresh and ranks.size > 1 else None

    def __call__(self, step: int) -> list[Shard]:
        """This process's passes of a step; of several processes, all call for the same steps."""
        if self.batches.batch == self.size:
            return [Shard(self.batches(step), None)]
        problem = self.batches.sized(step, SIZES)
        if self.turns is None:
            drawn = self.batches.draws(step, problem)
            values = {name: value[self._rows(self.first, self.passes)] for name, value in drawn.items()}
        else:
            values = self.turns(step)
        masks = self.batches.masks(step, problem)
        latent = {name: int((~seen).sum()) for name, seen in masks.items()}
        shards = []
        for index in range(self.passes):
            part = Part(self.first + index * self.size, self.batches.batch, latent)
            own = {name: value[self._rows(index * self.size)] for name, value in values.items()}
            seen = {name: mask[self._rows(part.first)] for name, mask in masks.items()}
            shards.append(Shard(Batch(problem.layout, own, seen), part))
        return shards

    def _rows(self, first: int, passes: int = 1) -> slice:
        return slice(first, first + passes * self.size)
