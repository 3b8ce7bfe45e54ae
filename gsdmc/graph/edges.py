"""A factor graph's relations, spelled out as entries of the attention mask."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy.sparse import csr_array

from gsdmc.graph.factor_graph import Argument, Factor, FactorGraph, Indices, Relation

SELF = "self"


@dataclass(frozen=True, eq=False)
class EdgeTable:
    """Every directed mask entry with its role, the diagonal included, grouped by relation.

    Attributes:
        rows: `[K]`, the node that attends.
        columns: `[K]`, the node attended to.
        roles: `[K]`, positions in `role_names`. A pair that several relations join is listed once
            per role, never twice in one role.
        role_names: role 0 is `self`. The names depend on the relations alone, not on sizes.
    """

    rows: Indices
    columns: Indices
    roles: Indices
    role_names: tuple[str, ...]


def role_names(relation: Relation) -> tuple[str, ...]:
    """Names of a relation's directed roles.

    An argument has two, for the child that attends to its parent and for the reverse. A factor has
    one when its members are in one array, else one per ordered pair of arrays.
    """
    if isinstance(relation, Argument):
        parent, child, slot = relation.parent, relation.child, relation.slot
        return f"{child} ← {parent} ({slot})", f"{parent} → {child} ({slot})"
    # The diagonal's role has this name already.
    name = f"{relation.name} (factor)" if relation.name == SELF else relation.name
    if len(relation.arrays) == 1:
        return (name,)
    return tuple(f"{name}: {row} – {column}" for row, column in product(relation.arrays, repeat=2))


def edge_table(graph: FactorGraph) -> EdgeTable:
    """List all mask entries of `graph` with their roles, in time linear in their number."""
    diagonal = np.arange(graph.nodes)
    blocks = [(diagonal, diagonal, np.zeros_like(diagonal))]
    names = [SELF]
    for group in _by_roles(graph.relations):
        base = len(names)
        names += role_names(group[0])
        arguments = [r for r in group if isinstance(r, Argument)]
        if arguments:
            children = np.concatenate([r.children for r in arguments])
            parents = np.concatenate([r.parents for r in arguments])
            children, parents = distinct_pairs(children, parents, graph.nodes)
            up = np.full(len(children), base, dtype=np.int64)
            blocks += [(children, parents, up), (parents, children, up + 1)]
            continue
        factors = [r for r in group if isinstance(r, Factor)]
        pairs = [_pairs(r.members) for r in factors]
        low, high = distinct_pairs(
            np.concatenate([p[0] for p in pairs]), np.concatenate([p[1] for p in pairs]), graph.nodes
        )
        for rows, columns in ((low, high), (high, low)):
            blocks.append((rows, columns, base + _pair_roles(graph, factors[0], rows, columns)))
    rows, columns, roles = (np.concatenate(parts) for parts in zip(*blocks, strict=True))
    return EdgeTable(rows, columns, roles, tuple(names))


def mask(graph: FactorGraph, table: EdgeTable | None = None) -> csr_array[np.bool_]:
    """The `[N, N]` attention mask, symmetric with a full diagonal, columns ascending in each row."""
    table = edge_table(graph) if table is None else table
    ones = np.ones(len(table.rows), dtype=np.bool_)
    entries = csr_array((ones, (table.rows, table.columns)), shape=(graph.nodes, graph.nodes))
    entries.sum_duplicates()
    entries.data[:] = True
    return entries


def _by_roles(relations: Iterable[Relation]) -> list[list[Relation]]:
    """Relations that share their roles, together: a program may state one relation in several places."""
    groups: dict[tuple[str, ...], list[Relation]] = {}
    for relation in relations:
        groups.setdefault(role_names(relation), []).append(relation)
    return list(groups.values())


def distinct_pairs(rows: Indices, columns: Indices, nodes: int) -> tuple[Indices, Indices]:
    """The pairs in order, each once. Sorting is skipped where their order already shows that none repeats."""
    key = rows * nodes + columns
    if len(key) < 2 or bool(np.all(key[1:] > key[:-1])):
        return rows, columns
    key = np.sort(key, kind="stable")
    key = key[np.diff(key, prepend=-1) > 0]  # numpy's unique takes many times as long
    rows, columns = np.divmod(key, nodes)
    return rows, columns


def _pairs(members: Indices) -> tuple[Indices, Indices]:
    """All pairs (lower, higher) of distinct nodes within a row of `members`, padded with -1.

    Rows are taken together by their number of members, so that one large clique does not make the
    small ones expensive.
    """
    if members.size == 0:
        empty = np.zeros(0, dtype=np.int64)
        return empty, empty
    ordered = np.sort(members, axis=1)  # padding first
    counts = (ordered >= 0).sum(axis=1)
    lows, highs = [], []
    for count in np.unique(counts):
        clique = ordered[counts == count, ordered.shape[1] - count :]
        first, second = np.triu_indices(int(count), k=1)
        lows.append(clique[:, first].ravel())
        highs.append(clique[:, second].ravel())
    low, high = np.concatenate(lows), np.concatenate(highs)
    distinct = low != high
    return (low, high) if distinct.all() else (low[distinct], high[distinct])


def _pair_roles(graph: FactorGraph, factor: Factor, rows: Indices, columns: Indices) -> Indices:
    """Position of each pair's role among the factor's roles."""
    if len(factor.arrays) == 1:
        return np.zeros(len(rows), dtype=np.int64)
    position = np.zeros(len(graph.arrays), dtype=np.int64)
    for i, array in enumerate(graph.arrays):
        position[i] = factor.arrays.index(array.name) if array.name in factor.arrays else 0
    array_of = position[graph.array_of_node]
    return array_of[rows] * len(factor.arrays) + array_of[columns]
