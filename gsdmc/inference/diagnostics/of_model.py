"""Calibration of a trained network."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from gsdmc.compiler.problem import Problem
from gsdmc.compiler.queries import query_of, read_queries
from gsdmc.inference.diagnostics.calibrate import Sampler, Values, calibrate
from gsdmc.inference.diagnostics.calibration import Calibration
from gsdmc.inference.draw import draw
from gsdmc.inference.evidence.queries import check_query
from gsdmc.language.scope import did_you_mean
from gsdmc.language.source import GsdmcError
from gsdmc.language.syntax import Given
from gsdmc.training.checkpoint import Model as TrainedModel


def calibrate_network(
    problem: Problem,
    trained: TrainedModel,
    *,
    problems: int = 1000,
    draws: int = 99,
    given: str | Sequence[str] | None = None,
    arrays: Sequence[str] | None = None,
    seed: int = 0,
    steps: int | None = None,
    restore: bool = True,
    strict: bool = True,
    progress: Callable[[int], None] | None = None,
) -> Calibration:
    """Check a network's posteriors; see `calibrate`.

    Args:
        problem: the program at the size to check at.
        trained: the network.
        problems: how many problems.
        draws: posterior draws for each.
        given: queries, as `compile` takes them: `"E"`, `"subset:A,E"`, several in a list, `"any"` or
            `"program"`; those of training when None.
        arrays: those whose elements are looked at; all when None.
        seed: of everything.
        steps: network calls per draw; the model's own number when None.
        restore: recompute `dirac` nodes from their sampled parents.
        strict: refuse queries that the network was not trained for.
        progress: called with the number of problems that are done.

    Raises:
        GsdmcError: a query that the program doesn't have or the network wasn't trained for.
    """
    family = problem.givens if given is None else queries(problem, given)
    if strict and given is not None:
        for mask in extremes(problem, family):
            check_query(problem.givens, mask, missing=trained.config.missing > 0)
    return calibrate(
        problem,
        sampler_of(problem, trained, steps=steps, restore=restore),
        problems=problems,
        draws=draws,
        seed=seed,
        givens=family,
        arrays=arrays,
        progress=progress,
    )


def sampler_of(
    problem: Problem, trained: TrainedModel, *, steps: int | None = None, restore: bool = True
) -> Sampler:
    """A network as a sampler of posteriors."""

    def sampler(values: Values, mask: Values, seed: int) -> dict[str, Tensor]:
        raw = draw(trained, problem.layout, values, mask, seed=seed, steps=steps)
        return problem.restore(raw, mask, trained.dtype) if restore else raw

    return sampler


def queries(problem: Problem, given: str | Sequence[str]) -> tuple[Given, ...]:
    """The query family that texts stand for; none of them means every subset.

    Raises:
        GsdmcError: a text that is no query, or names no array of the program.
    """
    texts = read_queries(given)
    if texts is None:
        return problem.syntax.givens
    family = tuple(query_of(text) for text in texts)
    known = problem.graph.by_name
    for query in family:
        for name in (*query.targets, *query.subset):
            if name not in known:
                near = did_you_mean(name, known) or f"its arrays are {', '.join(known)}"
                raise GsdmcError(f'the program has no array "{name}"', query.span, hint=near)
    return family


def extremes(problem: Problem, family: Sequence[Given]) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """The least and the most that a query family observes, as masks."""
    targets = {name for query in family for name in query.targets}
    some = targets | {name for query in family for name in query.subset}
    arrays = problem.graph.arrays
    least = {a.name: torch.full(a.shape, a.name in targets) for a in arrays}
    most = {a.name: torch.full(a.shape, not family or a.name in some) for a in arrays}
    return least, most
