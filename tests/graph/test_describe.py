from __future__ import annotations

import pytest
from hypothesis import given, settings

import gsdmc
from gsdmc.graph.describe import LINES, SAMPLES, aligned, describe_graph, more, node_name, sampled
from gsdmc.graph.factor_graph import Argument, Array, Factor, FactorGraph
from gsdmc.language.kinds import REAL, vector
from tests.graph.samples import SAMPLES as GRAPHS
from tests.graph.samples import Builder, bcmf, gram, graphs, sorting

BCMF = """\
graph: 50 nodes in 4 arrays, 3 plates, 3 relations, 72 edges from arguments

plates
  i = 3  exchangeable    i is exchangeable by construction
  t = 4  exchangeable    t is exchangeable by construction
  j = 2  exchangeable    j is exchangeable by construction

arrays
  A[i, t]     12  real                    normal(0, 1)
  R[t, j]     8   boolean                 bernoulli(0.3)
  C[i, j, t]  24  real     deterministic  dirac(A * R)
  E[i, j]     6   real     deterministic  dirac(sum of C)

relations
  C[i, j, t] <- A[i, t]   value, 24 edges
    C[0,0,0] <- A[0,0], C[0,0,1] <- A[0,1], C[0,0,2] <- A[0,2], C[0,0,3] <- A[0,3], ... 20 more
  C[i, j, t] <- R[t, j]   value, 24 edges
    C[0,0,0] <- R[0,0], C[0,0,1] <- R[1,0], C[0,0,2] <- R[2,0], C[0,0,3] <- R[3,0], ... 20 more
  E[i, j] <- C[i, j, :]   value, 24 edges
    E[0,0] <- C[0,0,0], E[0,0] <- C[0,0,1], E[0,0] <- C[0,0,2], E[0,0] <- C[0,0,3], ... 20 more"""


def test_the_whole_of_a_graph() -> None:
    assert describe_graph(bcmf(3, 2, 4)) == BCMF


def test_factors_show_their_first_instance() -> None:
    text = describe_graph(sorting(5))
    assert (
        """\
  factor column over P along j, 5 instances of 5 members
    (one-hot? (get P^T j))
    P[0,0], P[1,0], P[2,0], P[3,0], ... 1 more
    ... 4 more
"""
        in text
    )
    assert "order over s along i, 4 instances of 2 members" in text


def test_ragged_factors_say_so() -> None:
    text = describe_graph(GRAPHS["islands-7-4"])
    assert "factor ends over path, tail, 2 instances of 2 to 3 members" in text


def test_marks_and_kinds() -> None:
    b = Builder()
    b.array("w", "", "(dirichlet a)", vector(3, "simplex"), observed=True)
    assert "  w  1  simplex of 3  observed  (dirichlet a)" in describe_graph(b.build())
    assert "observed, deterministic" in describe_graph(gram(2))
    assert "P[i, j]  16  boolean  generated" in describe_graph(sorting(4))


def test_graphs_of_many_arrays_stay_short() -> None:
    scalars = tuple(Array(f"x{i}", REAL, (), (), "(normal 0 1)", i) for i in range(500))
    b = Builder()
    b.arrays[:] = scalars
    for i in range(1, 500):
        b.argument(f"x{i - 1}", f"x{i}", b.nodes(f"x{i - 1}"), b.nodes(f"x{i}"))
    text = describe_graph(b.build())
    assert f"  ... {500 - LINES} more" in text
    assert len(text.splitlines()) < 4 * LINES


@pytest.mark.parametrize("name", gsdmc.bundled())
def test_bundled_programs_name_all_that_they_have(name: str) -> None:
    graph = gsdmc.compile(name).graph
    text = describe_graph(graph)
    lines = text.splitlines()
    assert max(map(len, lines)) < 160
    for plate in graph.plates:
        assert any(line.startswith(f"  {plate.name} = {plate.size}") and plate.cls in line for line in lines)
    for array in graph.arrays:
        assert any(line.startswith(f"  {array.name}") and str(array.kind) in line for line in lines)
    for relation in graph.relations:
        if isinstance(relation, Factor):
            assert f"factor {relation.name} over" in text


@settings(max_examples=50)
@given(graphs())
def test_random_graphs(graph: FactorGraph) -> None:
    lines = describe_graph(graph).splitlines()
    assert sum(" <- " in line and line[2] != " " for line in lines) == sum(
        isinstance(r, Argument) for r in graph.relations
    )


def test_names_of_any_characters_take_one_line() -> None:
    b = Builder()
    b.array("a\nb\u0007", "", "(normal\n0 1)")
    assert "a\\nb\\u0007  1  real    (normal\\n0 1)" in describe_graph(b.build())


def test_parts() -> None:
    assert node_name("C", (2, 3), 4) == "C[1,1]"
    assert node_name("x", (), 0) == "x"
    assert aligned([("a", "bb"), ("ccc", "")]) == ["  a    bb", "  ccc"]
    assert aligned([("a",)] * 5, limit=3) == ["  a", "  a", "  a", "  ... 2 more"]
    assert aligned([]) == []
    assert more(0) == []
    assert sampled(["a", "b"], 1002) == "a, b, ... 1,000 more"
    assert SAMPLES < LINES
