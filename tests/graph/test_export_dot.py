from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gsdmc
from gsdmc.graph.export_dot import to_dot
from gsdmc.graph.factor_graph import FactorGraph
from gsdmc.graph.plated import Plated
from tests.graph.dot_reader import Cluster, read_dot
from tests.graph.samples import SAMPLES, Builder, bcmf, gram, sorting
from tests.graph.tangles import tangles


def places(
    cluster: Cluster, around: tuple[str, ...] = ()
) -> dict[str, tuple[tuple[str, ...], dict[str, str]]]:
    """Every node's id with the labels of the clusters around it, and its attributes."""
    found = {node: (around, attributes) for node, attributes in cluster.nodes.items()}
    for inner in cluster.clusters.values():
        found |= places(inner, (*around, inner.attributes["label"]))
    return found


def check(graph: FactorGraph) -> None:
    """Arrays and factors stand in clusters of their plates, and every tie is there."""
    root, plated = read_dot(to_dot(graph)), Plated.of(graph)
    found = places(root)
    labels = {p.name: f"= {p.size}, {p.cls}" for p in graph.plates}
    arrays = [(a.name, a.plates) for a in plated.arrays]
    assert len(found) == len(plated.arrays) + len(plated.factors)
    for i, (name, plates) in enumerate(arrays):
        around, attributes = found[f"a{i}"]
        assert attributes["label"].split("\n")[0] == name
        assert Counter(label.split("′")[0].split(" ")[0] for label in around) == Counter(plates)
        assert all(any(label.endswith(labels[p]) for p in plates) for label in around)
    ids = {name: f"a{i}" for i, (name, _) in enumerate(arrays)}
    arrows = {(ids[parent], ids[child]) for parent, child in plated.slots}
    ties = {(f"f{i}", ids[a]) for i, f in enumerate(plated.factors) for a in f.arrays}
    assert {(a, b) for a, b, data in root.edges if data.get("dir") != "none"} == arrows
    assert {(a, b) for a, b, data in root.edges if data.get("dir") == "none"} == ties


@pytest.mark.parametrize("name", SAMPLES)
def test_samples(name: str) -> None:
    check(SAMPLES[name])


@pytest.mark.parametrize("name", gsdmc.bundled())
def test_bundled_programs(name: str) -> None:
    check(gsdmc.compile(name).graph)


@settings(max_examples=40, deadline=None)
@given(tangles())
def test_random_graphs(graph: FactorGraph) -> None:
    check(graph)


def test_plates_that_cross_are_several_clusters() -> None:
    labels = Counter(
        label for around, _ in places(read_dot(to_dot(bcmf(5, 5, 3)))).values() for label in around
    )
    assert set(labels) == {"i = 5, exchangeable", "t = 3, exchangeable", "j = 5, exchangeable"}
    assert to_dot(bcmf(5, 5, 3)).count("subgraph cluster_") == 6


def test_marks() -> None:
    found = {a["label"].split("\n")[0]: a for _, a in places(read_dot(to_dot(sorting(3)))).values()}
    assert "style" not in found["u"]
    assert found["C"]["style"] == "dashed"
    assert found["P"]["peripheries"] == "2"
    assert places(read_dot(to_dot(gram(2))))["a1"][1]["style"] == "dashed,filled"


@given(st.text(min_size=1), st.text(), st.text())
def test_names_of_any_characters(name: str, distribution: str, plate: str) -> None:
    b = Builder()
    b.plates.append(SAMPLES["gram-4"].plates[0].__class__(plate, 2, "fixed", ""))
    b.array(name, "", distribution)
    assert len(read_dot(to_dot(b.build())).nodes) == 1
