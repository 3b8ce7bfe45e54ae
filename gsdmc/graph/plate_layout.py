"""Where the plated factor graph's nodes and plates go in a picture.

Nodes lie in layers by topological depth. A plate is a box around what spans it. Plates that cross
can't all be boxes around everything, so one of them is drawn as several boxes, clones of each other,
and every node lies in a box of each of its plates.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from gsdmc.graph.factor_graph import Argument, Factor, FactorGraph

PAD = 12.0
LABEL = 18.0
GAP = 26.0
ROW_GAP = 30.0
THROUGH = 400.0
CROSSING = 60.0
TRIALS = 400
MANY = 12


@dataclass(eq=False)
class Leaf:
    """An array or a factor, as an ellipse with the half axes `extent` and `half` around (`x`, `y`).

    `left` and `right` say how far it reaches beside that point, its text and loops included.
    """

    name: str
    path: tuple[str, ...]
    is_factor: bool
    layer: int
    extent: float
    half: float
    left: float
    right: float
    x: float = 0.0
    y: float = 0.0


@dataclass(eq=False)
class Box:
    """One box of a plate (`plate` is None for the whole picture).

    `repeat` counts the dimensions of that plate outside it; a `clone` has an elder of the same label.
    """

    plate: str | None
    repeat: int = 0
    clone: bool = False
    children: list[Leaf | Box] = field(default_factory=list)
    x: float = 0.0
    y: float = 0.0
    width: float = 0.0
    height: float = 0.0

    def leaves(self) -> Iterator[Leaf]:
        """All arrays and factors inside, at any depth."""
        for child in self.children:
            if isinstance(child, Leaf):
                yield child
            else:
                yield from child.leaves()

    def boxes(self) -> Iterator[Box]:
        """This box and all inside it, outer before inner."""
        yield self
        for child in self.children:
            if isinstance(child, Box):
                yield from child.boxes()


def layers(graph: FactorGraph) -> dict[str, int]:
    """Depth of every array, and of every factor as `factor NAME`; the least is 0.

    Factors lie above arrays that have no parents, else below the deepest of their arrays.
    """
    parents: dict[str, set[str]] = {a.name: set() for a in graph.arrays}
    for relation in graph.relations:
        if isinstance(relation, Argument) and relation.parent != relation.child:
            parents[relation.child].add(relation.parent)
    depth: dict[str, int] = {}
    waiting = [a.name for a in graph.arrays]
    while waiting:
        # Arrays may form a cycle where variables can't, x[t] from y[t-1] and y[t] from x[t]: break it.
        name = next((w for w in waiting if parents[w] <= depth.keys()), waiting[0])
        depth[name] = 1 + max((depth[p] for p in parents[name] if p in depth), default=-1)
        waiting.remove(name)
    for relation in graph.relations:
        if isinstance(relation, Factor):
            inside = [depth[a] for a in relation.arrays]
            rooted = not any(parents[a] for a in relation.arrays)
            depth[f"factor {relation.name}"] = min(inside) - 1 if rooted else max(inside) + 1
    least = min(depth.values(), default=0)
    return {name: d - least for name, d in depth.items()}


def nest(leaves: Sequence[Leaf], plates: Sequence[str]) -> Box:
    """Boxes around `leaves`, from an order of the plates that needs few of them."""
    order = sorted(plates, key=lambda p: -sum(p in leaf.path for leaf in leaves))
    best = _boxes_needed(leaves, order)
    improved = len(plates) <= MANY
    while improved:
        improved = False
        for plate in plates:
            rest = [p for p in order if p != plate]
            for place in range(len(order)):
                moved = [*rest[:place], plate, *rest[place:]]
                needed = _boxes_needed(leaves, moved)
                if needed < best:
                    order, best, improved = moved, needed, True
    root = Box(None)
    seen: set[tuple[str, int]] = set()
    found: dict[tuple[tuple[str, int], ...], Box] = {(): root}
    for leaf in leaves:
        path = _path(leaf, order)
        for depth in range(1, len(path) + 1):
            if path[:depth] not in found:
                plate, repeat = path[depth - 1]
                box = Box(plate, repeat, (plate, repeat) in seen)
                seen.add((plate, repeat))
                found[path[: depth - 1]].children.append(box)
                found[path[:depth]] = box
        found[path].children.append(leaf)
    return root


def place(root: Box, edges: Sequence[tuple[Leaf, Leaf]], label_width: dict[str, float]) -> None:
    """Give every leaf and box its coordinates, trying orders of siblings for short, clear edges.

    `label_width` is the room that each plate's label needs.
    """
    _place_rows(root)
    _place_columns(root, label_width)
    best = _cost(root, edges)
    trials = TRIALS if len(edges) <= 5 * MANY else 0
    improved = True
    while improved and trials > 0:
        improved = False
        for box in root.boxes():
            for i in range(len(box.children) - 1):
                trials -= 1
                box.children[i : i + 2] = box.children[i : i + 2][::-1]
                _place_columns(root, label_width)
                cost = _cost(root, edges)
                if cost < best - 1e-6:
                    best, improved = cost, True
                else:
                    box.children[i : i + 2] = box.children[i : i + 2][::-1]
    _place_columns(root, label_width)


def passes_through(root: Box, start: Leaf, end: Leaf) -> bool:
    """Whether the straight line between two leaves runs over a third."""
    dx, dy = end.x - start.x, end.y - start.y
    for leaf in root.leaves():
        if leaf is start or leaf is end:
            continue
        rx, ry = leaf.extent + 4, leaf.half + 4
        # In coordinates that make the leaf a unit circle, the nearest point of the segment decides.
        ax, ay = (start.x - leaf.x) / rx, (start.y - leaf.y) / ry
        bx, by = dx / rx, dy / ry
        t = min(max(-(ax * bx + ay * by) / max(bx * bx + by * by, 1e-9), 0.0), 1.0)
        if (ax + t * bx) ** 2 + (ay + t * by) ** 2 < 1:
            return True
    return False


def _path(leaf: Leaf, order: Sequence[str]) -> tuple[tuple[str, int], ...]:
    """The leaf's plates from outside in, each with how often it came before."""
    return tuple((plate, i) for plate in order for i in range(leaf.path.count(plate)))


def _boxes_needed(leaves: Sequence[Leaf], order: Sequence[str]) -> int:
    paths = {_path(leaf, order) for leaf in leaves}
    return len({path[:depth] for path in paths for depth in range(1, len(path) + 1)})


def _span(node: Leaf | Box) -> tuple[int, int]:
    if isinstance(node, Leaf):
        return node.layer, node.layer
    inside = [leaf.layer for leaf in node.leaves()]
    return min(inside, default=0), max(inside, default=0)


def _reach(node: Leaf | Box, layer: int, edge: float) -> float:
    """How far a node reaches above (below) the middle of its first (last) `layer`."""
    if isinstance(node, Leaf):
        return node.half
    return edge + max(_reach(child, layer, edge) for child in node.children if layer in _span(child))


def _place_rows(root: Box) -> None:
    nodes: list[Leaf | Box] = [*root.leaves(), *(b for b in root.boxes() if b is not root)]
    last = _span(root)[1]
    above, below = [0.0] * (last + 1), [0.0] * (last + 1)
    for node in nodes:
        first, final = _span(node)
        above[first] = max(above[first], _reach(node, first, PAD))
        below[final] = max(below[final], _reach(node, final, LABEL))
    middle = [above[0]]
    for layer in range(last):
        middle.append(middle[-1] + below[layer] + ROW_GAP + above[layer + 1])
    for node in nodes:
        first, final = _span(node)
        if isinstance(node, Leaf):
            node.y = middle[first]
        else:
            node.y = middle[first] - _reach(node, first, PAD)
            node.height = middle[final] + _reach(node, final, LABEL) - node.y
    root.height = middle[-1] + below[-1]


def _place_columns(root: Box, label_width: dict[str, float]) -> None:
    root.width = _pack(root, label_width)
    _shift(root, 0.0)


def _pack(node: Leaf | Box, label_width: dict[str, float]) -> float:
    """Place children side by side where their layers meet, else above one another; the width taken."""
    if isinstance(node, Leaf):
        node.x = node.left
        return node.left + node.right
    widths = [_pack(child, label_width) for child in node.children]
    spans = [_span(child) for child in node.children]
    filled: dict[int, float] = {}
    lefts = []
    for width, (first, last) in zip(widths, spans, strict=True):
        left = max((filled[k] + GAP for k in range(first, last + 1) if k in filled), default=0.0)
        lefts.append(left)
        filled.update(dict.fromkeys(range(first, last + 1), left + width))
    pad = PAD if node.plate is not None else 0.0
    # Lines tend to leave through the middle: a label that takes less than half stays clear of them.
    least = 2 * label_width[node.plate] if node.plate is not None else 0.0
    inner = max(max(filled.values()), least)
    limit: dict[int, float] = {}
    for i in reversed(range(len(lefts))):
        rows = range(spans[i][0], spans[i][1] + 1)
        room = min(limit.get(k, inner + GAP) - GAP for k in rows) - lefts[i] - widths[i]
        lefts[i] += room / 2
        limit.update(dict.fromkeys(rows, lefts[i]))
    for child, left in zip(node.children, lefts, strict=True):
        child.x = left + pad + (child.left if isinstance(child, Leaf) else 0.0)
    node.width = inner + 2 * pad
    return node.width


def _shift(box: Box, x: float) -> None:
    for child in box.children:
        child.x += x
        if isinstance(child, Box):
            _shift(child, child.x)


def _cost(root: Box, edges: Sequence[tuple[Leaf, Leaf]]) -> float:
    length = sum(abs(a.x - b.x) + abs(a.y - b.y) for a, b in edges)
    through = sum(passes_through(root, a, b) for a, b in edges)
    crossings = sum(_cross(e, f) for i, e in enumerate(edges) for f in edges[:i])
    return length + THROUGH * through + CROSSING * crossings


def _cross(e: tuple[Leaf, Leaf], f: tuple[Leaf, Leaf]) -> bool:
    if {id(leaf) for leaf in e} & {id(leaf) for leaf in f}:
        return False
    return _turns(*e, f[0]) * _turns(*e, f[1]) < 0 and _turns(*f, e[0]) * _turns(*f, e[1]) < 0


def _turns(a: Leaf, b: Leaf, c: Leaf) -> float:
    return (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x)
