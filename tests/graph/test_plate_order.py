from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from gsdmc.graph.plate_boxes import Leaf, nest
from gsdmc.graph.plate_lines import Line, add_lanes
from gsdmc.graph.plate_order import GAP, order, pack


def leaf(name: str, layer: int, *path: str, reach: float = 10.0) -> Leaf:
    return Leaf(name, path, layer, layer, reach, reach, reach, 10)


def crossings(lines: list[Line]) -> int:
    legs = [(gap, above.x, below.x) for line in lines for gap, above, below in line.legs()]
    return sum(g == h and (a - c) * (b - d) < 0 for i, (g, a, b) in enumerate(legs) for h, c, d in legs[:i])


@settings(max_examples=40, deadline=None)
@given(st.permutations(range(5)))
def test_parents_stand_in_the_order_of_their_children(places: list[int]) -> None:
    parents = [leaf(f"p{i}", 0) for i in range(5)]
    children = [leaf(f"c{i}", 1) for i in places]
    by_name = {c.name: c for c in children}
    lines = [Line(p, by_name[f"c{i}"], True, "") for i, p in enumerate(parents)]
    root = nest([*parents, *children], "")
    add_lanes(root, lines)
    order(root, lines)
    assert crossings(lines) == 0


def test_boxes_move_as_a_whole() -> None:
    a, b, c, d = leaf("a", 0, "i"), leaf("b", 0), leaf("c", 1), leaf("d", 1, "i")
    lines = [Line(a, d, True, ""), Line(b, c, True, "")]
    root = nest([a, b, c, d], "i")
    add_lanes(root, lines)
    order(root, lines)
    assert crossings(lines) == 0


def test_pack_keeps_siblings_apart_and_takes_no_more_than_that() -> None:
    leaves = [leaf(name, 0, reach=reach) for name, reach in (("a", 10), ("b", 20), ("c", 5))]
    root = nest(leaves, "")
    pack(root)
    assert root.width == 70 + 2 * GAP
    assert [x.x for x in leaves] == [10, 20 + GAP + 20, 60 + 2 * GAP + 5]
