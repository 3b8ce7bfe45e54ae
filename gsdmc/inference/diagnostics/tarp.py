"""TARP: coverage of balls around random points (Lemos et al. 2023)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]


def references(points: Points, fixed: NDArray[np.bool_], generator: np.random.Generator) -> Points:
    """Reference points in coordinates of unit scale, half noise and half a random linear map of the evidence.

    Ranks around points that know nothing of the evidence are uniform for a sampler that ignores it, such as
    the prior (Lemos et al. 2023, section 3.2); the linear map is there to find those out.

    Args:
        points: `[N, D]`, the true joint values, in unit scale.
        fixed: `[N, D]`, what of them is evidence.
        generator: of the noise and the map.
    """
    count, size = points.shape
    evidence = np.where(fixed, points, 0.0)
    towards = evidence @ generator.standard_normal((size, size))
    towards /= np.sqrt(np.maximum(fixed.sum(1, keepdims=True), 1))
    informed = fixed.any(1, keepdims=True)
    noise = generator.standard_normal((count, size))
    return np.where(informed, np.sqrt(0.5) * (towards + noise), noise)


def distances(points: Points, around: Points, fixed: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Euclidean distances `[...]` of points `[..., D]` from others, fixed coordinates left out."""
    return np.asarray(np.sqrt((np.where(fixed, 0.0, points - around) ** 2).sum(-1)))
