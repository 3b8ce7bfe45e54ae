"""Where everything in a plated picture lies."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

from gsdmc.graph.plate_boxes import Box, Leaf, Node, around, mark_clones
from gsdmc.graph.plate_lines import Line, Port, add_lanes, port_offsets
from gsdmc.graph.plate_order import PAD, order, room

LABEL = 18.0
"""Height of the strip at a box's bottom that its label stands in."""

ROW_GAP = 30.0
STEEP = 0.06
"""Room that a gap gets per length that its lines run sideways: flat lines are hard to follow."""

WIDEST_GAP = 110.0
MEAN, WIDTH, CENTRE, ALONE = 0.5, 0.1, 0.05, 3.0
"""Costs, against a line's length, of standing beside the mean of one's ends, of being wide, of standing
beside the middle of a box with others, and alone."""

Terms = dict[int, float]
"""Coefficients by variable."""


def place(root: Box, lines: Sequence[Line]) -> list[tuple[float, float]]:
    """Order and place all leaves and boxes, with lanes for the lines that need them.

    Returns:
        For every layer the top and the bottom of the strip that its arrays and factors lie in; lines
        run sideways only between these.
    """
    add_lanes(root, lines)
    order(root, lines)
    place_columns(root, lines, {})
    place_columns(root, lines, port_offsets(lines))
    bands = place_rows(root, lines)
    mark_clones(root)
    return bands


def place_columns(root: Box, lines: Sequence[Line], offsets: dict[Port, float]) -> None:
    """Move everything along x, in the order that it has, to where lines are short and pictures even.

    Places are the solution of a linear programme: the least total length of lines, sideways, subject to
    what must stand apart and what must lie inside. A line counts once for each box around both its ends,
    so that what lies in one box is the first to be aligned.

    Args:
        root: the picture.
        lines: its lines.
        offsets: how far beside their leaves' middles lines end.
    """
    programme = _Programme(root)
    outside = around(root)
    ends: dict[tuple[Leaf, bool], dict[Leaf, None]] = {}
    spans: dict[tuple[Leaf, Leaf, float], None] = {}
    for line in lines:
        stops, (leaving, entering) = line.stops(), line.ports()
        beside = [offsets.get(leaving, 0.0), *[0.0] * (len(stops) - 2), offsets.get(entering, 0.0)]
        for (a, at_a), (b, at_b) in pairwise(zip(stops, beside, strict=True)):
            spans[a, b, at_a - at_b] = None
        for leaf, bottom, _, end in (leaving, entering):
            ends.setdefault((leaf, bottom), {})[end] = None
    for a, b, aside in spans:
        shared = sum(one is other for one, other in zip(outside[a], outside[b], strict=False))
        programme.near({programme.x[a]: 1.0, programme.x[b]: -1.0}, shared, aside)
    for (leaf, _), others in ends.items():
        if len(others) > 1:
            mean = {programme.x[other]: -1.0 / len(others) for other in others}
            programme.near({programme.x[leaf]: 1.0, **mean}, MEAN)
    solution = programme.solve()
    if solution is None:
        return
    for leaf, variable in programme.x.items():
        leaf.x = float(solution[variable])
    for box, (left, right) in programme.sides.items():
        box.x, box.width = float(solution[left]), float(solution[right] - solution[left])


def place_rows(root: Box, lines: Sequence[Line]) -> list[tuple[float, float]]:
    """Place everything along y, layer under layer; the strips that leaves lie in."""
    leaves = [leaf for leaf in root.leaves() if not leaf.is_lane]
    boxes = [box for box in root.boxes() if box is not root]
    layers = root.last + 1
    half, above, below, sideways = (np.zeros(layers) for _ in range(4))
    for leaf in leaves:
        half[leaf.first] = max(half[leaf.first], leaf.half)
    for box in boxes:
        above[box.first] = max(above[box.first], _reach(box, box.first, PAD))
        below[box.last] = max(below[box.last], _reach(box, box.last, LABEL))
    for line in lines:
        for gap, a, b in line.legs():
            sideways[gap] = max(sideways[gap], abs(a.x - b.x))
    middles = [above[0] + half[0]]
    for k in range(layers - 1):
        gap = ROW_GAP + min(STEEP * sideways[k], WIDEST_GAP - ROW_GAP)
        middles.append(middles[-1] + half[k] + below[k] + gap + above[k + 1] + half[k + 1])
    for leaf in leaves:
        leaf.y = float(middles[leaf.first])
    for box in boxes:
        top = middles[box.first] - half[box.first] - _reach(box, box.first, PAD)
        box.y, box.height = float(top), 0.0
        box.height = float(middles[box.last] + half[box.last] + _reach(box, box.last, LABEL) - top)
    root.height = float(middles[-1] + half[-1] + below[-1])
    return [(float(m - h), float(m + h)) for m, h in zip(middles, half, strict=True)]


def _reach(box: Box, layer: int, edge: float) -> float:
    """How far a box reaches beyond the strip of its first (last) `layer`."""
    inner = (c for c in box.children if isinstance(c, Box) and layer in (c.first, c.last))
    return edge + max((_reach(child, layer, edge) for child in inner), default=0.0)


class _Programme:
    """A linear programme over the middles of leaves and the sides of boxes."""

    def __init__(self, root: Box) -> None:
        self.costs: list[float] = []
        self.rows: list[Terms] = []
        self.limits: list[float] = []
        self.root = root
        self.x = {leaf: self.variable(0.0) for leaf in root.leaves()}
        self.sides = {box: (self.variable(-WIDTH), self.variable(WIDTH)) for box in root.boxes()}
        for box, (left, right) in self.sides.items():
            self.at_least({right: 1.0, left: -1.0}, max(box.least, 0.0))
            for child in box.children:
                self.contain(box, child)
            for layer in range(box.first, box.last + 1):
                across = [child for child in box.children if child.first <= layer <= child.last]
                for one, other in pairwise(across):
                    self.apart(one, other)

    def variable(self, cost: float) -> int:
        """A new variable, 0 or more."""
        self.costs.append(cost)
        return len(self.costs) - 1

    def at_least(self, terms: Terms, limit: float) -> None:
        """Ask that a sum is `limit` or more."""
        self.rows.append(terms)
        self.limits.append(limit)

    def near(self, terms: Terms, cost: float, constant: float = 0.0) -> None:
        """Make a sum that is not 0 cost so much per unit."""
        size = self.variable(cost)
        self.at_least({size: 1.0, **terms}, -constant)
        self.at_least({size: 1.0, **{v: -c for v, c in terms.items()}}, constant)

    def left(self, node: Node) -> tuple[int, float]:
        """A variable, and how far left of it the node's left side lies."""
        return (self.x[node], node.left) if isinstance(node, Leaf) else (self.sides[node][0], 0.0)

    def right(self, node: Node) -> tuple[int, float]:
        """A variable, and how far right of it the node's right side lies."""
        return (self.x[node], node.right) if isinstance(node, Leaf) else (self.sides[node][1], 0.0)

    def apart(self, one: Node, other: Node) -> None:
        """Keep one node left of another."""
        (right, beyond), (left, before) = self.right(one), self.left(other)
        self.at_least({left: 1.0, right: -1.0}, beyond + before + room(one, other))

    def contain(self, box: Box, child: Node) -> None:
        """Keep a child inside its box, and near its middle."""
        pad = PAD if box.plate is not None else 0.0
        (left, before), (right, beyond) = self.left(child), self.right(child)
        outer_left, outer_right = self.sides[box]
        self.at_least({left: 1.0, outer_left: -1.0}, before + pad)
        self.at_least({outer_right: 1.0, right: -1.0}, beyond + pad)
        middle = {left: 1.0} if left == right else {left: 0.5, right: 0.5}
        others = sum(not (isinstance(c, Leaf) and c.is_lane) for c in box.children)
        if not (isinstance(child, Leaf) and child.is_lane):
            cost = ALONE if others == 1 else CENTRE / others
            self.near({**middle, outer_left: -0.5, outer_right: -0.5}, cost)

    def solve(self) -> np.ndarray[tuple[int], np.dtype[np.float64]] | None:
        """The cheapest values of the variables, if the solver finds them."""
        entries = [(i, v, c) for i, terms in enumerate(self.rows) for v, c in terms.items()]
        rows, columns, values = (np.array(part) for part in zip(*entries, strict=True))
        matrix = csr_array((values, (rows, columns)), shape=(len(self.rows), len(self.costs)))
        most = np.full(len(self.costs), np.inf)
        most[self.sides[self.root][0]] = 0.0
        apart = LinearConstraint(matrix, np.array(self.limits), np.inf)
        found = milp(np.array(self.costs), constraints=apart, bounds=Bounds(0.0, most))
        return np.asarray(found.x, dtype=np.float64) if found.success else None
