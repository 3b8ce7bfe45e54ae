"""Plated evaluation against its oracle, which unrolls every iteration: one graph, one set of values."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings

from gsdmc.compiler import bundled, compile_problem
from gsdmc.graph.trace import trace
from gsdmc.language import parse
from gsdmc.program.evaluator import evaluate
from tests.program.random_programs import programs
from tests.program.readings_compared import compared, differences

SMALL = {
    "bcmf": {"m": 3, "n": 2, "k": 2},
    "boolean": {"n": 3},
    "hbmf": {"m": 2, "n": 3, "k": 2, "l": 2},
    "inversion": {"n": 2},
    "sorting": {"n": 4},
    "sudoku": {"n": 2},
}

FOUND = {
    "a reduction over what an unrolled iteration made": """
(def n 3)
(let [x (foreach n [i (range n)] (sample "x" (normal 0 1)))
      y (foreach n [i (range n)] (if (< i 1) (get x i) 0.0))]
  (sample "s" (dirac (reduce + (foreach n [i (range n)] (* 2 (get y i)))))))""",
    "a reduction without a start": """
(def n 3)
(let [x (foreach n [i (range n)] (sample "x" (normal 0 1)))]
  (sample "s" (dirac (reduce (fn [a e] (+ a e)) (map (fn [e] (* 2 e)) x)))))""",
    "an index that is known for some replicas only": """
(def n 2)
(let [x (foreach n [i (range n)] (sample "x" (normal 0 1)))
      z (sample "z" (categorical [0.5 0.5]))
      places (foreach n [i (range n)] (if (< i 1) 0 z))]
  (foreach n [j (range n)] (sample "y" (normal (get x (get places j)) 1))))""",
    "an empty plate": """
(def n 0) (def m 2)
(foreach m [i (range m)]
  (sample "E" (dirac (sum (foreach n [t (range n)] (sample "C" (normal 0 1)))))))""",
    "an empty fold": """
(def n 0)
(sample "E" (dirac (loop n 0 (fn [t s] (+ s (sample "C" (normal 0 1)))))))""",
    "a literal vector": """
(def n 2)
(let [z (sample "z" (normal 0 1))]
  (foreach n [i (range n)] (sample "x" (normal (get [z (* 2 z)] i) 1))))""",
    "a literal vector of equal distributions": """
(def n 2)
(foreach n [i (range n)] (sample "x" (get [(normal 0.5 1.0) (normal 0.5 1.0)] i)))""",
    "a vector of distributions, unrolled, that are alike": """
(def n 3)
(let [d (foreach n [i (range n)] (normal (if (<= i 1) 0.5 0.5) 1.0))]
  (foreach n [j (range n)] (sample "x" (get d j))))""",
    "a vector of distributions, unrolled, that differ": """
(def n 3)
(let [d (foreach n [i (range n)] (normal (sum (foreach (+ i 1) [j (range (+ i 1))] -1.5)) 1.0))]
  (foreach n [j (range n)] (sample "x" (get d j))))""",
    "a vector that a fold grew": """
(def n 3)
(let [x (loop n [] (fn [t acc] (conj acc (sample "x" (normal 0 1)))))]
  (foreach n [i (range n)] (sample "y" (normal (get x i) 1))))""",
    "an element that does not depend on its index": """
(def n 2)
(let [z (sample "z" (normal 0 1))
      v (foreach n [i (range n)] (sample "w" (normal 0 1)) z)]
  (sample "y" (normal (first v) 1)))""",
    "a part of an unrolled vector": """
(def n 2) (def k 3)
(let [x (foreach k [i (range k)] (sample "x" (normal 0 1)))
      y (foreach k [i (range k)] (if (< i 1) 2.0 (get x i)))]
  (sample "s" (normal (sum (foreach n [j (range n)] (get y j))) 1)))""",
    "a table of static numbers, made by an iteration": """
(def n 3)
(let [x (foreach n [i (range n)] (sample "x" (normal 0 1)))
      places (foreach n [i (range n)] (mod (* 2 i) n))]
  (foreach n [j (range n)] (sample "y" (normal (get x (get places j)) 1))))""",
    "one name for two loop variables": """
(def n 2)
(let [x (foreach n [i (range n)] (foreach n [i (range n)] (sample "x" (normal 0 1))))]
  (foreach n [i (range n)] (sample "y" (normal (sum (get x i)) 1))))""",
    "booleans that are counted": """
(def n 1)
(let [b (foreach n [i (range n)] (sample "b" (bernoulli 0.5)))]
  (sample "s" (dirac (sum b))))""",
    "probabilities that are all alike": """
(def n 3)
(let [p (foreach n [i (range n)] (sigmoid 0))]
  (sample "x" (categorical (map (fn [e] (/ e (sum p))) p))))""",
    "a choice between vectors": """
(def n 2)
(let [c (sample "c" (bernoulli 0.5))
      x (foreach n [i (range n)] (sample "x" (normal 0 1)))
      y (foreach n [i (range n)] (sample "y" (normal 0 1)))]
  (foreach n [j (range n)] (sample "z" (normal (get (if c x y) j) 1))))""",
    "a name for each replica": """
(def n 2)
(foreach n [t (range n)]
  (foreach 2 [i (range 2)] (sample (str "level" t) (normal 0 1))))""",
    "a factor over no iteration": """
(let [x (foreach 3 [i (range 3)] (sample "x" (normal 0 1)))]
  (factor "f" (> (sum x) -99)))""",
    "a factor that is empty for some replicas": """
(def n 3)
(let [x (foreach n [i (range n)] (sample "x" (normal 0 1)))]
  (foreach n [i (range n)] (factor "f" (if (= i 0) true (> (get x i) -99)))))""",
    "a row of an unrolled matrix of numbers": """
(def n 2)
(let [rows (foreach n [p (range n)] (foreach n [q (range n)] (if (= q p) 0.5 2.0)))
      v (foreach n [row rows] (sum row))]
  (foreach n [i (range n)] (sample "x" (normal (get v i) 1))))""",
    "an unrolled vector that holds one number everywhere": """
(def n 2) (def k 2)
(let [rows (foreach n [p (range n)] (foreach k [q (range k)] 0.5))]
  (foreach k [i (range k)] (sample "x" (normal (get (get rows 0) i) 1))))""",
    "a map for each replica": """
(def n 3)
(let [x (foreach n [i (range n)] (sample "x" (normal 0 1)))
      ms (foreach n [i (range n)] {:a 2.0 :b (get x i)})]
  (foreach n [j (range n)] (sample "y" (normal (* (get (get ms j) :a) (get (get ms j) :b)) 1))))""",
    "a vector that a loop grows by what it made before": """
(def n 3)
(let [x (loop n [] (fn [t acc] (conj acc (sample "x" (normal (if (= t 0) 0 (get acc (- t 1))) 1)))))]
  (foreach n [i (range n)] (sample "y" (normal (get x i) 1))))""",
    "a vector that a loop grows, of varying structure": """
(def n 3)
(let [x (loop n [] (fn [t acc] (conj acc (if (< t 1) (sample (str "x" t) (normal 0 1)) 0.5))))]
  (foreach n [i (range n)] (sample "y" (normal (get x i) 1))))""",
    "samples in a reduction without a start": """
(def n 3)
(let [x (foreach n [i (range n)] (sample "x" (normal 0 1)))]
  (sample "y" (normal (reduce (fn [a e] (sample "s" (normal (+ a e) 1))) x) 1))
  (sample "z" (normal (reduce (fn [a e] (sample "w" (normal 0 1)) (+ a e)) x) 1)))""",
    "evidence that a dirac has for some replicas": """
(def n 3)
(foreach n [i (range n)] (observe "x" (dirac i) 1))""",
    "an empty look-up into a full plate": """
(def n 3) (def m 0)
(let [x (foreach n [i (range n)] (foreach m [j (range m)] (sample "x" (bernoulli 0.5))))
      v (sample "v" (normal 0 1))]
  (factor "f" (<= -9 (if (all? (foreach m [q (range m)] (get-in x [q q]))) v 0.5))))""",
    "separate elements that nobody looks at": """
(def n 3)
(let [x (foreach n [i (range n)] (sample "x" (normal 0 1)))
      y (sample "y" (normal 0 1))
      v [(first x) y]]
  (sample "z" (normal (sum (foreach 1 [i (range 1 2)] (get v i))) 1)))""",
    "single elements in an empty iteration": """
(def n 3) (def m 0)
(let [x (foreach n [i (range n)] (foreach 2 [j (range 2)] (sample "x" (normal 0 1))))]
  (foreach m [k (range m)] (sample "y" (dirac (get-in x [0 k])))))""",
    "functions that keep an index": """
(def n 2)
(let [x (foreach n [i (range n)] (sample "x" (normal 0 1)))
      fs (foreach n [i (range n)] (fn [e] (+ e (get x i))))]
  (foreach n [j (range n)] (sample "y" (normal ((get fs j) 1) 1))))""",
    "the diagonal of a matrix unrolled both ways, in a sum of neighbours": """
(def n 3)
(let [x (foreach n [i (range n)]
          (foreach n [j (range n)] (sample "x" (normal (if (< i 1) (if (< j 1) 1 0) 1) 1))))
      a (foreach n [q (range n)] (get (get x q) q))]
  (factor "f" (< -99 (sum (foreach (- n 1) [i (range (- n 1))] (+ (get a i) (get a (+ i 1))))))))""",
    "a name for each element, of which the diagonal is related": """
(def n 2)
(let [x (foreach n [i (range n)] (foreach n [j (range n)] (sample (str "x" i j) (normal 0 1))))]
  (foreach n [q (range n)] (factor "f" (> (get (get x q) q) -99))))""",
    "a name for each element, where two indices meet nowhere": """
(def n 2)
(let [x (foreach n [i (range n)] (foreach n [j (range n)] (sample (str "x" i j) (normal 0 1))))]
  (foreach n [p (range n)]
    (factor "f" (> (sum (foreach n [q (range n)] (get (get x p) (mod (+ p (* n q)) n)))) -99))))""",
    "one iteration over two vectors, of which each replica looks at one": """
(def n 2) (def m 3)
(let [a (foreach m [i (range m)] (sample "a" (normal 0 1)))
      b (foreach m [j (range m)] (sample "b" (normal 0 1)))]
  (foreach n [i (range n)]
    (sample "y" (normal (sum (foreach m [q (range m)] (get [(get a q) (get b q)] i))) 1))))""",
}


@pytest.mark.parametrize("name", bundled())
def test_bundled_programs(name: str) -> None:
    syntax = compile_problem(name).syntax
    tapes = [evaluate(syntax, SMALL.get(name, {}), plated=plated) for plated in (True, False)]
    assert compared(*tapes) == []


@pytest.mark.parametrize("name", FOUND)
def test_what_differed_once(name: str) -> None:
    assert differences(FOUND[name]) == []


@settings(max_examples=60)
@given(programs())
@example(FOUND["an empty plate"])
@example(FOUND["the diagonal of a matrix unrolled both ways, in a sum of neighbours"])
def test_random_programs(text: str) -> None:
    assert differences(text) == []


def test_vectors_side_by_side_are_one_plate() -> None:
    graph = trace(
        evaluate(parse(FOUND["one iteration over two vectors, of which each replica looks at one"]))
    )
    assert graph.by_name["a"].plates == graph.by_name["b"].plates


@settings(max_examples=30)
@given(programs(tame=True))
def test_random_programs_that_index_plainly(text: str) -> None:
    assert differences(text) == []
    assert not evaluate(parse(text)).unrolled or "- " in text


def test_iterations_whose_structure_varies_are_reported() -> None:
    arms = '(sample "x" (normal 0 1)) (sample "x" (normal 5 1))'
    text = f"(def n 3)\n(foreach n [i (range n)] (if (= i 0) {arms}))"
    ((axis, reason),) = evaluate(parse(text, "varies.clj")).unrolled
    assert (axis.name, axis.size) == ("i", 3)
    assert reason == "an `if` decides by the index (varies.clj:2:26)"
