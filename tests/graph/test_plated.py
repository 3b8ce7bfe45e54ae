from __future__ import annotations

import pytest
from hypothesis import given

from gsdmc.graph.factor_graph import FactorGraph
from gsdmc.graph.plated import Plated
from tests.graph.samples import SAMPLES, Builder, bcmf, islands, sorting
from tests.graph.tangles import tangles


def depths(graph: FactorGraph) -> dict[str, int]:
    """Layers of arrays by their names."""
    return {name: d for (name, is_factor), d in Plated.of(graph).layers().items() if not is_factor}


@pytest.mark.parametrize("name", SAMPLES)
def test_children_lie_below_parents(name: str) -> None:
    plated = Plated.of(SAMPLES[name])
    layers = plated.layers()
    for parent, child in plated.slots:
        assert parent == child or layers[child, False] > layers[parent, False]


@given(tangles())
def test_no_layer_is_empty(graph: FactorGraph) -> None:
    layers = Plated.of(graph).layers()
    assert set(layers.values()) == set(range(max(layers.values()) + 1))


@given(tangles())
def test_factors_lie_in_no_layer_of_their_arrays(graph: FactorGraph) -> None:
    plated = Plated.of(graph)
    layers = plated.layers()
    for factor in plated.factors:
        assert layers[factor.name, True] not in {layers[a, False] for a in factor.arrays}


def test_factors_lie_beside_the_flow() -> None:
    layers = Plated.of(sorting(4)).layers()
    assert layers["row", True] == layers["P", False] - 1
    assert layers["order", True] == layers["s", False] + 1


def test_roots_lie_just_above_their_children() -> None:
    b = Builder()
    a, c, d, e = (b.array(name, "", "(normal 0 1)") for name in "acde")
    b.argument("a", "c", a, c)
    b.argument("c", "d", c, d)
    b.argument("e", "d", e, d)
    assert depths(b.build()) == {"a": 0, "c": 1, "d": 2, "e": 1}


def test_arrays_that_need_one_another_get_layers() -> None:
    b = Builder()
    b.plate("t", 3, "ordered")
    late = b.array("late", "", "(normal x 1)")
    x, y = b.array("x", "t", "(normal y 1)"), b.array("y", "t", "(normal x 1)")
    b.argument("x", "y", x[:-1], y[1:], "mean")
    b.argument("y", "x", y[:-1], x[1:], "mean")
    b.argument("x", "late", x[-1:], late)
    assert depths(b.build()) == {"x": 0, "y": 1, "late": 1}


def test_slots_are_collected() -> None:
    b = Builder()
    x, y = b.array("x", "", "(normal 0 1)"), b.array("y", "", "(normal x x)")
    for slot in ("mean", "std", "mean"):
        b.argument("x", "y", x, y, slot)
    assert Plated.of(b.build()).slots == {("x", "y"): ("mean", "std")}


def test_factors_of_one_name_are_joined() -> None:
    graph = islands(4, 3)
    doubled = FactorGraph(graph.arrays, graph.plates, (*graph.relations, *graph.relations))
    assert [(f.name, f.arrays, f.plates) for f in Plated.of(doubled).factors] == [
        ("next", ("ring",), ("r",)),
        ("ends", ("path", "tail"), ()),
    ]


def test_nodes_are_arrays_and_factors() -> None:
    assert Plated.of(bcmf(2, 2, 2)).nodes() == [("A", False), ("R", False), ("C", False), ("E", False)]
    assert ("row", True) in Plated.of(sorting(3)).nodes()
