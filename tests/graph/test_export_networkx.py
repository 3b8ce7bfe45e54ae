from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings

import gsdmc
from gsdmc.compiler import compile_text
from gsdmc.graph.edges import mask
from gsdmc.graph.export_networkx import from_networkx, to_networkx
from gsdmc.graph.factor_graph import FactorGraph
from gsdmc.language.source import GsdmcError
from tests.graph.same import check_same
from tests.graph.samples import SAMPLES, bcmf, chain, gram, graphs, sudoku
from tests.program.random_programs import programs


@pytest.mark.parametrize("name", SAMPLES)
def test_samples(name: str) -> None:
    check_same(from_networkx(to_networkx(SAMPLES[name])), SAMPLES[name])


@pytest.mark.parametrize("name", gsdmc.bundled())
def test_bundled_programs(name: str) -> None:
    graph = gsdmc.compile(name).graph
    check_same(from_networkx(to_networkx(graph)), graph)


@given(graphs())
def test_random_graphs(graph: FactorGraph) -> None:
    check_same(from_networkx(to_networkx(graph)), graph)


@settings(max_examples=40, deadline=None)
@given(programs())
def test_random_programs(text: str) -> None:
    try:
        graph = compile_text(text, "random.clj").graph
    except GsdmcError:
        return
    check_same(from_networkx(to_networkx(graph)), graph)


@pytest.mark.parametrize("name", SAMPLES)
def test_nodes_and_edges_are_those_of_the_mask(name: str) -> None:
    graph = SAMPLES[name]
    out = to_networkx(graph)
    adjacency = nx.to_scipy_sparse_array(out, nodelist=range(graph.nodes), weight=None)
    assert np.array_equal(adjacency.toarray() + np.eye(graph.nodes) > 0, mask(graph).toarray())
    assert [(d["array"], d["index"]) for _, d in out.nodes(data=True)] == list(graph.names())


def test_nodes_say_what_they_are() -> None:
    assert to_networkx(gram(2)).nodes[3] == {
        "array": "G",
        "index": (0, 1),
        "kind": "real",
        "distribution": "dirac(x * x)",
        "observed": True,
        "deterministic": True,
        "generated": False,
    }


def test_roles_are_those_of_the_lower_node() -> None:
    assert to_networkx(bcmf(1, 1, 1)).edges[0, 2]["roles"] == ("A → C (value)",)
    assert to_networkx(chain(3)).edges[1, 2]["roles"] == ("x → x (mean)",)
    assert to_networkx(sudoku(2)).edges[0, 1]["roles"] == ("box", "row")


def test_what_users_add_is_left_out() -> None:
    out = to_networkx(bcmf(2, 2, 2))
    out.nodes[0]["colour"] = "red"
    out.edges[0, 8]["weight"] = 3.0
    out.graph["title"] = "mine"
    check_same(from_networkx(out.copy()), bcmf(2, 2, 2))


def changed(change: str) -> nx.Graph[int]:
    out = to_networkx(bcmf(2, 2, 2))
    match change:
        case "a node less":
            out.remove_node(0)
        case "a node more":
            out.add_node("x")
        case "an edge less":
            out.remove_edge(0, 8)
        case "an edge more":
            out.add_edge(0, 1)
        case "another kind":
            out.nodes[3]["kind"] = "boolean"
        case "no roles":
            del out.edges[0, 8]["roles"]
        case "no whole":
            out.graph.clear()
        case "damaged whole":
            out.graph["gsdmc"] = {"format": 3}
        case "relabelled":
            return nx.relabel_nodes(out, {i: f"n{i}" for i in out})
        case "directed":
            return out.to_directed()
        case "several edges":
            return nx.MultiGraph(out)
        case "no graph":
            return None  # type: ignore[return-value]
    return out


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("a node less", "nodes were changed"),
        ("a node more", "nodes were changed"),
        ("an edge less", "edges were changed"),
        ("an edge more", "edges were changed"),
        ("another kind", "attributes of its nodes were changed since, of 3"),
        ("no roles", "attributes of its edges were changed"),
        ("no whole", "lacks the attribute `gsdmc`"),
        ("damaged whole", "not in the format"),
        ("relabelled", "nodes were changed"),
        ("directed", "no undirected networkx graph"),
        ("several edges", "no undirected networkx graph"),
        ("no graph", "no undirected networkx graph"),
    ],
)
def test_changes_are_refused(change: str, says: str) -> None:
    with pytest.raises(GsdmcError) as caught:
        from_networkx(changed(change))
    assert says in caught.value.message
