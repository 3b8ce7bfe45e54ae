from __future__ import annotations

import json
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given

from gsdmc.graph.edges import edge_table, mask
from gsdmc.graph.export import from_json, to_json, to_networkx
from gsdmc.graph.factor_graph import FactorGraph
from gsdmc.language.source import GsdmcError
from tests.graph.samples import SAMPLES, bcmf, chain, graphs, sudoku


def check_round_trip(graph: FactorGraph) -> None:
    back = from_json(json.loads(json.dumps(to_json(graph))))
    assert back.arrays == graph.arrays
    assert back.plates == graph.plates
    assert to_json(back) == to_json(graph)
    for name in ("rows", "columns", "roles", "role_names"):
        assert np.array_equal(getattr(edge_table(back), name), getattr(edge_table(graph), name))


@pytest.mark.parametrize("name", SAMPLES)
def test_json_round_trip(name: str) -> None:
    check_round_trip(SAMPLES[name])


@given(graphs())
def test_json_round_trip_of_random_graphs(graph: FactorGraph) -> None:
    check_round_trip(graph)


@pytest.mark.parametrize("name", SAMPLES)
def test_networkx_has_the_mask_and_the_names(name: str) -> None:
    graph = SAMPLES[name]
    out = to_networkx(graph)
    adjacency = nx.to_scipy_sparse_array(out, nodelist=range(graph.nodes), weight=None)
    assert np.array_equal(adjacency.toarray() + np.eye(graph.nodes) > 0, mask(graph).toarray())
    assert [(d["array"], d["index"]) for _, d in out.nodes(data=True)] == list(graph.names())
    assert {d["kind"] for _, d in out.nodes(data=True)} == {str(a.kind) for a in graph.arrays}


def test_networkx_roles_are_those_of_the_lower_node() -> None:
    assert to_networkx(bcmf(1, 1, 1)).edges[0, 2]["roles"] == ("A → C (value)",)
    assert to_networkx(chain(3)).edges[1, 2]["roles"] == ("x → x (mean)",)
    assert to_networkx(sudoku(2)).edges[0, 1]["roles"] == ("box", "row")


def damaged(change: str) -> Any:
    data = to_json(sudoku(2))
    match change:
        case "format":
            data["format"] = "another"
        case "no list":
            data["arrays"] = 3
        case "missing":
            del data["relations"][0]["members"]
        case "unknown field":
            data["plates"][0]["colour"] = "red"
        case "node":
            data["relations"][0]["members"][0][0] = 16
        case "shape":
            data["arrays"][0]["shape"] = [2, 2, 2, 3]
        case "array":
            data["relations"][0]["arrays"] = ["cells"]
        case "kind":
            data["arrays"][0]["kind"] = None
    return data


@pytest.mark.parametrize(
    "change", ["format", "no list", "missing", "unknown field", "node", "shape", "array", "kind"]
)
def test_damaged_data_is_refused(change: str) -> None:
    with pytest.raises(GsdmcError, match="factor graph"):
        from_json(damaged(change))


def test_no_dict_is_refused() -> None:
    with pytest.raises(GsdmcError, match="factor graph"):
        from_json([])  # type: ignore[arg-type]
