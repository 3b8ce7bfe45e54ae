from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings

from gsdmc.graph.draw_graph import plated_layout
from gsdmc.graph.factor_graph import FactorGraph
from gsdmc.graph.plate_boxes import Box, Leaf
from gsdmc.graph.plate_lines import Line, add_lanes
from gsdmc.graph.plate_order import PAD, pack
from gsdmc.graph.plate_place import LABEL, place_columns
from tests.graph.samples import SAMPLES
from tests.graph.tangles import tangles

Spot = tuple[float, float, float, float]
NEAR = 1e-4


def spot(node: Leaf | Box, bands: list[tuple[float, float]]) -> Spot:
    """Left, top, right and bottom."""
    if isinstance(node, Box):
        return node.x, node.y, node.x + node.width, node.y + node.height
    if node.is_lane:
        return node.x - node.left, bands[node.first][0], node.x + node.right, bands[node.last][1]
    return node.x - node.left, node.y - node.half, node.x + node.right, node.y + node.half


def check(graph: FactorGraph) -> None:
    """Boxes hold their children, with room for the label, and siblings don't overlap."""
    root, _, bands = plated_layout(graph)
    for box in root.boxes():
        left, top, right, bottom = spot(box, bands)
        pad, label = (PAD, LABEL) if box.plate else (0.0, 0.0)
        assert box.width >= box.least - NEAR
        spots = [spot(child, bands) for child in box.children]
        for i, (x0, y0, x1, y1) in enumerate(spots):
            assert left + pad <= x0 + NEAR
            assert x1 + pad <= right + NEAR
            assert top + pad <= y0 + NEAR
            assert y1 + label <= bottom + NEAR
            for a0, b0, a1, b1 in spots[:i]:
                assert x1 <= a0 + NEAR or a1 <= x0 + NEAR or y1 <= b0 + NEAR or b1 <= y0 + NEAR


@pytest.mark.parametrize("name", SAMPLES)
def test_samples(name: str) -> None:
    check(SAMPLES[name])


@settings(max_examples=60, deadline=None)
@given(tangles())
def test_random_graphs(graph: FactorGraph) -> None:
    check(graph)


@settings(max_examples=40, deadline=None)
@given(tangles())
def test_the_strips_of_layers_lie_apart(graph: FactorGraph) -> None:
    root, _, bands = plated_layout(graph)
    assert all(above[1] < below[0] for above, below in pairwise(bands))
    for leaf in root.leaves():
        if not leaf.is_lane:
            top, bottom = bands[leaf.first]
            assert top - NEAR <= leaf.y - leaf.half < leaf.y + leaf.half <= bottom + NEAR


def test_a_child_stands_between_its_parents_and_its_child_below_it() -> None:
    a, b, c, d = (Leaf(n, (), k, k, 10, 10, 10, 10) for n, k in (("a", 0), ("b", 0), ("c", 1), ("d", 2)))
    root = Box(None, children=[a, b, c, d])
    lines = [Line(a, c, True, ""), Line(b, c, True, ""), Line(c, d, True, "")]
    add_lanes(root, lines)
    pack(root)
    place_columns(root, lines, {})
    assert c.x == pytest.approx((a.x + b.x) / 2)
    assert d.x == pytest.approx(c.x)


def test_lines_with_ports_run_straight() -> None:
    a, c = Leaf("a", (), 0, 0, 10, 10, 10, 10), Leaf("c", (), 1, 1, 10, 10, 10, 10)
    root, line = Box(None, children=[a, c]), Line(a, c, True, "")
    add_lanes(root, [line])
    pack(root)
    place_columns(root, [line], {line.ports()[1]: -8.0})
    assert a.x == pytest.approx(c.x - 8)
