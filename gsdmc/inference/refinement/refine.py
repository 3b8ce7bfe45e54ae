"""From a network's samples to samples that obey their program: restored, repaired, polished."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from gsdmc.compiler.problem import Problem
from gsdmc.diffusion.sampling.trace import Trace
from gsdmc.inference.draw import draw
from gsdmc.inference.refinement.equations import equations
from gsdmc.inference.refinement.polish import alike, polish
from gsdmc.inference.refinement.repair import Finished, repair
from gsdmc.inference.refinement.report import Repair, Report, polish_report, restoration
from gsdmc.inference.refinement.violations import TOLERANCE
from gsdmc.language.source import GsdmcError
from gsdmc.training.checkpoint import Model as TrainedModel

Values = Mapping[str, Tensor]


@dataclass(frozen=True)
class Refinement:
    """What is done to samples after the network.

    Attributes:
        restore: recompute `dirac` nodes from their parents, evidence and generated ones kept.
        repair: rounds in which samples that break a relation are drawn again in part.
        polish: solve the residuals of observed real `dirac` nodes for the continuous variables.
        tolerance: of real residuals in deciding what is broken, see `violations`.

    Raises:
        GsdmcError: repair or polish without restore.
    """

    restore: bool = True
    repair: int = 0
    polish: bool = False
    tolerance: float = TOLERANCE

    @property
    def beyond_restoration(self) -> bool:
        """Whether it repairs or polishes."""
        return bool(self.repair) or self.polish

    def __post_init__(self) -> None:
        if self.repair < 0:
            raise GsdmcError(f"repair takes a number of rounds, 0 or more, not {self.repair}")
        if self.beyond_restoration and not self.restore:
            what = "repair" if self.repair else "polish"
            raise GsdmcError(
                f"{what} judges restored samples, but restore is off", hint=f"leave restore on, or {what} off"
            )


def refine(
    problem: Problem,
    trained: TrainedModel,
    raw: Values,
    mask: Mapping[str, Tensor],
    wanted: Refinement,
    *,
    seed: int,
    steps: int | None = None,
    exact: Values | None = None,
    memory: int | None = None,
    trace: Trace | None = None,
) -> tuple[dict[str, Tensor], Report]:
    """Restore, repair and polish samples.

    Args:
        problem: the program.
        trained: the network, which draws again what repair finds broken.
        raw: its samples, `[B, *value_shape]` per array.
        mask: per array `[B, *shape]` booleans, true for evidence, which never changes.
        wanted: what to do.
        seed: of what repair draws; equal seeds give equal results.
        steps: network calls of what repair draws; the model's own number when None.
        exact: the evidence in double precision, `[B, *value_shape]` per array, for polishing.
        memory: bytes that what repair draws may take, see `draw`.
        trace: counts that repair's redraws are added to.

    Returns:
        Joint values, the reals in double precision if they were polished, and what was done.
    """
    if not wanted.restore:
        return dict(raw), Report()
    mask = {name: seen.expand(len(raw[name]), *seen.shape[1:]) for name, seen in mask.items()}
    restored = problem.restore(raw, mask, trained.dtype)
    report = Report(restore=restoration(problem, dict(raw), restored, dict(mask)))

    def finish(values: Values, seen: Mapping[str, Tensor]) -> Finished:
        return (
            Finished(*polish(problem, values, seen))
            if wanted.polish
            else Finished(problem.restore(values, seen, trained.dtype))
        )

    def redraw(values: Values, seen: Mapping[str, Tensor], own_seed: int) -> dict[str, Tensor]:
        own = Trace()
        values = {n: v.to(trained.dtype) if v.is_floating_point() else v for n, v in values.items()}
        drawn = draw(
            trained, problem.layout, values, seen, seed=own_seed, steps=steps, memory=memory, trace=own
        )
        if trace is not None:
            trace.add_redraw(own)
        return drawn

    start = dict(restored)
    if wanted.polish and exact is not None:
        start = {name: _with_evidence(value, mask[name], exact[name]) for name, value in start.items()}
    found = finish(start, mask) if wanted.polish else Finished(start)
    repaired: Repair | None = None
    if wanted.repair:
        found, repaired = repair(
            problem, found, mask, redraw, finish, rounds=wanted.repair, seed=seed, tolerance=wanted.tolerance
        )
    polished = None
    if found.polished is not None:
        residuals = max(len(equations(problem, own).sizes) for _, own in alike(problem, mask))
        polished = polish_report(problem, found.polished, residuals, restored, found.values)
    return found.values, Report(report.restore, repaired, polished)


def _with_evidence(values: Tensor, seen: Tensor, exact: Tensor) -> Tensor:
    """Reals in double precision, the evidence as it was given."""
    if not values.is_floating_point():
        return values
    seen = seen[..., None] if seen.dim() < values.dim() else seen
    return torch.where(seen, exact.double(), values.double())
