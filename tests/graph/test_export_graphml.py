from __future__ import annotations

import json

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gsdmc
from gsdmc.compiler import compile_text
from gsdmc.graph.export_graphml import from_graphml, to_graphml
from gsdmc.graph.export_networkx import to_networkx
from gsdmc.graph.factor_graph import FactorGraph
from gsdmc.language.source import GsdmcError
from tests.graph.same import check_same
from tests.graph.samples import SAMPLES, Builder, bcmf, graphs, sudoku
from tests.program.random_programs import programs


@pytest.mark.parametrize("name", SAMPLES)
def test_samples(name: str) -> None:
    check_same(from_graphml(to_graphml(SAMPLES[name])), SAMPLES[name])


@pytest.mark.parametrize("name", gsdmc.bundled())
def test_bundled_programs(name: str) -> None:
    graph = gsdmc.compile(name).graph
    check_same(from_graphml(to_graphml(graph)), graph)


@settings(deadline=None)
@given(graphs())
def test_random_graphs(graph: FactorGraph) -> None:
    check_same(from_graphml(to_graphml(graph)), graph)


@settings(max_examples=40, deadline=None)
@given(programs())
def test_random_programs(text: str) -> None:
    try:
        graph = compile_text(text, "random.clj").graph
    except GsdmcError:
        return
    check_same(from_graphml(to_graphml(graph)), graph)


@given(st.text(min_size=1), st.text(), st.text())
def test_names_of_any_characters(array: str, distribution: str, reason: str) -> None:
    b = Builder()
    b.array(array, "", distribution)
    b.plate(reason, 3)
    check_same(from_graphml(to_graphml(b.build())), b.build())


@pytest.mark.parametrize("name", SAMPLES)
def test_networkx_reads_nodes_and_edges(name: str) -> None:
    graph = SAMPLES[name]
    read, expected = nx.parse_graphml(to_graphml(graph), node_type=int), to_networkx(graph)
    assert list(read) == list(expected)
    assert set(map(frozenset, read.edges)) == set(map(frozenset, expected.edges))
    for node, data in expected.nodes(data=True):
        assert read.nodes[node].get("index", "") == "; ".join(map(str, data["index"]))
        assert all(read.nodes[node][key] == data[key] for key in ("array", "kind", "observed", "generated"))
    for a, b, data in expected.edges(data=True):
        assert read.edges[a, b]["roles"] == "; ".join(data["roles"])


def test_what_other_tools_write_again_is_read() -> None:
    read = nx.parse_graphml(to_graphml(sudoku(2)), node_type=int)
    nx.set_node_attributes(read, 0.5, "x")
    check_same(from_graphml("\n".join(nx.generate_graphml(read))), sudoku(2))


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("</graphml>", "", "can't be read as GraphML"),
        ('target="9"', 'target="999"', "nodes were changed"),
        ('<edge source="0" target="8">', '<edge source="0" target="9">', "edges were changed"),
        (">boolean<", ">real<", "attributes of its nodes were changed"),
        ('edgedefault="undirected"', 'edgedefault="directed"', "no undirected graph"),
        ('key="graph-gsdmc"', 'key="node-kind"', "no undirected graph with the attribute `gsdmc`"),
        ('key="node-array"', 'key="nothing"', "can't be read as GraphML"),
        ('<node id="0">', '<node id="zero">', "can't be read as GraphML"),
        ('>{"format"', '>["format"', "is no JSON"),
        (">false<", ">maybe<", "can't be read as GraphML"),
        ('"slot": "value"', '"slot": 3', "no text"),
    ],
)
def test_damage_is_named(old: str, new: str, says: str) -> None:
    text = to_graphml(bcmf(2, 2, 2))
    assert old in text
    with pytest.raises(GsdmcError, match="no factor graph") as caught:
        from_graphml(text.replace(old, new))
    assert says in caught.value.message


@pytest.mark.parametrize("text", ["", "text", "<a/>", "<graphml/>", json.dumps({}), "\x00", 2000 * "<a>"])
def test_other_text_is_refused(text: str) -> None:
    with pytest.raises(GsdmcError, match="no factor graph"):
        from_graphml(text)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_damage_never_ends_in_another_error(data: st.DataObject) -> None:
    text = to_graphml(sudoku(2))
    start = data.draw(st.integers(0, len(text)))
    end = start + data.draw(st.integers(0, 60))
    inserted = data.draw(st.text(alphabet='<>/="&; abgraphkeynodt0123456789', max_size=8))
    try:
        graph = from_graphml(text[:start] + inserted + text[end:])
    except GsdmcError:
        return
    check_same(graph, from_graphml(to_graphml(graph)))
