"""Warnings: when they come, what they quote, and when they don't."""

from __future__ import annotations

import pytest

from gsdmc.compiler import bundled, compile_problem, compile_text
from gsdmc.compiler.warnings import warnings

CHAIN = '(defn step [t x] (sample "x" (normal x 1))) (loop 9 (sample "start" (normal 0 1)) step)'


INDEPENDENT = ("sbi/gaussian_linear", "sbi/gaussian_linear_uniform")
"""Programs whose dimensions are independent, which the warning about components speaks of."""


@pytest.mark.parametrize("name", [n for n in bundled() if n not in INDEPENDENT])
def test_bundled_programs_have_none_with_layers_enough(name: str) -> None:
    problem = compile_problem(name)
    assert problem.warnings == ()
    assert warnings(problem, problem.metrics.diameter) == ()


@pytest.mark.parametrize("name", INDEPENDENT)
def test_independent_dimensions_are_components(name: str) -> None:
    (warning,) = compile_problem(name).warnings
    assert warning.message.startswith("the graph has 10 components")


def test_a_graph_that_falls_apart_quotes_the_theorem() -> None:
    problem = compile_text('(foreach 1200 [i (range 1200)] (sample "x" (normal 0 1)))', "islands.clj")
    (warning,) = problem.warnings
    assert warning.message.startswith("the graph has 1,200 components, and no information passes")
    assert 'Theorem 1 of the GSDM paper (Weilbach et al. 2022): given "a connected' in warning.message
    assert "dirac or a factor" in (warning.hint or "")


def test_too_few_layers_quote_the_paper() -> None:
    problem = compile_text(CHAIN, "chain.clj")
    assert warnings(problem, 9) == problem.warnings == ()
    (warning,) = warnings(problem, 8)
    assert "the network has 8 attention layers, and the graph's diameter is 9." in warning.message
    assert "the number of transformer layers should be chosen" in warning.message


def test_loops_count_as_layers() -> None:
    problem = compile_text(CHAIN, "chain.clj")
    assert warnings(problem, 3, 3) == ()
    (warning,) = warnings(problem, 4, 2)
    assert "has 4 attention layers, looped 2 times, and the graph's diameter is 9." in warning.message
    assert "--loops" in (warning.hint or "")


def test_queries_that_leave_nothing_to_infer() -> None:
    text = '(sample "y" (normal (sample "x" (normal 0 1)) 1)) (given "x" "y")'
    (warning,) = compile_text(text, "all.clj").warnings
    assert warning.message.startswith("every variable is given")
    assert warning.span is not None
    assert warning.span.text == '(given "x" "y")'
    for fine in ('(given "x")', '(given (subset "x" "y"))', '(given "x") (given (subset "x" "y"))', ""):
        assert compile_text(text.replace('(given "x" "y")', fine), "some.clj").warnings == ()
    (warning,) = compile_problem("inversion", n=2, given=["A,R", "C", "E"]).warnings
    assert str(warning.span) == "--given:1:1"


def test_a_bound_of_the_diameter_is_said_to_be_one(monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    problem = compile_text(CHAIN, "chain.clj")
    monkeypatch.setitem(problem.__dict__, "metrics", replace(problem.metrics, diameter_exact=False))
    (warning,) = warnings(problem, 8)
    assert "diameter is at most 9." in warning.message
    one_way = compile_text(CHAIN, "chain.clj").options.changed(symmetrise=False)
    monkeypatch.setattr(problem, "options", one_way)
    assert not any("diameter" in w.message for w in warnings(problem, 8))


def test_masks_without_the_way_back_say_what_is_lost() -> None:
    (warning,) = compile_problem("sorting", n=3, symmetrise=False).warnings
    assert "no information passes from children to their parents" in warning.message
    # Factors have no direction, and a graph of factors alone loses nothing.
    assert compile_problem("sudoku", n=2, symmetrise=False).warnings == ()
    assert compile_problem("sorting", n=3, mask="random:2").warnings == ()


def test_what_the_program_says_comes_first() -> None:
    text = '(def n 2)\n(let [n (sample "a" (normal 0 1))] [n (sample "b" (normal 0 1))])'
    said, apart = compile_text(text, "hidden.clj").warnings
    assert "hides the size `n`" in said.message
    assert said.span is not None
    assert "2 components" in apart.message
