"""What a run's losses were, and whether they are still what training is for."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from statistics import fmean, median

import torch
from torch import Tensor

from gsdmc.training.plateau import Plateau

POINTS = 200
"""Points of the loss curve of a whole run."""

LONGEST = 100
"""Steps after which losses are looked at, at the latest: on a GPU looking waits for the steps to end."""

WINDOW, FEWEST = 50, 10
"""Steps whose median loss is compared with that of the run's beginning, at most and at least."""

EXPLODED = 1000.0
"""Times the loss at the beginning: beyond is nothing that training comes back from."""

SUSPECT = 10.0
"""Times the loss at the beginning: beyond, no checkpoint takes the place of an earlier one."""


class DivergedError(Exception):
    """The loss is no number, or has exploded.

    Attributes:
        step: the first step, from 0, whose loss isn't finite, or the step at which the explosion was seen.
        value: that loss.
        what: whose value it is, if it isn't the loss's.
    """

    def __init__(self, step: int, value: float, what: str = "the loss") -> None:
        super().__init__(f"{what} is {value} at step {step}")
        self.step, self.value, self.what = step, value, what


class Losses:
    """Gathers losses as tensors and reads them together, so that a step costs nothing here.

    Attributes:
        curve: steps taken and the mean loss since the point before.
        interval: steps between points of the curve.
        plateau: the blocks by which a level loss is found.
    """

    def __init__(self, plateau: int) -> None:
        self.curve: list[tuple[int, float]] = []
        self.interval = 1
        self.plateau = Plateau(plateau)
        self.waiting: list[Tensor] = []
        self.recent: list[float] = []
        self.window: deque[float] = deque(maxlen=WINDOW)

    def add(self, loss: Tensor) -> None:
        """Take a step's loss, a scalar without its graph."""
        self.waiting.append(loss)

    @property
    def due(self) -> bool:
        """Whether to read: a point of the curve or a block is whole, or the last look was long ago."""
        waiting = len(self.waiting)
        return (
            waiting >= LONGEST
            or waiting + len(self.recent) >= self.interval
            or (self.plateau.length > 0 and waiting >= self.plateau.missing)
        )

    def read(self, step: int) -> tuple[int, float] | None:
        """Look at the losses of the steps up to `step`; the point that this adds to the curve, if it does.

        Raises:
            DivergedError: they are not finite, or have exploded.
        """
        if self.waiting:
            values = torch.stack(self.waiting).tolist()
            self.waiting.clear()
            for offset, value in enumerate(values, step - len(values)):
                if not math.isfinite(value):
                    raise DivergedError(offset, value)
            self.window.extend(values)
            self.recent.extend(values)
            self.plateau.add(values)
            if self._times_first() > EXPLODED:
                raise DivergedError(step - 1, median(self.window))
        if len(self.recent) < self.interval:
            return None
        self.curve.append((step, _mean(self.recent)))
        self.recent.clear()
        return self.curve[-1]

    @property
    def calm(self) -> bool:
        """Whether the losses are what a good state has; those not read yet don't count."""
        return self._times_first() <= SUSPECT

    def points(self, step: int) -> list[tuple[int, float]]:
        """The curve, with a last point for the steps since its end."""
        return [*self.curve, (step, _mean(self.recent))] if self.recent else list(self.curve)

    def state(self) -> dict[str, Tensor]:
        """What the curve doesn't hold."""
        return {
            "recent": torch.tensor(self.recent, dtype=torch.float64),
            "plateau": self.plateau.state(),
        }

    def load(self, points: Sequence[tuple[int, float]], state: dict[str, Tensor]) -> None:
        """Restore `points` and `state`; runs of older versions have no state.

        Raises:
            ValueError: no such state.
        """
        self.curve = list(points)
        if "recent" in state:
            self.recent = state["recent"].double().tolist()
            if not all(map(math.isfinite, self.recent)):
                raise ValueError("a loss is not finite")
            self.curve = self.curve[: len(self.curve) - bool(self.recent)]
        if "plateau" in state:
            self.plateau.load(state["plateau"])

    def _times_first(self) -> float:
        """The median loss of late in units of the first point's; where that is near 0, in units of 1."""
        if not self.curve or len(self.window) < FEWEST:
            return 0.0
        return median(self.window) / max(1.0, abs(self.curve[0][1]))


def _mean(values: Sequence[float]) -> float:
    return round(fmean(values), 6)
