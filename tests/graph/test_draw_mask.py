from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

from gsdmc.graph import draw_mask as module
from gsdmc.graph.draw_mask import draw_mask
from gsdmc.graph.edges import edge_table, mask
from gsdmc.graph.factor_graph import Array, FactorGraph
from gsdmc.language.kinds import REAL
from tests.graph.samples import SAMPLES, bcmf, sorting, sudoku


@pytest.mark.parametrize("name", ["bcmf-3-2-4", "islands-7-4"])
def test_writes_a_picture(name: str, tmp_path: Path) -> None:
    draw_mask(SAMPLES[name], tmp_path / "mask.png")
    image = imread(tmp_path / "mask.png")
    assert min(image.shape[:2]) >= module.PIXELS
    assert (image[0, 0, :3] == 1).all()


@pytest.mark.parametrize("name", SAMPLES)
def test_small_masks_colour_exactly_their_entries(name: str) -> None:
    graph = SAMPLES[name]
    image = module._image(edge_table(graph), module._axis(graph), module._colours(graph))
    assert np.array_equal((image != 255).any(axis=2), mask(graph).toarray())


@pytest.mark.parametrize("graph", [bcmf(12, 12, 12), sorting(30)], ids=["to scale", "not to scale"])
def test_large_masks_colour_exactly_the_bins_with_entries(graph: FactorGraph) -> None:
    table, axis = edge_table(graph), module._axis(graph)
    image = module._image(table, axis, module._colours(graph))
    filled = np.zeros((axis.bins, axis.bins), dtype=np.bool_)
    filled[axis.bin_of_node[table.rows], axis.bin_of_node[table.columns]] = True
    assert axis.bins <= module.BINS + len(graph.arrays)
    assert np.array_equal((image != 255).any(axis=2), filled)
    assert (np.diff(axis.bin_of_node) >= 0).all()
    assert len(np.unique(axis.bin_of_node)) == axis.bins
    starts = [axis.bin_of_node[a.offset] * axis.cell for a in graph.arrays]
    assert axis.edges[:-1].tolist() == starts


def test_every_role_has_a_colour_of_its_own() -> None:
    colours = module._colours(sorting(4))
    assert len(colours) == len(edge_table(sorting(4)).role_names)
    assert len(np.unique(colours.round(3), axis=0)) == len(colours)


def test_legend_names_roles_in_use_and_their_sets() -> None:
    graph = sudoku(2)
    texts = [text for text, _ in module._legend(graph, edge_table(graph))]
    assert texts == ["self", "row", "column", "box", "row + box", "column + box"]


def test_labels_stand_apart_and_in_order() -> None:
    places = module._apart(np.array([5.0, 6.0, 50.0, 97.0, 98.0, 99.0]), 100, 10.0)
    assert (np.diff(places) >= 10).all()
    assert places.max() <= 100
    assert places[0] == 5


def test_more_arrays_than_pixels(tmp_path: Path) -> None:
    scalars = tuple(Array(f"x{i}", REAL, (), (), "(normal 0 1)", i) for i in range(1100))
    draw_mask(FactorGraph(scalars, (), ()), tmp_path / "mask.png")
    assert max(imread(tmp_path / "mask.png").shape) < 2000
