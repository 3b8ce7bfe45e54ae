"""The boxes of a plated picture.

A plate is a box around what spans it. Plates that cross can't all be boxes around everything, so one of
them is drawn as several boxes, clones of each other, and every node lies in a box of each of its plates.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

MANY = 12
"""Plates above which the order of nesting is not searched for."""


@dataclass(eq=False)
class Leaf:
    """What lies inside the boxes: an array, a factor, or a lane that a long line takes past the layers.

    Attributes:
        name: of the array or the factor; empty for a lane.
        path: the plates that it spans.
        first: its layer; the first one of a lane.
        last: its layer; the last one of a lane.
        left: how far it reaches to the left of `x`, with its text.
        right: how far it reaches to the right of `x`, with its text and loop.
        extent: half the width of its shape; 0 for a lane.
        half: half the height of its shape; 0 for a lane.
        is_factor: whether it is a factor.
        x: where its shape's middle lies.
        y: where its shape's middle lies; of no meaning for a lane.
    """

    name: str
    path: tuple[str, ...]
    first: int
    last: int
    left: float
    right: float
    extent: float = 0.0
    half: float = 0.0
    is_factor: bool = False
    x: float = 0.0
    y: float = 0.0

    @property
    def is_lane(self) -> bool:
        """Whether it is but a place for a line."""
        return not self.name and not self.half


@dataclass(eq=False)
class Box:
    """One box of a plate (`plate` is None for the whole picture).

    `repeat` counts the dimensions of that plate outside it; a `clone` has a larger box of the same plate.
    `least` is the width that its label needs, `first` and `last` the layers that it reaches over.
    """

    plate: str | None
    repeat: int = 0
    least: float = 0.0
    clone: bool = False
    children: list[Leaf | Box] = field(default_factory=list)
    x: float = 0.0
    y: float = 0.0
    width: float = 0.0
    height: float = 0.0
    first: int = 0
    last: int = 0

    def leaves(self) -> Iterator[Leaf]:
        """All leaves inside, at any depth."""
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


Node = Leaf | Box


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
    found: dict[tuple[tuple[str, int], ...], Box] = {(): root}
    for leaf in leaves:
        path = _path(leaf, order)
        for depth in range(1, len(path) + 1):
            if path[:depth] not in found:
                box = Box(*path[depth - 1])
                found[path[: depth - 1]].children.append(box)
                found[path[:depth]] = box
        found[path].children.append(leaf)
    return root


def around(root: Box) -> dict[Leaf, list[Box]]:
    """The boxes around every leaf, from outside in."""
    found: dict[Leaf, list[Box]] = {}

    def visit(box: Box, outside: list[Box]) -> None:
        for child in box.children:
            if isinstance(child, Leaf):
                found[child] = [*outside, box]
            else:
                visit(child, [*outside, box])

    visit(root, [])
    return found


def span_layers(box: Box) -> None:
    """Set the layers that a box and all inside it reach over."""
    for child in box.children:
        if isinstance(child, Box):
            span_layers(child)
    box.first = min((child.first for child in box.children), default=0)
    box.last = max((child.last for child in box.children), default=0)


def mark_clones(root: Box) -> None:
    """Of the boxes of one plate, the largest stands for it and the others are clones."""
    largest: dict[tuple[str | None, int], Box] = {}
    for box in root.boxes():
        elder = largest.setdefault((box.plate, box.repeat), box)
        if box.width * box.height > elder.width * elder.height + 1e-6:
            largest[box.plate, box.repeat] = box
    for box in root.boxes():
        box.clone = largest[box.plate, box.repeat] is not box


def _path(leaf: Leaf, order: Sequence[str]) -> tuple[tuple[str, int], ...]:
    """The leaf's plates from outside in, each with how often it came before."""
    return tuple((plate, i) for plate in order for i in range(leaf.path.count(plate)))


def _boxes_needed(leaves: Sequence[Leaf], order: Sequence[str]) -> int:
    paths = {_path(leaf, order) for leaf in leaves}
    return len({path[:depth] for path in paths for depth in range(1, len(path) + 1)})
