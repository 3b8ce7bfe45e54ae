"""The plated factor graph as DOT, for Graphviz to draw."""

from __future__ import annotations

from collections.abc import Iterator

from gsdmc.graph.draw_shapes import hue
from gsdmc.graph.factor_graph import Array, Factor, FactorGraph
from gsdmc.graph.plate_boxes import Box, Leaf, nest
from gsdmc.graph.plated import Plated
from gsdmc.graph.text import caption, printable

HEAD = """digraph {
  compound=true
  node [fontname="DejaVu Sans, Helvetica, sans-serif" fontsize=11]
  graph [fontname="DejaVu Sans, Helvetica, sans-serif" fontsize=10 labeljust=r labelloc=b style=rounded]
"""


def to_dot(graph: FactorGraph) -> str:
    """Arrays as ellipses, factors as squares, plates as clusters, one in another where they nest.

    Of plates that cross, one is several clusters of one label and colour. Observed arrays are grey, `dirac`
    ones dashed, generated ones doubly outlined. The text tells nothing of single variables, so that it can't
    be read back; see `to_json`, `to_graphml` and `to_networkx`.
    """
    plated = Plated.of(graph)
    ids = {a.name: f"a{i}" for i, a in enumerate(plated.arrays)}
    leaves = [Leaf(a.name, a.plates, 0, 0, 0, 0, half=1) for a in plated.arrays]
    leaves += [Leaf(f.name, f.plates, 0, 0, 0, 0, half=1, is_factor=True) for f in plated.factors]
    marks = {(a.name, False): f"{ids[a.name]} {_array(a)}" for a in plated.arrays}
    marks |= {(f.name, True): f"f{i} {_factor(f)}" for i, f in enumerate(plated.factors)}
    lines = list(_clusters(graph, nest(leaves, [p.name for p in graph.plates]), marks))
    for (parent, child), slots in plated.slots.items():
        lines.append(f"  {ids[parent]} -> {ids[child]} [tooltip={_quoted(', '.join(slots))}]")
    for i, factor in enumerate(plated.factors):
        lines += [f"  f{i} -> {ids[a]} [dir=none]" for a in factor.arrays]
    return HEAD + "\n".join(lines) + "\n}\n"


def _clusters(graph: FactorGraph, root: Box, marks: dict[tuple[str, bool], str]) -> Iterator[str]:
    """Subgraphs around what lies inside them, indented."""
    hues = {p.name: hue(i) for i, p in enumerate(graph.plates)}
    numbers = {box: i for i, box in enumerate(root.boxes())}

    def inside(box: Box, indent: str) -> Iterator[str]:
        for child in box.children:
            if isinstance(child, Leaf):
                yield indent + marks[child.name, child.is_factor]
                continue
            plate = graph.plate_by_name[child.plate or ""]
            label = _quoted(f"{plate.name}{'′' * child.repeat} = {plate.size}, {plate.cls}")
            tint = f'"{hues[plate.name]:.3f} 0.7 0.6"'
            yield f"{indent}subgraph cluster_{numbers[child]} {{"
            yield f"{indent}  label={label} color={tint} fontcolor={tint}"
            yield from inside(child, indent + "  ")
            yield indent + "}"

    yield from inside(root, "  ")


def _array(array: Array) -> str:
    label = _label(array.name, caption(printable(array.distribution)), str(array.kind))
    styles = [style for style, on in (("dashed", array.deterministic), ("filled", array.observed)) if on]
    style = f' style="{",".join(styles)}"' if styles else ""
    double = " peripheries=2" if array.generated else ""
    return f"[label={label} tooltip={_quoted(array.distribution)}{style}{double}]"


def _factor(factor: Factor) -> str:
    name, expression = _quoted(factor.name), _quoted(factor.expression)
    return (
        f'[label="" xlabel={name} tooltip={expression} shape=square style=filled fillcolor=black width=0.15]'
    )


def _label(*lines: str) -> str:
    return '"' + "\\n".join(map(_escaped, lines)) + '"'


def _quoted(text: str) -> str:
    return f'"{_escaped(text)}"'


def _escaped(text: str) -> str:
    """Text in a quoted string, where Graphviz would replace escapes and entities."""
    return printable(text).replace("\\", "\\\\").replace('"', '\\"').replace("&", "&amp;")
