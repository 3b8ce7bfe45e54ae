"""Masks of the five problems, built here so that a change of the compiler can't move what is measured."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gsdmc.kernels.structure import Structure

Ints = NDArray[np.int64]


def structure(nodes: int, ties: list[Ints]) -> Structure:
    """Symmetric structure from undirected edges, each `[2, M]`; every tie has a role in each direction."""
    own = np.arange(nodes)
    rows, columns, roles = [own], [own], [np.zeros(nodes, np.int64)]
    for number, (i, j) in enumerate(ties):
        rows += [i, j]
        columns += [j, i]
        roles += [np.full(i.size, 2 * number + 1), np.full(i.size, 2 * number + 2)]
    i, j, r = (np.concatenate(x) for x in (rows, columns, roles))
    return Structure.build(nodes, i, j, r, role_count=2 * len(ties) + 1)


def arrays(*shapes: tuple[int, ...]) -> Iterator[Any]:
    """Node numbers of arrays that follow one another, and at last their total."""
    offset = 0
    for shape in shapes:
        size = int(np.prod(shape))
        yield offset + np.arange(size).reshape(shape)
        offset += size
    yield offset


def tie(a: Ints, b: Ints) -> Ints:
    """Edges between two arrays of nodes, broadcast against each other."""
    return np.stack(np.broadcast_arrays(a, b)).reshape(2, -1)


def cliques(rows: Ints) -> Ints:
    """All pairs within each row of `[G, S]`."""
    i, j = np.triu_indices(rows.shape[1], 1)
    return tie(rows[:, i], rows[:, j])


def bcmf(m: int, n: int, k: int) -> Structure:
    """A m×k, R k×n, C m×n×k, E m×n: a product and its sum, C tied to its A, R and E."""
    A, R, C, E, nodes = arrays((m, 1, k), (k, n), (m, n, k), (m, n, 1))
    return structure(nodes, [tie(C, A), tie(C, R.T[None]), tie(C, E)])


def sorting(n: int) -> Structure:
    """P's rows and columns are cliques; C tied to its P, u and s; s to its neighbours."""
    P, C, u, s, nodes = arrays((n, n), (n, n), (1, n), (n, 1))
    ties = [tie(C, P), tie(C, u), tie(C, s), tie(s[1:], s[:-1])]
    return structure(nodes, [cliques(P), cliques(P.T), *ties])


def sudoku(side: int = 3) -> Structure:
    """Rows, columns and boxes are cliques; most entries of a box belong to it alone, others to two."""
    n = side * side
    grid = np.arange(n * n).reshape(n, n)
    boxes = grid.reshape(side, side, side, side).swapaxes(1, 2).reshape(n, n)
    return structure(n * n, [cliques(grid), cliques(grid.T), cliques(boxes)])


def boolean(depth: int) -> Structure:
    """A circuit over 2^depth inputs: a full binary tree."""
    child = np.arange(1, 2 ** (depth + 1) - 1)
    return structure(child.size + 1, [tie(child, (child - 1) // 2)])


MASKS: dict[str, Callable[[], Structure]] = {
    "bcmf-10": partial(bcmf, 10, 10, 10),
    "sorting-20": partial(sorting, 20),
    "sudoku": sudoku,
    "bcmf-50-50-10": partial(bcmf, 50, 50, 10),
    "boolean-8": partial(boolean, 8),
    "bcmf-5-5-3": partial(bcmf, 5, 5, 3),
    "bcmf-200": partial(bcmf, 200, 200, 10),
    "bcmf-2": partial(bcmf, 2, 2, 2),  # toys, to try a script on
    "sorting-3": partial(sorting, 3),
    "sudoku-2": partial(sudoku, 2),
}
