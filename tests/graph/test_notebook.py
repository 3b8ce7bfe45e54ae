from __future__ import annotations

import io

import numpy as np
import pytest
from matplotlib.image import imread

import gsdmc
from gsdmc.graph import notebook
from gsdmc.graph.draw_thumbnail import thumbnail
from tests.graph.samples import Builder
from tests.pages import read


def test_a_graph_shows_arrays_plates_drawing_and_mask() -> None:
    graph = gsdmc.compile("bcmf").graph
    page = read(graph._repr_html_())
    for words in (
        "Factor graph of 130 nodes",
        "(uniform 0 1)",
        "i=5, t=3",
        "boolean",
        "exchangeable",
        "density",
    ):
        assert words in page.text
    assert [kind for kind, _ in page.pictures] == ["image/svg+xml", "image/png"]
    assert b"<svg" in page.pictures[0][1]


def test_the_thumbnail_is_the_mask() -> None:
    problem = gsdmc.compile("bcmf", m=2, n=2, k=1)
    image = imread(io.BytesIO(thumbnail(problem.graph, problem.edges)))[..., :3]
    step = len(image) // problem.graph.nodes
    assert image.shape == (step * problem.graph.nodes, step * problem.graph.nodes, 3)
    filled = (image[::step, ::step] < 1).any(-1)
    np.testing.assert_array_equal(filled, problem.mask.toarray())


def test_what_is_too_large_to_show_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = gsdmc.compile("bcmf").graph
    monkeypatch.setattr(notebook, "MOST_NODES", 100)
    monkeypatch.setattr(notebook, "MOST_ARRAYS", 3)
    page = read(graph._repr_html_())
    assert not page.pictures
    assert "a mask of 130 nodes isn't shown here" in page.text
    assert "4 arrays are too many to draw here" in page.text
    assert "and 1 array more" in page.text


def test_an_empty_graph_has_a_page_too() -> None:
    page = read(Builder().build()._repr_html_())
    assert "no variables" in page.text
    assert not page.pictures


def test_a_graph_introduces_itself_in_a_line() -> None:
    assert repr(gsdmc.compile("bcmf").graph) == (
        "<gsdmc factor graph of 130 nodes: arrays A, R, C, E; plates i=5, t=3, j=5>"
    )
    many = Builder()
    for number in range(20):
        many.array(f"x{number}", "", "normal")
    assert repr(many.build()).endswith("arrays x0, x1, x2, x3, x4, x5, x6, x7, ...; plates none>")
