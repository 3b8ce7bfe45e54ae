from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from gsdmc.graph.edges import edge_table, mask, role_names
from gsdmc.graph.factor_graph import Argument, FactorGraph
from tests.graph.samples import SAMPLES, Builder, bcmf, boolean, graphs, islands, sorting, sudoku


def expected(graph: FactorGraph) -> set[tuple[int, int, str]]:
    """Labelled entries by loops over single edges."""
    array = [name for name, _ in graph.names()]
    out = {(v, v, "self") for v in range(graph.nodes)}
    for r in graph.relations:
        if isinstance(r, Argument):
            for p, c in zip(r.parents.tolist(), r.children.tolist(), strict=True):
                out.add((c, p, f"{r.child} ← {r.parent} ({r.slot})"))
                out.add((p, c, f"{r.parent} → {r.child} ({r.slot})"))
            continue
        for members in r.members.tolist():
            for v in members:
                for w in members:
                    if v != w and v >= 0 and w >= 0:
                        pair = f": {array[v]} – {array[w]}" if len(r.arrays) > 1 else ""
                        out.add((v, w, r.name + pair))
    return out


def check(graph: FactorGraph) -> None:
    table = edge_table(graph)
    labelled = [
        (row, column, table.role_names[role])
        for row, column, role in zip(
            table.rows.tolist(), table.columns.tolist(), table.roles.tolist(), strict=True
        )
    ]
    assert len(labelled) == len(set(labelled))
    assert set(labelled) == expected(graph)
    assert table.role_names[0] == "self"
    dense = mask(graph).toarray()
    assert dense.diagonal().all()
    assert (dense == dense.T).all()
    assert dense.sum() == len({pair[:2] for pair in labelled})


@pytest.mark.parametrize("name", SAMPLES)
def test_entries_of_samples(name: str) -> None:
    check(SAMPLES[name])


@given(graphs())
def test_entries_of_random_graphs(graph: FactorGraph) -> None:
    check(graph)


@pytest.mark.parametrize(
    ("graph", "nodes", "entries", "degree"),
    [
        (bcmf(3, 3, 2), 39, 147, 4),
        (bcmf(10, 10, 10), 1300, 7300, 11),
        (bcmf(5, 5, 5), 200, 950, 6),
        (sudoku(3), 81, 1701, 21),
        (sorting(20), 840, 18478, 40),
        (boolean(4), 31, 91, 4),
    ],
    ids=["bcmf-figure-10", "bcmf-10", "inversion-5", "sudoku-9", "sorting-20", "boolean-4"],
)
def test_counts_of_the_paper(graph: FactorGraph, nodes: int, entries: int, degree: int) -> None:
    entry = mask(graph)
    assert entry.shape == (nodes, nodes)
    assert entry.nnz == entries
    assert np.diff(entry.indptr).max() == degree


def test_roles_depend_on_relations_alone() -> None:
    assert edge_table(bcmf(1, 1, 1)).role_names == edge_table(bcmf(4, 2, 3)).role_names
    assert edge_table(islands(5, 3)).role_names == edge_table(islands(9, 6)).role_names


def test_role_names() -> None:
    graph = islands(5, 3)
    assert role_names(graph.relations[0]) == ("next",)
    assert role_names(graph.relations[1]) == ("path ← path (mean)", "path → path (mean)")
    assert role_names(graph.relations[2]) == (
        "ends: path – path",
        "ends: path – tail",
        "ends: tail – path",
        "ends: tail – tail",
    )


def test_a_pair_in_two_factors_has_two_roles() -> None:
    table = edge_table(sudoku(2))
    pair = (table.rows == 0) & (table.columns == 1)
    assert {table.role_names[r] for r in table.roles[pair]} == {"row", "box"}


def test_a_factor_named_self_is_not_the_diagonal() -> None:
    b = Builder()
    b.plate("i", 3)
    x = b.array("x", "i", "normal(0, 1)")
    b.factor("self", "(distinct? x)", "x", "", x[None])
    table = edge_table(b.build())
    assert table.role_names == ("self", "self (factor)")
    assert (table.roles == 0).sum() == 3


def test_one_large_clique_among_small_ones_costs_its_pairs_only() -> None:
    b = Builder()
    b.plate("i", 4000)
    x = b.array("x", "i", "normal(0, 1)")
    members = np.full((2000, 300), -1)
    members[0] = x[:300]
    members[1:, :2] = np.stack([x[1:2000], x[2000:3999]], 1)
    b.factor("f", "(any)", "x", "", members)
    assert mask(b.build()).nnz == 4000 + 300 * 299 + 2 * 1999
