"""Scores of the bundled programs, one table from a program's name to its function."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from gsdmc.compiler.problem import Problem
from gsdmc.inference.draw import draw
from gsdmc.inference.refinement.refine import Refinement, refine
from gsdmc.training.checkpoint import Model as TrainedModel
from gsdmc.training.masks import draw_masks
from gsdmc.training.seeds import derive, generator

Values = Mapping[str, Tensor]

PRIOR, SUDOKU, INVERSION = 301, 302, 303
"""Streams of random numbers that scores draw from."""

GIVEN_CELLS = (0, 16, 24, 32, 40, 64)
"""Numbers of given cells at which the paper reports Sudoku."""


@dataclass(frozen=True)
class Score:
    """A figure of network samples, of the same samples once restored, and where it helps of the prior.

    `refined` is that of the samples once repaired and polished, where that was asked for. `share` tells a
    share of 1 from an error.
    """

    name: str
    raw: float
    restored: float
    prior: float | None = None
    share: bool = False
    refined: float | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain numbers by name."""
        prior = {} if self.prior is None else {"prior": self.prior}
        refined = {} if self.refined is None else {"refined": self.refined}
        return {"name": self.name, "raw": self.raw, "restored": self.restored, **refined, **prior}


@dataclass(frozen=True, eq=False)
class Check:
    """What scores are computed from: fresh problems and one sample of each, `[B, *value_shape]` per array.

    `refined` are the samples once repaired and polished, where `wanted` asks for that.
    """

    problem: Problem
    trained: TrainedModel
    truth: Values
    mask: Values
    raw: Values
    restored: Values
    seed: int
    steps: int | None
    wanted: Refinement = field(default_factory=Refinement)
    refined: Values | None = None

    @property
    def versions(self) -> tuple[Values, ...]:
        """The samples raw, restored and, where that was asked for, refined."""
        return (self.raw, self.restored) if self.refined is None else (self.raw, self.restored, self.refined)

    @property
    def count(self) -> int:
        """B, the number of problems."""
        return len(next(iter(self.truth.values())))

    def sample(self, values: Values, mask: Values, stream: int) -> tuple[Values, ...]:
        """Sample other queries: the network's values, those restored and, if asked for, refined."""
        seed = derive(self.seed, stream)
        raw = draw(self.trained, self.problem.layout, values, mask, seed=seed, steps=self.steps)
        restored = self.problem.restore(raw, mask)
        if not self.wanted.beyond_restoration:
            return raw, restored
        refined, _ = refine(
            self.problem, self.trained, raw, mask, self.wanted, seed=seed, steps=self.steps, exact=values
        )
        return raw, restored, refined

    def masks(self, stream: int) -> dict[str, Tensor]:
        """Masks of the program's own query."""
        problem, conditioning = self.problem, self.trained.config.conditioning
        return draw_masks(
            problem.layout, problem.givens, self.count, generator(self.seed, stream), conditioning
        )


def scores_of(check: Check) -> tuple[Score, ...]:
    """The program's own scores; none where it has no entry, or other arrays than the bundled program."""
    entry = SCORES.get(check.problem.name)
    if entry is None or not set(entry.arrays) <= set(check.truth):
        return ()
    kinds = {check.problem.graph.by_name[name].kind.name for name in entry.arrays}
    if "vector" in kinds:  # no bundled program has one in an array that is scored
        return ()
    return tuple(entry.scores(check))


def factorisation(check: Check) -> list[Score]:
    """RMSE(E, A R), pooled over problems and entries, beside that of A and R drawn from the prior."""
    prior = check.problem.simulate(check.count, derive(check.seed, PRIOR))
    wanted = check.truth["E"]
    found = [rmse(wanted, v["A"] @ v["R"].to(v["A"])) for v in (*check.versions, prior)]
    return [score("RMSE(E, A R)", found[:-1], found[-1])]


def rmse(wanted: Tensor, found: Tensor) -> float:
    """Root-mean-square difference, pooled over everything."""
    return (wanted - found).double().square().mean().sqrt().item()


def sudoku(check: Check) -> list[Score]:
    """Share of grids whose rows, columns and boxes are all valid, by the number of given cells."""
    shape = check.truth["cell"].shape[1:]
    cells = shape.numel()
    scores = []
    for given in GIVEN_CELLS:
        if given >= cells:
            continue
        stream = (SUDOKU << 16) + given
        draws = torch.rand(check.count, cells, generator=generator(check.seed, stream))
        mask = {"cell": (draws.argsort(1).argsort(1) < given).reshape(check.count, *shape)}
        found = (valid_grids(v["cell"]) for v in check.sample(check.truth, mask, stream))
        scores.append(share(f"valid grids, {given} cells given", *found))
    return scores


def valid_grids(cell: Tensor) -> Tensor:
    """Which grids, `[B, n, n, n, n]` by band, row, stack, column, hold every digit in every unit: `[B]`."""
    batch, side = cell.shape[0], cell.shape[1]
    digits = side * side
    units = [
        cell.reshape(batch, digits, digits),
        cell.reshape(batch, digits, digits).mT,
        cell.transpose(2, 3).reshape(batch, digits, digits),  # boxes
    ]
    want = torch.arange(digits)
    return torch.stack([(u.sort(-1).values == want).flatten(1).all(1) for u in units]).all(0)


def sorting(check: Check) -> list[Score]:
    """Share of lists whose permutation is exactly right."""
    found = ((v["P"] == check.truth["P"]).flatten(1).all(1) for v in check.versions)
    return [share("lists with the exact permutation", *found)]


def boolean(check: Check) -> list[Score]:
    """Share of outputs, of all intermediate values, and of circuits without an error."""
    found = [v["y"] == check.truth["y"] for v in check.versions]
    return [
        share("outputs right", *(right[:, -1] for right in found)),
        share("gates right", *found),
        share("circuits without an error", *(right.all(1) for right in found)),
    ]


def inversion(check: Check) -> list[Score]:
    """Median of ‖A R - I‖ / n (Frobenius; n the side) where E = I is given: how far R is from A's inverse."""
    identity = torch.eye(check.truth["E"].shape[1]).expand_as(check.truth["E"])
    versions = check.sample({**check.truth, "E": identity}, check.masks(INVERSION), INVERSION)
    prior = {"A": check.truth["A"], "R": check.problem.simulate(check.count, derive(check.seed, PRIOR))["R"]}
    found = [
        ((v["A"] @ v["R"] - identity).norm(dim=(1, 2)) / len(identity[0])).median().item()
        for v in (*versions, prior)
    ]
    return [score("median |A R - I| / n, E = I given", found[:-1], found[-1])]


def score(name: str, found: Sequence[float], prior: float | None = None, share: bool = False) -> Score:
    """The score of a figure raw, restored and, where that was asked for, refined."""
    return Score(name, found[0], found[1], prior, share, found[2] if len(found) > 2 else None)


def share(name: str, *right: Tensor) -> Score:
    """The score of how often something is right, in each version of the samples."""
    return score(name, [r.double().mean().item() for r in right], share=True)


@dataclass(frozen=True)
class Entry:
    """A program's score function, and the arrays that it reads."""

    scores: Callable[[Check], list[Score]]
    arrays: tuple[str, ...]


SCORES = {
    "bcmf": Entry(factorisation, ("A", "R", "E")),
    "hbmf": Entry(factorisation, ("A", "R", "E")),
    "sudoku": Entry(sudoku, ("cell",)),
    "sorting": Entry(sorting, ("P",)),
    "boolean": Entry(boolean, ("x", "y")),
    "inversion": Entry(inversion, ("A", "R", "E")),
}
"""Score functions by the name of the program."""
