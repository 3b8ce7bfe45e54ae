from __future__ import annotations

import networkx as nx
import pytest
from hypothesis import given

from gsdmc.graph.export import to_networkx
from gsdmc.graph.factor_graph import FactorGraph
from gsdmc.graph.metrics import graph_metrics
from tests.graph.samples import SAMPLES, Builder, bcmf, graphs, islands, sudoku


def longest(graph: FactorGraph) -> int:
    whole = to_networkx(graph)
    return max(nx.diameter(whole.subgraph(part)) for part in nx.connected_components(whole))


@pytest.mark.parametrize("name", SAMPLES)
def test_samples_agree_with_networkx(name: str) -> None:
    graph, whole = SAMPLES[name], to_networkx(SAMPLES[name])
    figures = graph_metrics(graph)
    assert figures.nodes == whole.number_of_nodes()
    assert figures.edges == whole.number_of_edges()
    assert figures.entries == figures.nodes + 2 * figures.edges
    assert figures.density == figures.entries / figures.nodes**2
    assert figures.mean_degree == figures.entries / figures.nodes
    assert figures.max_degree == 1 + max(d for _, d in whole.degree)
    assert figures.components == nx.number_connected_components(whole)
    assert (figures.diameter, figures.diameter_exact) == (longest(graph), True)


@given(graphs())
def test_random_graphs_agree_with_networkx(graph: FactorGraph) -> None:
    # Random relations keep no symmetry, so no plate of theirs is exchangeable.
    plates = tuple(type(p)(p.name, p.size, "fixed", "") for p in graph.plates)
    figures = graph_metrics(FactorGraph(graph.arrays, plates, graph.relations))
    assert figures.diameter_exact
    assert figures.diameter == longest(graph)


def test_degrees_count_the_node_itself() -> None:
    assert graph_metrics(sudoku(3)).max_degree == 21
    assert graph_metrics(bcmf(10, 10, 10)).max_degree == 11


def test_components_are_reported() -> None:
    assert graph_metrics(islands(7, 4)).components == 3


@pytest.mark.parametrize("name", SAMPLES)
def test_a_bound_is_marked_and_holds(name: str) -> None:
    figures = graph_metrics(SAMPLES[name], limit=0)
    exact = longest(SAMPLES[name])
    assert figures.diameter == exact if figures.diameter_exact else exact <= figures.diameter <= 2 * exact


def test_no_variables() -> None:
    figures = graph_metrics(Builder().build())
    assert (figures.nodes, figures.entries, figures.diameter) == (0, 0, 0)
