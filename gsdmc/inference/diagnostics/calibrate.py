"""Calibration: simulated problems, posterior draws for each, and where the truth lies among them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gsdmc.compiler.problem import Problem
from gsdmc.inference.diagnostics.calibration import Calibration
from gsdmc.inference.diagnostics.quantities import Quantities
from gsdmc.inference.diagnostics.ranks import RankTest, randomised_ranks
from gsdmc.inference.diagnostics.tarp import distances, references
from gsdmc.inference.evidence.queries import describe
from gsdmc.language.source import GsdmcError
from gsdmc.language.syntax import Given
from gsdmc.training.masks import draw_masks
from gsdmc.training.seeds import derive, generator

Values = Mapping[str, Tensor]
Sampler = Callable[[Values, Values, int], Mapping[str, Tensor]]
"""`(values, mask, seed)` to one joint draw per row given the values where the mask is true."""

PROBLEMS, QUERIES, DRAWS, TIES, POINTS = 301, 302, 303, 304, 305
"""Streams of random numbers: problems, what of them is given, posterior draws, ties, reference points."""

BUDGET = 1 << 23
"""Most numbers of posterior draws that are held at a time."""

DENSITY, BALLS = "log density", "TARP"


@dataclass(eq=False)
class _Collected:
    """Ranks as they come, and one draw of each problem."""

    columns: list[NDArray[np.int64]] = field(default_factory=list)
    density: list[NDArray[np.int64]] = field(default_factory=list)
    balls: list[NDArray[np.int64]] = field(default_factory=list)
    first: list[NDArray[np.float64]] = field(default_factory=list)


def calibrate(
    problem: Problem,
    sampler: Sampler,
    *,
    problems: int = 1000,
    draws: int = 99,
    seed: int = 0,
    givens: Sequence[Given] | None = None,
    arrays: Sequence[str] | None = None,
    progress: Callable[[int], None] | None = None,
) -> Calibration:
    """Check a sampler of posteriors on problems that the program draws.

    Every problem is a joint draw of the program, of which a query's evidence is shown to the sampler. Where
    the sampler is right, the truth is one more posterior draw, so that its rank among `draws` others is
    uniform (simulation-based calibration; Talts et al. 2018). Ranked are every element of every array where
    it is not evidence; the program's log density, which sees what depends on evidence and on several
    variables (Modrák et al. 2023), and whose ranks give the coverage of regions of highest density; and the
    distance from a random point (TARP; Lemos et al. 2023).

    Args:
        problem: the program.
        sampler: what to check.
        problems: N.
        draws: L, posterior draws per problem; L + 1 divisible by 20 makes even bins.
        seed: of problems, queries, draws and ties.
        givens: the query family; the program's own when None.
        arrays: those whose elements and distances are looked at; all when None.
        progress: called with the number of problems that are done.

    Raises:
        GsdmcError: no problems or draws, an unknown array, or a query that leaves nothing to infer.
    """
    if problems < 1 or draws < 1:
        raise GsdmcError(f"calibration takes at least one problem and one draw, not {problems} and {draws}")
    family = problem.givens if givens is None else givens
    quantities = Quantities.of(problem, arrays)
    truth = problem.simulate(problems, derive(seed, PROBLEMS))
    mask = draw_masks(problem.layout, family, problems, generator(seed, QUERIES))
    known = quantities.known(mask)
    if known.all():
        raise GsdmcError(
            f"{', '.join(a.name for a in quantities.arrays)}: all of it is evidence {describe(family)}",
            hint="name arrays that are inferred",
        )
    points, fixed = quantities.points(truth), quantities.fixed(mask)
    shift, scale = points.mean(axis=0), points.std(axis=0)
    scale[scale == 0] = 1.0
    points = (points - shift) / scale
    around = references(points, fixed, np.random.default_rng(derive(seed, POINTS)))
    ties = np.random.default_rng(derive(seed, TIES))
    density = _density(problem, truth) if problem.simulator is None else None  # of its own draws alone
    found = _Collected()
    group = max(1, BUDGET // (draws * max(1, points.shape[1])))
    for start in range(0, problems, group):
        rows = slice(start, min(start + group, problems))
        count = rows.stop - start
        given, seen = (
            {name: t[rows].repeat_interleave(draws, 0) for name, t in part.items()} for part in (truth, mask)
        )
        drawn = sampler(given, seen, derive(seed, DRAWS, start))
        columns = quantities.columns(drawn).reshape(count, draws, -1)
        true = quantities.columns({name: t[rows] for name, t in truth.items()})
        ranks = [randomised_ranks(true[:, i], columns[:, :, i], ties) for i in range(true.shape[1])]
        found.columns.append(np.stack(ranks, axis=1))
        found.first.append(columns[:, 0])
        if density is not None:
            scores = _finite(problem.score(drawn)).reshape(count, draws)
            found.density.append(randomised_ranks(density[rows], scores, ties))
        spread = ((quantities.points(drawn) - shift) / scale).reshape(count, draws, -1)
        own = distances(points[rows], around[rows], fixed[rows])
        others = distances(spread, around[rows, None], fixed[rows, None])
        found.balls.append(randomised_ranks(own, others, ties))
        if progress is not None:
            progress(rows.stop)
    columns_ranks = np.concatenate(found.columns)
    tests = [
        RankTest(label, columns_ranks[~known[:, i], i], draws)
        for i, label in enumerate(quantities.labels)
        if not known[:, i].all()
    ]
    owners = [o for i, o in enumerate(quantities.owners) if not known[:, i].all()]
    return Calibration(
        program=problem.name,
        sizes=problem.sizes,
        query=describe(family),
        problems=problems,
        draws=draws,
        seed=seed,
        quantities=tuple(tests),
        owners=tuple(owners),
        density=None if density is None else RankTest(DENSITY, np.concatenate(found.density), draws),
        tarp=RankTest(BALLS, np.concatenate(found.balls), draws),
        truth=quantities.columns(truth),
        drawn=np.concatenate(found.first),
    )


def _density(problem: Problem, truth: Values) -> NDArray[np.float64] | None:
    """The log densities of joint values; None where the program has none."""
    try:
        return _finite(problem.score(truth))
    except GsdmcError:
        return None


def _finite(score: Tensor) -> NDArray[np.float64]:
    """Scores in which what is no number counts as impossible."""
    return torch.nan_to_num(score.detach().double(), nan=-torch.inf, neginf=-torch.inf).numpy()
