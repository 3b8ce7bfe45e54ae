from __future__ import annotations

import numpy as np

from gsdmc.graph.chosen_mask import MaskChoice, chosen_edges
from gsdmc.graph.edges import edge_table
from gsdmc.graph.factor_graph import FactorGraph
from gsdmc.graph.mask_colours import MANY, legend, role_colours
from tests.graph.samples import Builder, islands, sorting, sudoku


def labels(graph: FactorGraph) -> list[str]:
    table = edge_table(graph)
    return [text for text, _ in legend(graph, table, role_colours(graph, table))]


def scalars(number: int, factor: bool) -> FactorGraph:
    """A chain of single variables, each the mean or the scale of the next."""
    b = Builder()
    for i in range(number):
        b.array(f"x{i}", "", "(normal 0 1)")
    for i in range(1, number):
        one, other = b.nodes(f"x{i - 1}"), b.nodes(f"x{i}")
        if factor:
            b.factor(f"f{i}", "(< a b)", f"x{i - 1} x{i}", "", np.array([[one, other]]))
        else:
            b.argument(f"x{i - 1}", f"x{i}", one, other, ("mean", "std")[i % 2])
    return b.build()


def test_every_label_has_a_colour_of_its_own() -> None:
    for graph in (sorting(4), scalars(MANY, False), scalars(MANY + 9, False)):
        colours = role_colours(graph, edge_table(graph))
        assert len(colours.group) == len(edge_table(graph).role_names)
        assert len(np.unique(colours.colours.round(3), axis=0)) == len(colours.labels)


def test_legend_names_roles_in_use_and_their_sets() -> None:
    assert labels(sudoku(2)) == ["self", "row", "column", "box", "row + box", "column + box"]


def test_a_child_is_darker_than_its_parent() -> None:
    graph = sorting(3)
    colours = role_colours(graph, edge_table(graph))
    brightness = dict(zip(colours.labels, colours.colours.sum(axis=1), strict=True))
    assert brightness["C ← P (value)"] < brightness["P → C (value)"]


def test_a_factor_over_several_arrays_has_one_colour() -> None:
    assert labels(islands(4, 3)) == ["self", "next", "path ← path (mean)", "path → path (mean)", "ends"]


def test_many_relations_share_colours_by_slot() -> None:
    assert labels(scalars(MANY + 5, False)) == [
        "self",
        "child ← parent (std)",
        "parent → child (std)",
        "child ← parent (mean)",
        "parent → child (mean)",
    ]
    assert labels(scalars(MANY + 5, True)) == ["self", "a factor"]


def test_masks_that_know_no_relations_have_colours_too() -> None:
    graph = sudoku(2)
    table = chosen_edges(graph, MaskChoice("random", 3))
    assert [text for text, _ in legend(graph, table, role_colours(graph, table))] == ["self", "other"]
