"""Interning: every distinct set of roles is stored once, entries hold its number."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.int64]

WORD = 62  # role flags per int64: the sign bit stays clear, so words sort like unsigned numbers


def intern(starts: Indices, roles: Indices, role_count: int) -> tuple[Indices, NDArray[np.float32]]:
    """Number the distinct role sets of runs of roles.

    Args:
        starts: `[E]`, where each entry's run begins in `roles`; the runs follow one another.
        roles: `[M]`, the roles of all entries, run after run, 0 <= role < `role_count`.
        role_count: R.

    Returns:
        `[E]` the number of each entry's set, and `[S, R]` float32 with 1 where a role belongs to a set.
    """
    codes = np.zeros(starts.size, dtype=np.int64)
    members = np.zeros((1, 0), dtype=np.float32)
    for first in range(0, role_count, WORD):
        width = min(WORD, role_count - first)
        shift = roles - first
        inside = (shift >= 0) & (shift < width)
        flags = np.where(inside, np.left_shift(np.int64(1), np.where(inside, shift, 0)), 0)
        words = np.bitwise_or.reduceat(flags, starts)
        distinct = np.unique(words)
        pairs = codes * distinct.size + np.searchsorted(distinct, words)
        kept = np.unique(pairs) if first else np.arange(distinct.size)
        bits = (distinct[:, None] >> np.arange(width)) & 1
        left, right = np.divmod(kept, distinct.size)
        members = np.concatenate([members[left], bits[right].astype(np.float32)], axis=1)
        codes = np.searchsorted(kept, pairs) if first else pairs
    return codes.astype(np.int64, copy=False), members
