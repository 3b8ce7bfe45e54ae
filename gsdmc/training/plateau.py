"""When the loss no longer falls."""

from __future__ import annotations

import math
from collections.abc import Iterable

import torch
from torch import Tensor


class Plateau:
    """Compares the mean losses of blocks of steps.

    The loss is level once a whole block is no better than the best block before it. What is seen follows
    from the losses alone, not from when they are looked at, so that runs stay reproducible. Of blocks with
    the same true mean, the k-th beats all before it with probability 1 / k, so a level loss is found soon;
    blocks that are long enough to show progress through the noise don't look level before.

    Attributes:
        length: steps of a block, 0 to compare nothing.
        level: whether the loss was level at the end of the last block.
    """

    def __init__(self, length: int) -> None:
        self.length = length
        self.total, self.count, self.blocks, self.best, self.level = 0.0, 0, 0, 0.0, False

    @property
    def missing(self) -> int:
        """Losses that the present block still wants."""
        return self.length - self.count

    def add(self, losses: Iterable[float]) -> None:
        """Take the losses of the next steps."""
        if not self.length:
            return
        for loss in losses:
            self.total += loss
            self.count += 1
            if self.count == self.length:
                mean = self.total / self.length
                self.level = self.blocks > 0 and mean >= self.best
                self.best = min(mean, self.best) if self.blocks else mean
                self.total, self.count, self.blocks = 0.0, 0, self.blocks + 1

    def state(self) -> Tensor:
        """All of it, `[6]` float64."""
        values = [self.length, self.total, self.count, self.blocks, self.best, self.level]
        return torch.tensor(values, dtype=torch.float64)

    def load(self, state: Tensor) -> None:
        """Restore what `state` returned; blocks of another length begin anew.

        Raises:
            ValueError: it didn't return that.
        """
        length, total, count, blocks, best, level = state.double().tolist()
        if not (length >= count >= 0 and blocks >= 0 and math.isfinite(total + best)):
            raise ValueError("no state of a plateau")
        if length == self.length:
            self.total, self.count, self.blocks = total, int(count), int(blocks)
            self.best, self.level = best, bool(level)
