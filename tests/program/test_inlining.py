"""Programs without intermediates: which variables stay, what relates them, and the same values."""

from __future__ import annotations

import pytest
import torch

from gsdmc.compiler import bundled, compile_problem
from gsdmc.graph.factor_graph import Argument, FactorGraph
from gsdmc.graph.trace import trace
from gsdmc.language import parse
from gsdmc.program.evaluator import evaluate
from gsdmc.program.interpreter import Interpreter
from gsdmc.program.readings import run, verify
from gsdmc.program.score import score
from gsdmc.program.tape import Tape


def without(text: str, *keep: str, plated: bool = True) -> Tape:
    return evaluate(parse(text), intermediates=False, keep=keep, plated=plated)


def pairs(graph: FactorGraph) -> set[tuple[str, str, int]]:
    return {(r.child, r.parent, len(r.parents)) for r in graph.relations if isinstance(r, Argument)}


def test_bcmf_relates_its_result_to_the_matrices() -> None:
    graph = trace(without(compile_problem("bcmf").source))
    assert [a.name for a in graph.arrays] == ["A", "R", "E"]
    assert pairs(graph) == {("E", "A", 5 * 5 * 3), ("E", "R", 5 * 5 * 3)}


def test_what_given_names_is_kept() -> None:
    graph = trace(without(compile_problem("bcmf").source, "C"))
    assert [a.name for a in graph.arrays] == ["A", "R", "C", "E"]


def test_generated_variables_and_the_returned_value_stay() -> None:
    assert [a.name for a in trace(without(compile_problem("sorting").source)).arrays] == ["u", "P", "s"]
    assert [a.name for a in trace(without(compile_problem("sudoku").source)).arrays] == ["cell"]


@pytest.mark.parametrize("name", bundled())
@pytest.mark.parametrize("plated", [True, False])
def test_values_and_scores_of_what_stays_are_the_same(name: str, plated: bool) -> None:
    problem = compile_problem(name)
    tape = evaluate(
        problem.syntax, frozen=problem.tape.frozen, intermediates=False, keep=("x",), plated=plated
    )
    interpreter = Interpreter(tape)
    values, full = run(interpreter, 8, 3), problem.simulate(8, 3)
    assert set(values) <= set(full)
    assert all(torch.allclose(values[n].double(), full[n].double(), atol=1e-5) for n in values)
    assert torch.allclose(score(interpreter, values), problem.score(full))
    residuals = verify(interpreter, values)
    assert all(r.abs().max() < 1e-5 for r in residuals.dirac.values())
    assert all(h.all() for h in residuals.factors.values())


def test_an_inlined_chain_passes_dependences_on() -> None:
    text = """
(let [x (foreach 4 [i (range 4)] (sample "x" (normal 0 1)))
      a (foreach 4 [i (range 4)] (sample "a" (dirac (* 2 (get x i)))))
      b (sample "b" (dirac [(get a 0) (+ (get a 1) (get a 2))]))
      c (sample "c" (dirac 2.5))]
  (foreach 2 [j (range 2)] (sample "y" (normal (* c (get b j)) 1)))
  nil)"""
    graph = trace(without(text))
    assert [a.name for a in graph.arrays] == ["x", "y"]
    relation = next(r for r in graph.relations if isinstance(r, Argument))
    edges = {(int(c) - 4, int(p)) for c, p in zip(relation.children, relation.parents, strict=True)}
    assert edges == {(0, 0), (1, 1), (1, 2)}
    values = run(Interpreter(without(text)), 4, 0)
    full = run(Interpreter(evaluate(parse(text))), 4, 0)
    assert torch.equal(values["y"], full["y"])


def test_an_observed_intermediate_stays() -> None:
    text = '(let [x (sample "x" (normal 0 1))] (observe "y" (dirac (* 2 x)) 3.0) nil)'
    assert [a.name for a in trace(without(text)).arrays] == ["x", "y"]
