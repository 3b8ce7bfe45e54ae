"""Self-consistency: how far joint values are from what their program says."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from gsdmc.compiler.problem import Problem
from gsdmc.program.readings import Residuals


@dataclass(frozen=True)
class DiracCheck:
    """A `dirac` array: root-mean-square of computed minus given value, pooled over samples and elements.

    The channels of vectors are pooled too. `exact` is the share of elements without residual, for arrays
    that are neither real nor of vectors.
    """

    rms: float
    exact: float | None


@dataclass(frozen=True)
class FactorCheck:
    """A factor: the share of its instances that hold, and of samples in which all do."""

    instances: float
    samples: float


@dataclass(frozen=True)
class Consistency:
    """Checks of every `dirac` array that the program computes, and of every factor, by name."""

    dirac: dict[str, DiracCheck]
    factors: dict[str, FactorCheck]

    def to_json(self) -> dict[str, Any]:
        """Plain dicts and numbers."""
        return asdict(self)

    def __str__(self) -> str:
        lines = []
        for name, check in self.dirac.items():
            exact = "" if check.exact is None else f", {check.exact:.1%} of elements exact"
            lines.append(f"{name}: residual {check.rms:.3g} (root mean square){exact}")
        for name, held in self.factors.items():
            lines.append(f"{name}: holds in {held.instances:.1%} of instances, {held.samples:.1%} of samples")
        return "\n".join(lines) or "nothing to check: the program has neither dirac nodes nor factors"


def measure(problem: Problem, residuals: Residuals) -> Consistency:
    """Pool residuals, `[B, ...]` each, over samples and elements; what has none is left out."""
    dirac = {}
    for name, residual in residuals.dirac.items():
        if not residual.numel():
            continue
        real = problem.graph.by_name[name].kind.name in ("real", "vector")
        rms = residual.double().square().mean().sqrt().item()
        dirac[name] = DiracCheck(rms, None if real else (residual == 0).double().mean().item())
    factors = {
        name: FactorCheck(holds.double().mean().item(), holds.all(1).double().mean().item())
        for name, holds in residuals.factors.items()
        if holds.numel()
    }
    return Consistency(dirac, factors)
