"""The lines of a plated picture: from layer to layer, past the layers between in lanes of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from gsdmc.graph.plate_boxes import Box, Leaf, around, span_layers

LANE = 5.0
"""Half the room that a lane takes."""

PORT_GAP = 16.0
"""Distance between lines along a leaf's top or bottom, where there is room."""

PORT_SHARE = 0.6
"""The share of a leaf's width that lines meet it on."""

Port = tuple[Leaf, bool, bool, Leaf]
"""Where a line meets a leaf: the leaf, whether at its bottom, whether it leaves there, what it leads to."""


@dataclass(eq=False)
class Line:
    """A line between leaves, with an arrow's head at its end or without.

    A line to the next layer runs in the gap between both; a longer one takes a lane through the layers
    between. `title` explains it.
    """

    start: Leaf
    end: Leaf
    arrow: bool
    title: str
    lane: Leaf | None = None

    @property
    def down(self) -> bool:
        """Whether it leaves its start at the bottom."""
        return self.start.first <= self.end.first

    @property
    def level(self) -> bool:
        """Whether its ends lie in one layer: it meets both at the bottom."""
        return self.start.first == self.end.first

    def ports(self) -> tuple[Port, Port]:
        """Where it meets its start and its end."""
        stops = self.stops()
        return (
            (self.start, self.down, True, stops[1]),
            (self.end, self.level or not self.down, False, stops[-2]),
        )

    def stops(self) -> list[Leaf]:
        """What it runs over, from start to end."""
        return [self.start, self.end] if self.lane is None else [self.start, self.lane, self.end]

    def legs(self) -> list[tuple[int, Leaf, Leaf]]:
        """The gaps that it crosses, each by the layer above, with what it leads to above and below.

        A line within a layer dips into the gap below it.
        """
        upper, lower = (self.start, self.end) if self.down else (self.end, self.start)
        top, bottom = upper.first, max(lower.first, upper.first + 1)
        between = upper if self.lane is None else self.lane
        stops = [upper, *[between] * (bottom - top - 1), lower]
        return [(top + i, a, b) for i, (a, b) in enumerate(pairwise(stops))]


def add_lanes(root: Box, lines: Sequence[Line]) -> None:
    """Give every line that needs one a lane, in the innermost box around both its ends.

    Lines that leave one leaf in one direction share a lane where they share that box.
    """
    outside = around(root)
    lanes: dict[tuple[Leaf, Box, bool], Leaf] = {}
    for line in lines:
        above, below = sorted((line.start.first, line.end.first))
        if below - above < 2:
            continue
        shared = [a for a, b in zip(outside[line.start], outside[line.end], strict=False) if a is b]
        lane = lanes.get((line.start, shared[-1], line.down))
        if lane is None:
            path = tuple(box.plate for box in shared if box.plate is not None)
            lane = lanes[line.start, shared[-1], line.down] = Leaf("", path, above + 1, below - 1, LANE, LANE)
            shared[-1].children.append(lane)
        lane.first, lane.last = min(lane.first, above + 1), max(lane.last, below - 1)
        line.lane = lane
    span_layers(root)


def port_offsets(lines: Sequence[Line]) -> dict[Port, float]:
    """How far beside their leaf's middle lines meet it: side by side, in the order of what they lead to."""
    sides: dict[tuple[Leaf, bool], dict[Port, None]] = {}
    for line in lines:
        for port in line.ports():
            sides.setdefault(port[:2], {})[port] = None
    offsets: dict[Port, float] = {}
    for (leaf, _), ports in sides.items():
        ordered = sorted(ports, key=lambda port: (port[3].x, port[2]))
        last = len(ordered) - 1
        gap = min(PORT_GAP, 2 * PORT_SHARE * leaf.extent / max(last, 1))
        offsets.update({port: gap * (i - last / 2) for i, port in enumerate(ordered)})
    return offsets
