"""The sparse structure that attention runs on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gsdmc.kernels.role_sets import intern

Indices = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Structure:
    """Neighbours of every node in CSR form, with self edges; symmetric unless it says otherwise.

    Attributes:
        indptr: `[N + 1]`, row i's entries are `indptr[i] : indptr[i + 1]`.
        indices: `[E]`, the neighbour (column) of each entry, ascending in each row.
        transpose: `[E]`, the entry that holds (j, i) for the entry that holds (i, j); `[0]` without symmetry.
        role_sets: `[E]`, the interned set of roles by which i attends to j.
        membership: `[S, R]` float32, 1 where role r belongs to role set s.
        symmetric: whether every entry has its transpose. Without, only the reference attention runs.

    Raises:
        ValueError: rows without entries, missing self edges, or an asymmetric structure that is said to be
            symmetric.
    """

    indptr: Tensor
    indices: Tensor
    transpose: Tensor
    role_sets: Tensor
    membership: Tensor
    symmetric: bool = True

    def __post_init__(self) -> None:
        """Refuse what the kernels could not run on."""
        _check_form(self)
        _check_rows(self)
        if self.symmetric:
            _check_transpose(self)

    @property
    def nodes(self) -> int:
        """N, the number of nodes."""
        return self.indptr.numel() - 1

    @property
    def entries(self) -> int:
        """E, the number of mask entries, both directions and the diagonal counted."""
        return self.indices.numel()

    @property
    def roles(self) -> int:
        """R, the number of directed roles, the self role included."""
        return self.membership.shape[1]

    @cached_property
    def degrees(self) -> Tensor:
        """`[N]`, entries per row, the node itself included."""
        return self.indptr.diff()

    @cached_property
    def rows(self) -> Tensor:
        """`[E]`, the row of each entry."""
        return torch.repeat_interleave(torch.arange(self.nodes, device=self.indptr.device), self.degrees)

    @cached_property
    def cache(self) -> dict[Any, Any]:
        """Whatever an implementation derives from the structure once and wants again."""
        return {}

    def to(self, device: torch.device | str) -> Structure:
        """Return the structure with its tensors on `device`, itself when they are there already."""
        moved = self.indptr.to(device)
        if moved is self.indptr:
            return self
        return Structure(
            moved,
            self.indices.to(device),
            self.transpose.to(device),
            self.role_sets.to(device),
            self.membership.to(device),
            self.symmetric,
        )

    @staticmethod
    def build(
        nodes: int,
        rows: Indices,
        columns: Indices,
        roles: Indices | None = None,
        role_count: int = 1,
        *,
        symmetric: bool = True,
    ) -> Structure:
        """Make a structure from entries (row, column, role), in any order, repeats allowed.

        A pair listed with several roles becomes one entry that carries their set.
        `roles=None` gives every entry the one role 0.
        `symmetric=False` takes pairs whose transpose is not listed; such a structure has no `transpose`.

        Raises:
            ValueError: arrays of unequal length, indices out of range, rows without entries,
                missing self edges, or, where `symmetric`, a pair whose transpose is not listed.
        """
        if nodes < 1 or role_count < 1:
            raise ValueError(f"expected at least one node and one role, got {nodes} and {role_count}")
        i = _index_array("rows", rows, nodes)
        j = _index_array("columns", columns, nodes)
        r = np.zeros_like(i) if roles is None else _index_array("roles", roles, role_count)
        if not i.size == j.size == r.size:
            raise ValueError(f"rows, columns and roles differ in length: {i.size}, {j.size}, {r.size}")
        listed = np.sort((i * nodes + j) * role_count + r)
        pairs, r = np.divmod(listed, role_count)
        first = np.flatnonzero(np.concatenate([pairs[:1] >= 0, pairs[1:] != pairs[:-1]]))
        role_sets, membership = intern(first, r, role_count)
        i, j = np.divmod(pairs[first], nodes)
        transpose = torch.zeros(0, dtype=torch.int64)
        if symmetric:
            # So the entries sorted by (column, row) stand in the order of their transposes.
            key = torch.from_numpy(j).to(torch.int32 if nodes < 2**31 else torch.int64)
            transpose = key.sort(stable=True)[1]
        indptr = np.concatenate([[0], np.cumsum(np.bincount(i, minlength=nodes))])
        return Structure(
            torch.from_numpy(indptr),
            torch.from_numpy(j),
            transpose,
            torch.from_numpy(role_sets),
            torch.from_numpy(membership),
            symmetric,
        )


def _index_array(name: str, values: Indices, bound: int) -> Indices:
    array = np.asarray(values)
    if array.ndim != 1 or (array.size and not np.issubdtype(array.dtype, np.integer)):
        raise ValueError(f"{name}: expected a vector of integers, got {array.dtype} of shape {array.shape}")
    array = array.astype(np.int64, copy=False)
    if array.size and not (array.min() >= 0 and array.max() < bound):
        raise ValueError(f"{name}: expected values in 0..{bound - 1}, got {array.min()}..{array.max()}")
    return array


def _check_form(s: Structure) -> None:
    entries = s.indices.numel()
    mirrored = entries if s.symmetric else 0
    expected = {"indices": (entries,), "transpose": (mirrored,), "role_sets": (entries,)}
    for name, shape in expected.items():
        if tuple(getattr(s, name).shape) != shape:
            raise ValueError(f"{name}: expected shape {shape}, got {tuple(getattr(s, name).shape)}")
    if s.indptr.dim() != 1 or s.nodes < 1:
        raise ValueError(f"indptr: expected shape [N + 1] with N >= 1, got {tuple(s.indptr.shape)}")
    if s.membership.dim() != 2:
        raise ValueError(f"membership: expected shape [S, R], got {tuple(s.membership.shape)}")
    bounds = {"indices": s.nodes, "transpose": entries, "role_sets": s.membership.shape[0]}
    for name, bound in bounds.items():
        values = getattr(s, name)
        if values.numel() and (int(values.min()) < 0 or int(values.max()) >= bound):
            raise ValueError(f"{name}: expected values in 0..{bound - 1}")


def _check_rows(s: Structure) -> None:
    bare = torch.nonzero(s.degrees < 1)
    if bare.numel():
        raise ValueError(f"row {int(bare[0])} has no entries; every node needs at least its self edge")
    if int(s.indptr[0]) != 0 or int(s.indptr[-1]) != s.entries:
        raise ValueError(f"indptr: expected to run from 0 to {s.entries}")
    if bool(((s.indices.diff() <= 0) & (s.rows.diff() == 0)).any()):
        raise ValueError("indices: expected strictly ascending columns in each row")
    diagonal = torch.zeros(s.nodes, dtype=torch.bool, device=s.indptr.device)
    diagonal[s.indices[s.rows == s.indices]] = True
    if not bool(diagonal.all()):
        raise ValueError(f"node {int(torch.nonzero(~diagonal)[0])} has no self edge")


def _check_transpose(s: Structure) -> None:
    back = s.transpose
    wrong = (s.indices[back] != s.rows) | (s.rows[back] != s.indices)
    if not bool(wrong.any()):
        return
    there, mirrored = s.rows * s.nodes + s.indices, s.indices * s.nodes + s.rows
    alone = ~torch.isin(mirrored, there)
    entry = int(torch.nonzero(alone if bool(alone.any()) else wrong)[0])
    i, j = int(s.rows[entry]), int(s.indices[entry])
    if bool(alone.any()):
        raise ValueError(f"the structure is asymmetric: ({i}, {j}) is an entry, ({j}, {i}) is not")
    raise ValueError(f"transpose: entry {entry} holds ({i}, {j}) but does not point to ({j}, {i})")
