"""Least-squares steps of many small problems that have no number in common, solved together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import lsmr
from torch import Tensor

from gsdmc.inference.refinement.jacobian import Jacobian

DENSE = 1 << 22
"""Most numbers of a block's Jacobian that is solved as a dense matrix."""

ITERATIONS = 1000
"""Most iterations of LSMR for a block that is solved as a sparse matrix."""


@dataclass(frozen=True, eq=False)
class Group:
    """Blocks of one shape: g of them, of `rows` residuals and `columns` numbers each.

    Attributes:
        blocks: `[g]`, their numbers.
        rows, columns: `[g, rows]` and `[g, columns]`, which residuals and numbers they are of.
        entries: positions of their entries in the Jacobian's.
        places: where these go in `[g, rows, columns]`, flattened.
    """

    blocks: Tensor
    rows: Tensor
    columns: Tensor
    entries: Tensor
    places: Tensor

    @property
    def size(self) -> int:
        """Numbers of a block's Jacobian."""
        return self.rows.shape[1] * self.columns.shape[1]


@dataclass(frozen=True, eq=False)
class Blocks:
    """Connected parts of a Jacobian's pattern: residuals of one depend on no number of another.

    Attributes:
        of_row, of_column: `[m]` and `[n]`, the block of each; residuals without numbers are in the last.
        count: how many there are, the last counted.
        groups: those with numbers, by shape.
    """

    of_row: Tensor
    of_column: Tensor
    count: int
    groups: tuple[Group, ...]

    def summed(self, squares: Tensor) -> Tensor:
        """Sums over each block's residuals, `[B, count]`, of `[B, m]`."""
        return squares.new_zeros(len(squares), self.count).index_add_(1, self.of_row, squares)

    @property
    def memory(self) -> int:
        """Numbers that a step of one member of the batch holds, about."""
        return sum(len(g.blocks) * (g.size + g.columns.shape[1] ** 2) for g in self.groups if g.size <= DENSE)

    def step(self, entries: Tensor, residual: Tensor, damping: Tensor) -> Tensor:
        """The step q `[B, n]` that minimises |J q + r|² + damping |q|² in each block.

        Args:
            entries: of J, `[B, entries]`.
            residual: r, `[B, m]`.
            damping: `[B, count]`, positive.
        """
        out = entries.new_zeros(len(entries), len(self.of_column))
        for group in self.groups:
            here = damping[:, group.blocks]  # [B, g]
            solve = _dense_step if group.size <= DENSE else _sparse_step
            found = solve(group, entries[:, group.entries], residual[:, group.rows], here)
            out[:, group.columns.reshape(-1)] = found.reshape(len(out), -1)
        return out


def _dense_step(group: Group, entries: Tensor, residual: Tensor, damping: Tensor) -> Tensor:
    """`[B, g, columns]`, from the triangular factor of the smaller side's damped matrix.

    That factor comes from a QR decomposition, which doesn't square the matrix's condition.
    """
    batch, (count, rows), columns = len(entries), group.rows.shape, group.columns.shape[1]
    jacobian = entries.new_zeros(batch, count * rows * columns)
    jacobian[:, group.places] = entries
    jacobian = jacobian.reshape(batch, count, rows, columns)
    tall = jacobian if columns <= rows else jacobian.mT
    side = tall.shape[-1]
    roots = damping.sqrt()[..., None, None] * torch.eye(side, dtype=entries.dtype)  # [B, g, side, side]
    triangle = torch.linalg.qr(torch.cat([tall, roots], dim=-2), mode="r").R
    r = residual.unsqueeze(-1)
    if columns <= rows:
        return -torch.cholesky_solve(jacobian.mT @ r, triangle, upper=True).squeeze(-1)
    return -(jacobian.mT @ torch.cholesky_solve(r, triangle, upper=True)).squeeze(-1)


def _sparse_step(group: Group, entries: Tensor, residual: Tensor, damping: Tensor) -> Tensor:
    """`[B, g, columns]`, by LSMR (Fong and Saunders 2011)."""
    (count, rows), columns = group.rows.shape, group.columns.shape[1]
    found = np.zeros((len(entries), count, columns))
    block, inside = np.divmod(group.places.numpy(), rows * columns)
    at = np.divmod(inside, columns)
    for b in range(len(entries)):
        for g in range(count):
            own = block == g
            matrix = csr_array((entries[b].numpy()[own], (at[0][own], at[1][own])), shape=(rows, columns))
            damp = float(damping[b, g].sqrt())
            found[b, g] = lsmr(
                matrix,
                -residual[b, g].numpy(),
                damp=damp,
                atol=1e-14,
                btol=1e-14,
                conlim=0,
                maxiter=ITERATIONS,
            )[0]
    return torch.from_numpy(found)


def blocks_of(jacobian: Jacobian) -> Blocks:
    """The blocks of a Jacobian; every number is in some residual."""
    m, n = jacobian.shape
    rows, columns = jacobian.rows.numpy(), jacobian.columns.numpy()
    pattern = csr_array((np.ones(len(rows), dtype=np.int8), (rows, columns + m)), shape=(m + n, m + n))
    _, labels = connected_components(pattern, directed=False)
    labels = np.asarray(labels, dtype=np.int64)
    known, of_column = np.unique(labels[m:], return_inverse=True)
    count = len(known)
    of_row = np.searchsorted(known, labels[:m])
    alone = (of_row == count) | (known[np.minimum(of_row, count - 1)] != labels[:m]) if count else True
    of_row = np.where(alone, count, of_row)
    heights, widths = (
        np.bincount(of_row, minlength=count + 1)[:count],
        np.bincount(of_column, minlength=count),
    )
    groups = []
    for height, width in sorted({*zip(heights.tolist(), widths.tolist(), strict=True)}):
        own = ((heights == height) & (widths == width)).nonzero()[0]
        groups.append(_group(own, of_row, of_column, rows, columns))
    return Blocks(torch.from_numpy(of_row), torch.from_numpy(of_column), count + 1, tuple(groups))


def _group(
    own: NDArray[np.int64],
    of_row: NDArray[np.int64],
    of_column: NDArray[np.int64],
    rows: NDArray[np.int64],
    columns: NDArray[np.int64],
) -> Group:
    place = np.full(int(of_row.max(initial=0)) + 2 + len(own), -1)
    place[own] = np.arange(len(own))
    of_rows, at_row, height = _listed(of_row, place, len(own))
    of_columns, at_column, width = _listed(of_column, place, len(own))
    entries = (place[of_row[rows]] >= 0).nonzero()[0]
    r, c = rows[entries], columns[entries]
    places = (place[of_row[r]] * height + at_row[r]) * width + at_column[c]
    return Group(*(torch.from_numpy(part) for part in (own, of_rows, of_columns, entries, places)))


def _listed(
    of: NDArray[np.int64], place: NDArray[np.int64], count: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], int]:
    """Members of each block, `[count, size]`, the position of each member in its block, and the size."""
    members = (place[of] >= 0).nonzero()[0]
    members = members[np.argsort(place[of[members]], kind="stable")]
    size = len(members) // count
    at = np.zeros(len(of), dtype=np.int64)
    at[members] = np.tile(np.arange(size), count)
    return members.reshape(count, size), at, size
