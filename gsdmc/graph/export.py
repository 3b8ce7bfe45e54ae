"""Factor graphs for other tools: networkx, and plain data that JSON can hold and give back."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import networkx as nx
import numpy as np

from gsdmc.graph.edges import edge_table
from gsdmc.graph.factor_graph import Argument, Array, Factor, FactorGraph, Indices, Plate, Relation
from gsdmc.language.kinds import Kind
from gsdmc.language.source import GsdmcError

FORMAT = "gsdmc-factor-graph-1"


def to_networkx(graph: FactorGraph) -> nx.Graph[int]:
    """The graph with node numbers as nodes, without self edges.

    Nodes carry `array`, `index` (a tuple) and `kind`. An edge carries `roles`, a sorted tuple of the
    roles in which its lower-numbered node attends to the higher.
    """
    out: nx.Graph[int] = nx.Graph()
    for node, (name, index) in enumerate(graph.names()):
        out.add_node(node, array=name, index=index, kind=str(graph.by_name[name].kind))
    table = edge_table(graph)
    upper = table.rows < table.columns
    roles: dict[tuple[int, int], list[str]] = {}
    triples = (table.rows[upper].tolist(), table.columns[upper].tolist(), table.roles[upper].tolist())
    for row, column, role in zip(*triples, strict=True):
        roles.setdefault((row, column), []).append(table.role_names[role])
    out.add_edges_from((*pair, {"roles": tuple(sorted(names))}) for pair, names in roles.items())
    return out


def to_json(graph: FactorGraph) -> dict[str, Any]:
    """Arrays, plates and relations as lists, numbers and strings. `from_json` reads it back."""
    return {
        "format": FORMAT,
        "plates": [asdict(p) for p in graph.plates],
        "arrays": [asdict(a) for a in graph.arrays],
        "relations": [_relation_to_json(r) for r in graph.relations],
    }


def from_json(data: dict[str, Any]) -> FactorGraph:
    """The graph that `to_json` wrote, or `json` read from it.

    Raises:
        GsdmcError: the data is not a graph of this format, or points at nodes that it lacks.
    """
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise GsdmcError(f"this is no factor graph in the format {FORMAT}")
    try:
        graph = FactorGraph(
            tuple(_array_from_json(a) for a in data["arrays"]),
            tuple(Plate(**p) for p in data["plates"]),
            tuple(_relation_from_json(r) for r in data["relations"]),
        )
        _check(graph)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise GsdmcError(f"a damaged factor graph: {error}") from error
    return graph


def _relation_to_json(relation: Relation) -> dict[str, Any]:
    if isinstance(relation, Argument):
        return {
            "parent": relation.parent,
            "child": relation.child,
            "slot": relation.slot,
            "parents": relation.parents.tolist(),
            "children": relation.children.tolist(),
        }
    return {
        "name": relation.name,
        "expression": relation.expression,
        "arrays": list(relation.arrays),
        "plates": list(relation.plates),
        "members": relation.members.tolist(),
    }


def _relation_from_json(data: dict[str, Any]) -> Relation:
    if "parent" in data:
        parents, children = _indices(data["parents"], 1), _indices(data["children"], 1)
        return Argument(data["parent"], data["child"], data["slot"], parents, children)
    arrays, plates = tuple(data["arrays"]), tuple(data["plates"])
    return Factor(data["name"], data["expression"], arrays, plates, _indices(data["members"], 2))


def _array_from_json(data: dict[str, Any]) -> Array:
    kind = dict(data["kind"])
    if kind["bounds"] is not None:
        kind["bounds"] = tuple(kind["bounds"])
    fields = {"kind": Kind(**kind), "shape": tuple(data["shape"]), "plates": tuple(data["plates"])}
    return Array(**{**data, **fields})


def _indices(values: list[Any], dimensions: int) -> Indices:
    array = np.array(values, dtype=np.int64)
    return array if array.ndim == dimensions else array.reshape((0,) * dimensions)


def _check(graph: FactorGraph) -> None:
    """Refuse numbers and names that later stages would trip over."""
    offset = 0
    for array in graph.arrays:
        sizes = [graph.plate_by_name[p].size for p in array.plates if p in graph.plate_by_name]
        if array.offset != offset or list(array.shape) != sizes:
            raise GsdmcError(f"a damaged factor graph: the array {array.name} does not fit its plates")
        offset += array.size
    for relation in graph.relations:
        if isinstance(relation, Argument):
            named: tuple[str, ...] = (relation.parent, relation.child)
            least = 0
            numbers = np.stack([relation.parents, relation.children])
        else:
            named, least, numbers = relation.arrays, -1, relation.members
        missing = [n for n in named if n not in graph.by_name]
        if missing:
            raise GsdmcError(f"a damaged factor graph: {relation.role} names no array {missing[0]}")
        if numbers.size and (numbers.min() < least or numbers.max() >= graph.nodes):
            raise GsdmcError(f"a damaged factor graph: {relation.role} points at nodes that don't exist")
