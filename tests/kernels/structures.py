"""Structures of many shapes, for the tests of this folder."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from gsdmc.kernels.structure import Structure

Ints = NDArray[np.int64]
ROLES = 4

SHAPES = ("empty", "chain", "hub", "cliques", "parts", "full", "random", "degrees")


def pairs(shape: str, nodes: int, rng: np.random.Generator) -> Ints:
    """Undirected edges `[2, M]` without self edges."""
    i, j = np.triu_indices(nodes, 1)
    keep = {
        "empty": np.zeros(i.size, bool),
        "chain": j == i + 1,
        "hub": i == 0,
        "cliques": i // 4 == j // 4,
        "parts": (i % 3 == j % 3) & (rng.random(i.size) < 0.5),
        "full": np.ones(i.size, bool),
        "random": rng.random(i.size) < 0.2,
        "degrees": i + j < nodes,  # about as many distinct degrees as nodes: buckets are padded
    }[shape]
    return np.stack([i[keep], j[keep]])


def make(shape: str, nodes: int, seed: int = 0) -> Structure:
    """A structure with role 0 on the diagonal and, on each directed edge, one or two of the others."""
    rng = np.random.default_rng(seed)
    there = pairs(shape, nodes, rng)
    edges = np.concatenate([there, there[::-1]], axis=1)
    again = edges[:, rng.random(edges.shape[1]) < 0.3]
    loops = np.stack([np.arange(nodes)] * 2)
    entries = np.concatenate([loops, edges, again], axis=1)
    roles = np.concatenate(
        [np.zeros(nodes, np.int64), rng.integers(1, ROLES, edges.shape[1] + again.shape[1])]
    )
    order = rng.permutation(roles.size)
    return Structure.build(nodes, entries[0, order], entries[1, order], roles[order], ROLES)


def structures() -> st.SearchStrategy[Structure]:
    """Structures of every shape with up to 23 nodes."""
    return st.builds(make, st.sampled_from(SHAPES), st.integers(1, 23), st.integers(0, 2**16))
