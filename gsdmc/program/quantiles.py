"""Quantile functions, `[...]` numpy arrays in double precision, that take no long at any parameter.

Where a distribution is nearly normal, the inverses of scipy search for long, and expansions about the normal
are as exact as single precision.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

Reals = NDArray[np.float64]

LARGE_MEAN = 1e3
"""From which mean on a Poisson count is found from its expansion."""

OFF = 2
"""By how many counts the expansion may be off."""

LARGE_SHAPE = 1e3
"""From which least parameter on a beta quantile is its expansion; the error is 1e-6 standard deviations."""

FAR_SHAPE = 1e9
"""From which greatest parameter on, the least below `LARGE_SHAPE`, a beta is a gamma over a constant."""

LARGEST = 2.0**62
"""Counts have 64 bits."""


def expanded(z: Any, skewness: Any, kurtosis: Any) -> Any:
    """A standardised quantile from the normal one, by Cornish and Fisher; `kurtosis` is in excess of 3."""
    square = z * z
    third = skewness / 6 * (square - 1)
    return z + third + kurtosis / 24 * z * (square - 3) - skewness**2 / 36 * z * (2 * square - 5)


def poisson(probability: Reals, mean: Reals) -> Reals:
    """The least count whose cumulative probability reaches a probability."""
    probability, mean = np.broadcast_arrays(probability, mean)
    large = mean >= LARGE_MEAN
    count = np.empty(mean.shape)
    u, m = probability[~large], mean[~large]
    # 0 where even count 0 is likelier than that
    count[~large] = _least(u, m, np.ceil(special.pdtrik(u, m).clip(0)))
    u, m = probability[large], mean[large]
    near = m + np.sqrt(m) * expanded(special.ndtri(u), 1 / np.sqrt(m), 1 / m)
    near = np.floor(near + 0.5)
    for _ in range(OFF):
        near += special.pdtr(near, m) < u
    for _ in range(OFF):
        near = _least(u, m, near)
    count[large] = near
    return count.clip(max=LARGEST)


def _least(probability: Reals, mean: Reals, count: Reals) -> Reals:
    """The count, or the one below where that is enough."""
    below = (count - 1).clip(0)
    return np.asarray(below + (special.pdtr(below, mean) < probability) * (count - below))


def beta(a: Reals, b: Reals, probability: Reals) -> Reals:
    """Where the cumulative probability is a probability."""
    a, b, probability = np.broadcast_arrays(a, b, probability)
    least, most = np.minimum(a, b), np.maximum(a, b)
    normal = least >= LARGE_SHAPE
    gamma = ~normal & (most >= FAR_SHAPE) & np.isfinite(most)
    found = np.empty(a.shape)
    other = ~(normal | gamma)
    found[other] = special.betaincinv(a[other], b[other], probability[other])
    found[normal] = _beta_expanded(a[normal], b[normal], probability[normal])
    swapped = a[gamma] > b[gamma]
    tail = np.where(swapped, 1 - probability[gamma], probability[gamma])
    ratio = special.gammaincinv(least[gamma], tail) / (most[gamma] + (least[gamma] - 1) / 2)
    found[gamma] = np.where(swapped, 1 - ratio, ratio)
    return found


def _beta_expanded(a: Reals, b: Reals, probability: Reals) -> Reals:
    total = a + b
    low, high = a / total, b / total
    deviation = np.sqrt(low * high / (total + 1))
    inverse = 1 / a + 1 / b + 1 / a / b
    slope = (b - a) / (total + 2)
    skewness = 2 * slope * np.sqrt(inverse)
    kurtosis = 6 * (slope * ((b - a) / (total + 3)) * inverse - 1 / (total + 3))
    standard = expanded(special.ndtri(probability), skewness, kurtosis)
    return np.asarray((low + deviation * standard).clip(0, 1))
