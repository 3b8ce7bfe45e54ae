"""Ranks of the truth among posterior draws: uniform where the posterior is right."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

BINS, LEAST_EXPECTED = 20, 5
"""Most bins of a histogram of ranks, and the fewest ranks to expect in one, for the χ² test."""

LEVELS = np.linspace(0.0, 1.0, 51)
"""Levels at which coverage curves are kept."""


def randomised_ranks(
    truth: NDArray[np.floating[Any]], draws: NDArray[np.floating[Any]], generator: np.random.Generator
) -> NDArray[np.int64]:
    """How many draws are below the truth, a tie going either way by chance.

    With L draws from the posterior of the truth, the rank is uniform on 0 .. L, also where values are
    discrete: among k draws that equal the truth, its place is uniform on 0 .. k.

    Args:
        truth: `[N]`.
        draws: `[N, L]`.
        generator: for ties.

    Returns:
        `[N]` ranks.
    """
    below = (draws < truth[:, None]).sum(1)
    ties = (draws == truth[:, None]).sum(1)
    ranks: NDArray[np.int64] = (below + generator.integers(0, ties, endpoint=True)).astype(np.int64)
    return ranks


@dataclass(frozen=True, eq=False)
class RankTest:
    """Ranks of one quantity over many problems.

    Attributes:
        name: of the quantity, such as `theta[3]`.
        ranks: `[N]`, each in 0 .. `draws`; N are the problems in which the quantity was unknown.
        draws: L, the posterior draws per problem.
    """

    name: str
    ranks: NDArray[np.int64]
    draws: int

    @property
    def count(self) -> int:
        """N."""
        return len(self.ranks)

    @cached_property
    def edges(self) -> NDArray[np.int64]:
        """The first rank of every bin, and L + 1: bins as even as whole ranks allow."""
        bins = max(2, min(BINS, self.draws + 1, self.count // LEAST_EXPECTED))
        return np.linspace(0, self.draws + 1, bins + 1).round().astype(np.int64)

    @cached_property
    def counts(self) -> NDArray[np.int64]:
        """Ranks in each bin."""
        places = np.searchsorted(self.edges, self.ranks, side="right") - 1
        return np.bincount(places, minlength=len(self.edges) - 1).astype(np.int64)

    @cached_property
    def expected(self) -> NDArray[np.float64]:
        """Ranks to expect in each bin."""
        return np.asarray(self.count * np.diff(self.edges) / (self.draws + 1))

    @cached_property
    def p_value(self) -> float:
        """Pearson's χ² test of uniform ranks; 1 where there are none."""
        if not self.count:
            return 1.0
        statistic = float(((self.counts - self.expected) ** 2 / self.expected).sum())
        return float(chi2.sf(statistic, len(self.counts) - 1))

    def share(self, low: float, high: float) -> float:
        """The share of ranks between two quantiles, a rank r being uniform in (r, r + 1) / (L + 1)."""
        start, width = self.ranks / (self.draws + 1), 1 / (self.draws + 1)
        inside = np.minimum(start + width, high) - np.maximum(start, low)
        return float(np.clip(inside / width, 0.0, 1.0).mean()) if self.count else float("nan")

    def coverage(self, level: float) -> float:
        """How often the truth lies in a level's central interval; the level where all is right."""
        return self.share((1 - level) / 2, (1 + level) / 2)

    def upper(self, level: float) -> float:
        """How often the truth is among the largest `level` of the draws: for densities, in the HPD region."""
        return self.share(1 - level, 1.0)

    def lower(self, level: float) -> float:
        """How often the truth is among the smallest `level` of the draws: for distances, in the TARP ball."""
        return self.share(0.0, level)

    def to_json(self) -> dict[str, Any]:
        """Plain lists and numbers."""
        return {
            "name": self.name,
            "problems": self.count,
            "p": self.p_value,
            "edges": self.edges.tolist(),
            "counts": self.counts.tolist(),
        }


def bonferroni(tests: list[RankTest]) -> float:
    """The p-value of all tests together: the least times their number, at most 1."""
    return min(1.0, min((t.p_value for t in tests), default=1.0) * max(1, len(tests)))
