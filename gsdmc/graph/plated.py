"""A factor graph at the level of its arrays: what a plated picture shows of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import networkx as nx

from gsdmc.graph.factor_graph import Argument, Array, Factor, FactorGraph

Node = tuple[str, bool]
"""An array or a factor: its name, and whether it is a factor."""


@dataclass(frozen=True)
class Plated:
    """Arrays, factors by name, and what ties them.

    Attributes:
        arrays: the graph's arrays.
        factors: its factors, those of one name joined; `plates` holds those that some array spans.
        slots: (parent, child) pairs of arrays, each with the slots that the parent enters.
    """

    arrays: tuple[Array, ...]
    factors: tuple[Factor, ...]
    slots: dict[tuple[str, str], tuple[str, ...]]

    @staticmethod
    def of(graph: FactorGraph) -> Plated:
        """The arrays, factors and ties of a graph."""
        slots: dict[tuple[str, str], dict[str, None]] = {}
        factors: dict[str, Factor] = {}
        for relation in graph.relations:
            if isinstance(relation, Argument):
                slots.setdefault((relation.parent, relation.child), {})[relation.slot] = None
                continue
            elder = factors.get(relation.name, relation)
            plates = elder.plates if elder.plates == relation.plates else elder.plates + relation.plates
            factors[relation.name] = replace(
                elder,
                arrays=tuple(dict.fromkeys(elder.arrays + relation.arrays)),
                plates=tuple(p for p in dict.fromkeys(plates) if p in graph.plate_by_name),
            )
        return Plated(graph.arrays, tuple(factors.values()), {pair: tuple(s) for pair, s in slots.items()})

    def nodes(self) -> list[Node]:
        """Arrays, then factors."""
        return [*((a.name, False) for a in self.arrays), *((f.name, True) for f in self.factors)]

    def layers(self) -> dict[Node, int]:
        """Depth of every array and factor, from 0, with no depth left empty.

        A child lies below its parents, but where arrays need one another, which their variables can't; an
        array lies as near to its children as that allows. A factor lies above arrays that have no
        parents, else below the deepest of its arrays.
        """
        parents: dict[str, set[str]] = {a.name: set() for a in self.arrays}
        children: dict[str, set[str]] = {a.name: set() for a in self.arrays}
        for parent, child in self.slots:
            if parent != child:
                parents[child].add(parent)
                children[parent].add(child)
        depth: dict[str, int] = {}
        for name in _from_parents(parents):
            depth[name] = 1 + max((depth[p] for p in parents[name] if p in depth), default=-1)
        for name in reversed(depth):
            below = [depth[c] for c in children[name]]
            if below and len(below) >= len(parents[name]) and min(below) > depth[name]:
                depth[name] = min(below) - 1
        found: dict[Node, int] = {(name, False): d for name, d in depth.items()}
        for factor in self.factors:
            inside = [depth[a] for a in factor.arrays] or [0]
            rooted = not any(parents[a] for a in factor.arrays)
            found[factor.name, True] = min(inside) - 1 if rooted else max(inside) + 1
        ranks = {d: rank for rank, d in enumerate(sorted(set(found.values())))}
        return {node: ranks[d] for node, d in found.items()}


def _from_parents(parents: dict[str, set[str]]) -> Iterable[str]:
    """Names, parents before children but within a cycle, in the given order where that is free."""
    place = {name: i for i, name in enumerate(parents)}
    arrows: nx.DiGraph[str] = nx.DiGraph()
    arrows.add_nodes_from(parents)
    arrows.add_edges_from((p, name) for name, own in parents.items() for p in own)
    whole = nx.condensation(arrows)
    members = {c: sorted(whole.nodes[c]["members"], key=place.__getitem__) for c in whole}
    for cycle in nx.lexicographical_topological_sort(whole, key=lambda c: place[members[c][0]]):
        yield from members[cycle]
