"""Polishing: continuous variables moved until the observed `dirac` nodes come out as they were given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields

import numpy as np
import torch
from torch import Tensor

from gsdmc.compiler.problem import Problem
from gsdmc.inference.refinement.ancestry import flat_mask
from gsdmc.inference.refinement.blocks import blocks_of
from gsdmc.inference.refinement.equations import CONTINUOUS, Equations, Values, equations
from gsdmc.inference.refinement.least_squares import System, minimise
from gsdmc.inference.refinement.violations import by_member
from gsdmc.language.source import GsdmcError
from gsdmc.program.readings import Residuals

BUDGET = 1 << 24
"""Most numbers that are held at a time, about."""


@dataclass(frozen=True, eq=False)
class Polished:
    """What became of each sample's residuals, `[B]` each.

    Attributes:
        before, after: the largest residual of an observed real `dirac`, as a share of the larger of the value
            given and its array's usual size.
        iterations: how many it took; 0 where there was nothing to do.
        solved: whether all are within the tolerance.
    """

    before: Tensor
    after: Tensor
    iterations: Tensor
    solved: Tensor

    def replaced(self, rows: Tensor, others: Polished) -> Polished:
        """The same with other figures in some rows; their start stays the first."""
        parts = {}
        for field in fields(self):
            parts[field.name] = part = getattr(self, field.name).clone()
            if field.name != "before":
                part[rows] = getattr(others, field.name)
        return Polished(**parts)

    def of(self, rows: Tensor) -> Polished:
        """The figures of some rows."""
        return Polished(*(getattr(self, field.name)[rows] for field in fields(self)))


def polish(
    problem: Problem, values: Values, mask: Mapping[str, Tensor]
) -> tuple[dict[str, Tensor], Polished]:
    """Solve the residuals of observed real `dirac` nodes for the continuous variables, from where they are.

    What is discrete, evidence or generated stays; all else that the program computes is recomputed. No
    sample's residuals, factors or discrete relations get worse, and no variable leaves its support.

    Args:
        problem: the program.
        values: `[B, *value_shape]` per array.
        mask: per array `[B, *shape]` booleans, true for evidence.

    Returns:
        Values with the reals in double precision, and what became of each sample.
    """
    batch = len(next(iter(values.values())))
    values = {
        name: (value.double() if problem.graph.by_name[name].kind.name in CONTINUOUS else value).clone()
        for name, value in values.items()
    }
    found = Polished(
        torch.zeros(batch, dtype=torch.float64),
        torch.zeros(batch, dtype=torch.float64),
        torch.zeros(batch, dtype=torch.int64),
        torch.ones(batch, dtype=torch.bool),
    )
    for rows, own in alike(problem, mask):
        system = equations(problem, own)
        size = _chunk(system)
        for part in (rows[start : start + size] for start in range(0, len(rows), size)):
            reached, figures = _solve(system, {name: value[part] for name, value in values.items()})
            for name, value in reached.items():
                values[name][part] = value
            for field in fields(Polished):
                getattr(found, field.name)[part] = getattr(figures, field.name)
    return values, found


def alike(problem: Problem, mask: Mapping[str, Tensor]) -> Iterator[tuple[Tensor, dict[str, Tensor]]]:
    """Rows with the same evidence mask, and that mask, `[*shape]` per array."""
    flat = np.packbits(flat_mask(problem, mask, lead=1), axis=1)
    _, first, inverse = np.unique(flat, axis=0, return_index=True, return_inverse=True)
    for number, row in enumerate(first.tolist()):
        rows = torch.from_numpy((inverse.reshape(-1) == number).nonzero()[0])
        yield rows, {name: seen[row] for name, seen in mask.items()}


def _solve(system: Equations, values: Values) -> tuple[dict[str, Tensor], Polished]:
    """Polish samples with one mask of evidence."""
    x = system.read(values)
    start = system.written(values, x)
    raw, everything = system.verified(start)
    before = system.relative(raw, values)
    broken, inside = broken_relations(system.problem, everything), _inside(system, start)
    iterations = torch.zeros(len(x), dtype=torch.int64)
    reached = start
    if x.shape[1]:
        most = max(1, BUDGET // (len(x) * _numbers_of(system.problem)))

        def residuals(numbers: Tensor, who: Tensor) -> tuple[Tensor, Tensor]:
            now = system.written({name: value[who] for name, value in start.items()}, numbers)
            found, others = system.verified(now)
            allowed = broken_relations(system.problem, others) <= broken[who]
            return found / system.sizes, allowed & (_inside(system, now) | ~inside[who])

        def entries(numbers: Tensor, who: Tensor) -> Tensor:
            def function(many: Tensor, repeats: int) -> Tensor:
                own = {name: value[who].repeat_interleave(repeats, 0) for name, value in start.items()}
                return system.verified(system.written(own, many))[0]

            found = system.jacobian.entries(function, numbers, most)
            return (
                found * system.supports.spread[system.jacobian.columns] / system.sizes[system.jacobian.rows]
            )

        blocks = blocks_of(system.jacobian)
        solution = minimise(System(residuals, entries, system.jacobian, blocks, system.supports), x)
        iterations = solution.iterations
        reached = system.written(start, solution.x)
        raw, _ = system.verified(reached)
    after = system.relative(raw, values)
    solved = (after <= system.tolerances(values)).all(1)
    return reached, Polished(_largest(before), _largest(after), iterations, solved)


def broken_relations(problem: Problem, residuals: Residuals) -> Tensor:
    """How many factors and relations of discrete `dirac` nodes don't hold, `[B]`."""
    parts = [~holds for holds in residuals.factors.values()]
    for name, residual in residuals.dirac.items():
        if problem.graph.by_name[name].kind.name not in CONTINUOUS:
            parts.append(by_member(residual != 0))
    batch = len(next(iter([*residuals.dirac.values(), *residuals.factors.values()])))
    return sum((part.sum(1) for part in parts), torch.zeros(batch, dtype=torch.int64))


def _inside(system: Equations, values: Values) -> Tensor:
    """Whether values are in supports that vary with other values, `[B]`."""
    batch = len(next(iter(values.values())))
    if not system.has_moving_supports:
        return torch.ones(batch, dtype=torch.bool)
    try:
        return system.problem.score(values) > -torch.inf
    except GsdmcError:  # a density that depends on what is no variable
        return torch.ones(batch, dtype=torch.bool)


def _largest(figures: Tensor) -> Tensor:
    return figures.amax(1) if figures.shape[1] else figures.new_zeros(len(figures))


def _chunk(system: Equations) -> int:
    """Samples that fit the budget."""
    blocks = blocks_of(system.jacobian).memory if system.jacobian.shape[1] else 0
    return max(1, BUDGET // max(blocks, _numbers_of(system.problem), system.pattern.nnz, 1))


def _numbers_of(problem: Problem) -> int:
    return sum(a.size * (a.kind.size or 1) for a in problem.graph.arrays)
