"""Figures 5 and 13: the error of BCMF over m, n and k, with E given and with nothing given.

One network, trained with m, n and k from 1 to 10. The error is the RMSE between E and the product of the
sampled A and R, over raw samples; in Figure 13 E is a sample too. `prior` is the RMSE of A and R from the
prior, beside the same E. A size that memory doesn't suffice for has no `rmse`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from gsdmc.inference.model import Model
from paper import bcmf, pictures
from paper.figure import Figure
from paper.questions import ask, factorisation_error, nothing
from paper.settings import Settings
from paper.table import Row, Table

NODES = 200_000
"""Nodes of all the problems of a size together, at most, where a single one doesn't have more."""


def measure(network: Callable[[Settings], Model], given: bool) -> Callable[[Settings, Table], None]:
    """The measurement of one of the two figures."""

    def measure(settings: Settings, table: Table) -> None:
        model = network(settings)
        sides = settings.pick((1, 2), (1, 2, 5, 10, 20, 50), (1, 2, 5, 10, 20, 50, 100, 200))
        ranks = settings.pick((1, 2), (1, 3, 5, 10), (1, 2, 3, 5, 10, 15))
        most = settings.pick(4, 32, 64)
        for k in ranks:
            for m in sides:
                for n in sides:
                    if not table.has(m=m, n=n, k=k):
                        table.add(**cell(model, given, m, n, k, most, settings.seed))

    return measure


def cell(model: Model, given: bool, m: int, n: int, k: int, most: int, seed: int) -> Row:
    """The error at one size."""
    problem = model.problem.resized(m=m, n=n, k=k)
    count = max(1, min(most, NODES // problem.graph.nodes))
    own: float | None = None
    prior: float | None = None
    try:
        mask = None if given else nothing(problem, count)
        answer = ask(problem, model.trained, count, seed, mask)
        own, prior = factorisation_error(problem, answer, seed)
    except (MemoryError, torch.OutOfMemoryError):
        pass
    trained = model.trained.run
    return {
        "m": m,
        "n": n,
        "k": k,
        "nodes": problem.graph.nodes,
        "problems": count,
        "rmse": own,
        "prior": prior,
        "seen_in_training": max(m, n, k) <= max(bcmf.RANGES["m"]),
        "training_steps": trained["steps"],
        "training_seconds": model.metrics["seconds"],
    }


def draw(title: str) -> Callable[[list[Row], Path], None]:
    """A heat map for each k, yellow where the error is the prior's."""

    def draw(rows: list[Row], path: Path) -> None:
        ranks = sorted({row["k"] for row in rows})
        sides = sorted({row["m"] for row in rows})
        figure, axes = pictures.panels(1, len(ranks), width=2.4, height=2.2)
        for axis, k in zip(axes[0], ranks, strict=True):
            own = [row for row in rows if row["k"] == k]
            values = np.full((len(sides), len(sides)), np.nan)
            for row in own:
                if row["rmse"] is not None:
                    values[sides.index(row["m"]), sides.index(row["n"])] = row["rmse"]
            most = max([row["prior"] for row in own if row["prior"]], default=1.0)
            image = pictures.heat(axis, values, most)
            axis.set(title=f"k = {k}", xlabel="n", ylabel="m")
            axis.set_xticks(range(len(sides)), sides)
            axis.set_yticks(range(len(sides)), sides)
            figure.colorbar(image, ax=axis, shrink=0.8)
        pictures.save(figure, path, title)

    return draw


FIGURES = (
    Figure(
        "fig5",
        "BCMF: error over m, n and k, E given",
        measure(bcmf.conditional, given=True),
        draw("BCMF: RMSE(E, A R), E given"),
    ),
    Figure(
        "fig13",
        "BCMF: error over m, n and k, nothing given",
        measure(bcmf.unconditional, given=False),
        draw("BCMF: RMSE(E, A R), nothing given"),
    ),
)
