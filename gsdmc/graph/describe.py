"""A factor graph in words, for people to read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from gsdmc.graph.factor_graph import Argument, Array, Factor, FactorGraph, Plate
from gsdmc.graph.index_map import ARROW, dimension_names, index_map
from gsdmc.graph.text import counted, printable, shorten

LINES = 40
"""Most lines of a part; a note says how many more there are."""

SAMPLES = 4
"""Most edges of a relation, and members of a factor, that are spelled out."""

WIDEST = 60


def describe_graph(graph: FactorGraph) -> str:
    """Plates with their classes and why, arrays, and relations with a few of their edges."""
    edges = sum(len(r.children) for r in graph.relations if isinstance(r, Argument))
    head = (
        f"graph: {counted(graph.nodes, 'node')} in {counted(len(graph.arrays), 'array')}, "
        f"{counted(len(graph.plates), 'plate')}, {counted(len(graph.relations), 'relation')}, "
        f"{counted(edges, 'edge')} from arguments"
    )
    parts = [head]
    if graph.plates:
        parts.append("\n".join(["plates", *aligned(map(_plate, graph.plates))]))
    parts.append("\n".join(["arrays", *aligned(map(_array, graph.arrays))]))
    if graph.relations:
        relations = [_relation(graph, r) for r in graph.relations[:LINES]]
        parts.append("\n".join(["relations", *relations, *more(len(graph.relations) - LINES)]))
    return "\n\n".join(parts)


def node_name(name: str, shape: tuple[int, ...], place: int) -> str:
    """An array's element, by its place in the array, as `C[0,1,2]`."""
    index = np.unravel_index(place, shape) if shape else ()
    return printable(name) + (f"[{','.join(str(int(i)) for i in index)}]" if index else "")


def aligned(rows: Iterable[Sequence[str]], limit: int = LINES) -> list[str]:
    """Rows of cells as indented lines in columns; above the limit, a note takes the place of the rest."""
    rows = list(rows)
    shown = rows[:limit]
    widths = [max(len(row[i]) for row in shown) for i in range(len(shown[0]))] if shown else []
    lines = [
        "  " + "  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip() for row in shown
    ]
    return [*lines, *more(len(rows) - limit)]


def more(number: int, indent: str = "  ") -> list[str]:
    """A note that so many things are left out, if any are."""
    return [f"{indent}... {number:,} more"] if number > 0 else []


def sampled(names: Sequence[str], total: int) -> str:
    """A few names, and how many more there are."""
    return ", ".join([*names, *more(total - len(names), "")])


def _node(array: Array, node: int) -> str:
    return node_name(array.name, array.shape, node - array.offset)


def _plate(plate: Plate) -> tuple[str, str, str, str]:
    sized = f"set by {plate.size_name}" if plate.size_name else ""
    return f"{printable(plate.name)} = {plate.size:,}", plate.cls, sized, printable(plate.reason)


def _array(array: Array) -> tuple[str, str, str, str, str]:
    marks = [
        mark
        for mark, on in (
            ("observed", array.observed),
            ("generated", array.generated),
            ("deterministic", array.deterministic and not array.generated),
        )
        if on
    ]
    dims = ", ".join(dimension_names(array))
    return (
        printable(array.name) + (f"[{dims}]" if dims else ""),
        f"{array.size:,}",
        str(array.kind),
        ", ".join(marks),
        shorten(printable(array.distribution), WIDEST),
    )


def _relation(graph: FactorGraph, relation: Argument | Factor) -> str:
    return _argument(graph, relation) if isinstance(relation, Argument) else _factor(graph, relation)


def _argument(graph: FactorGraph, relation: Argument) -> str:
    child, parent = graph.by_name[relation.child], graph.by_name[relation.parent]
    pairs = zip(relation.children[:SAMPLES].tolist(), relation.parents[:SAMPLES].tolist(), strict=True)
    edges = [f"{_node(child, c)} {ARROW} {_node(parent, p)}" for c, p in pairs]
    found = index_map(graph, relation)
    shown = found or f"{printable(child.name)} {ARROW} {printable(parent.name)}"
    if found is None and edges:
        shown += ", no map of indices"
    count = counted(len(relation.children), "edge")
    lines = [f"  {shown}   {printable(relation.slot)}, {count}"]
    lines += [f"    {sampled(edges, len(relation.children))}"] if edges else []
    return "\n".join(lines)


def _factor(graph: FactorGraph, relation: Factor) -> str:
    arrays = ", ".join(map(printable, relation.arrays))
    along = f" along {', '.join(map(printable, relation.plates))}" if relation.plates else ""
    sizes = (relation.members >= 0).sum(axis=1)
    least, most = sizes.min(initial=relation.members.shape[1]), sizes.max(initial=0)
    each = counted(most, "member") if least >= most else f"{least} to {most} members"
    lines = [
        f"  factor {printable(relation.name)} over {arrays}{along}, "
        f"{counted(len(sizes), 'instance')} of {each}",
        f"    {shorten(printable(relation.expression), 2 * WIDEST)}",
    ]
    if len(sizes):
        first = sorted(int(n) for n in relation.members[0] if n >= 0)
        arrays_of = graph.array_of_node
        names = [_node(graph.arrays[int(arrays_of[n])], n) for n in first[:SAMPLES]]
        lines.append(f"    {sampled(names, len(first))}")
    return "\n".join([*lines, *more(len(sizes) - 1, "    ")])
