"""Scores of a network on fresh problems, before and after restoration."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any

from gsdmc.compiler.problem import Problem
from gsdmc.diffusion.sampling.trace import Trace
from gsdmc.inference.consistency import Consistency, measure
from gsdmc.inference.draw import draw
from gsdmc.inference.evidence.queries import describe
from gsdmc.inference.recovery import Recovery, recover
from gsdmc.inference.refinement.refine import Refinement, refine
from gsdmc.inference.refinement.report import Report
from gsdmc.inference.refinement.violations import residuals_of, violations
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
        refined: self-consistency once repaired and polished, where that was asked for.
        report: what repair and polishing did, where they were asked for.
        valid: share of samples that satisfy everything that the program says: raw, restored and refined.
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
    refined: Consistency | None
    report: Report | None
    valid: tuple[float, ...]
    recovery: dict[str, Recovery]
    scores: tuple[Score, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain dicts, lists and numbers."""
        plain: dict[str, Any] = {"scores": [score.to_json() for score in self.scores]}
        found = {f.name: getattr(self, f.name) for f in fields(self)}
        for name in ("raw", "restored", "refined", "report"):
            if found[name] is None:
                del found[name]
            else:
                plain[name] = found[name].to_json()
        plain["recovery"] = {name: asdict(r) for name, r in self.recovery.items()}
        return found | plain


def evaluate(
    problem: Problem,
    trained: TrainedModel,
    count: int,
    *,
    seed: int,
    steps: int | None = None,
    wanted: Refinement | None = None,
    trace: Trace | None = None,
) -> Evaluation:
    """Draw problems, condition on what the program says is given, sample once each, and score.

    Args:
        problem: the program at the size to evaluate at.
        trained: the network.
        count: how many problems.
        seed: of problems, queries and samples.
        steps: network calls; the model's own number when None.
        wanted: repair and polishing; none when None. Samples are restored in any case.
        trace: counts that network calls are added to, those of repair's redraws included.
    """
    wanted = wanted or Refinement()
    truth = problem.simulate(count, derive(seed, PROBLEMS))
    conditioning = trained.config.conditioning
    mask = draw_masks(problem.layout, problem.givens, count, generator(seed, QUERIES), conditioning)
    raw = draw(trained, problem.layout, truth, mask, seed=derive(seed, SAMPLES), steps=steps, trace=trace)
    restored = problem.restore(raw, mask, trained.dtype)
    refined, report = None, None
    if wanted.beyond_restoration:
        refined, report = refine(
            problem,
            trained,
            raw,
            mask,
            wanted,
            seed=derive(seed, SAMPLES),
            steps=steps,
            exact=truth,
            trace=trace,
        )
    check = Check(problem, trained, truth, mask, raw, restored, seed, steps, wanted, refined)
    residuals = [residuals_of(problem, version) for version in check.versions]
    valid = (violations(problem, r, wanted.tolerance).total(count) == 0 for r in residuals)
    return Evaluation(
        program=problem.name,
        sizes=problem.sizes,
        problems=count,
        query=describe(problem.givens),
        seed=seed,
        steps=steps or trained.config.sampler.steps,
        raw=measure(problem, residuals[0]),
        restored=measure(problem, residuals[1]),
        refined=None if refined is None else measure(problem, residuals[2]),
        report=report,
        valid=tuple(v.double().mean().item() for v in valid),
        recovery=recover(problem, truth, mask, raw, restored),
        scores=scores_of(check),
    )
