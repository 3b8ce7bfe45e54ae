"""Which of a program's relations joint values break, sample by sample."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
import torch
from torch import Tensor

from gsdmc.compiler.problem import Problem
from gsdmc.program.readings import Residuals, seed_of

TOLERANCE = 1e-4
"""Largest residual of a real `dirac` that counts as none, as a share of its array's usual size."""

DRAWS, QUANTILE, COUNTED = 64, 0.9, 1 << 20
"""Joint draws that an array's usual size comes from, the quantile that it is, and most numbers looked at."""


@dataclass(frozen=True, eq=False)
class Violations:
    """Which relations do not hold.

    Attributes:
        dirac: per deterministic array `[B, *shape]` booleans, true where the residual isn't zero; for
            reals and vectors, where it is above the tolerance or no number.
        factors: per factor `[B, instances]` booleans, true where an instance doesn't hold.
    """

    dirac: dict[str, Tensor]
    factors: dict[str, Tensor]

    @property
    def counts(self) -> dict[str, Tensor]:
        """Broken instances of each relation, `[B]`, by its name: the array's, or the factor's."""
        found = {name: by_member(bad).sum(1) for name, bad in self.dirac.items()}
        for name, bad in self.factors.items():
            found[f"factor {name}" if name in found else name] = bad.sum(1)
        return found

    def total(self, batch: int) -> Tensor:
        """Broken instances of all relations, `[B]`."""
        return sum(self.counts.values(), torch.zeros(batch, dtype=torch.int64))


def violations(problem: Problem, residuals: Residuals, tolerance: float = TOLERANCE) -> Violations:
    """Judge residuals.

    Args:
        problem: the program.
        residuals: what `Problem.verify` found.
        tolerance: for reals and vectors, as a share of the array's usual size.
    """
    dirac = {}
    for name, residual in residuals.dirac.items():
        kind = problem.graph.by_name[name].kind
        if kind.name in ("real", "vector"):
            bad = ~(residual.abs() <= tolerance * usual_size(problem, name))
            dirac[name] = bad.any(-1) if kind.name == "vector" else bad
        else:
            dirac[name] = residual != 0
    return Violations(dirac, {name: ~holds for name, holds in residuals.factors.items()})


def by_member(values: Tensor) -> Tensor:
    """`[B, numbers]`, all that each member of a batch has; it may be nothing."""
    return values.reshape(len(values), math.prod(values.shape[1:]))


def residuals_of(problem: Problem, values: Mapping[str, Tensor]) -> Residuals:
    """The residuals of joint values, in the precision of the reals among them."""
    real = next((v.dtype for v in values.values() if v.is_floating_point()), torch.float32)
    return problem.verify(values, real)


def usual_size(problem: Problem, name: str) -> float:
    """How large an array's values are: the 0.9 quantile of their absolute values among draws; never 0."""
    return _figures(problem)[name][0]


def usual_spread(problem: Problem, name: str) -> float:
    """How far an array's values lie apart: the 0.9 quantile of distances from their median; never 0."""
    return _figures(problem)[name][1]


_KNOWN: WeakKeyDictionary[Problem, Mapping[str, tuple[float, float]]] = WeakKeyDictionary()


def _figures(problem: Problem) -> Mapping[str, tuple[float, float]]:
    """Size and spread of every array of reals, from the same draws every time."""
    if problem not in _KNOWN:
        draws = problem.typical(DRAWS, seed_of("usual sizes", problem.name), torch.float64)
        _KNOWN[problem] = {
            a.name: _size_and_spread(draws[a.name])
            for a in problem.graph.arrays
            if a.kind.name in ("real", "vector")
        }
    return _KNOWN[problem]


def _size_and_spread(values: Tensor) -> tuple[float, float]:
    flat = values.reshape(-1).numpy()
    flat = flat[:: 1 + len(flat) // COUNTED]
    flat = flat[np.isfinite(flat)]
    if not len(flat):
        return 1.0, 1.0
    return _typical(np.abs(flat)), _typical(np.abs(flat - np.median(flat)))


def _typical(sizes: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float:
    """The quantile; where most are 0, the largest; where all are, 1."""
    found = float(np.quantile(sizes, QUANTILE)) or float(sizes.max())
    return found if found > 0 else 1.0
