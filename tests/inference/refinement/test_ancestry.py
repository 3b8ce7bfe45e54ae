from __future__ import annotations

import numpy as np

import gsdmc
from gsdmc.compiler import Problem, compile_text
from gsdmc.inference.refinement.ancestry import ancestry, elements, sets

MIXED = """
(defn state [t xs]
  (conj xs (if (= t 0) (sample "x" (normal 0 1)) (sample "x" (dirac (* 2 (get xs (- t 1))))))))
(loop 4 [] state)
"""


def names(problem: Problem, row: np.ndarray) -> set[str]:
    listed = [f"{name}{list(index)}" for name, index in problem.nodes]
    return {listed[node] for node in row.nonzero()[0]}


def behind(problem: Problem, array: str, held: tuple[str, ...]) -> list[set[str]]:
    roots, graph = ancestry(problem), problem.graph
    own = graph.by_name[array]
    mask = np.concatenate([np.full(a.size, a.name in held) for a in graph.arrays])
    found = roots.latents(roots.parents[own.offset : own.offset + own.size], mask).toarray()
    return [names(problem, row) for row in found]


def test_intermediate_nodes_stand_for_what_they_are_made_of() -> None:
    problem = gsdmc.compile("bcmf", m=2, n=2, k=1)
    assert behind(problem, "E", ("E",)) == [{f"A[{i}, 0]", f"R[0, {j}]"} for i in range(2) for j in range(2)]
    assert behind(problem, "E", ("E", "R")) == [{f"A[{i}, 0]"} for i in range(2) for _ in range(2)]
    assert behind(problem, "E", ("E", "C")) == [set()] * 4


def test_held_nodes_end_the_search_row_by_row() -> None:
    problem = gsdmc.compile("bcmf", m=1, n=1, k=1)
    roots, nodes = ancestry(problem), problem.graph.nodes
    e = problem.graph.by_name["E"].offset
    start = sets(np.array([0, 1]), np.array([e, e]), (2, nodes))
    held = np.zeros((2, nodes), dtype=bool)
    held[1, problem.graph.by_name["R"].offset] = True
    assert [names(problem, row) for row in roots.latents(start, held).toarray()] == [
        {"A[0, 0]", "R[0, 0]"},
        {"A[0, 0]"},
    ]


def test_an_array_may_be_drawn_in_part() -> None:
    problem = compile_text(MIXED, "mixed.clj")
    computed, drawn = elements(problem)
    assert computed.tolist() == [False, True, True, True]
    assert drawn.tolist() == [True, False, False, False]
    assert behind(problem, "x", ()) == [set(), *[{"x[0]"}] * 3]


def test_generated_nodes_are_neither_computed_nor_drawn() -> None:
    problem = gsdmc.compile("sorting", n=2)
    computed, drawn = elements(problem)
    p = problem.graph.by_name["P"]
    assert not (computed | drawn)[p.offset : p.offset + p.size].any()
    assert behind(problem, "s", ("u",)) == [{f"P[{i}, {j}]" for j in range(2)} for i in range(2)]
