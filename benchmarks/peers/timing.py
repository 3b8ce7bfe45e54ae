"""Clocks: samples in rounds that every run takes part in, so that a machine's drift meets all alike."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

Sampler = Callable[[], float]
"""Runs something and says how many seconds it took."""


@dataclass(frozen=True)
class Spread:
    """Median and 20 and 80 % quantiles of some samples, in milliseconds where they are times."""

    median: float
    low: float
    high: float
    samples: int

    def json(self) -> dict[str, Any]:
        """Plain numbers, four digits each."""
        return {k: v if isinstance(v, int) else float(f"{v:.4g}") for k, v in asdict(self).items()}


def spread(samples: list[float], unit: float = 1e3) -> Spread:
    """Of samples in seconds, in milliseconds."""
    low, median, high = np.quantile(np.array(samples) * unit, (0.2, 0.5, 0.8))
    return Spread(float(median), float(low), float(high), len(samples))


def ratio(samples: list[float], base: list[float]) -> Spread:
    """How many times as long as `base`, round by round."""
    return spread([a / b for a, b in zip(samples, base, strict=True)], unit=1.0)


def sampler(run: Callable[[], object], clock: Callable[[], float], burst: float) -> Sampler:
    """The mean of as many runs as fill `burst` seconds, counted once; one of slower ones."""
    start = time.perf_counter()
    run()
    repeats = max(1, math.ceil(burst / max(time.perf_counter() - start, 1e-6)))

    def sample() -> float:
        start = clock()
        for _ in range(repeats):
            run()
        return (clock() - start) / repeats

    return sample


def interleaved(
    samplers: dict[str, Sampler], seconds: float, least: int = 5, most: int = 60
) -> dict[str, list[float]]:
    """Sample all in turn, in a new order every round, for about `seconds` each."""
    names = list(samplers)
    samples: dict[str, list[float]] = {name: [] for name in names}
    order = np.random.default_rng(0)
    begun = time.perf_counter()
    for number in range(most):
        if number >= least and time.perf_counter() - begun > seconds * len(names):
            break
        for place in order.permutation(len(names)):
            name = names[place]
            samples[name].append(samplers[name]())
    return samples
