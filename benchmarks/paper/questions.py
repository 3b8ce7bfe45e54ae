"""Fresh problems put to a network, and how right its raw samples are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from gsdmc.compiler import Problem
from gsdmc.inference.draw import draw
from gsdmc.inference.scores import rmse, valid_grids
from gsdmc.training.checkpoint import Model as TrainedModel
from gsdmc.training.masks import draw_masks
from gsdmc.training.seeds import derive, generator

PROBLEMS, QUERIES, NOISE, PRIOR, CELLS = 501, 502, 503, 504, 505
"""Streams of random numbers."""

EVALUATION = 1_000_003
"""Added to a run's seed, so that no problem is one of its training."""


@dataclass(frozen=True)
class Answer:
    """Drawn problems, what of them was given, and one raw network sample each, by array with B first."""

    truth: Mapping[str, Tensor]
    mask: Mapping[str, Tensor]
    sample: Mapping[str, Tensor]


def ask(
    problem: Problem,
    model: TrainedModel,
    count: int,
    seed: int,
    mask: Mapping[str, Tensor] | None = None,
) -> Answer:
    """Draw problems, and sample each once; what is given is the program's own query unless `mask` says."""
    seed += EVALUATION
    truth = problem.simulate(count, derive(seed, PROBLEMS))
    if mask is None:
        mask = draw_masks(problem.layout, problem.givens, count, generator(seed, QUERIES))
    sample = draw(model, problem.layout, truth, mask, seed=derive(seed, NOISE))
    return Answer(truth, mask, sample)


def nothing(problem: Problem, count: int) -> dict[str, Tensor]:
    """The query that gives nothing."""
    return {a.name: torch.zeros(count, *a.shape, dtype=torch.bool) for a in problem.graph.arrays}


def cells(problem: Problem, count: int, given: int, seed: int) -> dict[str, Tensor]:
    """Queries of `given` cells of Sudoku grids, drawn uniformly."""
    shape = problem.graph.by_name["cell"].shape
    draws = torch.rand(count, problem.graph.nodes, generator=generator(seed + EVALUATION, CELLS, given))
    return {"cell": (draws.argsort(1).argsort(1) < given).reshape(count, *shape)}


def factorisation_error(problem: Problem, answer: Answer, seed: int) -> tuple[float, float]:
    """RMSE(E, A R) of samples, and of A and R from the prior beside the same E."""
    count = len(answer.truth["E"])
    prior = problem.simulate(count, derive(seed + EVALUATION, PRIOR))
    wanted = answer.sample["E"]  # what was given, or the network's own
    own, drawn = (v["A"] @ v["R"].to(v["A"]) for v in (answer.sample, prior))
    return rmse(wanted, own), rmse(wanted, drawn)


def outputs_right(answer: Answer) -> float:
    """Share of circuits whose output is right."""
    output, wanted = (v["y"].reshape(len(v["y"]), -1)[:, -1] for v in (answer.sample, answer.truth))
    return (output == wanted).double().mean().item()


def permutations_right(answer: Answer) -> tuple[float, float]:
    """Share of lists whose permutation is exactly right, and of its rows."""
    rows = (answer.sample["P"] == answer.truth["P"]).all(-1)  # [B, n]
    return rows.all(-1).double().mean().item(), rows.double().mean().item()


def grids_valid(answer: Answer) -> float:
    """Share of Sudoku grids whose rows, columns and boxes are all valid."""
    return valid_grids(answer.sample["cell"]).double().mean().item()
