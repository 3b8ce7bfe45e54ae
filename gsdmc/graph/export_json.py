"""Factor graphs as plain data that JSON can hold and give back."""

from __future__ import annotations

import math
from typing import Any, Literal, get_args

from gsdmc.graph.export_reading import Fields, refuse
from gsdmc.graph.factor_graph import Argument, Array, Factor, FactorGraph, Plate, PlateClass, Relation
from gsdmc.language.kinds import Kind, Support

FORMAT = "gsdmc-factor-graph-1"
MAX_NODES = 50_000_000
"""Most variables that a graph is read with."""

CLASSES: tuple[PlateClass, ...] = get_args(PlateClass)
SUPPORTS: tuple[Support, ...] = get_args(Support)
KINDS: tuple[Literal["real", "count", "boolean", "category", "vector"], ...] = (
    "real",
    "count",
    "boolean",
    "category",
    "vector",
)


def to_json(graph: FactorGraph) -> dict[str, Any]:
    """Plates, arrays and relations as dicts, lists, numbers and strings; `from_json` reads them back.

    Nodes are numbered in the order of the arrays, row-major in each. An argument lists the node numbers of
    its edges in `parents` and `children`; a factor has a list of `members` per instance, padded with -1.
    """
    return {
        "format": FORMAT,
        "plates": [_plate_to_json(p) for p in graph.plates],
        "arrays": [_array_to_json(a) for a in graph.arrays],
        "relations": [_relation_to_json(r) for r in graph.relations],
    }


def from_json(data: Any) -> FactorGraph:
    """The graph that `to_json` wrote, or that `json` read from it.

    Raises:
        GsdmcError: the data is no graph of this format, or contradicts itself.
    """
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise refuse(f"the data is not in the format {FORMAT}")
    whole = Fields(data, "it")
    plates = tuple(_plate_from_json(f) for f in whole.rows("plates", "plate"))
    sizes = {p.name: p.size for p in plates}
    if len(sizes) < len(plates):
        raise refuse("two plates share a name")
    arrays: list[Array] = []
    offset = 0
    for fields in whole.rows("arrays", "array"):
        arrays.append(_array_from_json(fields, sizes, offset))
        offset += arrays[-1].size
        if offset > MAX_NODES:
            raise refuse(f"it has more than {MAX_NODES:,} nodes")
    named = {a.name: a for a in arrays}
    if len(named) < len(arrays):
        raise refuse("two arrays share a name")
    relations = tuple(_relation_from_json(f, named, offset) for f in whole.rows("relations", "relation"))
    whole.text("format")
    whole.end()
    return FactorGraph(tuple(arrays), plates, relations)


def _plate_to_json(plate: Plate) -> dict[str, Any]:
    return {
        "name": plate.name,
        "size": int(plate.size),
        "class": plate.cls,
        "reason": plate.reason,
        "size_name": plate.size_name,
    }


def _plate_from_json(fields: Fields) -> Plate:
    plate = Plate(
        fields.text("name"),
        fields.whole("size"),
        fields.choice("class", CLASSES),
        fields.text("reason"),
        fields.optional_text("size_name"),
    )
    fields.end()
    return plate


def _array_to_json(array: Array) -> dict[str, Any]:
    kind = array.kind
    bounds = None if kind.bounds is None else [float(b) if math.isfinite(b) else str(b) for b in kind.bounds]
    return {
        "name": array.name,
        "kind": {
            "name": kind.name,
            "options": int(kind.options),
            "support": kind.support,
            "bounds": bounds,
            "size": int(kind.size),
        },
        "shape": [int(n) for n in array.shape],
        "plates": list(array.plates),
        "distribution": array.distribution,
        "offset": int(array.offset),
        "deterministic": array.deterministic,
        "generated": array.generated,
        "observed": array.observed,
    }


def _array_from_json(fields: Fields, sizes: dict[str, int], offset: int) -> Array:
    plates, shape = fields.texts("plates"), fields.wholes("shape")
    if [sizes.get(p) for p in plates] != list(shape):
        raise refuse(f"{fields.of} does not fit its plates")
    if math.prod(shape) > MAX_NODES:
        raise refuse(f"{fields.of} has more than {MAX_NODES:,} nodes")
    if fields.whole("offset") != offset:
        raise refuse(f"{fields.of} does not start where the one before it ends")
    array = Array(
        fields.text("name"),
        _kind_from_json(fields.fields("kind")),
        shape,
        plates,
        fields.text("distribution"),
        offset,
        fields.flag("deterministic"),
        fields.flag("generated"),
        fields.flag("observed"),
    )
    fields.end()
    return array


def _kind_from_json(fields: Fields) -> Kind:
    kind = Kind(
        fields.choice("name", KINDS),
        fields.whole("options"),
        fields.choice("support", SUPPORTS),
        fields.bounds("bounds"),
        fields.whole("size"),
    )
    fields.end()
    options = {"boolean": kind.options == 2, "category": True}.get(kind.name, kind.options == 0)
    if not options or (kind.size > 0) != (kind.name == "vector"):
        raise refuse(f"{fields.of} is a {kind.name} of another size")
    return kind


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
        "width": relation.members.shape[1],
        "members": relation.members.tolist(),
    }


def _relation_from_json(fields: Fields, arrays: dict[str, Array], nodes: int) -> Relation:
    if "parent" in fields.data:
        ends = fields.text("parent"), fields.text("child")
        parents, children = (
            fields.nodes(key, _array(fields, arrays, end))
            for key, end in zip(("parents", "children"), ends, strict=True)
        )
        if len(parents) != len(children):
            raise refuse(f"{fields.of} has edges without an end")
        relation: Relation = Argument(*ends, fields.text("slot"), parents, children)
    else:
        touched = [_array(fields, arrays, name) for name in fields.texts("arrays")]
        members = fields.members("members", fields.whole("width"), touched)
        texts = fields.text("name"), fields.text("expression")
        relation = Factor(*texts, fields.texts("arrays"), fields.texts("plates"), members)
    fields.end()
    return relation


def _array(fields: Fields, arrays: dict[str, Array], name: str) -> Array:
    if name not in arrays:
        raise refuse(f"{fields.of} names no array {name!r}")
    return arrays[name]
