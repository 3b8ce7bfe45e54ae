"""The mutable part of a training run: what a step changes, and how that is kept and restored."""

from __future__ import annotations

from copy import deepcopy
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
from gsdmc.training.graphed import GraphedDenoiser
from gsdmc.training.losses import Losses
from gsdmc.training.optimiser import Optimiser, average, schedule
from gsdmc.training.problem import Problem
from gsdmc.training.reading import check_tensors, checked, damage
from gsdmc.training.seeds import generator
from gsdmc.training.simulations import FixedBatches

CPU = torch.device("cpu")


class Run:
    """A network in training.

    Attributes:
        step: steps taken.
        seconds: time spent, over all parts of a run that was resumed.
        losses: the curve, and what is known of the losses since its end.
        updating: whether a step is at work on the weights, which then are those of no step.
    """

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
            self.batches = Batches(problem, config.batch, seed, vary, config.conditioning, config.missing)
        else:
            self.batches = FixedBatches(problem, config.batch, seed, simulations, config.conditioning, config.missing)
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
        self.step, self.seconds, self.updating = 0, 0.0, False
        self.losses = Losses(config.plateau)

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
        self.updating = True
        self.optimiser.step(schedule(self.config, self.step, done))
        average(self.averages, self.weights, self.config.ema, self.step)
        self.step += 1
        self.updating = False
        return loss.detach()

    @property
    def finite(self) -> bool:
        """Whether all weights are finite; on a GPU this waits for the step to end."""
        return bool(torch.stack([weight.detach().isfinite().all() for weight in self.weights]).all())

    def model(self, budget: int | None, ended: str | None = None) -> Model:
        """The averaged network and the record of the run.

        Args:
            budget: steps that the run is to take, None where time is its budget.
            ended: why it has ended, None while it goes on.
        """
        run = {
            "name": self.problem.name,
            "sizes": dict(self.problem.sizes),
            "vary": {name: list(self.problem.ranges[name]) for name in self.batches.vary},
            "seed": self.seed,
            "steps": self.step,
            "budget": budget,
            "simulations": self.simulations,
            "ended": ended,
        }
        metrics: dict[str, Any] = {
            "loss": self.losses.points(self.step),
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
        tensors |= {f"losses/{k}": v for k, v in self.losses.state().items()}
        tensors["step"] = torch.tensor(self.step)
        tensors["seconds"] = torch.tensor(self.seconds, dtype=torch.float64)
        return tensors

    def restore(self, folder: Path) -> None:
        """Continue from a model folder.

        Raises:
            GsdmcError: the folder is damaged, or of a run with other settings.
        """
        model, tensors = checkpoint.load_with_state(folder)
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
        with damage(folder / checkpoint.STATE):
            weights, mine = _under(tensors, "weights/"), self.denoiser.state_dict()
            check_tensors(weights, mine)
            check_tensors(model.denoiser.state_dict(), mine)
            self.denoiser.load_state_dict(weights)
            self.averaged.load_state_dict(model.denoiser.state_dict())
            self.step, self.seconds = int(tensors["step"]), float(tensors["seconds"])
            if self.step != model.run["steps"] or not 0 <= self.seconds < float("inf"):
                raise ValueError(f"it is of step {self.step} and second {self.seconds:g}")
            self.optimiser.load(_under(tensors, "optimiser/"), begun=self.step > 0)
            points = checked(model.metrics["loss"], list[tuple[int, float]], "loss")
            self.losses.load([(step, loss) for step, loss in points], _under(tensors, "losses/"))


def _under(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}
