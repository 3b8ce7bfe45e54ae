"""The training loop."""

from __future__ import annotations

import math
import signal
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from gsdmc.training.checkpoint import Model
from gsdmc.training.checkpoints import EVERY, Checkpoints, Figures
from gsdmc.training.config import TrainingConfig
from gsdmc.training.devices import choose_device
from gsdmc.training.distributed import joined, own_device
from gsdmc.training.diverged import explain
from gsdmc.training.interrupts import Interrupts, between_steps
from gsdmc.training.lock import locked
from gsdmc.training.logs import Logs, Row
from gsdmc.training.losses import POINTS, DivergedError
from gsdmc.training.optimiser import schedule
from gsdmc.training.problem import Problem
from gsdmc.training.ranks import LostError
from gsdmc.training.run import Run

__all__ = ["Budget", "Callback", "Progress", "Run", "go", "train"]

SHOWN = 50
"""Steps whose mean loss is shown as progress."""


@dataclass(frozen=True)
class Progress:
    """Where a run is: steps done, recent mean loss, steps per second, seconds left (None where unknown)."""

    step: int
    loss: float
    speed: float
    seconds_left: float | None


Callback = Callable[[Progress], None]


@dataclass(frozen=True)
class Budget:
    """How long a run is to be, by steps or by time.

    Attributes:
        steps: how many, or None.
        minutes: how long, or None.
        stop_after: steps at which this part of the run ends, or None.
    """

    steps: int | None
    minutes: float | None
    stop_after: int | None = None

    def __post_init__(self) -> None:
        if (self.steps is None) == (self.minutes is None):
            raise ValueError("train needs either steps or minutes")

    @property
    def interval(self) -> int:
        """Steps between points of the loss curve."""
        return max(1, (self.steps or 20 * POINTS) // POINTS)

    def spent(self, run: Run) -> float:
        """The share of the budget that a run has spent, which sets its learning rate."""
        if self.steps is not None:
            return run.step / self.steps
        return run.seconds / (60 * (self.minutes or 1))


def train(
    problem: Problem,
    config: TrainingConfig,
    *,
    steps: int | None = None,
    minutes: float | None = None,
    seed: int = 0,
    vary: Sequence[str] = (),
    simulations: int | None = None,
    device: torch.device | str = "cpu",
    progress: Callback | None = None,
    folder: Path | None = None,
    resume: bool = False,
    stop_after: int | None = None,
    program: str | None = None,
    record: Mapping[str, Any] | None = None,
    files: Mapping[str, bytes] | None = None,
    save_every: float = EVERY,
    tensorboard: bool = False,
    figures: Figures | None = None,
) -> Model:
    """Train a denoiser on fresh draws of a problem.

    Equal problem, configuration, steps and seed give bitwise equal weights on one machine with
    one number of threads, also when the run was interrupted or killed, and resumed. A keyboard interrupt
    ends training after its step and returns the model as it is.

    The processes that `torchrun` starts take each step together, on as many times the examples; all of them
    return the model, and the first one alone reports progress, writes and keeps the folder's lock. They end
    together, too, whichever of them is interrupted or fails.

    Args:
        problem: the compiled program.
        config: the settings; see `preset`.
        steps: how many steps; exactly one of it and `minutes` is needed.
        minutes: how long; the steps taken then depend on the machine's speed.
        seed: of every random number of the run.
        vary: sizes to draw per batch from their training ranges.
        simulations: train on this many joint draws, again and again, rather than on fresh ones.
        device: where the network runs, see `choose_device`; the model that comes back is on the CPU. A run
            may be resumed on another one, where rounding differs. Each of several processes takes its own.
        progress: called about every half second, and at the end.
        folder: where to write the model, its checkpoints and logs; nowhere when None.
        resume: continue the run that `folder` holds; settings and seed must be the same.
        stop_after: end after this many steps of the budget, as an interrupt would.
        program: the program's text, to keep with the model.
        record: what else to keep of the run, as plain data.
        files: what else to keep with the model, contents by name.
        save_every: seconds between checkpoints, see `Checkpoints`.
        tensorboard: write logs for TensorBoard too.
        figures: what else to measure of the model in the end, for its metrics.

    Returns:
        The model, with averaged weights.

    Raises:
        GsdmcError: nothing to infer, a varied size without a range, nothing to resume, no such device,
            settings that it can't run with, another trainer in the folder, a folder that can't be written,
            or a loss that is no number or has exploded. The folder then keeps its last checkpoint.
        ValueError: neither or both of steps and minutes given; simulations of sizes that vary.
    """
    budget = Budget(steps, minutes, stop_after)
    if simulations is not None and vary:
        raise ValueError("a fixed set of simulations has one size")
    if resume and folder is None:
        raise ValueError("resume needs the folder to resume from")
    where, why = choose_device(own_device(device))
    with ExitStack() as stack:
        ranks = stack.enter_context(joined(where))
        written = folder if ranks.first else None
        logs = Logs(written, tensorboard)
        if written is not None:
            stack.enter_context(locked(written))
        run = Run(problem, config, seed, tuple(vary), simulations, where, why, ranks)
        run.losses.interval = budget.interval
        checkpoints = Checkpoints(
            run, written, steps, program, record or {}, files or {}, save_every, figures
        )
        stack.enter_context(logs.closing())
        if resume and folder is not None:
            run.restore(folder)
            logs.go_on(run.losses.curve)
            checkpoints.kept = run.step
        run.check_same(program, budget, record)
        interrupts = stack.enter_context(between_steps())
        try:
            ended = go(run, budget, progress if ranks.first else None, checkpoints, logs, interrupts)
            checkpoints.check_weights()
            model = checkpoints.save(ended)
            ranks.meet()  # nobody goes on before the folder is whole
        except DivergedError as error:
            raise explain(error, run, checkpoints.kept, folder) from None
        except LostError as error:
            interrupts.asked.clear()  # what has failed is told, rather than torchrun's SIGTERM obeyed
            holds = f"; {folder} holds the state of step {checkpoints.kept}" if checkpoints.kept else ""
            raise LostError(error.message + holds, hint=error.hint) from None
        return model


def go(
    run: Run,
    budget: Budget,
    report: Callback | None,
    checkpoints: Checkpoints,
    logs: Logs,
    interrupts: Interrupts,
) -> str:
    """Take steps until the budget or the user's patience ends; why it ended.

    Raises:
        DivergedError: the loss is no number or has exploded.
        GsdmcError: a checkpoint or a log can't be written.
        KeyboardInterrupt: the user wants out in the middle of a step.
    """
    begun, started_at, shown = time.perf_counter(), run.seconds, 0.0
    first, losses = run.step, run.losses
    latest: deque[Tensor] = deque(maxlen=SHOWN)
    several = run.ranks.size > 1
    limit = min(x for x in (budget.steps, budget.stop_after, math.inf) if x is not None)
    ended = "budget"

    def look(last: bool = False) -> None:
        point = losses.read(run.step)
        if last and losses.recent:
            point = losses.points(run.step)[-1]
        if point is not None:
            rate = schedule(run.config, run.step - 1, budget.spent(run))
            logs.write(Row(*point, round(rate, 6), round(run.seconds, 3)))

    try:
        while True:
            elapsed = time.perf_counter() - begun
            elapsed, due, asked = run.ranks.agree(elapsed, checkpoints.due(elapsed), bool(interrupts.asked))
            run.seconds = started_at + elapsed
            done = budget.spent(run)
            if losses.due:
                look()
            if losses.plateau.level:
                ended = "plateau"
                break
            if done >= 1 or run.step >= limit:
                ended = "budget" if done >= 1 else "stopped"
                break
            if asked:
                ended = "interrupted"
                break
            if due:
                look()
                checkpoints.take(elapsed)
            loss = run.advance(done)
            losses.add(loss)
            latest.append(loss)
            if report is not None and elapsed - shown >= 0.5:
                shown = elapsed
                try:
                    report(_progress(run, latest, (run.step - first) / elapsed, done))
                except KeyboardInterrupt:
                    interrupts.asked.append(signal.SIGINT)
    except KeyboardInterrupt:
        # A state that is no step's can't be resumed, nor is it worth keeping; others may be in another step.
        if run.updating or several:
            raise
        ended = "interrupted"
    look(last=True)  # reads the last loss, for which a GPU has to end its work
    if run.ranks.first:
        run.seconds = started_at + time.perf_counter() - begun
    if report is not None and latest:
        report(_progress(run, latest, (run.step - first) / (time.perf_counter() - begun), 1.0))
    return ended


def _progress(run: Run, latest: deque[Tensor], speed: float, done: float) -> Progress:
    left = run.seconds * (1 - done) / done if done > 0 else None
    return Progress(run.step, float(torch.stack(list(latest)).mean()), speed, left)
