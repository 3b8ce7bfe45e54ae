from __future__ import annotations

import copy
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gsdmc
from gsdmc.compiler import compile_text
from gsdmc.graph.edges import edge_table
from gsdmc.graph.export_json import MAX_NODES, from_json, to_json
from gsdmc.graph.factor_graph import FactorGraph
from gsdmc.language.kinds import Kind, vector
from gsdmc.language.source import GsdmcError
from tests.graph.same import check_same
from tests.graph.samples import SAMPLES, Builder, bcmf, graphs, islands, sudoku
from tests.program.random_programs import programs


def through_text(graph: FactorGraph) -> FactorGraph:
    return from_json(json.loads(json.dumps(to_json(graph), allow_nan=False)))


@pytest.mark.parametrize("name", SAMPLES)
def test_samples(name: str) -> None:
    check_same(through_text(SAMPLES[name]), SAMPLES[name])


@pytest.mark.parametrize("name", gsdmc.bundled())
def test_bundled_programs(name: str) -> None:
    graph = gsdmc.compile(name).graph
    check_same(through_text(graph), graph)


@given(graphs())
def test_random_graphs(graph: FactorGraph) -> None:
    check_same(through_text(graph), graph)


@settings(max_examples=60, deadline=None)
@given(programs())
def test_random_programs(text: str) -> None:
    try:
        graph = compile_text(text, "random.clj").graph
    except GsdmcError:
        return
    check_same(through_text(graph), graph)


@pytest.mark.parametrize(
    "kind",
    [
        Kind("real", support="interval", bounds=(-1.5, 2.0)),
        Kind("real", support="interval", bounds=(0.0, float("inf"))),
        vector(3, "simplex"),
        Kind("category", options=7),
    ],
    ids=str,
)
def test_kinds(kind: Kind) -> None:
    b = Builder()
    b.array("x", "", "(any)", kind)
    check_same(through_text(b.build()), b.build())


def test_whole_numbers_serve_as_bounds() -> None:
    b = Builder()
    b.array("x", "", "(any)", Kind("real", support="interval", bounds=(0.0, 1.0)))
    data = to_json(b.build())
    data["arrays"][0]["kind"]["bounds"] = [0, 1]
    check_same(from_json(data), b.build())


def change(path: list[Any], value: Any, graph: FactorGraph = SAMPLES["bcmf-3-2-4"]) -> Any:
    """A graph's data with one thing set, or left out where `value` is Ellipsis."""
    data: Any = copy.deepcopy(to_json(graph))
    inner = data
    for step in path[:-1]:
        inner = inner[step]
    if value is ...:
        del inner[path[-1]]
    else:
        inner[path[-1]] = value
    return data


ARRAY, PLATE, RELATION = ["arrays", 0], ["plates", 0], ["relations", 0]


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        (["format"], "another", "not in the format"),
        (["format"], ..., "not in the format"),
        (["arrays"], 3, "`arrays` of it is no list"),
        (["relations"], ..., "no `relations`"),
        (["more"], 1, "unknown field 'more'"),
        ([*PLATE, "colour"], "red", "plate 1 has an unknown field 'colour'"),
        ([*PLATE, "size"], -1, "out of range"),
        ([*PLATE, "size"], True, "no whole number"),
        ([*PLATE, "class"], "odd", "none of exchangeable, ordered, fixed"),
        ([*PLATE, "name"], "t", "two plates share a name"),
        ([*PLATE, "size_name"], 3, "no text"),
        ([*ARRAY, "name"], "C", "two arrays share a name"),
        ([*ARRAY, "shape"], [3, 5], "does not fit its plates"),
        ([*ARRAY, "plates"], ["i", "q"], "does not fit its plates"),
        ([*ARRAY, "plates", 0], ["i"], "holds what is no text"),
        ([*ARRAY, "offset"], 1, "does not start where"),
        ([*ARRAY, "observed"], 0, "no truth value"),
        ([*ARRAY, "kind"], None, "no object"),
        ([*ARRAY, "kind", "name"], "complex", "none of real"),
        ([*ARRAY, "kind", "size"], 2, "real of another size"),
        ([*ARRAY, "kind", "options"], 2, "real of another size"),
        ([*ARRAY, "kind", "bounds"], [0.0], "no pair of numbers"),
        ([*ARRAY, "kind", "bounds"], [0.0, "nan"], "no pair of numbers"),
        ([*ARRAY, "kind", "bounds"], [0.0, float("nan")], "no pair of numbers"),
        ([*ARRAY, "kind", "bounds"], [0, 10**400], "no pair of numbers"),
        ([*RELATION, "parent"], "Q", "names no array 'Q'"),
        ([*RELATION, "parents", 0], 12, "outside its arrays"),
        ([*RELATION, "parents", 0], -1, "out of range"),
        ([*RELATION, "parents", 0], 2**70, "out of range"),
        ([*RELATION, "parents", 0], 1.0, "holds what is no whole number"),
        ([*RELATION, "children"], [], "edges without an end"),
        ([*RELATION], "none", "holds what is no object"),
    ],
)
def test_damage_is_named(path: list[Any], value: Any, says: str) -> None:
    with pytest.raises(GsdmcError, match="no factor graph") as caught:
        from_json(change(path, value))
    assert says in caught.value.message


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        (["members", 0, 0], 16, "outside its arrays"),
        (["members", 0, 0], -2, "no node numbers"),
        (["members", 0, 0], True, "no node numbers"),
        (["members", 0], [1], "are not 4 each"),
        (["width"], 5, "are not 5 each"),
        (["members"], ..., "no `members`"),
        (["arrays"], ["cells"], "names no array"),
    ],
)
def test_damaged_factors(path: list[Any], value: Any, says: str) -> None:
    with pytest.raises(GsdmcError) as caught:
        from_json(change([*RELATION, *path], value, sudoku(2)))
    assert says in caught.value.message


def test_factors_may_touch_only_their_own_arrays() -> None:
    data = to_json(islands(4, 3))
    data["relations"][0]["arrays"] = ["path"]
    with pytest.raises(GsdmcError, match="outside its arrays"):
        from_json(data)


def test_too_many_nodes_are_refused() -> None:
    b = Builder()
    b.plate("i", MAX_NODES + 1)
    b.array("x", "i", "(normal 0 1)")
    with pytest.raises(GsdmcError, match="more than 50,000,000 nodes"):
        from_json(to_json(b.build()))
    plate = replace(b.plates[0], size=MAX_NODES)
    arrays = [
        replace(b.arrays[0], name=n, shape=(MAX_NODES,), offset=i * MAX_NODES) for i, n in enumerate("xy")
    ]
    with pytest.raises(GsdmcError, match="more than 50,000,000 nodes"):
        from_json(to_json(FactorGraph(tuple(arrays), (plate,), ())))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@st.composite
def damaged(draw: st.DrawFn) -> Any:
    """A graph's data with one value, at any depth, replaced or left out."""
    data: Any = to_json(draw(st.sampled_from([bcmf(2, 1, 2), sudoku(2), islands(3, 3)])))
    inner = data
    while True:
        keys = list(inner) if isinstance(inner, dict) else list(range(len(inner)))
        key = draw(st.sampled_from(keys))
        if isinstance(inner[key], dict | list) and inner[key] and draw(st.integers(0, 5)):
            inner = inner[key]
            continue
        if draw(st.booleans()):
            inner[key] = draw(json_values)
        else:
            del inner[key]
        return data


@given(damaged())
def test_damage_never_ends_in_another_error(data: Any) -> None:
    try:
        graph = from_json(data)
    except GsdmcError:
        return
    assert len(edge_table(graph).rows) >= graph.nodes
    check_same(from_json(to_json(graph)), graph)


@given(json_values)
def test_anything_else_is_refused(data: Any) -> None:
    with pytest.raises(GsdmcError, match="no factor graph"):
        from_json(data)
