from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings

from gsdmc.graph.draw_graph import draw_graph, graph_svg
from gsdmc.graph.factor_graph import Factor, FactorGraph
from tests.graph.samples import SAMPLES, Builder, bcmf, chain, gram, sorting, sudoku
from tests.graph.tangles import tangles

SVG = "{http://www.w3.org/2000/svg}"


def texts(svg: str) -> list[str]:
    return [t.text or "" for t in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def array_group(svg: str, name: str) -> ElementTree.Element:
    """The marks of one array."""
    groups = ElementTree.fromstring(svg).iter(f"{SVG}g")
    return next(g for g in groups if (g.findtext(f"{SVG}title") or "").startswith(f"{name}["))


@pytest.mark.parametrize("name", SAMPLES)
def test_names_every_array_plate_and_factor(name: str) -> None:
    graph = SAMPLES[name]
    written = texts(graph_svg(graph))
    spanned = {p for a in graph.arrays for p in a.plates}
    for array in graph.arrays:
        assert array.name in written
    for plate in graph.plates:
        if plate.name in spanned:
            assert f"{plate.name} = {plate.size}, {plate.cls}" in written
    for relation in graph.relations:
        if isinstance(relation, Factor):
            assert relation.name in written


@settings(max_examples=30, deadline=None)
@given(tangles())
def test_random_graphs_stay_inside_the_picture(graph: FactorGraph) -> None:
    root = ElementTree.fromstring(graph_svg(graph))
    width, height = float(root.attrib["width"]), float(root.attrib["height"])
    picture, legend = (g for g in root if g.tag == f"{SVG}g")
    for part, shapes in ((picture, list(picture.iter())), (legend, list(legend))):
        across, down = map(float, part.attrib["transform"][len("translate(") : -1].split())
        for shape in shapes:
            if shape.tag == f"{SVG}ellipse":
                assert 0 < float(shape.attrib["cx"]) + across < width
                assert 0 < float(shape.attrib["cy"]) + down < height
            if shape.tag == f"{SVG}rect":
                assert float(shape.attrib["x"]) + across > 0
                assert float(shape.attrib["x"]) + float(shape.attrib["width"]) + across < width
                assert float(shape.attrib["y"]) + float(shape.attrib["height"]) + down < height


def test_styles() -> None:
    svg = graph_svg(sorting(4), given={"s"})
    fill = {name: array_group(svg, name).find(f"{SVG}ellipse") for name in "uPCs"}
    assert fill["s"] is not None
    assert fill["s"].attrib["fill"] != "white"
    assert fill["u"] is not None
    assert fill["u"].attrib["fill"] == "white"
    assert "stroke-dasharray" not in fill["u"].attrib
    assert fill["C"] is not None
    assert "stroke-dasharray" in fill["C"].attrib
    assert len(array_group(svg, "P").findall(f"{SVG}ellipse")) == 2
    assert {"sampled", "dirac", "generated", "given", "factor"} <= set(texts(svg))


def test_observed_is_shaded_without_being_given() -> None:
    ellipse = array_group(graph_svg(gram(3)), "G").find(f"{SVG}ellipse")
    assert ellipse is not None
    assert ellipse.attrib["fill"] != "white"


def test_a_plate_spanned_twice_has_two_boxes() -> None:
    assert {"i = 3, exchangeable", "i′ = 3, exchangeable"} <= set(texts(graph_svg(gram(3))))


def test_classes_are_written() -> None:
    assert "t = 5, ordered" in texts(graph_svg(chain(5)))
    assert "i = 4, ordered" in texts(graph_svg(sorting(4)))


@pytest.mark.parametrize(("graph", "arrows"), [(bcmf(2, 2, 2), 3), (chain(4), 2), (sudoku(2), 0)])
def test_one_arrow_per_pair_of_arrays(graph: FactorGraph, arrows: int) -> None:
    assert graph_svg(graph).count("<polygon") == arrows


def test_text_is_escaped_and_shortened(tmp_path: Path) -> None:
    b = Builder()
    b.plate("<i>", 2)
    b.array(
        "a&b", "<i>", '(dirac (sum (foreach n [i (range n)] (sample "C" (dirac (* (get-in A [i t]) x))))))'
    )
    b.array("c", "<i>", "(dirac (* (get-in A [i t]) (get u j)))")
    draw_graph(b.build(), tmp_path / "graph.svg")
    written = texts((tmp_path / "graph.svg").read_text(encoding="utf-8"))
    assert {"a&b", "<i> = 2, exchangeable", "dirac (sum …)", "dirac (* A[i t] u[j])"} <= set(written)


def test_names_of_any_characters_are_drawn(tmp_path: Path) -> None:
    b = Builder()
    b.array("bell\u0007\ud800", "", "(normal 0 1)")
    draw_graph(b.build(), tmp_path / "graph.svg")
    assert "bell\\u0007\\ud800" in texts((tmp_path / "graph.svg").read_text(encoding="utf-8"))


def test_what_queries_give_in_part_is_half_grey() -> None:
    ellipse = array_group(graph_svg(sudoku(2), partly={"cell"}), "cell").find(f"{SVG}ellipse")
    assert ellipse is not None
    assert ellipse.attrib["fill"] == "url(#halves)"


def test_of_a_plate_that_crosses_another_one_box_is_solid() -> None:
    svg = graph_svg(bcmf(5, 5, 3))
    labels = [text for text in texts(svg) if text.startswith("j = ")]
    assert sorted(labels) == ["j = 5, again", "j = 5, again", "j = 5, exchangeable"]


def test_equal_graphs_give_equal_pictures() -> None:
    assert graph_svg(bcmf(3, 3, 2)) == graph_svg(bcmf(3, 3, 2))
