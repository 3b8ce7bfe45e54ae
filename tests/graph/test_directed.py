"""Figures of masks with directions, against networkx."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array

from gsdmc.compiler import bundled, compile_problem
from gsdmc.graph.directed import directed_diameter, directed_metrics
from gsdmc.graph.metrics import graph_metrics


def mask_of(nodes: int, pairs: list[tuple[int, int]]) -> csr_array[np.bool_]:
    entries = sorted({(i % nodes, j % nodes) for i, j in pairs} | {(i, i) for i in range(nodes)})
    rows, columns = np.array(entries).T
    return csr_array((np.ones(len(entries), dtype=np.bool_), (rows, columns)), shape=(nodes, nodes))


MASKS = st.builds(
    mask_of,
    st.integers(1, 80),
    st.lists(st.tuples(st.integers(0, 79), st.integers(0, 79)), max_size=160),
)


def longest_path(mask: csr_array[np.bool_]) -> int:
    graph = nx.from_scipy_sparse_array(mask, create_using=nx.DiGraph)
    lengths = nx.all_pairs_shortest_path_length(graph)
    return max(length for _, reached in lengths for length in reached.values())


@given(MASKS)
def test_the_diameter_is_the_longest_shortest_path(mask: csr_array[np.bool_]) -> None:
    found = directed_metrics(mask)
    assert (found.diameter, found.diameter_exact) == (longest_path(mask), True)
    simple = nx.from_scipy_sparse_array(mask + mask.T)
    assert found.components == nx.number_connected_components(simple)
    assert found.edges == simple.number_of_edges() - nx.number_of_selfloops(simple)
    assert found.entries == mask.nnz


@given(MASKS, st.integers(0, 500))
def test_a_search_cut_short_gives_a_bound(mask: csr_array[np.bool_], limit: int) -> None:
    found, exact = directed_diameter(mask, np.arange(mask.shape[0]), limit)
    assert found == longest_path(mask) if exact else found >= longest_path(mask)


def test_the_bound_is_close_where_every_node_can_reach_every_other() -> None:
    mask = compile_problem("bcmf", mask="random:5").mask
    found, exact = directed_diameter(mask, np.arange(mask.shape[0]), mask.nnz)
    assert not exact
    assert longest_path(mask) <= found <= 2 * longest_path(mask)


@pytest.mark.parametrize("name", bundled())
def test_symmetric_masks_have_the_figures_that_they_have_otherwise(name: str) -> None:
    problem = compile_problem(name)
    assert directed_metrics(problem.mask) == graph_metrics(problem.graph, problem.mask)


@pytest.mark.parametrize("name", ["bcmf", "sorting", "sudoku", "hbmf"])
def test_symmetries_of_the_program_spare_work_and_change_nothing(name: str) -> None:
    problem = compile_problem(name, symmetrise=False)
    assert problem.metrics == directed_metrics(problem.mask)
