"""Colour refinement (the one-dimensional Weisfeiler-Leman test), an oracle that knows nothing of plates."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gsdmc.graph.edges import EdgeTable, edge_table
from gsdmc.graph.factor_graph import FactorGraph, Indices
from gsdmc.layout.lower import lower

Words = NDArray[np.uint64]


def stable_colours(graph: FactorGraph, table: EdgeTable | None = None) -> Indices:
    """The coarsest colouring `[N]` that nodes' neighbourhoods don't refine any further.

    Nodes start with the name and the kind of their array. In each round, nodes of one colour stay so
    if they see equally many nodes of every colour by every set of directed roles. No plate, no size and
    no index is looked at. Colours are told apart by sums of 64-bit words, not by the multisets themselves.
    """
    table = edge_table(graph) if table is None else table
    names = {(a.name, str(a.kind)): number for number, a in enumerate(graph.arrays)}
    start = np.array([names[a.name, str(a.kind)] for a in graph.arrays], dtype=np.int64)
    colours = start[graph.array_of_node]
    rows, columns, kinds = labelled_pairs(graph, table)
    order = np.argsort(rows, kind="stable")
    rows, columns, kinds = rows[order], columns[order], kinds[order]
    first = np.flatnonzero(np.diff(rows, prepend=-1))  # every row has an entry: itself
    count = len(np.unique(colours))
    while len(colours):
        seen = scrambled(scrambled(kinds) + colours[columns].astype(np.uint64))
        around = np.add.reduceat(seen, first)
        _, colours = np.unique(scrambled(around) + scrambled(colours), return_inverse=True)
        if colours.max() + 1 == count:
            break
        count = colours.max() + 1
    return colours


def labelled_pairs(graph: FactorGraph, table: EdgeTable) -> tuple[Indices, Indices, Indices]:
    """Every directed pair once, with a number for its set of roles: `[P]` each."""
    pair = table.rows * graph.nodes + table.columns
    order = np.argsort(pair, kind="stable")
    pair, roles = pair[order], table.roles[order]
    first = np.flatnonzero(np.diff(pair, prepend=-1))
    sets = np.add.reduceat(scrambled(roles), first) if len(pair) else np.zeros(0, dtype=np.uint64)
    _, kinds = np.unique(sets, return_inverse=True)
    return pair[first] // max(graph.nodes, 1), pair[first] % max(graph.nodes, 1), kinds


def scrambled(numbers: NDArray[np.generic]) -> Words:
    """64-bit words that look random and depend on the numbers alone (the finaliser of splitmix64)."""
    word = numbers.astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15)
    word = (word ^ (word >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    word = (word ^ (word >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(word ^ (word >> np.uint64(31)))


def embedding_classes(graph: FactorGraph, table: EdgeTable | None = None) -> Indices:
    """Nodes that a network can't tell apart before it looks at their neighbours: `[N]`.

    Two nodes of a class share their learned embedding and their position along every ordered plate.
    """
    layout = lower(graph, table)
    told = np.column_stack([layout.embedding.numpy(), layout.positions.numpy()])
    _, classes = np.unique(told, axis=0, return_inverse=True)
    return np.asarray(classes, dtype=np.int64).reshape(-1)


def discoloured(graph: FactorGraph, table: EdgeTable | None = None) -> list[str]:
    """Nodes that share their embedding and the classes of their plates, yet not their colour."""
    if not graph.nodes:
        return []
    table = edge_table(graph) if table is None else table
    colours, classes = stable_colours(graph, table), embedding_classes(graph, table)
    _, first = np.unique(classes, return_index=True)
    like = first[classes]
    names = list(graph.names()) if (colours != colours[like]).any() else []
    return [
        f"{shown(names[a])} is coloured unlike {shown(names[b])}"
        for a, b in zip(np.flatnonzero(colours != colours[like]), like[colours != colours[like]], strict=True)
    ]


def shown(node: tuple[str, tuple[int, ...]]) -> str:
    """A node's array and index."""
    return f"{node[0]}{list(node[1])}"
