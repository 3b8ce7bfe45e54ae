from __future__ import annotations

import re

from gsdmc.graph.draw_graph import plated_layout
from gsdmc.graph.draw_legend import ROW, legend
from gsdmc.graph.draw_shapes import Evidence
from gsdmc.graph.factor_graph import FactorGraph
from tests.graph.samples import Builder, bcmf, gram, sorting


def texts(graph: FactorGraph, evidence: Evidence | None = None) -> list[str]:
    root, _, _ = plated_layout(graph)
    rows, _, _ = legend(graph, evidence or Evidence(), root, 1e6)
    return [found for row in rows for found in re.findall(r">([^<>]+)</text>", row)]


def test_only_marks_in_use_are_explained() -> None:
    b = Builder()
    b.array("x", "", "(normal 0 1)")
    assert texts(b.build()) == ["sampled"]
    assert texts(bcmf(2, 2, 2), Evidence(given={"E"})) == [
        "sampled",
        "dirac",
        "given",
        "plate",
        "the same plate again",
    ]
    assert texts(sorting(3), Evidence(partly={"P"}))[2:5] == ["generated", "given in part", "factor"]


def test_observed_and_given_share_a_mark() -> None:
    assert "observed" in texts(gram(3))
    assert "observed or given" in texts(gram(3), Evidence(given={"x"}))
    assert texts(gram(3))[-2:] == ["i′", "its second index"]


def test_rows_stay_within_the_width() -> None:
    root, _, _ = plated_layout(sorting(3))
    _, wide, low = legend(sorting(3), Evidence(), root, 1e6)
    _, narrow, high = legend(sorting(3), Evidence(), root, 200)
    assert low == ROW < high
    assert narrow <= 200 < wide
