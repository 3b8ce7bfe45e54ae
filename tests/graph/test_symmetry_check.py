from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gsdmc.graph.factor_graph import Factor, FactorGraph, Plate
from gsdmc.graph.symmetry_check import check_automorphism, orbit_representatives, permute_nodes
from tests.graph.samples import SAMPLES, Builder, bcmf, boolean, gram, graphs, sorting

PLATES = [
    (name, plate) for name, graph in SAMPLES.items() for plate in graph.plates if plate.cls == "exchangeable"
]


@pytest.mark.parametrize(("name", "plate"), PLATES, ids=[f"{n}-{p.name}" for n, p in PLATES])
@settings(max_examples=20)
@given(data=st.data())
def test_exchangeable_plates_are_symmetries(name: str, plate: Plate, data: st.DataObject) -> None:
    permutation = np.array(data.draw(st.permutations(range(plate.size))))
    assert check_automorphism(SAMPLES[name], plate.name, permutation)


def test_ordered_and_fixed_plates_are_not() -> None:
    assert not check_automorphism(sorting(4), "i", np.array([1, 0, 2, 3]))
    assert check_automorphism(sorting(4), "i", np.array([3, 2, 1, 0]))
    assert not check_automorphism(boolean(2), "y0", np.array([0, 2, 1, 3]))


@pytest.mark.parametrize(("second", "symmetric"), [("f", True), ("g", False)])
def test_roles_count_not_only_edges(second: str, symmetric: bool) -> None:
    b = Builder()
    b.plate("i", 2)
    x, z = b.array("x", "i", "normal(0, 1)"), b.array("z", "", "normal(0, 1)")
    b.factor("f", "(any)", "x z", "", np.array([[x[0], z]]))
    b.factor(second, "(any)", "x z", "", np.array([[x[1], z]]))
    assert check_automorphism(b.build(), "i", np.array([1, 0])) is symmetric


def test_a_relation_that_singles_out_a_replica_is_seen() -> None:
    graph = bcmf(2, 2, 1)
    lone = Factor("g", "(any)", ("A", "R"), (), np.array([[0, 2]]))
    other = FactorGraph(graph.arrays, graph.plates, (*graph.relations, lone))
    assert not check_automorphism(other, "i", np.array([1, 0]))


def test_permute_nodes_moves_every_dimension_of_the_plate() -> None:
    graph = gram(3)
    image = permute_nodes(graph, "i", np.array([1, 2, 0]))
    names = list(graph.names())
    moved = {names[v]: names[image[v]] for v in range(graph.nodes)}
    assert moved["x", (0,)] == ("x", (1,))
    assert moved["G", (0, 2)] == ("G", (1, 0))
    assert moved["G", (2, 2)] == ("G", (0, 0))


@settings(max_examples=50)
@given(graphs(), st.data())
def test_permute_nodes_is_an_action(graph: FactorGraph, data: st.DataObject) -> None:
    size = graph.plate_by_name["i"].size
    p, q = (np.array(data.draw(st.permutations(range(size)))) for _ in range(2))
    both = permute_nodes(graph, "i", q)[permute_nodes(graph, "i", p)]
    assert np.array_equal(both, permute_nodes(graph, "i", q[p]))


@pytest.mark.parametrize("permutation", [[0, 1], [0, 1, 1], [0, 1, 3]])
def test_what_is_no_permutation_is_refused(permutation: list[int]) -> None:
    with pytest.raises(ValueError, match=r"permutation of 0\.\.2 for plate i"):
        permute_nodes(gram(3), "i", np.array(permutation))


@given(graphs())
def test_one_representative_per_orbit(graph: FactorGraph) -> None:
    lowest = np.arange(graph.nodes)
    for _ in graph.plates:  # until orbits under the whole group are merged
        for plate in graph.plates:
            if plate.cls == "exchangeable":
                for p in permutations(range(plate.size)):
                    image = permute_nodes(graph, plate.name, np.array(p))
                    np.minimum.at(lowest, image, lowest.copy())
    assert orbit_representatives(graph).tolist() == np.unique(lowest).tolist()
