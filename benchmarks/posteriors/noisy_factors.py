"""The posterior of programs/noisy_bcmf.clj at small size, by enumeration and quadrature.

Given R, the rows of A are independent, each uniform in a cube with a Gaussian likelihood: sums over a
Gauss-Legendre grid of that cube. R is enumerated: 2^(k n) matrices, so k n is small.
"""

from __future__ import annotations

from itertools import product

import numpy as np
from numpy.typing import NDArray

from posteriors.exact import Array, Choice, Given, Marginal, Real

Key = tuple[str, tuple[int, ...]]
LARGEST = 1 << 12
"""Matrices R at most."""


class NoisyFactors:
    """A program's posterior, whatever entries of E are known; A and R are not.

    Attributes:
        noise: standard deviation of an entry.
        chance: of a one in R.
    """

    def __init__(
        self, m: int, n: int, k: int, noise: float = 0.1, chance: float = 0.3, points: int = 40
    ) -> None:
        if 2 ** (k * n) > LARGEST:
            raise ValueError(f"2^{k * n} matrices are too many to enumerate")
        self.m, self.n, self.k, self.noise = m, n, k, noise
        nodes, weights = np.polynomial.legendre.leggauss(points)
        axes = np.meshgrid(*[(nodes + 1) / 2] * k, indexing="ij")
        self.grid = np.stack([axis.ravel() for axis in axes], axis=1)  # [G, k]
        self.weights = np.prod(np.meshgrid(*[weights / 2] * k, indexing="ij"), axis=0).ravel()  # [G]
        self.columns = np.array(list(product((0, 1), repeat=k)))  # [P, k]: what a column of R may be
        self.means = self.columns @ self.grid.T  # [P, G]: the entry of E that each gives
        ones = self.columns.sum(1)
        self.log_prior = ones * np.log(chance) + (k - ones) * np.log(1 - chance)  # [P]
        self.states = np.array(list(product(range(len(self.columns)), repeat=n)))  # [S, n]

    def weigh(self, known: Array) -> tuple[Array, Array]:
        """Probabilities `[S]` of every R given E, and `[S, m, G]` of every row of A given R and E.

        Args:
            known: `[m, n]`, NaN where E is missing.
        """
        seen = ~np.isnan(known)
        away = (np.nan_to_num(known)[:, :, None, None] - self.means) / self.noise  # [m, n, P, G]
        density = np.where(seen[:, :, None, None], -0.5 * away**2, 0.0)
        logs = np.zeros((len(self.states), self.m, len(self.grid)))
        for j in range(self.n):
            logs += density[:, j].transpose(1, 0, 2)[self.states[:, j]]  # [S, m, G]
        most = logs.max(axis=-1, keepdims=True)
        rows = np.exp(logs - most) * self.weights
        total = rows.sum(axis=-1, keepdims=True)
        whole = self.log_prior[self.states].sum(1) + (np.log(total) + most)[..., 0].sum(1)  # [S]
        chances = np.exp(whole - whole.max())
        return chances / chances.sum(), rows / total

    def __call__(self, given: Given) -> dict[Key, Marginal]:
        """Marginals of A and R, which are alike along t, and of the missing entries of E.

        Raises:
            ValueError: A, R or C is given.
        """
        for name in ("A", "R", "C"):
            if not np.isnan(given.get(name, np.array(np.nan))).all():
                raise ValueError(f"{name} is given, which this posterior doesn't know of")
        chances, rows = self.weigh(given["E"])
        found: dict[Key, Marginal] = {}
        for i, t in product(range(self.m), range(self.k)):
            density = np.einsum("s,sg->g", chances, rows[:, i])
            found["A", (i, t)] = moments(density, self.grid[:, t], 0.0)
        for t, j in product(range(self.k), range(self.n)):
            one = float(chances @ self.columns[self.states[:, j], t])
            found["R", (t, j)] = Choice((1 - one, one))
        for i, j in np.argwhere(np.isnan(given["E"])):
            density = chances[:, None] * rows[:, i]  # [S, G]
            found["E", (int(i), int(j))] = moments(
                density.ravel(), self.means[self.states[:, j]].ravel(), self.noise
            )
        return found


def moments(weights: NDArray[np.float64], values: NDArray[np.float64], noise: float) -> Real:
    """Of weighted values with Gaussian noise."""
    mean = float(weights @ values)
    away = values - mean
    variance = float(weights @ away**2) + noise**2
    fourth = float(weights @ (away**4 + 6 * away**2 * noise**2)) + 3 * noise**4
    return Real(mean, variance**0.5, fourth)
