"""Factor graphs as GraphML, which networkx, Gephi, Cytoscape and others read, and back."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from typing import Any
from xml.etree.ElementTree import ParseError
from xml.sax.saxutils import escape, quoteattr

import networkx as nx

from gsdmc.graph.export_json import from_json, to_json
from gsdmc.graph.export_networkx import WHOLE, check_unchanged, edge_roles, node_attributes
from gsdmc.graph.export_reading import refuse
from gsdmc.graph.factor_graph import FactorGraph
from gsdmc.graph.text import printable

NAMESPACE = "http://graphml.graphdrawing.org/xmlns"
KEYS = {
    "graph": {WHOLE: "string"},
    "node": {
        "array": "string",
        "index": "string",
        "kind": "string",
        "distribution": "string",
        "observed": "boolean",
        "deterministic": "boolean",
        "generated": "boolean",
    },
    "edge": {"roles": "string"},
}
"""Attributes and their types, by what has them."""

MALFORMED = (
    ParseError,
    nx.NetworkXException,
    AttributeError,
    LookupError,
    StopIteration,
    TypeError,
    ValueError,
)


def to_graphml(graph: FactorGraph) -> str:
    """The graph as GraphML: nodes and edges as in `to_networkx`, tuples written as text.

    Above some 100 000 nodes, reading it back takes minutes and gigabytes; `to_json` takes seconds.
    """
    return "".join(graphml_lines(graph))


def from_graphml(text: str) -> FactorGraph:
    """The graph that `to_graphml` wrote; attributes that were added to it since are left out.

    Raises:
        GsdmcError: it is no such text, or nodes, edges or their attributes were changed since.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # networkx warns of what it guesses; the check below judges that
            exported = nx.parse_graphml(text, node_type=int)
    except MALFORMED as error:
        raise refuse(f"it can't be read as GraphML ({error})") from None
    if exported.is_directed() or exported.is_multigraph() or WHOLE not in exported.graph:
        raise refuse(f"it is no undirected graph with the attribute `{WHOLE}`")
    try:
        whole = json.loads(exported.graph[WHOLE])
    except (RecursionError, TypeError, ValueError):
        raise refuse(f"its attribute `{WHOLE}` is no JSON") from None
    graph = from_json(whole)
    expected: nx.Graph[int] = nx.Graph()
    expected.add_nodes_from((node, _scalars(data)) for node, data in node_attributes(graph))
    expected.add_edges_from((low, high, _scalars({"roles": roles})) for low, high, roles in edge_roles(graph))
    check_unchanged(exported, expected)
    return graph


def graphml_lines(graph: FactorGraph) -> Iterator[str]:
    """The lines of `to_graphml`, so that large graphs need not be held as text."""
    yield f'<?xml version="1.0" encoding="utf-8"?>\n<graphml xmlns="{NAMESPACE}">\n'
    for owner, attributes in KEYS.items():
        for name, kind in attributes.items():
            yield f'<key id="{owner}-{name}" for="{owner}" attr.name="{name}" attr.type="{kind}"/>\n'
    yield '<graph edgedefault="undirected">\n'
    yield _data("graph", {WHOLE: json.dumps(to_json(graph))}) + "\n"
    for node, attributes in node_attributes(graph):
        yield f'<node id="{node}">{_data("node", attributes)}</node>\n'
    for low, high, roles in edge_roles(graph):
        yield f'<edge source="{low}" target="{high}">{_data("edge", {"roles": roles})}</edge>\n'
    yield "</graph>\n</graphml>\n"


def _data(owner: str, attributes: dict[str, Any]) -> str:
    return "".join(
        f"<data key={quoteattr(f'{owner}-{name}')}>{escape(_written(value))}</data>"
        for name, value in _scalars(attributes).items()
    )


def _scalars(attributes: dict[str, Any]) -> dict[str, str | bool]:
    """Attributes in the types that GraphML has."""
    return {
        name: value if isinstance(value, bool) else printable(_joined(value))
        for name, value in attributes.items()
    }


def _joined(value: Any) -> str:
    return "; ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _written(value: str | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else value
