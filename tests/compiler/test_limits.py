"""Each limit holds at its number, not before it, says how to raise it, and can be raised."""

from __future__ import annotations

from pathlib import Path

import pytest

from gsdmc.compiler import CompileOptions, compile_problem, compile_text, write_problem
from gsdmc.compiler.problem import Problem
from gsdmc.language.limits import Limits
from gsdmc.language.source import GsdmcError

GRID = '(def n 3)\n(foreach n [i (range n)] (foreach n [j (range n)] (sample "x" (normal (+ i j) 1))))'
PARENTS = """(def n 3)
(let [x (foreach n [i (range n)] (sample "x" (normal 0 1)))]
  (foreach n [j (range n)] (sample "y" (normal (sum x) 1))))"""
CLIQUE = """(def n 3)
(let [x (foreach n [i (range n)] (sample "x" (normal 0 1)))]
  (factor "all" (< (sum x) 1000)))"""
CHAIN = '(loop 3 0 (fn [t state] (sample "x" (normal (* 0.5 state) 1))))'
MAP = '(map (fn [i] (sample "x" (normal 0 1))) (range 3))'
COUNT = '(foreach 3 [] (sample "x" (normal 0 1)))'

CASES = [
    (GRID, "nodes", 9),
    (GRID, "table", 9),
    (GRID, "size", 3),
    (MAP, "size", 3),
    (COUNT, "size", 3),
    (CHAIN, "size", 3),
    (CHAIN, "unrolled", 3),
    (PARENTS, "edges", 9),
    (CLIQUE, "edges", 9),
    (COUNT, "nesting", 3),
]


def compiled(text: str, **limits: int) -> Problem:
    problem = compile_text(text, "limits.clj", {}, CompileOptions().changed(limits=limits))
    assert problem.graph.nodes
    return problem


@pytest.mark.parametrize(("text", "name", "needed"), CASES)
def test_a_limit_is_the_most_that_is_allowed(text: str, name: str, needed: int) -> None:
    assert compiled(text, **{name: needed}).options.limits.raised() == {name: needed}
    with pytest.raises(GsdmcError) as caught:
        compiled(text, **{name: needed - 1})
    assert f"--limit {name}=" in (caught.value.hint or "")
    assert f'limits={{"{name}": ' in (caught.value.hint or "")
    suggested = int((caught.value.hint or "").rpartition(f'"{name}": ')[2].partition("}")[0])
    compiled(text, **{name: suggested})


def test_the_steps_of_evaluation_are_limited_too() -> None:
    least = next(n for n in range(1, 100) if steps_suffice(n))
    assert 3 < least < 99
    with pytest.raises(GsdmcError, match=f"takes more than {least - 1} steps") as caught:
        compiled(COUNT, steps=least - 1)
    assert "--limit steps=" in (caught.value.hint or "")


def steps_suffice(steps: int) -> bool:
    try:
        compiled(COUNT, steps=steps)
    except GsdmcError:
        return False
    return True


def test_a_problem_is_read_again_within_the_limits_it_was_compiled_with(tmp_path: Path) -> None:
    write_problem(compiled(GRID, nodes=12, nesting=9), tmp_path / "p.gsdm")
    back = compile_problem(tmp_path / "p.gsdm")
    assert back.options.limits == Limits(nodes=12, nesting=9)
    with pytest.raises(GsdmcError, match="more than 12 nodes"):
        _ = back.resized(n=4).graph
    assert compile_problem(tmp_path / "p.gsdm", limits={"nodes": 16}).resized(n=4).graph.nodes == 16
    with pytest.raises(GsdmcError, match="more than 2 deep"):
        compile_problem(tmp_path / "p.gsdm", limits={"nesting": 2})
