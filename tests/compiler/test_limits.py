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
    (GRID, "table", None),
    (GRID, "steps", None),
    (GRID, "size", 3),
    (MAP, "size", 3),
    (COUNT, "size", 3),
    (CHAIN, "size", 3),
    (CHAIN, "unrolled", 3),
    (PARENTS, "edges", 9),
    (CLIQUE, "edges", 9),
    (COUNT, "nesting", 3),
]
"""Programs, a limit of each, and the least number that it needs, where that is easy to say."""


def compiled(text: str, **limits: int) -> Problem:
    problem = compile_text(text, "limits.clj", {}, CompileOptions().changed(limits=limits))
    assert problem.graph.nodes
    return problem


def suggested(text: str, name: str, limit: int) -> int | None:
    """The number that the error within a limit suggests, None where there is no error."""
    try:
        compiled(text, **{name: limit})
    except GsdmcError as error:
        hint = error.hint or ""
        number = int(hint.partition(f"--limit {name}=")[2].partition(",")[0])
        assert f'limits={{"{name}": {number}}} in Python' in hint
        return number
    return None


@pytest.mark.parametrize(("text", "name", "needed"), CASES)
def test_a_limit_is_the_most_that_is_allowed_and_its_error_suggests_more(
    text: str, name: str, needed: int | None
) -> None:
    least = next(n for n in range(1, 10_000) if suggested(text, name, n) is None)
    assert 1 < least < 10_000
    assert needed in (None, least)
    number: int | None = 1
    for _ in range(20):  # whoever follows the suggestions gets there
        assert number is not None
        following = suggested(text, name, number)
        if following is None:
            break
        assert following > number
        number = following
    assert number is not None
    assert least <= number <= 10 * least


def test_a_problem_is_read_again_within_the_limits_it_was_compiled_with(tmp_path: Path) -> None:
    write_problem(compiled(GRID, nodes=12, nesting=9), tmp_path / "p.gsdm")
    back = compile_problem(tmp_path / "p.gsdm")
    assert back.options.limits == Limits(nodes=12, nesting=9)
    with pytest.raises(GsdmcError, match="more than 12 nodes"):
        _ = back.resized(n=4).graph
    assert compile_problem(tmp_path / "p.gsdm", limits={"nodes": 16}).resized(n=4).graph.nodes == 16
    with pytest.raises(GsdmcError, match="more than 2 deep"):
        compile_problem(tmp_path / "p.gsdm", limits={"nesting": 2})
