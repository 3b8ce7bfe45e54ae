"""Factor graphs as networkx graphs, one node per variable, and back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import networkx as nx

from gsdmc.graph.edges import edge_table
from gsdmc.graph.export_json import from_json, to_json
from gsdmc.graph.export_reading import refuse
from gsdmc.graph.factor_graph import FactorGraph

WHOLE = "gsdmc"
"""The attribute of the whole graph that holds what nodes and edges can't: plates, relations, factors."""


def to_networkx(graph: FactorGraph) -> nx.Graph[int]:
    """The graph with node numbers as nodes, without self edges.

    Nodes carry `array`, `index` (a tuple), `kind`, `distribution`, `observed`, `deterministic` and
    `generated`. An edge carries `roles`, a sorted tuple of the roles in which its lower-numbered node
    attends to the higher. The graph's attribute `gsdmc` is what `to_json` gives: `from_networkx` needs it.
    """
    out: nx.Graph[int] = nx.Graph()
    out.graph[WHOLE] = to_json(graph)
    out.add_nodes_from(node_attributes(graph))
    out.add_edges_from((low, high, {"roles": roles}) for low, high, roles in edge_roles(graph))
    return out


def from_networkx(exported: nx.Graph[int]) -> FactorGraph:
    """The graph that `to_networkx` made. Attributes that were added to it since are left out.

    Raises:
        GsdmcError: it is none, or nodes, edges or their attributes were changed since.
    """
    if not isinstance(exported, nx.Graph) or exported.is_directed() or exported.is_multigraph():
        raise refuse("it is no undirected networkx graph")
    if WHOLE not in exported.graph:
        raise refuse(f"it lacks the attribute `{WHOLE}` of the whole graph")
    graph = from_json(exported.graph[WHOLE])
    check_unchanged(exported, to_networkx(graph))
    return graph


def node_attributes(graph: FactorGraph) -> Iterator[tuple[int, dict[str, Any]]]:
    """Every node's number with what it is, in order."""
    shared = {
        a.name: {
            "kind": str(a.kind),
            "distribution": a.distribution,
            "observed": a.observed,
            "deterministic": a.deterministic,
            "generated": a.generated,
        }
        for a in graph.arrays
    }
    for node, (name, index) in enumerate(graph.names()):
        yield node, {"array": name, "index": index, **shared[name]}


def edge_roles(graph: FactorGraph) -> Iterator[tuple[int, int, tuple[str, ...]]]:
    """Pairs of distinct neighbours, the lower number first, with the roles in which it attends to the other.

    Pairs come in ascending order.
    """
    table = edge_table(graph)
    upper = table.rows < table.columns
    triples = zip(
        table.rows[upper].tolist(), table.columns[upper].tolist(), table.roles[upper].tolist(), strict=True
    )
    pair, names = (-1, -1), list[str]()
    for low, high, role in sorted(triples):
        if (low, high) != pair:
            if names:
                yield *pair, tuple(sorted(names))
            pair, names = (low, high), []
        names.append(table.role_names[role])
    if names:
        yield *pair, tuple(sorted(names))


def check_unchanged(exported: nx.Graph[int], expected: nx.Graph[int]) -> None:
    """Refuse an exported graph whose nodes and edges are not those of the graph that it holds.

    Raises:
        GsdmcError: naming the first that differs.
    """
    for what, found, wanted in (
        ("nodes", _nodes(exported), _nodes(expected)),
        ("edges", _edges(exported), _edges(expected)),
    ):
        if found.keys() != wanted.keys():
            raise refuse(f"its {what} were changed since")
        for key, attributes in wanted.items():
            if any(name not in found[key] or found[key][name] != attributes[name] for name in attributes):
                raise refuse(f"attributes of its {what} were changed since, of {key}")


def _nodes(graph: nx.Graph[int]) -> dict[Any, dict[str, Any]]:
    return {node: graph.nodes[node] for node in graph}


def _edges(graph: nx.Graph[int]) -> dict[Any, dict[str, Any]]:
    return {frozenset((a, b)): data for a, b, data in graph.edges(data=True)}
