from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from matplotlib.font_manager import FontEntry, findfont, fontManager, get_font
from matplotlib.image import imread

from gsdmc.graph import draw_mask as module
from gsdmc.graph.draw_mask import draw_mask, mask_image
from gsdmc.graph.edges import edge_table, mask
from gsdmc.graph.factor_graph import Array, FactorGraph
from gsdmc.graph.mask_axis import mask_axis
from gsdmc.graph.mask_colours import role_colours
from gsdmc.language.kinds import REAL
from tests.graph.samples import SAMPLES, Builder, bcmf, sorting


@pytest.mark.parametrize("graph", [SAMPLES["bcmf-3-2-4"], SAMPLES["islands-7-4"], bcmf(12, 12, 12)])
def test_writes_a_picture(graph: FactorGraph, tmp_path: Path) -> None:
    draw_mask(graph, tmp_path / "mask.png")
    image = imread(tmp_path / "mask.png")
    assert min(image.shape[:2]) >= mask_axis(graph).side
    for edge in (image[0], image[-1], image[:, 0], image[:, -1]):
        assert (edge[:, :3] == 1).all()  # nothing is cut off


@pytest.mark.parametrize("name", SAMPLES)
def test_small_masks_colour_exactly_their_entries(name: str) -> None:
    graph = SAMPLES[name]
    table = edge_table(graph)
    image = mask_image(table, mask_axis(graph), role_colours(graph, table))
    assert np.array_equal((image != 255).any(axis=2), mask(graph).toarray())


@pytest.mark.parametrize("graph", [bcmf(12, 12, 12), sorting(40)], ids=["bcmf", "sorting"])
def test_large_masks_colour_exactly_the_bins_with_entries(graph: FactorGraph) -> None:
    table, axis = edge_table(graph), mask_axis(graph)
    image = mask_image(table, axis, role_colours(graph, table))
    filled = np.zeros((axis.bins, axis.bins), dtype=np.bool_)
    filled[axis.bin_of_node[table.rows], axis.bin_of_node[table.columns]] = True
    assert axis.aggregated
    assert np.array_equal((image != 255).any(axis=2), filled)


def test_nodes_shown_one_by_one_have_the_colours_of_the_legend() -> None:
    graph = sorting(4)
    table = edge_table(graph)
    colours = role_colours(graph, table)
    image = mask_image(table, mask_axis(graph), colours)
    assert np.array_equal(image[0, 0], np.round(255 * colours.colours[0]))


def test_titles_say_what_is_not_to_be_taken_literally() -> None:
    def title(graph: FactorGraph) -> str:
        return module._title(graph, edge_table(graph), mask_axis(graph))

    assert title(bcmf(1, 1, 1)) == "4 nodes, 10 entries (62 %)"
    assert title(sorting(40)) == "3,280 nodes, 137,758 entries (1.3 %), aggregated"
    assert title(bcmf(20, 20, 2)) == "1,280 nodes, 6,080 entries (0.37 %), aggregated"
    assert title(bcmf(100, 100, 2)).endswith("aggregated, arrays not to scale")


def test_labels_stand_apart_and_in_order() -> None:
    places = module.apart(np.array([5.0, 6.0, 50.0, 97.0, 98.0, 99.0]), 100, 10.0)
    assert (np.diff(places) >= 10).all()
    assert places.max() <= 100
    assert places[0] == 5


def test_more_arrays_than_pixels(tmp_path: Path) -> None:
    scalars = tuple(Array(f"x{i}", REAL, (), (), "(normal 0 1)", i) for i in range(1100))
    draw_mask(FactorGraph(scalars, (), ()), tmp_path / "mask.png")
    assert max(imread(tmp_path / "mask.png").shape) < 2000


def test_graphs_without_nodes(tmp_path: Path) -> None:
    b = Builder()
    b.plate("i", 0)
    b.array("x", "i", "(normal 0 1)")
    draw_mask(b.build(), tmp_path / "mask.png")
    assert (imread(tmp_path / "mask.png")[:, :, :3] < 0.5).any()  # the title and the name


def test_names_of_any_characters(tmp_path: Path) -> None:
    b = Builder()
    for name in ("bell\u0007", "観測値", "$x_1$", "$\\frac$", "_y", "a" * 200):
        b.array(name, "", "(normal 0 1)")
    draw_mask(b.build(), tmp_path / "mask.png")  # a glyph that is missing would warn, and warnings are errors
    assert max(imread(tmp_path / "mask.png").shape) < 1500


def test_characters_come_from_other_fonts_or_are_boxes(monkeypatch: pytest.MonkeyPatch) -> None:
    fonts, shown = module.fonts_for(["abc"])
    assert fonts == [module.FONT]
    assert shown("abc") == "abc"
    other = findfont("STIXNonUnicode")  # matplotlib brings it along
    rare = chr(min(set(get_font(other).get_charmap()) - set(get_font(findfont(module.FONT)).get_charmap())))
    monkeypatch.setattr(fontManager, "ttflist", [FontEntry(fname=other, name="STIXNonUnicode")])
    fonts, shown = module.fonts_for([rare + "\U0010fffd"])
    assert fonts == [module.FONT, "STIXNonUnicode"]
    assert shown(rare + "\U0010fffd") == rare + module.MISSING
    monkeypatch.setattr(fontManager, "ttflist", [FontEntry(fname="/nowhere.ttf", name="Nowhere")])
    fonts, shown = module.fonts_for([rare])
    assert fonts == [module.FONT]
    assert shown(rare) == module.MISSING
