"""The sparse structure that attention runs on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Indices = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Structure:
    """Neighbours of every node in CSR form, symmetric, with self edges.

    Attributes:
        indptr: `[N + 1]`, row i's entries are `indptr[i] : indptr[i + 1]`.
        indices: `[E]`, the neighbour (column) of each entry, ascending in each row.
        transpose: `[E]`, the entry that holds (j, i) for the entry that holds (i, j).
        role_sets: `[E]`, the interned set of roles by which i attends to j.
        membership: `[S, R]` float32, 1 where role r belongs to role set s.

    Raises:
        ValueError: rows without entries, missing self edges, or an asymmetric structure.
    """

    indptr: Tensor
    indices: Tensor
    transpose: Tensor
    role_sets: Tensor
    membership: Tensor

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
    def cache(self) -> dict[str, Any]:
        """Whatever an implementation derives from the structure once and wants again."""
        return {}

    @staticmethod
    def build(
        nodes: int,
        rows: Indices,
        columns: Indices,
        roles: Indices | None = None,
        role_count: int = 1,
    ) -> Structure:
        """Make a structure from entries (row, column, role), in any order, repeated pairs allowed.

        A pair listed with several roles becomes one entry that carries their set.
        `roles=None` gives every entry the one role 0.
        """
        raise NotImplementedError
