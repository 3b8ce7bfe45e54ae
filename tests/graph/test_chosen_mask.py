"""Masks other than the program's: what they hold, and that they repeat."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gsdmc.compiler import compile_problem
from gsdmc.graph.chosen_mask import MaskChoice, chosen_edges, random_neighbours
from gsdmc.graph.edges import EdgeTable, edge_table, mask
from gsdmc.graph.factor_graph import Argument, Factor
from gsdmc.language.limits import Limits
from gsdmc.language.source import GsdmcError
from tests.graph.samples import bcmf, islands, sorting


@pytest.mark.parametrize("text", ["program", "dense", "random:20", "random:1:7"])
def test_a_choice_is_the_text_that_names_it(text: str) -> None:
    assert str(MaskChoice.read(text)) == text
    assert MaskChoice.read("random:3:0") == MaskChoice.read("random:3") == MaskChoice("random", 3)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("randon:20", "did you mean `random`"),
        ("", "write program, dense, random:20"),
        ("random", "write program"),
        ("random:0", "write program"),
        ("random:-1", "write program"),
        ("random:²", "write program"),
        ("random:2:3:4", "write program"),
        ("dense:3", "write program"),
        ("mask.png", "write program"),
    ],
)
def test_what_names_no_mask(text: str, hint: str) -> None:
    with pytest.raises(GsdmcError, match="there is no mask") as caught:
        MaskChoice.read(text)
    assert (caught.value.hint or "").startswith(hint)


@given(st.integers(1, 40), st.integers(1, 50), st.integers(0, 2**64))
def test_each_node_has_as_many_others_as_asked_for_or_all(nodes: int, number: int, seed: int) -> None:
    rows, columns = random_neighbours(nodes, number, [seed])
    assert np.bincount(rows, minlength=nodes).tolist() == [min(number, nodes - 1)] * nodes
    assert len(set(zip(rows.tolist(), columns.tolist(), strict=True))) == len(rows)
    assert not (rows == columns).any()
    assert ((columns >= 0) & (columns < nodes)).all()


@pytest.mark.parametrize("number", [2, 5])
def test_every_other_node_is_as_likely(number: int) -> None:
    counts = np.zeros((8, 8))
    for seed in range(2000):
        counts[random_neighbours(8, number, [seed])] += 1
    off = counts[~np.eye(8, dtype=bool)] / 2000
    deviation = np.sqrt(number / 7 * (1 - number / 7) / 2000)
    assert np.abs(off - number / 7).max() < 4.5 * deviation


def test_the_neighbours_of_a_seed_never_change() -> None:
    rows, columns = random_neighbours(7, 2, [20, 3, 4])
    assert rows.tolist() == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6]
    assert columns.tolist() == [1, 5, 2, 6, 0, 5, 1, 4, 0, 5, 0, 6, 1, 5]


def entries(table: EdgeTable) -> set[tuple[int, int, str]]:
    names = [table.role_names[r] for r in table.roles]
    return set(zip(table.rows.tolist(), table.columns.tolist(), names, strict=True))


def test_a_random_mask_has_two_roles_and_a_draw_per_size_and_seed() -> None:
    graph = bcmf(3, 2, 2)
    table = chosen_edges(graph, MaskChoice("random", 4))
    assert table.role_names == ("self", "other")
    assert ((table.rows == table.columns) == (table.roles == 0)).all()
    assert np.diff(mask(graph, table).indptr).tolist() == [5] * graph.nodes
    assert entries(table) == entries(chosen_edges(graph, MaskChoice("random", 4)))
    assert entries(table) != entries(chosen_edges(graph, MaskChoice("random", 4, 1)))
    turned = bcmf(2, 3, 2)
    assert turned.nodes == graph.nodes
    assert entries(table) != entries(chosen_edges(turned, MaskChoice("random", 4)))


def test_a_dense_mask_is_full() -> None:
    graph = islands(3, 2)
    table = chosen_edges(graph, MaskChoice("dense"))
    assert len(entries(table)) == len(table.rows) == graph.nodes**2
    assert mask(graph, table).nnz == graph.nodes**2
    assert ((table.rows == table.columns) == (table.roles == 0)).all()


def test_the_programs_own_mask_is_the_default() -> None:
    graph = sorting(4)
    assert entries(chosen_edges(graph)) == entries(edge_table(graph))


def test_without_symmetrising_children_attend_to_parents_and_factors_stay_whole() -> None:
    graph = sorting(4)
    arguments = [r for r in graph.relations if isinstance(r, Argument)]
    factors = [r for r in graph.relations if isinstance(r, Factor)]
    expected = {(node, node) for node in range(graph.nodes)}
    for a in arguments:
        expected |= set(zip(a.children.tolist(), a.parents.tolist(), strict=True))
    for f in factors:
        for members in f.members.tolist():
            expected |= {(i, j) for i in members for j in members if i != j and i >= 0 and j >= 0}
    table = chosen_edges(graph, symmetrise=False)
    assert {(row, column) for row, column, _ in entries(table)} == expected
    assert entries(table) < entries(edge_table(graph))
    assert table.role_names == edge_table(graph).role_names


@pytest.mark.parametrize("name", ["bcmf", "hbmf", "sorting", "sudoku", "boolean", "inversion"])
def test_both_directions_together_are_the_symmetric_mask(name: str) -> None:
    graph = compile_problem(name).graph
    upward = mask(graph, chosen_edges(graph, symmetrise=False))
    assert ((upward + upward.T) != mask(graph)).nnz == 0


def test_masks_keep_to_the_limit_on_edges() -> None:
    graph = bcmf(3, 2, 2)
    full = graph.nodes**2
    assert len(chosen_edges(graph, MaskChoice("dense"), limits=Limits(edges=full)).rows) == full
    with pytest.raises(GsdmcError, match=f"has {full} entries; at most {full - 1}") as caught:
        chosen_edges(graph, MaskChoice("dense"), limits=Limits(edges=full - 1))
    assert "--limit edges=1000," in (caught.value.hint or "")
    with pytest.raises(GsdmcError, match=r"the mask random:4 of"):
        chosen_edges(graph, MaskChoice("random", 4), limits=Limits(edges=5 * graph.nodes - 1))
    assert chosen_edges(graph, MaskChoice("random", 1000), limits=Limits(edges=full)).rows.size == full


def test_a_large_random_mask_costs_as_much_as_it_has_entries() -> None:
    rows, columns = random_neighbours(100_000, 20, [0])  # all pairs would be 10^10
    assert len(rows) == len(columns) == 2_000_000
