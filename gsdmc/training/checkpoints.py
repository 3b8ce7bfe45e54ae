"""When a run's state is kept, and the errors of keeping it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from gsdmc.language.source import GsdmcError
from gsdmc.training import checkpoint
from gsdmc.training.checkpoint import Model
from gsdmc.training.losses import DivergedError
from gsdmc.training.run import Run

Figures = Callable[[Model], Mapping[str, Any]]
"""What else to measure of a model once its run has ended, as plain data."""

EVERY = 60.0
"""Seconds between checkpoints, unless the user says otherwise."""

SHARE = 0.02
"""Of a run's time, what checkpoints take at most."""


class Checkpoints:
    """Keeps the state of a run in its folder from time to time.

    A checkpoint is a whole model folder, at any moment the last one or the next, so that a run that is
    killed leaves a model to use and to resume. They come as often as asked for, but take no more than `SHARE`
    of the time; where they are to come every 0 seconds, they come after every step.

    Attributes:
        kept: the step whose state the folder holds, None while it holds nothing of this run.
    """

    def __init__(
        self,
        run: Run,
        folder: Path | None,
        budget: int | None,
        program: str | None,
        record: Mapping[str, Any],
        files: Mapping[str, bytes],
        every: float = EVERY,
        figures: Figures | None = None,
    ) -> None:
        self.run, self.folder, self.budget = run, folder, budget
        self.record, self.files, self.every = dict(record), dict(files), every
        if program is not None:
            self.files[checkpoint.PROGRAM] = program.encode()
        self.figures = figures
        self.next = every
        self.kept: int | None = None

    def due(self, elapsed: float) -> bool:
        """Whether to take one now, after so many seconds and before the next step."""
        return self.folder is not None and elapsed >= self.next and self.kept != self.run.step

    def take(self, elapsed: float) -> None:
        """Keep the state as it is, unless something is wrong with it; the losses must have been read.

        Args:
            elapsed: seconds now, as in `due`.

        Raises:
            DivergedError: weights are not finite.
            GsdmcError: the folder can't be written.
        """
        begun = time.perf_counter()
        self.check_weights()
        if self.run.losses.calm and self.folder is not None:
            self.save(None)
        cost = time.perf_counter() - begun
        self.next = elapsed + max(self.every, cost / SHARE) if self.every > 0 else 0.0

    def check_weights(self) -> None:
        """Let no weight that is not finite replace a good state.

        Raises:
            DivergedError: there is one, of the step before.
        """
        if not self.run.finite:
            raise DivergedError(self.run.step - 1, float("nan"), "a weight")

    def save(self, ended: str | None) -> Model:
        """Write the folder, where there is one; the model.

        Args:
            ended: why the run ended, None while it goes on.

        Raises:
            GsdmcError: the folder can't be written.
        """
        model = self.run.model(self.budget, ended)
        model.run.update(self.record)
        if ended is not None and self.figures is not None:
            model.metrics.update(self.figures(model))
        if self.folder is None:
            return model
        try:
            checkpoint.save(self.folder, model, self.files, self.run.state())
        except OSError as error:
            holds = f"it holds that of step {self.kept}" if self.kept is not None else "no step is kept"
            raise GsdmcError(
                f"the state of step {self.run.step} can't be written to {self.folder}: "
                f"{error.strerror or error}; {holds}",
                hint="free some space or make it writable, then "
                + ("resume the run (--resume)" if self.kept is not None else "train again"),
            ) from None
        self.kept = self.run.step
        return model
