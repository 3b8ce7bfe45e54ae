"""What one process computes of a step's batch: some of its rows, in one pass or in several."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from gsdmc.diffusion.part import Part
from gsdmc.training.data import Batch, Batches
from gsdmc.training.launched import Place


@dataclass(frozen=True)
class Shard:
    """Rows of a batch for one pass: the data, and which rows they are, None where they are all."""

    batch: Batch
    part: Part | None

    def rows(self, whole: Tensor) -> Tensor:
        """The pass's rows of a tensor `[T, ...]` of the whole batch."""
        if self.part is None:
            return whole
        (size,) = {len(values) for values in self.batch.values.values()}
        return whole[self.part.first : self.part.first + size]


class Shards:
    """Deals a batch of `size * passes * processes` examples out, in this order from the right.

    The whole batch is what a single process would have drawn, so that the same steps are taken however it is
    dealt, but for rounding.
    """

    def __init__(self, batches: Batches, place: Place, size: int, passes: int) -> None:
        """Args are the whole batches, which process this is, examples in a pass, and passes in a step.

        Raises:
            ValueError: batches of another size.
        """
        if batches.batch != size * passes * place.size:
            raise ValueError(f"{batches.batch} examples are not {place.size} × {passes} × {size}")
        self.batches, self.size, self.passes = batches, size, passes
        self.first = place.rank * passes * size

    def __call__(self, step: int) -> list[Shard]:
        """This process's passes of a step."""
        whole = self.batches(step)
        if self.batches.batch == self.size:
            return [Shard(whole, None)]
        latent = {name: int((~seen).sum()) for name, seen in whole.observed.items()}
        firsts = (self.first + index * self.size for index in range(self.passes))
        return [self._shard(whole, Part(first, self.batches.batch, latent)) for first in firsts]

    def _shard(self, whole: Batch, part: Part) -> Shard:
        rows = slice(part.first, part.first + self.size)
        values, observed = (
            {name: tensor[rows] for name, tensor in tensors.items()}
            for tensors in (whole.values, whole.observed)
        )
        return Shard(Batch(whole.layout, values, observed), part)
