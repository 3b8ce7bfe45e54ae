"""Which of the neighbours in a plated picture stands left of which: so that few lines cross."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from gsdmc.graph.plate_boxes import Box, Leaf, Node
from gsdmc.graph.plate_lines import Line

PAD = 12.0
"""Room between a box's border and what is inside, but at the bottom, where the label stands."""

GAP = 26.0
LANE_GAP = 12.0
CROSSING = 60.0
"""The length of line that one crossing is worth."""

SWEEPS = 12
TRIALS = 3000
COSTLY = 100_000
"""Moves that are tried at most, and how many lines they are weighed by."""


def room(left: Node, right: Node) -> float:
    """The least distance between neighbours."""
    lane = any(isinstance(node, Leaf) and node.is_lane for node in (left, right))
    return LANE_GAP if lane else GAP


def order(root: Box, lines: Sequence[Line]) -> None:
    """Order the children of every box, and give everything a first place along x.

    Children are first sorted by where their lines lead, several times over, then moved one by one as long
    as that helps.
    """
    legs = [leg for line in lines for leg in line.legs()]
    cost = _cost_function(root, legs)
    pack(root)
    starts = [(cost(), _orders(root))]
    for _ in range(SWEEPS):
        _sort_by_ends(root, lines)
        pack(root)
        starts.append((cost(), _orders(root)))
    trials = min(TRIALS, COSTLY // max(len(legs), 1)) // 2
    results = []
    for _, kept in (starts[0], min(starts, key=lambda start: start[0])):
        _restore(kept)
        results.append((_move(root, cost, trials), _orders(root)))
    _restore(min(results, key=lambda result: result[0])[1])
    pack(root)


def pack(root: Box) -> None:
    """Place everything along x: side by side where layers meet, in the middle of the room that is free."""
    _pack(root)
    _shift(root, 0.0)


def _orders(root: Box) -> list[tuple[Box, list[Node]]]:
    return [(box, list(box.children)) for box in root.boxes()]


def _restore(kept: list[tuple[Box, list[Node]]]) -> None:
    for box, children in kept:
        box.children[:] = children


def _sort_by_ends(root: Box, lines: Sequence[Line]) -> None:
    """Sort the children of every box by the mean place of what their lines lead to outside them."""
    ends: dict[Leaf, list[Leaf]] = {}
    for line in lines:
        for a, b in zip(line.stops(), line.stops()[1:], strict=False):
            ends.setdefault(a, []).append(b)
            ends.setdefault(b, []).append(a)

    def wish(node: Node) -> float:
        inside = {node} if isinstance(node, Leaf) else set(node.leaves())
        outside = [end.x for leaf in inside for end in ends.get(leaf, []) if end not in inside]
        if outside:
            return sum(outside) / len(outside)
        return node.x if isinstance(node, Leaf) else node.x + node.width / 2

    for box in list(root.boxes()):
        wished = {child: wish(child) for child in box.children}
        box.children.sort(key=wished.__getitem__)


def _move(root: Box, cost: Callable[[], float], trials: int) -> float:
    """Move children past siblings in their layers while that lowers the cost; the cost reached."""
    pack(root)
    best, improved = cost(), True
    while improved and trials > 0:
        improved = False
        for box in root.boxes():
            for child in list(box.children):
                here = box.children.index(child)
                for there, other in enumerate(list(box.children)):
                    if there == here or not _meet(child, other) or trials <= 0:
                        continue
                    trials -= 1
                    kept = list(box.children)
                    box.children.insert(there, box.children.pop(here))
                    pack(root)
                    if (found := cost()) < best - 1e-6:
                        best, improved = found, True
                        break
                    box.children[:] = kept
    return best


def _meet(a: Node, b: Node) -> bool:
    return a.first <= b.last and b.first <= a.last


def _cost_function(root: Box, legs: Sequence[tuple[int, Leaf, Leaf]]) -> Callable[[], float]:
    """What a picture's order costs, from the places that `pack` gives: crossings, then length, then width."""
    place = {leaf: i for i, leaf in enumerate(root.leaves())}
    distinct = list(dict.fromkeys(legs))  # lines that share a lane share what leads to it
    ends = np.array([(place[a], place[b]) for _, a, b in distinct], dtype=np.int64).reshape(-1, 2)
    gaps = np.array([gap for gap, _, _ in distinct], dtype=np.int64)
    groups = [ends[gaps == gap] for gap in np.unique(gaps)]

    def cost() -> float:
        x = np.array([leaf.x for leaf in place], dtype=np.float64)
        total = root.width
        for pairs in groups:
            above, below = x[pairs[:, 0]], x[pairs[:, 1]]
            turned = (above[:, None] - above) * (below[:, None] - below) < -1e-9
            total += float(np.abs(above - below).sum()) + CROSSING * int(turned.sum()) / 2
        return total

    return cost


def _pack(node: Node) -> float:
    """Place the children of a node beside one another where their layers meet; the width taken."""
    if isinstance(node, Leaf):
        node.x = node.left
        return node.left + node.right
    widths = [_pack(child) for child in node.children]
    lefts: list[float] = []
    filled: dict[int, tuple[float, Node]] = {}
    for width, child in zip(widths, node.children, strict=True):
        layers = range(child.first, child.last + 1)
        left = max((filled[k][0] + room(filled[k][1], child) for k in layers if k in filled), default=0.0)
        lefts.append(left)
        filled.update(dict.fromkeys(layers, (left + width, child)))
    pad = PAD if node.plate is not None else 0.0
    inner = max([node.least - 2 * pad, *(right for right, _ in filled.values())])
    limit: dict[int, tuple[float, Node]] = {}
    for i in reversed(range(len(lefts))):
        child = node.children[i]
        layers = range(child.first, child.last + 1)
        most = min((limit[k][0] - room(child, limit[k][1]) for k in layers if k in limit), default=inner)
        lefts[i] += (most - lefts[i] - widths[i]) / 2
        limit.update(dict.fromkeys(layers, (lefts[i], child)))
    for child, left in zip(node.children, lefts, strict=True):
        child.x = left + pad + (child.left if isinstance(child, Leaf) else 0.0)
    node.width = inner + 2 * pad
    return node.width


def _shift(box: Box, x: float) -> None:
    for child in box.children:
        child.x += x
        if isinstance(child, Box):
            _shift(child, child.x)
