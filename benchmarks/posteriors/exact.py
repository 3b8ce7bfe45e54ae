"""Exact posteriors of small programs, by linear algebra and Bayes' rule, and how far draws are from them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Given = Mapping[str, Array]
"""Evidence by array, NaN where nothing is known."""

SLACK, MOST = 0.03, 0.1
"""In posterior standard deviations: what most statistics may be off beyond chance, and what none may be."""

SIGMAS = 3.0
"""Monte-Carlo errors that a statistic may be off."""

LEAST_STD = 0.1
"""The standard deviation that an indicator has at least here, as at probabilities of 1 % and 99 %: for rarer
options a single draw would count as many standard deviations."""


@dataclass(frozen=True)
class Real:
    """A real's marginal posterior: mean, standard deviation and fourth central moment."""

    mean: float
    std: float
    fourth: float


@dataclass(frozen=True)
class Choice:
    """A discrete variable's marginal posterior: the probability of each option."""

    probabilities: tuple[float, ...]


Marginal = Real | Choice
Posterior = Callable[[Given], dict[tuple[str, tuple[int, ...]], Marginal]]
"""From evidence to the marginal of every element that is not given, by array and index."""


@dataclass(frozen=True)
class Deviation:
    """How far a statistic of draws is from the exact one.

    Attributes:
        statistic: its name, such as `x[3] mean`.
        error: estimate less exact value, in posterior standard deviations of the variable; for a
            probability p, of its indicator: the root of p (1 - p), but at least `LEAST_STD`.
        chance: the Monte-Carlo standard error of `error`.
    """

    statistic: str
    error: float
    chance: float

    @property
    def z(self) -> float:
        """The error in Monte-Carlo errors."""
        return self.error / self.chance

    @property
    def close(self) -> bool:
        """Within three Monte-Carlo errors and 0.03 posterior standard deviations."""
        return abs(self.error) <= SIGMAS * self.chance + SLACK


def deviations(
    exact: Mapping[tuple[str, tuple[int, ...]], Marginal], draws: Mapping[str, NDArray[Any]]
) -> list[Deviation]:
    """Means and standard deviations of reals, and probabilities, against the exact ones.

    Args:
        exact: marginals by array and index.
        draws: `[n, *shape]` by array.
    """
    found = []
    for (name, index), marginal in exact.items():
        column = draws[name].reshape(len(draws[name]), -1)  # row-major, as numpy counts an index
        place = int(np.ravel_multi_index(index, draws[name].shape[1:])) if index else 0
        values = column[:, place].astype(np.float64)
        label = f"{name}{list(index) if index else ''}"
        if isinstance(marginal, Choice):
            for option, p in enumerate(marginal.probabilities):
                own = float(np.sqrt(p * (1 - p)))
                scale = max(own, LEAST_STD)
                off = float((values == option).mean()) - p
                chance = max(own * len(values) ** -0.5, 1 / len(values)) / scale
                found.append(Deviation(f"{label} = {option}", off / scale, chance))
            continue
        std = marginal.std
        found.append(Deviation(f"{label} mean", (values.mean() - marginal.mean) / std, len(values) ** -0.5))
        kurtosis = marginal.fourth / std**4
        spread = float(np.sqrt((kurtosis - 1) / (4 * len(values))))  # delta method on the variance
        found.append(Deviation(f"{label} std", values.std(ddof=1) / std - 1, spread))
    return found


class LinearGaussian:
    """Variables x = offset + weights x + noise, with weights strictly lower triangular in some order.

    Attributes:
        names: array and index of each variable.
        mean: `[N]`.
        covariance: `[N, N]`.
    """

    def __init__(
        self, names: list[tuple[str, tuple[int, ...]]], weights: Array, offset: Array, std: Array
    ) -> None:
        self.names = names
        inverse = np.linalg.inv(np.eye(len(names)) - weights)
        self.mean = inverse @ offset
        self.covariance = inverse @ np.diag(std**2) @ inverse.T

    def __call__(self, given: Given) -> dict[tuple[str, tuple[int, ...]], Marginal]:
        """Condition on what is known."""
        values = np.array([float(given[name][index]) for name, index in self.names])
        known = ~np.isnan(values)
        unknown = ~known
        gain = np.linalg.solve(self.covariance[np.ix_(known, known)], self.covariance[np.ix_(known, unknown)])
        mean = self.mean[unknown] + gain.T @ (values[known] - self.mean[known])
        covariance = (
            self.covariance[np.ix_(unknown, unknown)] - self.covariance[np.ix_(unknown, known)] @ gain
        )
        names = [name for name, free in zip(self.names, unknown, strict=True) if free]
        return {
            name: Real(float(m), float(np.sqrt(v)), float(3 * v**2))
            for name, m, v in zip(names, mean, np.diag(covariance), strict=True)
        }


def mixture_moments(weights: Array, means: Array, std: float) -> Real:
    """A mixture of Gaussians of one standard deviation."""
    mean = float(weights @ means)
    away = means - mean
    variance = float(weights @ (away**2 + std**2))
    fourth = float(weights @ (away**4 + 6 * away**2 * std**2 + 3 * std**4))
    return Real(mean, variance**0.5, fourth)


def beta_moments(a: float, b: float) -> Real:
    """A beta distribution; its excess kurtosis as in Johnson, Kotz & Balakrishnan 1995, chapter 25."""
    total = a + b
    variance = a * b / (total**2 * (total + 1))
    excess = 6 * ((a - b) ** 2 * (total + 1) - a * b * (total + 2)) / (a * b * (total + 2) * (total + 3))
    return Real(a / total, variance**0.5, (excess + 3) * variance**2)
