"""The posterior of programs/epidemic.clj, by long Markov chains.

Everything but the reports is a function of a few normal numbers: the start, the recovery, the first log rate
and its steps. Elliptical slice sampling (Murray, Adams, MacKay 2010) has such priors for its own, and nothing
to tune. Many chains run side by side from draws of the prior; their agreement is reported.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from posteriors.exact import Array, Given, Marginal, Real

Key = tuple[str, tuple[int, ...]]
FIRST = 3
"""Normal numbers before the weeks' own: start, recovery, the log rate before."""

THIN = 4
"""Every how many steps one is kept: neighbours are alike."""


@dataclass(frozen=True)
class Course:
    """Epidemics, one a row: parameters `[C]`, weeks `[C, weeks]`."""

    start: Array
    recovery: Array
    before: Array
    log_rate: Array
    new: Array
    susceptible: Array
    infected: Array


class Outbreak:
    """A program's posterior, whatever weeks' reports are known and nothing else.

    Attributes:
        chains: that run side by side.
        steps: of each, after as many to forget where it began.
        disagreement: the largest split R-hat of the last query (Gelman et al. 2013): 1 where chains agree.
    """

    def __init__(
        self,
        weeks: int = 15,
        people: int = 2000,
        reported: float = 0.5,
        chains: int = 200,
        steps: int = 4000,
        seed: int = 0,
    ) -> None:
        self.weeks, self.people, self.reported = weeks, people, reported
        self.chains, self.steps, self.seed = chains, steps, seed
        self.disagreement = float("nan")

    def course(self, z: Array) -> Course:
        """The epidemics of standard normal numbers `[C, 3 + weeks]`."""
        start, recovery, before = -4.5 + 0.5 * z[:, 0], -0.2 + 0.4 * z[:, 1], 0.3 * z[:, 2]
        log_rate = before[:, None] + 0.15 * np.cumsum(z[:, FIRST:], axis=1)
        rates, kept = np.exp(log_rate), 1 - 1 / (1 + np.exp(-recovery))
        infected = np.exp(start)
        susceptible = 1 - infected
        columns: list[tuple[Array, Array, Array]] = []
        for week in range(self.weeks):
            new = susceptible * -np.expm1(-rates[:, week] * infected)
            susceptible, infected = susceptible - new, kept * infected + new
            columns.append((new, susceptible, infected))
        weeks = [np.stack(part, axis=1) for part in zip(*columns, strict=True)]
        return Course(start, recovery, before, log_rate, *weeks)

    def expected(self, course: Course) -> Array:
        """The mean of the reports."""
        return 0.1 + self.people * self.reported * course.new

    def log_likelihood(self, z: Array, cases: Array) -> Array:
        """Of the reports that are known: `[C]`."""
        seen = ~np.isnan(cases)
        logs = np.asarray(stats.poisson.logpmf(cases[seen], self.expected(self.course(z))[:, seen]))
        return np.asarray(logs.sum(axis=1), dtype=np.float64)

    def chain(self, cases: Array) -> NDArray[np.float64]:
        """Draws `[steps / THIN, chains, 3 + weeks]` of the normal numbers."""
        rng = np.random.default_rng(self.seed)
        z = rng.standard_normal((self.chains, FIRST + self.weeks))
        height = self.log_likelihood(z, cases)
        kept = []
        for step in range(2 * self.steps):
            z, height = self.slice(z, height, cases, rng)
            if step >= self.steps and step % THIN == 0:
                kept.append(z)
        return np.stack(kept)

    def slice(self, z: Array, height: Array, cases: Array, rng: np.random.Generator) -> tuple[Array, Array]:
        """One step of every chain: a point on an ellipse through the old one, above a random height."""
        other = rng.standard_normal(z.shape)
        level = height + np.log(rng.random(len(z)))
        angle = rng.uniform(0, 2 * np.pi, len(z))
        low, high = angle - 2 * np.pi, angle.copy()
        found, reached = z.copy(), height.copy()
        left = np.arange(len(z))
        while len(left):
            turn = angle[left, None]
            proposal = z[left] * np.cos(turn) + other[left] * np.sin(turn)
            heights = self.log_likelihood(proposal, cases)
            above = heights > level[left]
            found[left[above]], reached[left[above]] = proposal[above], heights[above]
            left = left[~above]
            below = angle[left] < 0
            low[left[below]], high[left[~below]] = angle[left[below]], angle[left[~below]]
            angle[left] = rng.uniform(low[left], high[left])
        return found, reached

    def __call__(self, given: Given) -> dict[Key, Marginal]:
        """Marginals of the parameters, of every week's state and of the missing reports.

        Raises:
            ValueError: anything but reports is given.
        """
        for name, value in given.items():
            if name != "cases" and not np.isnan(value).all():
                raise ValueError(f"{name} is given, which this posterior doesn't know of")
        draws = self.chain(given["cases"])
        self.disagreement = float(split_r_hat(draws).max())
        course = self.course(draws.reshape(-1, draws.shape[-1]))
        found: dict[Key, Marginal] = {}
        for name in ("start", "recovery", "before"):
            found[name, ()] = sampled(getattr(course, name))
        for name in ("log_rate", "new", "susceptible", "infected"):
            for week, values in enumerate(getattr(course, name).T):
                found[name.replace("_", "-"), (week,)] = sampled(values)
        rng = np.random.default_rng(self.seed + 1)
        reports = rng.poisson(self.expected(course)).astype(np.float64)
        for missing in np.flatnonzero(np.isnan(given["cases"])):
            found["cases", (int(missing),)] = sampled(reports[:, missing])
        return found


def sampled(values: Array) -> Real:
    """The moments of draws."""
    away = values - values.mean()
    return Real(float(values.mean()), float(away.std()), float((away**4).mean()))


def split_r_hat(draws: Array) -> Array:
    """How far halves of chains `[steps, chains, D]` disagree, for each of D numbers; 1 where they don't."""
    half = len(draws) // 2
    parts = np.concatenate([draws[:half], draws[half : 2 * half]], axis=1)  # [half, 2 chains, D]
    within = parts.var(axis=0, ddof=1).mean(axis=0)
    between = parts.mean(axis=0).var(axis=0, ddof=1)
    return np.asarray(np.sqrt((half - 1) / half + between / within), dtype=np.float64)
