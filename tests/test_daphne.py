"""The programs of daphne, the GSDM group's own compiler, written afresh: its graphs have the same size."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from gsdmc.compiler import Problem, compile_problem
from gsdmc.graph.factor_graph import Argument
from tests.graph.colour_refinement import discoloured
from tests.program.equivariance import broken_symmetries

PROGRAMS = Path(__file__).parent / "programs" / "daphne"

COUNTS = {
    "gaussian": (3, 2, 2),
    "regression": (8, 12, 6),
    "hmm": (33, 32, 16),
    "network": (146, 705, 5),
    "clusters": (21, 56, 7),
    "sprinkler": (5, 4, 2),
    "convolution": (9 * 9 + 3 * 3 + 4 * 4, 4 * 4 * (3 * 3 + 3 * 3), 3 * 3 + 4 * 4),
}
"""Vertices, edges from parent to child, and observed vertices."""


def counts(problem: Problem) -> tuple[int, int, int]:
    graph = problem.graph
    arguments = [r for r in graph.relations if isinstance(r, Argument)]
    pairs = np.concatenate([r.children * graph.nodes + r.parents for r in arguments])
    return graph.nodes, len(np.unique(pairs)), sum(int(given.sum()) for _, given in problem.evidence.values())


@pytest.mark.parametrize("name", COUNTS)
def test_graphs_have_the_size_that_daphne_gives(name: str) -> None:
    problem = compile_problem(PROGRAMS / f"{name}.clj")
    assert counts(problem) == COUNTS[name]
    assert set(problem.simulate(3, seed=0)) == set(problem.graph.by_name)


def test_nothing_is_unrolled_that_need_not_be() -> None:
    """Only the two loops whose accumulator is looked at run step by step."""
    unrolled = {name: compile_problem(PROGRAMS / f"{name}.clj").tape.unrolled for name in COUNTS}
    assert {name for name, found in unrolled.items() if found} == {"regression", "hmm"}


@pytest.mark.parametrize("name", [*COUNTS, "deep"])
def test_their_exchangeable_plates_are_symmetries(name: str) -> None:
    sizes = {"side": 31, "maps": 2} if name == "deep" else {}
    problem = compile_problem(PROGRAMS / f"{name}.clj", **sizes)
    assert broken_symmetries(problem.tape) == []
    assert discoloured(problem.graph, problem.edges) == []


def test_a_deep_convolutional_network_is_plated_throughout() -> None:
    problem = compile_problem(PROGRAMS / "deep.clj", side=31, maps=4)
    sides, channels = [31, 15, 13, 6, 4, 1], [3, 4, 4, 4, 4, 4]
    features = sum(s * s * c for s, c in zip(sides, channels, strict=True))
    filters = sum(3 * 3 * a * b + b for a, b in pairwise(channels))
    edges = sum(
        s * s * b * (2 * 3 * 3 * a + 1) for s, (a, b) in zip(sides[1:], pairwise(channels), strict=True)
    )
    measured = sides[-1] ** 2 * channels[-1]
    assert counts(problem) == (features + filters + measured, edges + measured, measured)
    assert not problem.tape.unrolled
    found = {name: array.plates for name, array in problem.graph.by_name.items()}
    classes = {p.name: p.cls for p in problem.graph.plates}
    assert found["image"] == ("c", "x", "y")
    for layer in range(1, 6):
        maps, channel, *_ = found[f"filter-{layer}"]
        assert found[f"bias-{layer}"] == (maps,)
        assert found[f"feature-{layer}"][0] == maps
        assert channel == (found["image"][0] if layer == 1 else found[f"filter-{layer - 1}"][0])
        assert [classes[p] for p in found[f"filter-{layer}"]] == ["exchangeable"] * 2 + ["ordered"] * 2
        assert [classes[p] for p in found[f"feature-{layer}"]] == ["exchangeable", "ordered", "ordered"]
