from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings

from gsdmc.graph.draw_graph import plated_layout
from gsdmc.graph.draw_lines import Path, line_mark, paths
from gsdmc.graph.factor_graph import FactorGraph
from gsdmc.graph.plate_boxes import Leaf
from gsdmc.graph.plate_lines import Line
from tests.graph.samples import SAMPLES
from tests.graph.tangles import tangles


def check(graph: FactorGraph) -> None:
    """Lines run from border to border, over no third leaf, and inside the picture."""
    root, lines, bands = plated_layout(graph)
    leaves = [leaf for leaf in root.leaves() if not leaf.is_lane]
    for line, path in zip(lines, paths(lines, bands), strict=True):
        points = path.points()
        for leaf in leaves:
            offset = (points - (leaf.x, leaf.y)) / (leaf.extent, leaf.half)
            reach = np.abs(offset).max(axis=1) if leaf.is_factor else np.hypot(*offset.T)
            if leaf in (line.start, line.end):
                assert reach[0 if leaf is line.start else -1] == pytest.approx(1)
                assert reach.min() > 1 - 1e-6
            else:
                assert reach.min() > 1
        assert points[:, 0].min() >= -1e-6
        assert points[:, 0].max() <= root.width + 1e-6
        assert points[:, 1].min() >= -1e-6
        assert points[:, 1].max() <= root.height + 20


@pytest.mark.parametrize("name", SAMPLES)
def test_samples(name: str) -> None:
    check(SAMPLES[name])


@settings(max_examples=60, deadline=None)
@given(tangles())
def test_random_graphs(graph: FactorGraph) -> None:
    check(graph)


def test_curves_are_smooth_where_pieces_meet() -> None:
    _, lines, bands = plated_layout(SAMPLES["bcmf-3-2-4"])
    for path in paths(lines, bands):
        for one, other in zip(path.pieces, path.pieces[1:], strict=False):
            assert one[-1] == other[0]
            assert one[-1][0] == one[-2][0]  # both run straight down where they meet
            assert other[0][0] == other[1][0]


def leaf(name: str, layer: int, y: float) -> Leaf:
    return Leaf(name, (), layer, layer, 20, 20, 20, 10, x=30 + 60 * (name == "b"), y=y)


@pytest.mark.parametrize(
    ("layers", "tip"), [((0, 1), "down"), ((1, 0), "up"), ((0, 0), "up")], ids=["down", "up", "level"]
)
def test_heads_point_into_the_end(layers: tuple[int, int], tip: str) -> None:
    start, end = (leaf(name, k, 20.0 + 80 * k) for name, k in zip("ab", layers, strict=True))
    line = Line(start, end, True, "a < b")
    (path,) = paths([line], [(10, 30), (90, 110)])
    mark = line_mark(line, path, "black")
    assert "<title>a &lt; b</title>" in mark
    x, y = mark.split('points="')[1].split()[0].split(",")
    back = float(mark.split('points="')[1].split()[1].split(",")[1])
    assert (float(x), float(y)) == pytest.approx(path.pieces[-1][-1], abs=0.1)
    assert (back < float(y)) == (tip == "down")


def test_a_path_is_written_piece_by_piece() -> None:
    path = Path((((0.0, 0.0), (0.0, 5.0)), ((0.0, 5.0), (0.0, 7.0), (4.0, 7.0), (4.0, 9.0))))
    assert path.drawn() == "M0.0 0.0L0.0 5.0C0.0 7.0 4.0 7.0 4.0 9.0"
    assert path.points()[-1].tolist() == [4.0, 9.0]
