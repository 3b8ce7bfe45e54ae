"""One problem that the program draws, and posterior samples for it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from gsdmc.compiler.problem import Problem
from gsdmc.diffusion.sampling.trace import Trace
from gsdmc.graph.parts import parts
from gsdmc.inference.draw import draw
from gsdmc.inference.samples import Samples
from gsdmc.training.checkpoint import Model as TrainedModel
from gsdmc.training.masks import draw_masks
from gsdmc.training.seeds import derive, generator

PROBLEM, QUERY, NOISE = 401, 402, 403
"""Streams of random numbers: the problem, what of it is given, and the samples' noise."""


@dataclass(frozen=True, eq=False)
class Example:
    """A problem with posterior samples.

    Attributes:
        truth: what the program drew, `[*shape]` per array.
        samples: samples given a part of it, restored.
        seed: of both.
    """

    truth: dict[str, Tensor]
    samples: Samples
    seed: int

    @property
    def query(self) -> str:
        """What of the problem was given, in words."""
        whole = [name for name, seen in self.samples.observed.items() if bool(seen.all())]
        some = [n for n, seen in self.samples.observed.items() if bool(seen.any()) and n not in whole]
        words = [*whole, *(f"{int(self.samples.observed[n].sum()):,} elements of {n}" for n in some)]
        return f"given {' and '.join(words)}" if words else "given nothing"

    def numbers(self, name: str) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
        """Samples `[S, *shape]`, the truth and what was given of it, `[*shape]` each, channels included."""
        drawn = self.samples.tensors[name].double().numpy()
        truth = self.truth[name].double().numpy()
        seen = self.samples.observed[name].numpy()
        for size in truth.shape[seen.ndim :]:
            seen = np.repeat(seen[..., None], size, axis=-1)
        return drawn, truth, seen


def draw_example(
    problem: Problem,
    trained: TrainedModel,
    count: int,
    *,
    seed: int,
    steps: int | None = None,
    trace: Trace | None = None,
) -> Example:
    """Draw a problem and `count` samples given what training gave of such problems.

    Where training was for any query, the program's data are given, if it has some: a posterior says more
    than a query drawn at random, which may be a part of an array.
    """
    truth = problem.simulate(1, derive(seed, PROBLEM))
    mask = draw_masks(problem.layout, problem.givens, 1, generator(seed, QUERY), trained.config.conditioning)
    if not problem.givens:
        of = parts(problem.graph)
        if {"data"} < set(of.values()):
            mask = {name: seen.new_full(seen.shape, of[name] == "data") for name, seen in mask.items()}
    values = {name: value.expand(count, *value.shape[1:]) for name, value in truth.items()}
    rows = {name: seen.expand(count, *seen.shape[1:]) for name, seen in mask.items()}
    raw = draw(trained, problem.layout, values, rows, seed=derive(seed, NOISE), steps=steps, trace=trace)
    observed = {name: seen[0] for name, seen in mask.items()}
    samples = Samples(problem, raw, observed).restored()
    return Example({name: value[0] for name, value in truth.items()}, samples, seed)
