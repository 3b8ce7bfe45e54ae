from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings

from gsdmc.graph.draw_graph import plated_layout
from gsdmc.graph.factor_graph import FactorGraph
from gsdmc.graph.plate_boxes import Box, Leaf, around, mark_clones, nest, span_layers
from tests.graph.samples import bcmf, boolean, gram, sorting, sudoku
from tests.graph.tangles import tangles


def leaf(name: str, *path: str, layer: int = 0) -> Leaf:
    return Leaf(name, path, layer, layer, 10, 10, 10, 10)


def test_a_box_stands_around_what_spans_its_plate() -> None:
    a, b = leaf("a", "i"), leaf("b", "i", "j")
    boxes = {x: [box.plate for box in inside] for x, inside in around(nest([a, b], "ij")).items()}
    assert boxes == {a: [None, "i"], b: [None, "i", "j"]}


def test_a_plate_spanned_twice_has_a_box_in_a_box() -> None:
    outer, inner = [b for b in nest([leaf("g", "i", "i")], "i").boxes() if b.plate]
    assert (outer.repeat, inner.repeat) == (0, 1)
    assert outer.children == [inner]


@pytest.mark.parametrize(
    ("graph", "boxes"), [(bcmf(2, 3, 4), 6), (sudoku(2), 7), (sorting(4), 3), (boolean(3), 3), (gram(3), 2)]
)
def test_few_boxes(graph: FactorGraph, boxes: int) -> None:
    root, _, _ = plated_layout(graph)
    assert len(list(root.boxes())) - 1 == boxes


@settings(max_examples=40, deadline=None)
@given(tangles())
def test_every_leaf_lies_in_boxes_of_its_plates(graph: FactorGraph) -> None:
    root, _, _ = plated_layout(graph)
    for inner, boxes in around(root).items():
        assert Counter(inner.path) == Counter(b.plate for b in boxes if b.plate is not None)
    assert {x.name for x in root.leaves() if not (x.is_factor or x.is_lane)} == set(graph.by_name)


def test_boxes_know_their_layers() -> None:
    root = nest([leaf("a", "i", layer=2), leaf("b", "i", layer=4), leaf("c")], "i")
    span_layers(root)
    assert [(b.first, b.last) for b in root.boxes()] == [(0, 4), (2, 4)]


def test_all_boxes_of_a_plate_but_the_largest_are_clones() -> None:
    sizes = [(10.0, 10.0), (30.0, 5.0), (20.0, 6.0)]
    boxes = [Box("i", width=w, height=h) for w, h in sizes]
    mark_clones(Box(None, children=[*boxes, Box("j")]))
    assert [b.clone for b in boxes] == [True, False, True]


@settings(max_examples=40, deadline=None)
@given(tangles())
def test_every_plate_has_one_box_that_is_no_clone(graph: FactorGraph) -> None:
    root, _, _ = plated_layout(graph)
    found = Counter((b.plate, b.repeat) for b in root.boxes() if not b.clone)
    assert set(found) == {(b.plate, b.repeat) for b in root.boxes()}
    assert set(found.values()) == {1}
