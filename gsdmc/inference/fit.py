"""Training, from a program or a compiled problem to a model in its folder."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from gsdmc.compiler.compile import compile_with
from gsdmc.compiler.options import FORMS as OPTIONS
from gsdmc.compiler.problem import Problem, check_overrides
from gsdmc.compiler.warnings import warnings
from gsdmc.inference.evidence.shapes import check_free
from gsdmc.inference.folder import PROBLEM, check_folder, check_same, packed
from gsdmc.inference.model import Model
from gsdmc.inference.simulations.by_heart import by_heart
from gsdmc.inference.simulations.keep import NOT_YET, RECORD, source_of
from gsdmc.inference.simulations.read_simulations import Data
from gsdmc.language.source import GsdmcError, GsdmcWarning
from gsdmc.language.syntax import Given
from gsdmc.layout.layout import Layout
from gsdmc.model.node_norm import GROUPS
from gsdmc.training import loop
from gsdmc.training.checkpoints import EVERY
from gsdmc.training.config import TrainingConfig
from gsdmc.training.loop import Progress
from gsdmc.training.presets import PRESETS
from gsdmc.training.presets import preset as named_preset

OUT = "runs/NAME"
"""The default folder: NAME stands for the program's name."""

Ranges = Mapping[str, tuple[int, int] | None]


@dataclass(frozen=True, eq=False)
class TrainingProblem:
    """A compiled problem as training sees it: with its diameter, and with what belongs to this run.

    Attributes:
        problem: the program.
        ranges: of the sizes that vary.
        drawn: `[B, *shape]` per array, the joint samples to train on where there is a set of them.
    """

    problem: Problem
    ranges: dict[str, tuple[int, int]]
    drawn: dict[str, Tensor] | None = None

    @property
    def name(self) -> str:
        """The program's name."""
        return self.problem.name

    @property
    def givens(self) -> tuple[Given, ...]:
        """The query families that the program states."""
        return self.problem.givens

    @property
    def sizes(self) -> dict[str, int]:
        """Every size that the program defines."""
        return self.problem.sizes

    @cached_property
    def layout(self) -> Layout:
        """The layout, with the diameter that the network's depth follows."""
        return replace(self.problem.layout, diameter=self.problem.metrics.diameter)

    def simulate(self, batch: int, seed: int) -> dict[str, Tensor]:
        """Draw joint samples; where there is a set of them, all of it.

        Raises:
            ValueError: some of a set are wanted: its batches choose from the whole.
        """
        if self.drawn is None:
            return self.problem.simulate(batch, seed)
        if any(len(value) != batch for value in self.drawn.values()):
            raise ValueError(f"{batch} joint samples are no set that is trained on")
        return self.drawn

    def resized(self, **sizes: int) -> Problem:
        """The same program at other sizes."""
        return self.problem.resized(**sizes)


def train(
    program: Problem | str | Path,
    /,
    *,
    steps: int | None = None,
    minutes: float | None = None,
    seed: int = 0,
    preset: str | TrainingConfig = "default",
    out: str | Path | None = OUT,
    vary: Sequence[str] | Ranges = (),
    simulations: int | None = None,
    data: Data | None = None,
    held_out: float | None = None,
    batch: int | None = None,
    accumulate: int | None = None,
    device: str | torch.device = "auto",
    progress: Callable[[Progress], None] | None = None,
    resume: bool = False,
    save_every: float = EVERY,
    plateau: int | None = None,
    tensorboard: bool = False,
    **sizes: int,
) -> Model:
    """Train a model on fresh draws of a program or a simulator, or on a fixed set of them.

    With `steps`, the same program, settings and seed give the same weights on one machine with one
    number of threads, also after a run was interrupted or killed and resumed. A keyboard interrupt ends
    training early and keeps the model as it is. Under `torchrun` its processes train one model together.

    Args:
        program: a compiled problem, or what `compile` takes.
        steps: how many steps; exactly one of it and `minutes` is needed.
        minutes: how long; the number of steps then depends on the machine.
        seed: of every random number of the run.
        preset: `default`, `paper`, or settings of your own.
        out: the model's folder, where checkpoints replace an older model from the first on, and logs are
            kept; None writes nothing.
        vary: sizes to draw per batch, by name from the ranges that the program states, or with ranges
            `{name: (low, high)}`, both ends included (None: as the program states).
        simulations: train on this many joint draws, over and over, rather than on fresh ones; scales
            come from them too.
        data: train on these simulations: a file (`.npz`, `.nc`, `.zarr`, `.parquet`), arrays by name with
            simulations first, an xarray dataset, or a pandas frame with a row per simulation. The program is
            structure alone then: nothing is drawn from it. What it computes (`dirac`) may be left out.
        held_out: the share of them that training leaves out, a tenth when None; 1000 simulations at most. The
            model keeps them, and `evaluate` and `calibrate` use them. With a simulator they come on top.
        batch: examples per pass, in place of the preset's; a step is one pass on each device, unless:
        accumulate: passes per step, in place of the preset's, as if the batch were so many times as large.
        device: where the network is trained: `cpu`, `cuda`, `cuda:N`, or `auto` for a CUDA device where there
            is one; each process of `torchrun` takes its own. The model that comes back is on the CPU; see
            `Model.to`.
        progress: called about twice a second, and at the end.
        resume: continue the run in `out`, from its last checkpoint.
        save_every: seconds between checkpoints, more where writing takes more than a fiftieth of the time; 0
            for one after every step, infinity for none but the last.
        plateau: end training early, once this many steps in a row have no lower a mean loss than as many
            before; 0 for never, None for what the preset says.
        tensorboard: log for TensorBoard too, beside the CSV; needs the extra `tensorboard`.
        **sizes: sizes of the program, as at `compile`.

    Raises:
        GsdmcError: a program, a size, a device or settings that can't be; a folder that can't be written, or
            that another process trains in; simulations that don't fit the program; a loss that is no number
            or explodes. The folder keeps its last checkpoint.
    """
    if isinstance(program, Problem):
        problem = program
    else:
        problem = compile_with(program, {}, {}, None if data is None else NOT_YET)
    defined = {d.name for d in problem.syntax.defs}
    for name in sizes:
        if name in OPTIONS and name not in defined:
            raise GsdmcError(
                f"`{name}` is chosen when a program is compiled",
                hint=f"write train(compile(program, {name}=...), ...)",
            )
    problem = problem.resized(**sizes) if sizes else problem
    if (steps is None) == (minutes is None):
        raise GsdmcError("say how long to train: either steps or minutes")
    if (steps is not None and steps < 1) or (minutes is not None and minutes <= 0):
        raise GsdmcError("training takes at least one step, or some minutes")
    if not save_every >= 0:
        raise GsdmcError(f"checkpoints can't come every {save_every:g} seconds", hint="0 is after every step")
    ranges = vary_ranges(problem, vary)
    check_simulations(simulations, ranges)
    folder = _folder(out, problem)
    if resume and folder is None:
        raise GsdmcError("there is nothing to resume without a folder", hint="name the run's folder as out")
    if folder is not None:
        check_folder(folder)
    source = source_of(problem, data, simulations, tuple(ranges), held_out, seed)
    record: dict[str, Any] = {"options": problem.options.to_json()}
    drawn = None
    if source is not None:
        problem, drawn, record[RECORD] = source.problem, source.trained_on, source.record
    if folder is not None and resume:
        check_same(problem, folder, record.get(RECORD))
    files = {} if folder is None else {PROBLEM: packed(problem), **(source.files if source else {})}
    trained = loop.train(
        TrainingProblem(problem, ranges, drawn),
        settings(preset, problem, batch, plateau=plateau, accumulate=accumulate),
        steps=steps,
        minutes=minutes,
        seed=seed,
        vary=tuple(ranges),
        simulations=simulations if drawn is None else len(next(iter(drawn.values()))),
        device=device,
        progress=progress,
        folder=folder,
        resume=resume,
        program=problem.source,
        record=record,
        files=files,
        save_every=save_every,
        tensorboard=tensorboard,
        figures=None if source is None else lambda model: by_heart(source, model, seed),
    )
    return Model(problem, trained)


def settings(
    preset: str | TrainingConfig, problem: Problem, batch: int | None = None, **changes: Any
) -> TrainingConfig:
    """The settings of a preset for a program, with another batch where one is given.

    Args:
        preset: its name, or settings.
        problem: the program.
        batch: examples per step, in place of the preset's.
        **changes: `roles`, `layers`, `loops`, `width` and `heads` in place of the preset's, and `precision`,
            `compile`, `recompute`, `graphs`, `plateau` and `accumulate`, None for the same. Layers or loops
            that are given stay as they are, however far the graph reaches.

    Raises:
        GsdmcError: no such preset, an empty batch, or a network that can't be.
    """
    if isinstance(preset, str) and preset not in PRESETS:
        raise GsdmcError(f"there is no preset `{preset}`", hint=f"presets: {', '.join(PRESETS)}")
    if batch is not None and batch < 1:
        raise GsdmcError(f"a batch has at least one example, not {batch}")
    config = named_preset(preset, problem) if isinstance(preset, str) else preset
    changes = {name: value for name, value in changes.items() if value is not None}
    if "layers" in changes or "loops" in changes:
        changes["reach"] = False
    if batch is not None:
        changes["batch"] = batch
    config = config.with_changes(**changes)
    check_width(config)
    if config.accumulate < 1:
        raise GsdmcError(
            f"a step has at least one pass, not {config.accumulate}", hint="accumulate=1 is usual"
        )
    if not 0 <= config.missing <= 1:
        raise GsdmcError(
            f"missing is a share of the examples, from 0 to 1, not {config.missing:g}", hint="0 is usual"
        )
    if config.plateau < 0:
        raise GsdmcError(f"a plateau has some steps, not {config.plateau}", hint="0 is for none")
    return config


def check_width(config: TrainingConfig) -> None:
    """Refuse a width that its parts don't divide.

    Raises:
        GsdmcError: with the nearest width that they do.
    """
    parts = [(config.heads, f"its {config.heads} heads")]
    if config.architecture == "paper":
        parts.append((GROUPS, f"the {GROUPS} groups of the paper's norm"))
    for part, named in parts:
        if config.width % part:
            step = math.lcm(*(part for part, _ in parts))
            nearest = max(1, round(config.width / step)) * step
            raise GsdmcError(
                f"a network of width {config.width} can't be divided among {named}",
                hint=f"try width {nearest}",
            )


def warnings_for(problem: Problem, config: TrainingConfig) -> tuple[GsdmcWarning, ...]:
    """What is likely to go wrong with a problem, and with a network of these settings for it."""
    network = config.network(TrainingProblem(problem, {}).layout)
    return warnings(problem, network.layers, network.loops)


def vary_ranges(problem: Problem, vary: Sequence[str] | Ranges) -> dict[str, tuple[int, int]]:
    """The range of every size to vary.

    Raises:
        GsdmcError: an unknown size, no range, an empty one, or a size that the network can't vary.
    """
    stated = problem.ranges
    found: dict[str, tuple[int, int]] = {}
    for name in vary:
        check_overrides(problem.syntax, {name: 0})
        given = (vary[name] if isinstance(vary, Mapping) else None) or stated.get(name)
        if given is None:
            raise GsdmcError(
                f"the size `{name}` has no training range",
                hint=f"write (def ^{{:in [1 10]}} {name} ...), or give one: --vary {name}=1..10",
            )
        low, high = given
        if not 1 <= low <= high:
            raise GsdmcError(f"the range {low}..{high} of `{name}` is empty or below 1")
        for end in (low, high):
            check_free(problem, problem.resized(**{name: end}))
        found[name] = (low, high)
    return found


def check_simulations(simulations: int | None, ranges: Ranges) -> None:
    """Refuse a set of simulations that can't be trained on.

    Raises:
        GsdmcError: an empty one, or one whose sizes would vary.
    """
    if simulations is None:
        return
    if simulations < 1:
        raise GsdmcError(f"there is at least one simulation to train on, not {simulations}")
    if ranges:
        raise GsdmcError(
            f"a fixed set of simulations has one size, but {', '.join(ranges)} should vary",
            hint="leave out one of vary and simulations",
        )


def _folder(out: str | Path | None, problem: Problem) -> Path | None:
    if out is None:
        return None
    return Path("runs") / problem.name if str(out) == OUT else Path(out)
