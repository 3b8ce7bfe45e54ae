"""Nodes that share an embedding have one colour; and the colours are what colour refinement says."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings

from gsdmc.compiler import bundled, compile_problem
from gsdmc.graph.edges import edge_table
from gsdmc.graph.factor_graph import Factor, FactorGraph, Plate
from gsdmc.graph.trace import trace
from gsdmc.language.source import GsdmcError
from tests.graph.colour_refinement import discoloured, embedding_classes, stable_colours
from tests.graph.samples import SAMPLES, boolean, chain, gram, graphs, sorting
from tests.program.random_programs import programs
from tests.program.readings_compared import outcome


def slow_colours(graph: FactorGraph) -> list[object]:
    """Colour refinement by its definition, with the multisets written out."""
    table = edge_table(graph)
    roles: dict[tuple[int, int], set[int]] = {}
    for row, column, role in zip(table.rows, table.columns, table.roles, strict=True):
        roles.setdefault((int(row), int(column)), set()).add(int(role))
    colours: list[object] = [(graph.arrays[a].name, str(graph.arrays[a].kind)) for a in graph.array_of_node]
    for _ in range(graph.nodes):
        seen: list[list[str]] = [[] for _ in colours]
        for (row, column), found in roles.items():
            seen[row].append(repr((sorted(found), colours[column])))
        refined = [(c, tuple(sorted(s))) for c, s in zip(colours, seen, strict=True)]
        numbers = {c: n for n, c in enumerate(dict.fromkeys(refined))}
        colours = [numbers[c] for c in refined]
    return colours


def same_partition(one: list[object], other: list[object]) -> bool:
    pairs = set(zip(one, other, strict=True))
    return len(pairs) == len(set(one)) == len(set(other))


@settings(max_examples=40)
@given(graphs())
def test_colours_are_those_of_the_definition(graph: FactorGraph) -> None:
    assert same_partition(stable_colours(graph).tolist(), slow_colours(graph))


def test_known_colours() -> None:
    assert len(set(stable_colours(chain(8)).tolist())) == 16
    # the order of sorting's s can be reversed, and nothing else tells its replicas apart
    graph = sorting(5)
    s = graph.by_name["s"]
    found = stable_colours(graph)[s.offset : s.offset + 5].tolist()
    assert found == found[::-1]
    assert len(set(found)) == 3
    assert len(set(stable_colours(gram(4)).tolist())) == 3  # x, and G on and off the diagonal
    assert len(set(stable_colours(boolean(3)).tolist())) == 4  # one per level


@pytest.mark.parametrize("name", SAMPLES)
def test_samples(name: str) -> None:
    assert discoloured(SAMPLES[name]) == []


@pytest.mark.parametrize("name", bundled())
def test_bundled_programs(name: str) -> None:
    problem = compile_problem(name)
    assert discoloured(problem.graph, problem.edges) == []


@settings(max_examples=60)
@given(programs())
def test_random_programs(text: str) -> None:
    tape = outcome(text, plated=True)
    if isinstance(tape, GsdmcError):
        return
    try:
        graph = trace(tape)
    except GsdmcError:
        return
    assert discoloured(graph) == []


@settings(max_examples=60)
@given(programs(tame=True))
def test_random_programs_that_index_plainly(text: str) -> None:
    tape = outcome(text, plated=True)
    assert not isinstance(tape, GsdmcError)
    assert discoloured(trace(tape)) == []


def test_the_oracle_can_object() -> None:
    graph = gram(3)
    lone = Factor("g", "(any)", ("x",), (), np.array([[0, 1]]))
    wrong = FactorGraph(graph.arrays, graph.plates, (*graph.relations, lone))
    assert "x[2] is coloured unlike x[0]" in discoloured(wrong)
    plates = tuple(Plate(p.name, p.size, "exchangeable", "claimed") for p in chain(3).plates)
    claimed = FactorGraph(chain(3).arrays, plates, chain(3).relations)
    assert discoloured(claimed) == [
        "x[1] is coloured unlike x[0]",
        "x[2] is coloured unlike x[0]",
        "y[1] is coloured unlike y[0]",
        "y[2] is coloured unlike y[0]",
    ]


def test_positions_and_patterns_tell_nodes_apart() -> None:
    assert len(set(embedding_classes(chain(4)).tolist())) == 8
    assert len(set(embedding_classes(gram(4)).tolist())) == 3
    assert len(set(embedding_classes(sorting(3)).tolist())) == 1 + 3 + 3 + 3
