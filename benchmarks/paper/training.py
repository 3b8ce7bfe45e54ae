"""Networks of figures: trained with scores on the way, or kept for several figures."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import gsdmc
from gsdmc.compiler import Problem
from gsdmc.inference.fit import TrainingProblem
from gsdmc.inference.folder import keep_problem
from gsdmc.inference.model import Model
from gsdmc.language.source import Span
from gsdmc.language.syntax import Given
from gsdmc.training import loop
from gsdmc.training.checkpoint import Model as TrainedModel
from gsdmc.training.devices import choose_device
from gsdmc.training.loop import Run
from paper.settings import Settings

Ranges = Mapping[str, tuple[int, int]]


@dataclass(frozen=True)
class Budget:
    """How long to train: in steps, or in minutes of the processor (of the clock where a GPU works)."""

    steps: int | None = None
    minutes: float | None = None

    def spent(self, steps: int, seconds: float) -> float:
        """Which share of the budget that is."""
        if self.steps is not None:
            return steps / self.steps
        return seconds / (60 * (self.minutes or 1))


@dataclass(frozen=True)
class Point:
    """A network on its way: steps taken, seconds of training, the network."""

    step: int
    seconds: float
    model: TrainedModel


def budget(settings: Settings, *, quick: float, full: float) -> Budget:
    """Two steps at toy size, else minutes."""
    if settings.minutes is not None:
        return Budget(minutes=settings.minutes)
    return settings.pick(Budget(steps=2), Budget(minutes=quick), Budget(minutes=full))


def course(
    problem: Problem, settings: Settings, limit: Budget, points: int, *, decay: bool = False
) -> Iterator[Point]:
    """Train a network, handing it over `points` times, evenly spread over the budget.

    Time between the steps is not counted. Without `decay` the learning rate stays, so that every point is
    what a longer run would have had there.
    """
    device, why = choose_device(settings.device)
    config = settings.config(problem).with_changes(decay=decay)
    run = Run(TrainingProblem(problem, {}), config, settings.seed, (), None, device, why)
    clock = time.process_time if device.type == "cpu" else time.perf_counter
    seconds = 0.0
    for number in range(1, points + 1):
        begun = clock()
        spent = limit.spent(run.step, seconds)
        while spent < number / points:
            run.advance(spent if decay else 0.0)
            spent = limit.spent(run.step, seconds + clock() - begun)
        model = run.model(None).to(device)  # reads weights, so it waits for a GPU
        seconds += clock() - begun
        yield Point(run.step, seconds, model)


def last(problem: Problem, settings: Settings, limit: Budget) -> Point:
    """Train a network, its learning rate falling over the budget."""
    return next(course(problem, settings, limit, 1, decay=True))


def network(
    settings: Settings, problem: Problem, name: str, limit: Budget, vary: Ranges | None = None
) -> Model:
    """The network that several figures use: the one that is named, the one that is kept, or a new one."""
    found = kept(settings, name)
    if found is not None:
        return found
    model = gsdmc.train(
        problem,
        steps=limit.steps,
        minutes=limit.minutes,
        preset=settings.config(problem),
        seed=settings.seed,
        device=settings.device,
        vary=vary or (),
        out=settings.models / name,
    )
    return model.to(settings.device)


class Joint(TrainingProblem):
    """A problem of which training never gives anything."""

    @property
    def givens(self) -> tuple[Given, ...]:
        """One statement, which names no array; without any, every subset would be a query."""
        return (Given(Span(self.problem.syntax.source, 0, 0), (), ()),)


def joint_network(settings: Settings, problem: Problem, name: str, limit: Budget, vary: Ranges) -> Model:
    """A network that draws all variables, with no evidence; otherwise like `network`."""
    found = kept(settings, name)
    if found is not None:
        return found
    folder = settings.models / name
    trained = loop.train(
        Joint(problem, dict(vary)),
        settings.config(problem),
        steps=limit.steps,
        minutes=limit.minutes,
        seed=settings.seed,
        vary=tuple(vary),
        device=settings.device,
        folder=folder,
        program=problem.source,
        record={"options": problem.options.to_json()},
    )
    keep_problem(problem, folder)
    return Model(problem, trained).to(settings.device)


def kept(settings: Settings, name: str) -> Model | None:
    """The network that is named or kept, None where there is none."""
    folder = settings.model or settings.models / name
    if settings.model is None and not (folder / "config.json").exists():
        return None
    return gsdmc.load(folder).to(settings.device)
