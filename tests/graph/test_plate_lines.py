from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings

from gsdmc.graph.draw_graph import plated_layout
from gsdmc.graph.factor_graph import FactorGraph
from gsdmc.graph.plate_boxes import Leaf, around, nest
from gsdmc.graph.plate_lines import PORT_GAP, Line, add_lanes, port_offsets
from tests.graph.tangles import tangles


def leaf(name: str, layer: int, *path: str, x: float = 0.0) -> Leaf:
    return Leaf(name, path, layer, layer, 50, 50, 50, 10, x=x)


def test_a_line_past_layers_takes_a_lane_in_the_box_around_both_ends() -> None:
    a, b, c = leaf("a", 0, "i", "j"), leaf("b", 1, "i"), leaf("c", 4, "i")
    root, line = nest([a, b, c], "ij"), Line(a, c, True, "")
    add_lanes(root, [line, Line(a, b, True, "")])
    assert line.lane is not None
    assert (line.lane.first, line.lane.last, line.lane.path) == (1, 3, ("i",))
    assert around(root)[line.lane] == around(root)[c]


def test_lines_from_one_leaf_share_a_lane() -> None:
    a, b, c = leaf("a", 0), leaf("b", 2), leaf("c", 5)
    lines = [Line(a, b, True, ""), Line(a, c, True, ""), Line(c, a, True, "")]
    add_lanes(nest([a, b, c], ""), lines)
    assert lines[0].lane is lines[1].lane
    assert lines[0].lane is not lines[2].lane
    assert lines[0].lane is not None
    assert (lines[0].lane.first, lines[0].lane.last) == (1, 4)


def test_legs_name_the_gaps_from_above() -> None:
    a, b = leaf("a", 1), leaf("b", 4)
    for line in (Line(a, b, True, ""), Line(b, a, True, "")):
        add_lanes(nest([a, b], ""), [line])
        assert line.legs() == [(1, a, line.lane), (2, line.lane, line.lane), (3, line.lane, b)]
    assert Line(a, leaf("c", 1), True, "").legs()[0][0] == 1


@settings(max_examples=40, deadline=None)
@given(tangles())
def test_legs_lead_from_layer_to_layer(graph: FactorGraph) -> None:
    _, lines, _ = plated_layout(graph)
    for line in lines:
        low, high = sorted((line.start.first, line.end.first))
        assert [gap for gap, _, _ in line.legs()] == list(range(low, max(high, low + 1)))
        for gap, above, below in line.legs():
            assert above.first <= gap <= above.last
            assert line.level or below.first <= gap + 1 <= below.last
        assert all(one[2] is other[1] for one, other in pairwise(line.legs()))


def test_lines_meet_a_leaf_side_by_side_in_the_order_of_their_ends() -> None:
    top = [leaf(name, 0, x=x) for name, x in (("b", 40), ("a", -40), ("c", 200))]
    child = leaf("child", 1)
    lines = [Line(parent, child, True, "") for parent in top]
    offsets = port_offsets(lines)
    assert [offsets[line.ports()[1]] for line in lines] == [0.0, -PORT_GAP, PORT_GAP]
    assert {offsets[line.ports()[0]] for line in lines} == {0.0}


@settings(max_examples=40, deadline=None)
@given(tangles())
def test_ports_lie_within_their_leaf_and_apart(graph: FactorGraph) -> None:
    _, lines, _ = plated_layout(graph)
    places: dict[tuple[Leaf, bool], list[float]] = {}
    for (one, bottom, _, _), offset in port_offsets(lines).items():
        assert abs(offset) < one.extent
        places.setdefault((one, bottom), []).append(offset)
    for offsets in places.values():
        assert len(set(offsets)) == len(offsets)
