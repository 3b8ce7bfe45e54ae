"""A compiled problem: its sizes, overrides and siblings."""

from __future__ import annotations

import numpy as np
import pytest

from gsdmc.compiler import compile_problem, compile_text
from gsdmc.language.source import GsdmcError

DATA = '(def n 2)\n(def xs [1.0 2.0])\n(foreach n [x xs] (sample "y" (normal x 1)))\n'


def test_nodes_are_the_masks_rows() -> None:
    problem = compile_problem("bcmf", m=2, n=2, k=1)
    assert problem.nodes[0] == ("A", (0, 0))
    assert len(problem.nodes) == problem.mask.shape[0] == problem.graph.nodes
    assert problem.nodes[-1] == ("E", (1, 1))


def test_sizes_ranges_and_queries() -> None:
    problem = compile_problem("bcmf", k=4)
    assert problem.sizes == {"m": 5, "n": 5, "k": 4}
    assert problem.ranges == {"m": (1, 10), "n": (1, 10), "k": (1, 10)}
    assert [g.targets for g in problem.givens] == [("E",)]
    assert "m=5, n=5, k=4" in repr(problem)


def test_resized_problems_are_compiled_once() -> None:
    problem = compile_problem("bcmf")
    other = problem.resized(m=3, k=2)
    assert other.sizes == {"m": 3, "n": 5, "k": 2}
    assert problem.resized(k=2, m=3) is other
    assert problem.resized(m=5) is problem
    assert other.resized(m=3) is other
    assert other.resized(n=4).sizes == {"m": 3, "n": 4, "k": 2}


def test_numpys_whole_numbers_are_sizes_too() -> None:
    problem = compile_problem("bcmf")
    three, four = problem.resized(m=np.int64(3)), problem.resized(m=np.int64(4))
    assert (three.sizes["m"], four.sizes["m"]) == (3, 4)
    with pytest.raises(GsdmcError, match="whole number"):
        problem.resized(m=2.5)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "call", [lambda: compile_problem("bcmf", M=3), lambda: compile_problem("bcmf").resized(M=3)]
)
def test_unknown_overrides_suggest_the_nearest(call) -> None:
    with pytest.raises(GsdmcError, match="no def `M`") as error:
        call()
    assert error.value.hint == "did you mean `m`?"


def test_data_replaces_defs() -> None:
    problem = compile_text(DATA, "data.clj", {"xs": np.array([10.0, 20.0, 30.0]), "n": 3})
    assert problem.simulate(200, 0)["y"].mean(0).round().int().tolist() == [10, 20, 30]
    assert compile_text(DATA, "data.clj", {"xs": [7, 8]}).graph.nodes == 2
    assert compile_text(DATA, "data.clj", {"n": 1.0}).sizes == {"n": 1}
    assert compile_text(DATA, "data.clj", {"xs": np.array([1, 2], dtype=np.uint8)}).graph.nodes == 2


@pytest.mark.parametrize(
    ("overrides", "says"),
    [
        ({"n": "three"}, "a number or an array of numbers"),
        ({"xs": [[1.0, 2.0], [3.0]]}, "a number or an array of numbers"),
        ({"xs": None}, "a number or an array of numbers"),
        ({"xs": [1.0, float("nan")]}, "missing or infinite"),
        ({"n": -1}, "can't run -1 times"),
        ({"n": 2.5}, "whole number"),
        ({"n": [1, 2]}, "a vector of 2"),
        ({"n": 3}, "runs over 2 elements"),
    ],
)
def test_overrides_that_make_no_sense(overrides: dict[str, object], says: str) -> None:
    with pytest.raises(GsdmcError, match=says):
        compile_text(DATA, "data.clj", overrides)


def test_a_program_without_variables_has_a_graph_but_no_layout() -> None:
    problem = compile_text('(def k 0)\n(foreach k [i (range k)] (sample "x" (normal 0 1)))', "none.clj")
    assert problem.graph.nodes == 0
    with pytest.raises(GsdmcError, match="samples no variables at these sizes"):
        _ = problem.layout
