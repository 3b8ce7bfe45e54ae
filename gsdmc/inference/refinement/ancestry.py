"""What a program's computed nodes are made of: nodes followed through everything that is recomputed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array
from torch import Tensor

from gsdmc.compiler.problem import Problem
from gsdmc.graph.factor_graph import Argument

Bools = NDArray[np.bool_]
Sets = csr_array[np.bool_]
"""A set of nodes per row, `[rows, N]`."""


@dataclass(frozen=True, eq=False)
class Ancestry:
    """Which nodes a program computes, and from what.

    Attributes:
        computed: `[N]` booleans, true for elements of `dirac` arrays that are not generated: those that
            restoration recomputes. An array that is sampled in part is computed in part.
        drawn: `[N]` booleans, true for elements of a distribution; those that are neither are generated.
        parents: `[N, N]`, the parents of every computed node in its row; other rows are empty.
    """

    computed: Bools
    drawn: Bools
    parents: Sets

    def latents(self, start: Sets, held: Bools) -> Sets:
        """Nodes that are free to take other values, and that those of each row depend on.

        Computed nodes stand for what they are computed from, unless they are held.

        Args:
            start: `[rows, N]`.
            held: `[N]` or `[rows, N]` booleans, true for evidence.

        Returns:
            `[rows, N]` sets of nodes that are neither computed nor held.
        """
        reached = front = start
        through = self.computed & ~held
        while (front := _within(front, through)).nnz:
            found = csr_array(front @ self.parents)
            front = csr_array(found > reached)
            reached = csr_array(reached + front)
        return _within(reached, ~self.computed & ~held)


def ancestry(problem: Problem) -> Ancestry:
    """The ancestry of a program's graph, exact: a `dirac` that hides a dependence counts as generated."""
    graph = problem.graph
    computed, drawn = elements(problem)
    parents = np.concatenate([np.zeros(0, np.int64), *(r.parents for r in _arguments(problem))])
    children = np.concatenate([np.zeros(0, np.int64), *(r.children for r in _arguments(problem))])
    kept = computed[children]
    return Ancestry(computed, drawn, sets(children[kept], parents[kept], (graph.nodes, graph.nodes)))


def elements(problem: Problem) -> tuple[Bools, Bools]:
    """Which nodes restoration recomputes, and which come from a distribution, `[N]` booleans each."""
    computed = {a.name: np.zeros(a.shape, dtype=np.bool_) for a in problem.graph.arrays}
    drawn = {name: mask.copy() for name, mask in computed.items()}
    for draw in problem.tape.draws:
        if not draw.deterministic:
            drawn[draw.array][draw.region[1:]] = True
        elif not draw.generated:
            computed[draw.array][draw.region[1:]] = True
    flat = [np.concatenate([mask.reshape(-1) for mask in part.values()]) for part in (computed, drawn)]
    return flat[0], flat[1]


def flat_mask(problem: Problem, mask: Mapping[str, Tensor], lead: int = 0) -> Bools:
    """Booleans of every node, `[..., N]`, from those of arrays, `[..., *shape]`; `lead` counts the dots."""
    parts = [mask[a.name] for a in problem.graph.arrays]
    rows = [p.reshape(*p.shape[:lead], math.prod(p.shape[lead:])).numpy() for p in parts]
    return np.concatenate(rows, axis=-1)


def sets(rows: NDArray[np.integer[Any]], nodes: NDArray[np.integer[Any]], shape: tuple[int, int]) -> Sets:
    """A boolean matrix from its entries, which may repeat."""
    return csr_array(coo_array((np.ones(len(rows), dtype=np.bool_), (rows, nodes)), shape=shape))


def _arguments(problem: Problem) -> list[Argument]:
    return [r for r in problem.graph.relations if isinstance(r, Argument)]


def _within(matrix: Sets, allowed: Bools) -> Sets:
    """The entries in allowed columns, `[N]`, or at allowed places, `[rows, N]`."""
    rows, columns = matrix.nonzero()
    kept = allowed[columns] if allowed.ndim == 1 else allowed[rows, columns]
    return sets(rows[kept], columns[kept], matrix.shape)
