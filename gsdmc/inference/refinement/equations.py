"""Observed `dirac` nodes as equations for the continuous variables behind them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse import csr_array
from torch import Tensor

from gsdmc.compiler.problem import Problem
from gsdmc.graph.factor_graph import Array
from gsdmc.inference.refinement.ancestry import ancestry, flat_mask
from gsdmc.inference.refinement.jacobian import Jacobian
from gsdmc.inference.refinement.supports import Supports, ends
from gsdmc.inference.refinement.violations import by_member, usual_size, usual_spread
from gsdmc.language.kinds import Kind
from gsdmc.language.source import GsdmcError
from gsdmc.program.readings import Residuals

Values = Mapping[str, Tensor]
CONTINUOUS = ("real", "vector")
SOLVED, SOLVED_SINGLE = 1e-8, 5e-7
"""Largest residual that counts as none, as a share of the larger of the value given and its array's usual
size: usually, and where all values of the array are numbers of single precision, to which they may be
rounded."""

MOST = 20_000_000
"""Most dependences of residuals on numbers."""


@dataclass(frozen=True, eq=False)
class Part:
    """Numbers of one array: `places`, in its values `[*shape]` or `[*shape, K]` row-major."""

    name: str
    places: Tensor


@dataclass(frozen=True, eq=False)
class Equations:
    """The m residuals of observed real `dirac` nodes, as functions of n numbers.

    The numbers are those of continuous nodes that are neither evidence nor computed nor generated, and that
    some residual depends on, through nodes that restoration recomputes. All else stays as it is.

    Attributes:
        problem: the program.
        mask: per array `[*shape]` booleans, true for evidence.
        unknowns, residuals: the n numbers and the m residuals, by array.
        supports: of the numbers.
        sizes: `[m]`, how large the arrays of the residuals usually are.
        pattern: `[m, n]`, which residual depends on which number.
    """

    problem: Problem
    mask: Mapping[str, Tensor]
    unknowns: tuple[Part, ...]
    residuals: tuple[Part, ...]
    supports: Supports
    sizes: Tensor
    pattern: csr_array[np.bool_]

    @cached_property
    def jacobian(self) -> Jacobian:
        """How to differentiate the residuals."""
        return Jacobian.of(self.pattern)

    def read(self, values: Values) -> Tensor:
        """The unknowns, `[B, n]`."""
        return _gathered(values, self.unknowns)

    def written(self, values: Values, x: Tensor) -> dict[str, Tensor]:
        """The values with other unknowns, and everything recomputed that isn't evidence."""
        found = dict(values)
        start = 0
        for part in self.unknowns:
            old, own = values[part.name], x[:, start : start + len(part.places)]
            found[part.name] = by_member(old).index_copy(1, part.places, own).reshape(old.shape)
            start += len(part.places)
        keep = {name: seen[None] for name, seen in self.mask.items()}
        return self.problem.restore(found, keep, torch.float64)

    def verified(self, values: Values) -> tuple[Tensor, Residuals]:
        """The residuals of restored values, `[B, m]`, computed minus given, and those of everything."""
        everything = self.problem.verify(values, torch.float64)
        return _gathered(everything.dirac, self.residuals), everything

    def relative(self, residuals: Tensor, values: Values) -> Tensor:
        """Residuals `[B, m]` as shares of the value given or its array's usual size, whichever is larger."""
        sizes = torch.maximum(self.sizes, _gathered(values, self.residuals).abs())
        return (residuals.abs() / sizes).nan_to_num(nan=torch.inf)

    def tolerances(self, values: Values) -> Tensor:
        """What of `relative` counts as none, `[B, m]`."""
        found = []
        for part in self.residuals:
            given = _gathered(values, (part,))
            single = (given.float().double() == given).all(1, keepdim=True)
            found.append(torch.where(single, torch.full_like(given, SOLVED_SINGLE), SOLVED))
        return torch.cat(found, 1) if found else torch.zeros_like(_gathered(values, ()))

    @cached_property
    def has_moving_supports(self) -> bool:
        """Whether an unknown's support depends on other values: it is uniform between them."""
        moved = {part.name for part in self.unknowns}
        return any(
            draw.array in moved
            and "uniform" in (draw.distribution, draw.component)
            and draw.kind.bounds is None
            for draw in self.problem.tape.draws
        )


def equations(problem: Problem, mask: Mapping[str, Tensor]) -> Equations:
    """The equations that evidence gives.

    Args:
        problem: the program.
        mask: per array `[*shape]` booleans, true for evidence.

    Raises:
        GsdmcError: there are more dependences than fit.
    """
    graph = problem.graph
    roots = ancestry(problem)
    held = flat_mask(problem, mask)
    continuous = np.concatenate([np.full(a.size, a.kind.name in CONTINUOUS) for a in graph.arrays])
    rows = (held & roots.computed & continuous).nonzero()[0]
    behind = roots.latents(roots.parents[rows], held)  # [rows, N]
    used = np.zeros(graph.nodes, dtype=np.bool_)
    used[behind.nonzero()[1]] = True
    columns = (used & roots.drawn & continuous).nonzero()[0]
    residuals, row_nodes = _numbers(graph.arrays, rows)
    unknowns, column_nodes = _numbers(graph.arrays, columns)
    channels = max((a.kind.size for a in graph.arrays), default=0) or 1
    if behind.nnz * channels**2 > MOST:
        raise GsdmcError(
            f"the residuals depend on the variables in more than {MOST:,} ways, too many to polish",
            hint="leave polish off, or name intermediate results in the program",
        )
    pattern = csr_array(behind[:, columns][row_nodes][:, column_nodes])
    return Equations(
        problem,
        mask,
        unknowns,
        residuals,
        _supports(problem, unknowns),
        _per_number(residuals, lambda name: usual_size(problem, name)),
        pattern,
    )


def _numbers(
    arrays: tuple[Array, ...], nodes: NDArray[np.int64]
) -> tuple[tuple[Part, ...], NDArray[np.int64]]:
    """The numbers that nodes, in order, consist of, and for each the position of its node in `nodes`."""
    parts, owners, start = [], [], 0
    for array in arrays:
        here = nodes[(nodes >= array.offset) & (nodes < array.offset + array.size)]
        if not len(here):
            continue
        channels = array.kind.size or 1
        places = (here - array.offset)[:, None] * channels + np.arange(channels)
        parts.append(Part(array.name, torch.from_numpy(places.reshape(-1))))
        owners.append(np.repeat(np.arange(start, start + len(here)), channels))
        start += len(here)
    return tuple(parts), np.concatenate([np.zeros(0, np.int64), *owners])


def _supports(problem: Problem, unknowns: tuple[Part, ...]) -> Supports:
    kinds = {a.name: a.kind for a in problem.graph.arrays}
    simplices, vectors = [torch.zeros(0, dtype=torch.int64)], 0
    for part in unknowns:
        count = len(part.places)
        if kinds[part.name].support != "simplex":
            simplices.append(torch.full((count,), -1))
            continue
        own = count // kinds[part.name].size
        simplices.append(torch.arange(vectors, vectors + own).repeat_interleave(kinds[part.name].size))
        vectors += own
    low, high, is_open = (_per_number(unknowns, partial(_end, kinds, which)) for which in range(3))
    spread = _per_number(unknowns, lambda name: usual_spread(problem, name))
    return Supports(low, high, is_open > 0, torch.cat(simplices), spread)


def _end(kinds: Mapping[str, Kind], which: int, name: str) -> float:
    return float(ends(kinds[name])[which])


def _per_number(parts: tuple[Part, ...], figure: Callable[[str], float]) -> Tensor:
    """A figure of each array for all its numbers."""
    return torch.tensor([f for p in parts for f in [figure(p.name)] * len(p.places)], dtype=torch.float64)


def _gathered(values: Values, parts: tuple[Part, ...]) -> Tensor:
    batch = len(next(iter(values.values())))
    own = [by_member(values[p.name])[:, p.places] for p in parts]
    return torch.cat(own, 1) if own else torch.zeros(batch, 0, dtype=torch.float64)
