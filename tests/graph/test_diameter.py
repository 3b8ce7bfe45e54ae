from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from gsdmc.graph.diameter import diameter, distances


def mask_of(graph: nx.Graph[int]) -> csr_array[np.bool_]:
    dense = nx.to_numpy_array(graph, nodelist=sorted(graph)) + np.eye(len(graph))
    return csr_array(dense > 0)


def measured(graph: nx.Graph[int], limit: int) -> tuple[int, bool]:
    mask = mask_of(graph)
    component = connected_components(mask.astype(np.int8))[1].astype(np.int64)
    return diameter(mask, component, np.arange(len(graph)), limit)


@given(st.integers(1, 30), st.floats(0, 0.3), st.integers(0, 10**6))
def test_exact_and_bounded(nodes: int, density: float, seed: int) -> None:
    graph = nx.gnp_random_graph(nodes, density, seed=seed)
    parts = [graph.subgraph(part) for part in nx.connected_components(graph)]
    exact = max(nx.diameter(part) for part in parts)
    assert measured(graph, 10**9) == (exact, True)
    bound, marked_exact = measured(graph, 0)
    assert bound == exact if marked_exact else bound >= exact


@given(st.integers(1, 60), st.integers(0, 10**6))
def test_trees_need_no_search(nodes: int, seed: int) -> None:
    tree = nx.random_labeled_tree(nodes, seed=seed)
    assert measured(tree, 0) == (nx.diameter(tree), True)


@pytest.mark.parametrize("length", [63, 64, 65, 130, 131])
def test_cycles_beyond_one_word_of_sources(length: int) -> None:
    assert measured(nx.cycle_graph(length), 10**9) == (length // 2, True)


def test_where_the_sweeps_are_one_short() -> None:
    graph = nx.complete_multipartite_graph(1, 1, 3)
    assert measured(graph, 10**9) == (2, True)
    assert measured(graph, 0)[0] == 2


@given(st.integers(2, 25), st.floats(0, 0.3), st.integers(0, 10**6), st.data())
def test_distances(nodes: int, density: float, seed: int, data: st.DataObject) -> None:
    graph = nx.gnp_random_graph(nodes, density, seed=seed)
    sources = data.draw(st.lists(st.integers(0, nodes - 1), min_size=1, max_size=3, unique=True))
    expected = nx.multi_source_dijkstra_path_length(graph, set(sources))
    found = distances(mask_of(graph), np.array(sources))
    assert found.tolist() == [expected.get(v, -1) for v in range(nodes)]
