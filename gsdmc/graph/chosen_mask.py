"""Masks to compare the program's own with: drawn at random, full, or along its arrows only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from gsdmc.graph.edges import SELF, EdgeTable, edge_table, role_names
from gsdmc.graph.factor_graph import Argument, FactorGraph, Indices
from gsdmc.language.limits import DEFAULT, Limits, cure
from gsdmc.language.scope import did_you_mean
from gsdmc.language.source import GsdmcError

OTHER = "other"
"""The one role, besides `self`, of a mask that says nothing of the program's relations."""

KINDS = ("program", "random", "dense")
SHAPES = "write program, dense, random:20 or, with a seed, random:20:1"


@dataclass(frozen=True)
class MaskChoice:
    """Which mask a network attends along; as text `program`, `dense`, `random:20` or `random:20:SEED`.

    Attributes:
        kind: `program` for the graph's own edges, `dense` for every pair, `random` for nodes drawn at random.
        neighbours: how many others each node attends to, if `random`.
        seed: of the draw, if `random`.
    """

    kind: Literal["program", "random", "dense"] = "program"
    neighbours: int = 0
    seed: int = 0

    def __str__(self) -> str:
        if self.kind != "random":
            return self.kind
        return f"random:{self.neighbours}" + (f":{self.seed}" if self.seed else "")

    @staticmethod
    def read(text: str) -> MaskChoice:
        """The choice that a text names.

        Raises:
            GsdmcError: it names none.
        """
        kind, *numbers = text.split(":")
        if kind in ("program", "dense") and not numbers:
            return MaskChoice(kind)  # type: ignore[arg-type]
        if kind == "random" and 1 <= len(numbers) <= 2 and all(n.isascii() and n.isdigit() for n in numbers):
            neighbours, seed = (*map(int, numbers), 0)[:2]
            if neighbours:
                return MaskChoice("random", neighbours, seed)
        near = None if kind in KINDS else did_you_mean(kind, KINDS)
        raise GsdmcError(f"there is no mask `{text}`", hint=near or SHAPES)


PROGRAM = MaskChoice()


def chosen_edges(
    graph: FactorGraph, choice: MaskChoice = PROGRAM, *, symmetrise: bool = True, limits: Limits = DEFAULT
) -> EdgeTable:
    """Every mask entry with its role.

    Args:
        graph: the program's graph.
        choice: which mask. Other masks than the program's have two roles, `self` and `other`.
        symmetrise: whether parents attend to their children too, in the program's own mask.
        limits: how many entries a dense or a random mask may have.

    Raises:
        GsdmcError: too many entries.
    """
    if choice.kind == "program":
        table = edge_table(graph)
        return table if symmetrise else towards_parents(graph, table)
    nodes = graph.nodes
    each = nodes if choice.kind == "dense" else min(choice.neighbours + 1, nodes)
    if nodes * each > limits.edges:
        raise GsdmcError(
            f"the mask {choice} of {nodes} nodes has {nodes * each} entries; "
            f"at most {limits.edges} are allowed",
            hint="make the sizes smaller, or " + cure("edges", nodes * each),
        )
    diagonal = np.arange(nodes)
    if choice.kind == "dense":
        rows, columns = np.divmod(np.arange(nodes * nodes), max(nodes, 1))
        rows, columns = rows[rows != columns], columns[rows != columns]
    else:
        # Every size has a mask of its own, also where two sizes have as many nodes.
        shape = [size for array in graph.arrays for size in array.shape]
        rows, columns = random_neighbours(nodes, choice.neighbours, [choice.seed, *shape])
    roles = np.repeat([0, 1], [nodes, len(rows)])
    return EdgeTable(
        np.concatenate([diagonal, rows]), np.concatenate([diagonal, columns]), roles, (SELF, OTHER)
    )


def towards_parents(graph: FactorGraph, table: EdgeTable) -> EdgeTable:
    """The entries of a graph's table without those by which parents attend to children.

    Factors have no direction, so their cliques stay whole. Roles keep their numbers and names.
    """
    families: dict[tuple[str, ...], bool] = {}
    for relation in graph.relations:
        families.setdefault(role_names(relation), isinstance(relation, Argument))
    downward, first = [], 1
    for names, argument in families.items():
        if argument:
            downward.append(first + 1)
        first += len(names)
    keep = ~np.isin(table.roles, downward)
    return EdgeTable(table.rows[keep], table.columns[keep], table.roles[keep], table.role_names)


def random_neighbours(nodes: int, number: int, seed: list[int]) -> tuple[Indices, Indices]:
    """For each node, `number` others, uniformly without repetition; all of them where there are no more.

    Time and memory go with nodes × number. Equal seeds give equal neighbours in every version of numpy,
    which promises so for its bit generators alone.

    Returns:
        Rows and columns, `[nodes × number]` each, ascending.
    """
    others = nodes - 1
    if others < 1:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    number = min(number, others)
    omit = 2 * number > others  # then those left out are fewer
    wanted = others - number if omit else number
    bits = np.random.PCG64(np.random.SeedSequence(seed))
    pairs = np.zeros(0, dtype=np.int64)
    rows = np.repeat(np.arange(nodes), wanted)
    # Drawing until each row has enough different ones favours none of them.
    while len(rows):
        drawn = (bits.random_raw(len(rows)) % np.uint64(others)).astype(np.int64)
        pairs = np.sort(np.concatenate([pairs, rows * others + drawn]), kind="stable")
        pairs = pairs[np.diff(pairs, prepend=-1) > 0]  # np.unique takes twenty times as long
        rows = np.repeat(np.arange(nodes), wanted - np.bincount(pairs // others, minlength=nodes))
    if omit:
        chosen = np.ones(nodes * others, dtype=np.bool_)
        chosen[pairs] = False
        pairs = np.flatnonzero(chosen)
    rows, columns = np.divmod(pairs, others)
    return rows, columns + (columns >= rows)
