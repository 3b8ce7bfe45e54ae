"""Every derived exchangeable plate is a symmetry of the graph, of what is drawn, and of the residuals."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from gsdmc.compiler import bundled, compile_problem
from gsdmc.language import parse
from gsdmc.program.evaluator import evaluate
from tests.program.equivariance import broken_symmetries
from tests.program.random_programs import programs
from tests.program.readings_compared import outcome
from tests.program.test_plated import FOUND, SMALL


@pytest.mark.parametrize("name", bundled())
@pytest.mark.parametrize("seed", [0, 1])
def test_bundled_programs(name: str, seed: int) -> None:
    tape = evaluate(compile_problem(name).syntax, SMALL.get(name, {}))
    assert broken_symmetries(tape, seed) == []


@pytest.mark.parametrize("name", FOUND)
def test_programs_that_were_wrong_once(name: str) -> None:
    for plated in (True, False):
        assert broken_symmetries(evaluate(parse(FOUND[name]), plated=plated)) == []


ONCE_UNSOUND = {
    "an argsort's values are indices": """
(def n 3)
(let [x (foreach n [i (range n)] (sample "x" (normal 0 1)))
      order (argsort x)]
  (foreach n [j (range n)] (sample "r" (dirac (get order j)))))""",
    "a category's value is an index into its probabilities": """
(def n 3)
(let [x (foreach n [i (range n)] (sample "x" (uniform 0 1)))]
  (sample "z" (categorical (map (fn [e] (/ e (sum x))) x))))""",
    "an arm without a value": """
(def n 3)
(foreach n [i (range n)]
  (if (= i 0) (sample "x" (normal 0 1)) (sample "x" (normal 5 1)))
  nil)""",
    "a distribution chosen by the index": """
(def n 3)
(foreach n [i (range n)] (sample "x" (if (= i 0) (normal 0 1) (laplace 0 1))))""",
    "a size": """
(def n 3)
(let [x (foreach n [i (range n)] (sample "x" (normal 0 1)))]
  (foreach n [i (range n)] (sample "y" (dirac (sum (foreach (+ i 1) [j (range (+ i 1))] (get x j)))))))""",
    "a count": """
(def n 3)
(foreach n [i (range n)] (sample "x" (normal (count (if (= i 0) [] [1])) 1)))""",
    "a factor's name": """
(def n 3)
(let [x (foreach n [i (range n)] (sample "x" (normal 0 1)))]
  (foreach n [i (range n)] (factor (str "f" i) (> (get x i) -99))))""",
    "functions that keep an index": """
(def n 3)
(let [x (foreach n [i (range n)] (sample "x" (normal 0 1)))
      fs (foreach n [i (range n)] (fn [] (get x i)))]
  (foreach n [j (range n)] (sample "y" (normal ((get fs j)) 1))))""",
    "a sampled variable's untracked mean": """
(def n 3)
(foreach n [i (range n)] (sample "x" (normal (untracked (* 3 i)) 1)))""",
    "a factor's untracked part": """
(def n 3)
(let [x (foreach n [i (range n)] (sample "x" (uniform 0 1)))]
  (foreach n [i (range n)] (factor "f" (< (get x i) (untracked (+ i 1))))))""",
    "one of several vectors": """
(def n 3)
(let [x (foreach n [i (range n)] (sample "x" (normal 0 1)))
      y (foreach n [i (range n)] (sample "y" (normal 0 1)))]
  (foreach 2 [i (range 2)]
    (foreach n [j (range n)] (sample "d" (dirac (get-in [x y] [i j]))))))""",
    "parts that are alike": """
(def n 4)
(let [x (foreach n [i (range n)] (sample "x" (normal 0 1)))]
  (foreach (- n 1) [i (range (- n 1))] (sample "d" (dirac (- (get x (+ i 1)) (get x i))))))""",
    "one plate twice, on and off the diagonal": """
(def n 3)
(let [x (foreach n [i (range n)] (sample "x" (normal 0 1)))]
  (foreach n [i (range n)]
    (foreach n [j (range n)] (sample "G" (dirac (if (= i j) (get x i) (* (get x i) (get x j))))))))""",
    "one plate twice, one of them shifted": """
(def n 3)
(let [x (foreach n [i (range n)] (foreach n [j (range n)] (sample "x" (normal 0 1))))]
  (foreach n [i (range n)]
    (sample "s" (dirac (sum (foreach n [j (range n)] (get-in x [j (mod (+ i j) n)])))))))""",
}


@pytest.mark.parametrize("name", ONCE_UNSOUND)
def test_ways_in_which_an_index_can_hide(name: str) -> None:
    for plated in (True, False):
        assert broken_symmetries(evaluate(parse(ONCE_UNSOUND[name]), plated=plated)) == []


@settings(max_examples=60)
@given(programs())
def test_random_programs(text: str) -> None:
    tape = outcome(text, plated=True)
    if not isinstance(tape, Exception):
        assert broken_symmetries(tape) == []


@settings(max_examples=60)
@given(programs(tame=True))
def test_random_programs_that_index_plainly(text: str) -> None:
    tape = outcome(text, plated=True)
    assert not isinstance(tape, Exception)
    assert broken_symmetries(tape) == []


def test_the_check_itself_can_fail() -> None:
    from gsdmc.program.axes import Fact

    text = '(def n 3)\n(foreach n [i (range n)] (sample "x" (normal (* 3 i) 1)))'
    tape = evaluate(parse(text))
    assert broken_symmetries(tape) == []
    for instruction in tape.draws[0].inputs:  # as if nobody had said that the index enters a value
        assert all(isinstance(f, Fact) for f in instruction.facts)
        instruction.facts = ()
    assert broken_symmetries(tape) != []
