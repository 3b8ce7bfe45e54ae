"""Parameters and data of programs."""

from __future__ import annotations

import pytest

from gsdmc.compiler import bundled, compile_problem, compile_text
from gsdmc.graph.parts import parts

BUNDLED = {
    "bcmf": {"parameter": {"A", "R"}, "between": {"C"}, "data": {"E"}},
    "hbmf": {"parameter": {"A", "R1", "R2"}, "between": {"D", "R", "C"}, "data": {"E"}},
    "inversion": {"parameter": {"A", "R"}, "between": {"C"}, "data": {"E"}},
    "sorting": {"parameter": {"u"}, "between": {"P", "C"}, "data": {"s"}},  # P is generated
    "boolean": {"parameter": {"x"}, "between": set(), "data": {"y"}},
    "sudoku": {"parameter": set(), "between": set(), "data": {"cell"}},
}

SCHOOLS = """
(let [mu (sample "mu" (normal 0 5))
      tau (sample "tau" (exponential 1))]
  (foreach 3 [y [1.0 2.0 3.0]]
    (let [theta (sample "theta" (normal mu tau))]
      (observe "y" (normal theta 1) y)
      (sample "new" (normal theta 1)))))
"""

WALK = """
(defn step [t z] (let [z (sample "z" (normal z 1))] (sample "x" (normal z 1)) z))
(loop 4 0.0 step)
"""

TURNS = """
(defn step [t a] (let [b (sample "b" (normal a 1))] (sample "a" (normal b 1))))
(let [a (loop 3 (sample "start" (normal 0 1)) step)] (sample "y" (normal a 1)))
"""


def by_part(text: str) -> dict[str, set[str]]:
    return grouped(parts(compile_text(text, "p.clj").graph))


def grouped(found: dict[str, str]) -> dict[str, set[str]]:
    return {p: {n for n, q in found.items() if q == p} for p in ("parameter", "between", "data")}


@pytest.mark.parametrize("name", [n for n in bundled() if n in BUNDLED])
def test_bundled_programs(name: str) -> None:
    problem = compile_problem(name)
    assert grouped(parts(problem.graph)) == BUNDLED[name]
    assert {s.name: s.part for s in problem.layout.arrays} == parts(problem.graph)


def test_what_the_program_observes_is_its_data_and_nothing_else() -> None:
    assert by_part(SCHOOLS) == {"parameter": {"mu", "tau"}, "between": {"theta", "new"}, "data": {"y"}}
    # An observed cause is data too: its effect is then between, and there may be no parameter at all.
    text = '(let [x (observe "x" (normal 0 1) 2.0)] (sample "y" (normal x 1)))'
    assert by_part(text) == {"parameter": set(), "between": {"y"}, "data": {"x"}}


def test_an_array_that_enters_itself_is_a_parameter_all_the_same() -> None:
    assert by_part(WALK) == {"parameter": {"z"}, "between": set(), "data": {"x"}}


def test_arrays_that_enter_each_other_count_as_one() -> None:
    assert by_part(TURNS) == {"parameter": {"start"}, "between": {"a", "b"}, "data": {"y"}}
    alone = TURNS.replace('(sample "start" (normal 0 1))', "0.0").replace('(sample "y" (normal a 1))', "a")
    assert by_part(alone) == {"parameter": {"a", "b"}, "between": set(), "data": set()}


def test_what_stands_apart_is_a_parameter() -> None:
    text = '[(sample "alone" (normal 0 1)) (sample "y" (normal (sample "x" (normal 0 1)) 1))]'
    assert by_part(text) == {"parameter": {"alone", "x"}, "between": set(), "data": {"y"}}
