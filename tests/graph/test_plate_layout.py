from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings

from gsdmc.graph.draw_graph import plated_layout
from gsdmc.graph.factor_graph import Argument, FactorGraph
from gsdmc.graph.plate_layout import Box, Leaf, layers
from tests.graph.samples import SAMPLES, Builder, bcmf, boolean, graphs, sorting, sudoku


def check(graph: FactorGraph) -> None:
    """Every leaf lies in boxes of exactly its plates, and siblings don't overlap."""
    root = plated_layout(graph)

    def visit(box: Box, around: tuple[str, ...]) -> None:
        spots = []
        for child in box.children:
            if isinstance(child, Leaf):
                assert Counter(child.path) == Counter(around)
                spots.append(
                    (child.x - child.left, child.y - child.half, child.x + child.right, child.y + child.half)
                )
            else:
                assert child.plate is not None
                spots.append((child.x, child.y, child.x + child.width, child.y + child.height))
                visit(child, (*around, child.plate))
        for i, (left, top, right, bottom) in enumerate(spots):
            assert left >= box.x - 1e-6
            assert right <= box.x + box.width + 1e-6
            assert top >= box.y - 1e-6
            assert bottom <= box.y + box.height + 1e-6
            for other in spots[:i]:
                assert right <= other[0] or other[2] <= left or bottom <= other[1] or other[3] <= top

    visit(root, ())
    assert {leaf.name for leaf in root.leaves() if not leaf.is_factor} == set(graph.by_name)


@pytest.mark.parametrize("name", SAMPLES)
def test_samples(name: str) -> None:
    check(SAMPLES[name])


@settings(max_examples=40)
@given(graphs())
def test_random_graphs(graph: FactorGraph) -> None:
    check(graph)


@pytest.mark.parametrize(
    ("graph", "boxes"), [(bcmf(2, 3, 4), 6), (sudoku(2), 7), (sorting(4), 3), (boolean(3), 3)]
)
def test_few_boxes(graph: FactorGraph, boxes: int) -> None:
    assert len(list(plated_layout(graph).boxes())) - 1 == boxes


def test_clones_are_marked() -> None:
    plates = Counter((b.plate, b.clone) for b in plated_layout(bcmf(2, 2, 2)).boxes() if b.plate)
    assert all(plates[name, False] == 1 for name in "ijt")
    assert sum(count for (_, clone), count in plates.items() if clone) == 3


@pytest.mark.parametrize("name", SAMPLES)
def test_children_lie_below_parents(name: str) -> None:
    depth = layers(SAMPLES[name])
    assert min(depth.values()) == 0
    for relation in SAMPLES[name].relations:
        if isinstance(relation, Argument) and relation.parent != relation.child:
            assert depth[relation.child] > depth[relation.parent]


def test_factors_lie_beside_the_flow() -> None:
    depth = layers(sorting(4))
    assert depth["factor row"] == depth["P"] - 1
    assert depth["factor order"] == depth["s"] + 1


def test_arrays_that_need_one_another_get_layers() -> None:
    b = Builder()
    b.plate("t", 3, "ordered")
    x, y = b.array("x", "t", "normal(y, 1)"), b.array("y", "t", "normal(x, 1)")
    b.argument("x", "y", x[:-1], y[1:], "mean")
    b.argument("y", "x", y[:-1], x[1:], "mean")
    assert layers(b.build()) == {"x": 0, "y": 1}
