"""Scores of a network on fresh problems, before and after restoration."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from gsdmc.compiler.problem import Problem
from gsdmc.inference.consistency import Consistency, measure
from gsdmc.inference.draw import draw
from gsdmc.inference.queries import describe
from gsdmc.inference.recovery import Recovery, recover
from gsdmc.inference.scores import Check, Score, scores_of
from gsdmc.training.checkpoint import Model as TrainedModel
from gsdmc.training.masks import draw_masks
from gsdmc.training.seeds import derive, generator

PROBLEMS, QUERIES, SAMPLES = 201, 202, 203
"""Streams of random numbers: problems, what of them is given, and the samples' noise."""


@dataclass(frozen=True)
class Evaluation:
    """Scores of one network sample for each of `problems` fresh draws of the program.

    Attributes:
        program: its name.
        sizes: its sizes.
        problems: joint draws of the program.
        query: what of each draw was evidence, in words.
        seed: of problems, queries and samples.
        steps: network calls per sample.
        raw: self-consistency of the network's own samples.
        restored: self-consistency once `dirac` nodes are recomputed from their parents.
        recovery: agreement with the drawn problem, where evidence leaves a single answer.
        scores: the program's own.
    """

    program: str
    sizes: dict[str, int]
    problems: int
    query: str
    seed: int
    steps: int
    raw: Consistency
    restored: Consistency
    recovery: dict[str, Recovery]
    scores: tuple[Score, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain dicts, lists and numbers."""
        return asdict(self) | {"scores": [score.to_json() for score in self.scores]}


def evaluate(
    problem: Problem, trained: TrainedModel, count: int, *, seed: int, steps: int | None = None
) -> Evaluation:
    """Draw problems, condition on what the program says is given, sample once each, and score.

    Args:
        problem: the program at the size to evaluate at.
        trained: the network.
        count: how many problems.
        seed: of problems, queries and samples.
        steps: network calls; the model's own number when None.
    """
    truth = problem.simulate(count, derive(seed, PROBLEMS))
    mask = draw_masks(problem.layout, problem.givens, count, generator(seed, QUERIES))
    raw = draw(trained, problem.layout, truth, mask, seed=derive(seed, SAMPLES), steps=steps)
    restored = problem.restore(raw, mask)
    check = Check(problem, trained, truth, mask, raw, restored, seed, steps)
    return Evaluation(
        program=problem.name,
        sizes=problem.sizes,
        problems=count,
        query=describe(problem.givens),
        seed=seed,
        steps=steps or trained.config.sampler.steps,
        raw=measure(problem, problem.verify(raw)),
        restored=measure(problem, problem.verify(restored)),
        recovery=recover(problem, truth, mask, raw, restored),
        scores=scores_of(check),
    )
