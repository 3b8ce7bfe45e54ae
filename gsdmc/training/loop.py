"""The training loop."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor

from gsdmc.diffusion.loss import diffusion_loss
from gsdmc.diffusion.process import Process
from gsdmc.diffusion.standardise import Standardiser
from gsdmc.diffusion.times import draw_times
from gsdmc.language.source import GsdmcError
from gsdmc.model.denoiser import Denoiser
from gsdmc.model.initialise import build_denoiser
from gsdmc.training import checkpoint, hardware
from gsdmc.training.acceleration import ASKED, accelerate, compile_blocks, recompute_reason, recomputes
from gsdmc.training.checkpoint import Model
from gsdmc.training.config import TrainingConfig
from gsdmc.training.data import NOISE, WEIGHTS, Batches
from gsdmc.training.devices import choose_device
from gsdmc.training.graphed import GraphedDenoiser
from gsdmc.training.optimiser import Optimiser, average, schedule
from gsdmc.training.problem import Problem
from gsdmc.training.seeds import generator
from gsdmc.training.simulations import FixedBatches

CURVE_POINTS = 200
CPU = torch.device("cpu")


@dataclass(frozen=True)
class Progress:
    """Where a run is: steps done, recent mean loss, steps per second, seconds left (None where unknown)."""

    step: int
    loss: float
    speed: float
    seconds_left: float | None


Callback = Callable[[Progress], None]


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
) -> Model:
    """Train a denoiser on fresh draws of a problem.

    Equal problem, configuration, steps and seed give bitwise equal weights on one machine with
    one number of threads, also when the run was interrupted and resumed. A keyboard interrupt ends
    training early and returns the model as it is.

    Args:
        problem: the compiled program.
        config: the settings; see `preset`.
        steps: how many steps; exactly one of it and `minutes` is needed.
        minutes: how long; the steps taken then depend on the machine's speed.
        seed: of every random number of the run.
        vary: sizes to draw per batch from their training ranges.
        simulations: train on this many joint draws, again and again, rather than on fresh ones.
        device: where the network runs, see `choose_device`; the model that comes back is on the CPU. A run
            may be resumed on another one, where rounding differs.
        progress: called about every half second, and at the end.
        folder: where to write the model; nowhere when None.
        resume: continue the run that `folder` holds; settings and seed must be the same.
        stop_after: end after this many steps of the budget, as an interrupt would.
        program: the program's text, to keep with the model.
        record: what else to keep of the run, as plain data.

    Returns:
        The model, with averaged weights.

    Raises:
        GsdmcError: nothing to infer, a varied size without a range, nothing to resume, no such device, or
            settings that it can't run with.
        ValueError: neither or both of steps and minutes given; simulations of sizes that vary.
    """
    if (steps is None) == (minutes is None):
        raise ValueError("train needs either steps or minutes")
    if simulations is not None and vary:
        raise ValueError("a fixed set of simulations has one size")
    run = Run(problem, config, seed, tuple(vary), simulations, *choose_device(device))
    if resume:
        if folder is None:
            raise ValueError("resume needs the folder to resume from")
        run.restore(folder)
    run.go(steps, minutes, progress, stop_after)
    model = run.model(steps)
    model.run.update(record or {})
    if folder is not None:
        checkpoint.save(folder, model, program, run.state())
    return model


class Run:
    """The mutable part of a training run."""

    def __init__(
        self,
        problem: Problem,
        config: TrainingConfig,
        seed: int,
        vary: tuple[str, ...],
        simulations: int | None = None,
        device: torch.device = CPU,
        why: str = ASKED,
    ) -> None:
        self.problem, self.config, self.seed, self.simulations = problem, config, seed, simulations
        layout = problem.layout
        shape = config.network(layout)
        load = (config.recompute, shape, layout, config.batch, device)
        self.acceleration = accelerate(
            device,
            config.precision,
            config.compile,
            config.graphs,
            varied=bool(vary),
            recompute=recomputes(*load),
        )
        self.acceleration.reasons.update(device=why, recompute=recompute_reason(*load))
        if simulations is None:
            self.batches = Batches(problem, config.batch, seed, vary, config.conditioning)
        else:
            self.batches = FixedBatches(problem, config.batch, seed, simulations, config.conditioning)
        scales = Standardiser.identity(layout)
        if config.process.standardise:
            scales = self.batches.scales(bijections=config.process.bijections)
        self.process = Process(config.process, scales)
        self.denoiser = build_denoiser(shape, generator(seed, WEIGHTS)).to(device)
        self.averaged = deepcopy(self.denoiser).requires_grad_(False)
        self.optimiser = Optimiser(self.denoiser, config)
        self.weights = list(self.denoiser.parameters())
        self.averages = list(self.averaged.parameters())
        if self.acceleration.compile:
            compile_blocks(self.denoiser)
        self.network = self.denoiser
        if self.acceleration.graphs:  # called like the network, and of its weights
            self.network = cast(Denoiser, GraphedDenoiser(self.denoiser, self.acceleration.precision))
        self.step, self.seconds = 0, 0.0
        self.curve: list[tuple[int, float]] = []

    def go(
        self, steps: int | None, minutes: float | None, report: Callback | None, stop_after: int | None
    ) -> None:
        """Take steps until the budget or the user's patience ends."""
        begun, started_at, shown = time.perf_counter(), self.seconds, 0.0
        first, recent = self.step, []
        latest: deque[Tensor] = deque(maxlen=50)
        limit = min(x for x in (steps, stop_after, 1 << 62) if x is not None)
        try:
            while self.step < limit:
                elapsed = time.perf_counter() - begun
                self.seconds = started_at + elapsed
                done = self.step / steps if steps is not None else self.seconds / (60 * (minutes or 1))
                if done >= 1:
                    break
                loss = self.advance(done)
                recent.append(loss)
                latest.append(loss)
                if report is not None and elapsed - shown >= 0.5:
                    shown = elapsed
                    report(self._progress(latest, (self.step - first) / elapsed, done))
                if len(recent) >= self._interval(steps):
                    self._record(recent)
        except KeyboardInterrupt:
            pass
        self._record(recent)  # reads the last loss, for which a GPU has to end its work
        self.seconds = started_at + time.perf_counter() - begun
        if report is not None and latest:
            report(self._progress(latest, (self.step - first) / (time.perf_counter() - begun), 1.0))

    def advance(self, done: float) -> Tensor:
        """Take one step; `done` is the share of the budget that is spent. The loss, without its graph."""
        device = self.acceleration.device
        batch = self.batches(self.step).to(device)
        noise = generator(self.seed, NOISE, self.step)
        size = self.config.batch
        process = self.config.process
        times = draw_times(process.times, process.schedule, size, noise)
        if device.type != "cpu":
            noise = generator(self.seed, NOISE, self.step, device=device)
        self.denoiser.recompute = recomputes(
            self.config.recompute, self.denoiser.config, batch.layout, size, device
        )
        with self.acceleration.precision():
            loss = diffusion_loss(
                self.network,
                batch.layout,
                self.process,
                batch.values,
                batch.observed,
                times.to(device, non_blocking=True),  # or every step would wait for the one before
                noise,
            )
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimiser.step(schedule(self.config, self.step, done))
        average(self.averages, self.weights, self.config.ema, self.step)
        self.step += 1
        return loss.detach()

    def _progress(self, latest: deque[Tensor], speed: float, done: float) -> Progress:
        left = self.seconds * (1 - done) / done if done > 0 else None
        loss = float(torch.stack(list(latest)).mean())
        return Progress(self.step, loss, speed, left)

    def _interval(self, steps: int | None) -> int:
        return max(1, (steps or 20 * CURVE_POINTS) // CURVE_POINTS)

    def _record(self, recent: list[Tensor]) -> None:
        if recent:
            self.curve.append((self.step, round(float(torch.stack(recent).mean()), 6)))
            recent.clear()

    def model(self, steps: int | None) -> Model:
        """The averaged network and the record of the run."""
        run = {
            "name": self.problem.name,
            "sizes": dict(self.problem.sizes),
            "vary": {name: list(self.problem.ranges[name]) for name in self.batches.vary},
            "seed": self.seed,
            "steps": self.step,
            "budget": steps,
            "simulations": self.simulations,
        }
        metrics: dict[str, Any] = {
            "loss": self.curve,
            "seconds": round(self.seconds, 3),
            "steps_per_second": round(self.step / max(self.seconds, 1e-9), 3),
            "parameters": self.denoiser.parameter_count,
            "seed": self.seed,
            "hardware": hardware.describe(),
            "acceleration": {**self.acceleration.to_json(), "recompute": self.denoiser.recompute},
        }
        averaged = (
            self.averaged.cpu() if self.acceleration.device.type == "cpu" else deepcopy(self.averaged).cpu()
        )
        averaged.eval()
        return Model(averaged, self.process, self.config, run, metrics)

    def state(self) -> dict[str, Tensor]:
        """Weights, moments and counters; averages are the model's own weights."""
        tensors = {f"optimiser/{k}": v for k, v in self.optimiser.state().items()}
        tensors |= {f"weights/{k}": v for k, v in self.denoiser.state_dict().items()}
        tensors["step"] = torch.tensor(self.step)
        tensors["seconds"] = torch.tensor(self.seconds, dtype=torch.float64)
        return tensors

    def restore(self, folder: Path) -> None:
        """Continue from a model folder."""
        tensors, model = checkpoint.load_state(folder), checkpoint.load(folder)
        if not model.config.continues(self.config) or model.run["seed"] != self.seed:
            raise GsdmcError(
                f"{folder} was trained with other settings or another seed",
                hint="resume with the settings and the seed of the run, or train into a new folder",
            )
        if model.run.get("simulations") != self.simulations:
            kept = model.run.get("simulations")
            raise GsdmcError(
                f"{folder} was trained on {'fresh draws' if kept is None else f'{kept} simulations'}",
                hint="resume with the same number of simulations, or train into a new folder",
            )
        self.denoiser.load_state_dict(_under(tensors, "weights/"))
        self.averaged.load_state_dict(model.denoiser.state_dict())
        self.optimiser.load(_under(tensors, "optimiser/"))
        self.step, self.seconds = int(tensors["step"]), float(tensors["seconds"])
        self.curve = [(int(s), float(loss)) for s, loss in model.metrics["loss"]]


def _under(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}
