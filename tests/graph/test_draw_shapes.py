from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from gsdmc.graph.draw_shapes import (
    HALF,
    INSET,
    LINES,
    NAME,
    SHADE,
    TEXT,
    Evidence,
    array_leaf,
    array_mark,
    array_text,
    factor_leaf,
    factor_mark,
    hue,
    plate_label,
    plate_mark,
    plate_text,
)
from gsdmc.graph.factor_graph import Array, Factor, Plate
from gsdmc.graph.plate_boxes import Box
from gsdmc.graph.text import width
from gsdmc.language.kinds import REAL, category, vector
from tests.graph.samples import sorting

X = Array("x", REAL, (), (), "(normal 0 1)", 0)
PLATE = Plate("i", 5, "ordered", "compared with <")


@pytest.mark.parametrize("generated", [False, True])
@pytest.mark.parametrize("name", ["x", "a name that is quite long", "観測値"])
def test_text_lies_inside_the_ellipse(name: str, generated: bool) -> None:
    array = replace(X, name=name, kind=category(123), deterministic=generated, generated=generated)
    leaf = array_leaf(array, 0, False)
    inset = INSET if generated else 0.0
    for text, (middle, size, half) in zip(array_text(array), LINES, strict=True):
        x = width(text, size, size == NAME) / 2 / (leaf.extent - inset)
        y = (abs(middle) + half) / (HALF - inset)
        assert x**2 + y**2 < 1


def test_loops_have_room() -> None:
    assert array_leaf(X, 0, True).right > array_leaf(X, 0, False).right


def test_every_array_shows_its_kind() -> None:
    for array, kind in ((X, "real"), (replace(X, kind=vector(3, "simplex")), "simplex of 3")):
        assert f">{kind}</text>" in array_mark(array, array_leaf(array, 0, False), Evidence())


def test_fills() -> None:
    evidence = Evidence(given={"a"}, partly={"a", "b"})
    fills = [evidence.fill(replace(X, name=n)) for n in "abc"]
    assert fills == [SHADE, "url(#halves)", "white"]
    assert evidence.fill(replace(X, name="c", observed=True)) == SHADE


def test_names_are_escaped_and_shortened() -> None:
    array = replace(X, name="<&>" + 50 * "x" + "\u0001")
    mark = array_mark(array, array_leaf(array, 0, False), Evidence())
    assert "&lt;&amp;&gt;xxx" in mark
    assert "…</text>" in mark
    assert "\\u0001" in mark


def test_factors_have_room_for_their_names() -> None:
    factor = next(r for r in sorting(3).relations if isinstance(r, Factor))
    leaf = factor_leaf(factor, 1)
    assert leaf.right > leaf.extent + width(factor.name, TEXT)
    assert f">{factor.name}</text>" in factor_mark(factor, leaf)


def test_plates_say_size_and_class_or_that_they_are_clones() -> None:
    assert plate_text(PLATE) == "i = 5, ordered"
    assert plate_text(PLATE, repeat=1) == "i′ = 5, ordered"
    assert plate_text(PLATE, clone=True) == "i = 5, again"


def test_clones_are_dashed_and_tell_why() -> None:
    box = Box("i", width=100, height=50)
    assert "dasharray" not in plate_mark(PLATE, box, 0.5)
    assert "i is ordered: compared with &lt;" in plate_mark(PLATE, box, 0.5)
    box.clone = True
    assert "dasharray" in plate_mark(PLATE, box, 0.5)


def test_labels_avoid_lines() -> None:
    box = Box("i", width=200, height=50)
    assert "end" in plate_label(PLATE, box, 0.5, [])
    assert "end" not in plate_label(PLATE, box, 0.5, [190.0])
    assert "<rect" not in plate_label(PLATE, box, 0.5, [190.0])
    assert "<rect" in plate_label(PLATE, box, 0.5, [20.0, 190.0])  # no free corner: the label gets a ground


def test_hues_differ() -> None:
    hues = sorted(hue(i) for i in range(12))
    assert min(b - a for a, b in pairwise(hues)) > 0.04
