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
from gsdmc.training.ranks import ALONE, Ranks
from gsdmc.training.reading import check_tensors, checked, damage
from gsdmc.training.seeds import generator
from gsdmc.training.shards import Shard, Shards
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
        ranks: Ranks = ALONE,
    ) -> None:
        self.problem, self.config, self.seed, self.simulations = problem, config, seed, simulations
        self.ranks = ranks
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
        examples = config.examples(ranks.size)
        if simulations is None:
            self.batches = Batches(problem, examples, seed, vary, config.conditioning, config.missing)
        else:
            self.batches = FixedBatches(
                problem, examples, seed, simulations, config.conditioning, config.missing
            )
        self.shards = Shards(self.batches, ranks, config.batch, config.accumulate)
        scales = Standardiser.identity(layout)
        if config.process.standardise:
            scales = self.batches.scales(bijections=config.process.bijections)
            ranks.share(scales.mean, scales.std)
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
        """Take one step; `done` is the share of the budget that is spent. The loss, without its graph.

        Of several processes all take it together, and get the same.
        """
        losses = [self._pass(shard) for shard in self.shards(self.step)]
        loss = self.ranks.add_up(self.weights, losses[0] if len(losses) == 1 else torch.stack(losses).sum())
        self.updating = True
        self.optimiser.step(schedule(self.config, self.step, done))
        average(self.averages, self.weights, self.config.ema, self.step)
        self.step += 1
        self.updating = False
        return loss

    def _pass(self, shard: Shard) -> Tensor:
        """Add the gradient of some of a step's examples; their share of the loss."""
        device, process = self.acceleration.device, self.config.process
        batch = shard.batch.to(device)
        noise = generator(self.seed, NOISE, self.step)
        times = draw_times(process.times, process.schedule, self.batches.batch, noise)
        if device.type != "cpu":
            noise = generator(self.seed, NOISE, self.step, device=device)
        self.denoiser.recompute = recomputes(
            self.config.recompute, self.denoiser.config, batch.layout, self.config.batch, device
        )
        with self.acceleration.precision():
            loss = diffusion_loss(
                self.network,
                batch.layout,
                self.process,
                batch.values,
                batch.observed,
                # Without non_blocking every step would wait for the one before.
                shard.rows(times).to(device, non_blocking=True),
                noise,
                shard.part,
            )
        loss.backward()  # type: ignore[no-untyped-call]
        if self.acceleration.graphs and self.config.accumulate > 1:
            for weight in self.weights:  # a gradient may be the graph's own, which the next pass overwrites
                weight.grad = None if weight.grad is None else weight.grad.clone()
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
            "processes": self.ranks.size,
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

    def check_same(self, *others: object) -> None:
        """Refuse processes that would take different steps.

        Args:
            others: what else must be the same everywhere, in a form that prints.

        Raises:
            GsdmcError: of the processes of this run, one has another program, other settings or weights.
        """
        problem = self.problem
        told = (problem.name, problem.sizes, self.batches.vary, problem.ranges, self.seed, self.simulations)
        how = (self.config.to_json(), self.acceleration.autocast)
        text = repr((hardware.release(), told, how, self.step, others))
        self.ranks.check_same(text, [*self.weights, *self.averages])

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
        with damage(folder / checkpoint.CONFIG):
            processes = checked(model.run.get("processes", 1), int, "run.processes")
        examples, mine = model.config.examples(processes), self.config.examples(self.ranks.size)
        if examples != mine:
            raise GsdmcError(
                f"{folder} was trained with {examples} examples per step, and these are {mine}",
                hint="examples per step are batch × accumulate × processes: change how they are split as you "
                "like, and keep their product",
            )
        goes_on = model.config.continues(self.config, processes, self.ranks.size)
        if not goes_on or model.run["seed"] != self.seed:
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
            weights, expected = _under(tensors, "weights/"), self.denoiser.state_dict()
            check_tensors(weights, expected)
            check_tensors(model.denoiser.state_dict(), expected)
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
