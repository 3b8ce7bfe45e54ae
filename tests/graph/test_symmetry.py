"""Plates: which iterations are one, how each is classed, and why."""

from __future__ import annotations

import pytest

from gsdmc.compiler import compile_problem, compile_text
from gsdmc.graph.factor_graph import Plate
from gsdmc.graph.symmetry import fresh_name

HEAD = """
(def n 3) (def m 2) (def w [0.5 1.5 2.5])
(let [x (foreach n [i (range n)] (sample "x" (normal 0 1)))
      b (foreach n [k (range n)] (sample "b" (bernoulli 0.5)))
      z (sample "z" (categorical [0.2 0.3 0.5]))]
"""


def plates(body: str) -> dict[str, Plate]:
    """Plates of what `body` makes of x over i, b over k and a category z."""
    problem = compile_text(f"{HEAD}{body})", "test.clj")
    return {p.name: p for p in problem.graph.plates}


def classes(body: str) -> dict[str, str]:
    return {name: plate.cls for name, plate in plates(body).items()}


Y = '(foreach n [j (range n)] (sample "y" (normal {} 1)))'

USES = [
    # direct indexing: j is i
    (Y.format("(get x j)"), {"i": "exchangeable"}),
    (Y.format("(nth x j)"), {"i": "exchangeable"}),
    ('(foreach n [e x] (sample "y" (normal e 1)))', {"i": "exchangeable"}),
    ('(map (fn [e] (sample "y" (normal e 1))) x)', {"i": "exchangeable"}),
    ('(loop n [] (fn [t acc] (conj acc (sample "y" (normal (get x t) 1)))))', {"i": "exchangeable"}),
    (Y.format("(get (foreach n [q (range n)] (- (get x q))) j)"), {"i": "exchangeable"}),
    (Y.format("(get (if (= z 0) x b) j)"), {"i": "exchangeable"}),
    # folds that no order changes: i and j stay apart
    (Y.format("(sum x)"), {"i": "exchangeable", "j": "exchangeable"}),
    (Y.format("(reduce + x)"), {"i": "exchangeable", "j": "exchangeable"}),
    (Y.format("(reduce (fn [a e] (max e a)) x)"), {"i": "exchangeable", "j": "exchangeable"}),
    (Y.format("(loop n 0 (fn [t s] (+ s (get x t))))"), {"i": "exchangeable", "j": "exchangeable"}),
    (Y.format("(reduce - 0 x)"), {"i": "exchangeable", "j": "exchangeable"}),
    (Y.format("(mean x)"), {"i": "exchangeable", "j": "exchangeable"}),
    (Y.format("(last (sort x))"), {"i": "exchangeable", "j": "exchangeable"}),
    ('(factor "f" (distinct? x))', {"i": "exchangeable"}),
    ('(foreach n [j (range n)] (factor "f" (> (get x j) -99)))', {"i": "exchangeable"}),
    # order: arithmetic and comparison of the index, parts of the range, updates that depend on order
    (Y.format("(get x (mod (+ j 1) n))"), {"i": "ordered", "j": "ordered"}),
    (Y.format("(get x (- (- n 1) j))"), {"i": "ordered", "j": "ordered"}),
    ('(foreach (- n 1) [j (range (- n 1))] (factor "f" (< (get x j) 99)))', {"i": "ordered"}),
    (Y.format("(if (< j 1) 0 (get x j))"), {"i": "ordered"}),
    (Y.format("(sum (foreach n [q (range n)] (if (< q j) (get x q) 0)))"), {"i": "ordered", "j": "ordered"}),
    (Y.format("(sum (foreach (+ j 1) [q (range (+ j 1))] (get x q)))"), {"i": "ordered", "j": "ordered"}),
    (Y.format("(loop n 0 (fn [t s] (+ (* 0.5 s) (get x t))))"), {"i": "ordered", "j": "exchangeable"}),
    ('(factor "f" (or (= n 0) (not= (first (sort x)) 99)))', {"i": "exchangeable"}),
    ('(foreach n [j (range n)] (factor "f" (or (< j 1) (> (get x j) -99))))', {"i": "ordered"}),
    # replicas told apart: an index as a value or in data, single elements, random look-ups
    (Y.format("(* j (get x j))"), {"i": "fixed"}),
    (Y.format("(* (get w j) (get x j))"), {"i": "fixed"}),
    ('(foreach n [j (range n) v w] (sample "y" (normal (* v (get x j)) 1)))', {"i": "fixed"}),
    (Y.format("(get x 0)"), {"i": "fixed", "j": "exchangeable"}),
    (Y.format("(first x)"), {"i": "fixed", "j": "exchangeable"}),
    (Y.format("(last x)"), {"i": "fixed", "j": "exchangeable"}),
    (Y.format("(sum (rest x))"), {"i": "fixed", "j": "exchangeable"}),
    (Y.format("(sum (conj x 1))"), {"i": "fixed", "j": "exchangeable"}),
    (Y.format("(sum (put x 0 1))"), {"i": "fixed", "j": "exchangeable"}),
    (Y.format("(get x z)"), {"i": "fixed", "j": "exchangeable"}),
    (Y.format("(reduce (fn [a e] (- a e)) x)"), {"i": "fixed", "j": "exchangeable"}),
    (Y.format("(get [(first x) 1 2] j)"), {"i": "fixed", "j": "fixed"}),
    (Y.format("(get {0 1 1 2 2 3} j)"), {"i": "exchangeable", "j": "ordered"}),
    ('(sample "y" (dirac (first (argsort x))))', {"i": "fixed"}),
    ('(sample "y" (categorical (map (fn [e] (/ (exp e) (sum (map exp x)))) x)))', {"i": "fixed"}),
    ('(foreach n [j (range n) v w] (observe "y" (normal (get x j) 1) v))', {"i": "fixed"}),
    (Y.format("(* (get [1 1 1] j) (get x j))"), {"i": "fixed"}),
    (Y.format("(get x (get [0 1 2] j))"), {"i": "fixed", "j": "fixed"}),
    # inside `untracked`, for a generated variable, nothing counts
    ('(foreach n [j (range n)] (sample "y" (dirac (untracked (* j (get x j))))))', {"i": "exchangeable"}),
    (
        '(foreach n [j (range n)] (sample "y" (dirac (untracked (if (< j 1) 0 (get x j))))))',
        {"j": "exchangeable"},
    ),
    # but the law of a sampled variable, and a factor's truth, owe to it what they owe to all else
    (Y.format("(untracked (* j (get x j)))"), {"i": "fixed"}),
    (
        '(foreach n [j (range n)] (factor "f" (> (+ (get x j) (untracked (* 100 (+ j 1)))) 0)))',
        {"i": "fixed"},
    ),
]


@pytest.mark.parametrize(("body", "expected"), USES, ids=[body for body, _ in USES])
def test_what_an_index_is_used_for_classes_its_plate(body: str, expected: dict[str, str]) -> None:
    found = classes(body)
    found.pop("k", None)
    if "j" not in expected:
        found = {name: cls for name, cls in found.items() if name in expected}
    if "i" not in expected:
        found.pop("i", None)
    assert found == expected


ODD = [
    # structure that depends on an index by ways that no value shows
    "(foreach n [j (range n)]"
    ' (let [f (if (< j 1) (fn [e] e) (fn [e] (- e)))] (sample "y" (normal (f (get x j)) 1))))',
    '(foreach n [j (range n)] (sample "y" (if (= j 0) (normal (get x j) 1) (laplace (get x j) 1))))',
    '(foreach n [j (range n)] (if (= j 0) (sample "y" (normal (get x j) 1)) (sample "y" (normal 5 1))))',
    '(foreach n [j (range n)] (sample "y" (normal (count (if (= j 0) [1] [1 2])) 1)))',
    '(foreach n [j (range n)] (sample "y" (normal (get x j) (count (range (+ j 1))))))',
    '(foreach n [j (range n)] (factor (str "f" j) (> (get x j) -99)) (sample "y" (normal (get x j) 1)))',
    "(let [fs (foreach n [q (range n)] (fn [e] (+ e (get x q))))]"
    ' (foreach n [j (range n)] (sample "y" (normal ((get fs j) 1) 1))))',
    '(let [names (foreach n [q (range n)] (str "f" q))]'
    ' (foreach n [j (range n)] (factor (get names j) (> (get x j) -99)) (sample "y" (normal (get x j) 1))))',
    '(foreach n [j (range n)] (sample "y" (normal (get x j 0) (+ 1 (get [1 1 2] j 0)))))',
    '(foreach n [j (range n)] (sample "y" (normal (get (hash-map j 1 9 2) 0 7) 1)))',
    '(foreach n [j (range n)] (sample "y" (normal (get (put [0 0 0] j (get x j)) 0) 1)))',
]


@pytest.mark.parametrize("body", ODD)
def test_structure_that_depends_on_an_index_orders_its_plate(body: str) -> None:
    found = classes(body)
    assert found.get("j", found["i"]) != "exchangeable"


def test_an_array_may_span_one_plate_twice() -> None:
    gram = '(foreach n [p (range n)] (foreach n [q (range n)] (sample "G" (dirac (* (get x p) (get x q))))))'
    problem = compile_text(f"{HEAD}{gram})", "gram.clj")
    assert problem.graph.by_name["G"].plates == ("i", "i")
    assert problem.graph.plate_by_name["i"].cls == "exchangeable"


def test_plates_are_one_through_calls_transposes_and_copies() -> None:
    problem = compile_text(
        """
(defn transpose [a] (foreach (count (first a)) [q (range (count (first a)))]
                      (foreach (count a) [p (range (count a))] (get-in a [p q]))))
(def n 2) (def m 3)
(let [A (foreach n [i (range n)] (foreach m [j (range m)] (sample "A" (normal 0 1))))
      B (transpose A)
      C (map (fn [row] (map (fn [e] (* 2 e)) row)) B)]
  (foreach m [r (range m)] (foreach n [s (range n)] (sample "D" (dirac (get-in C [r s]))))))
""",
        "transpose.clj",
    )
    assert [(p.name, p.cls) for p in problem.graph.plates] == [("i", "exchangeable"), ("j", "exchangeable")]
    assert problem.graph.by_name["D"].plates == ("j", "i")


GROWN = [
    ("(if (= t 0) 0 (last acc))", "ordered"),
    ("(if (= t 0) 0 (get acc (- t 1)))", "ordered"),
    ("(if (= t 0) 0 (first acc))", "fixed"),
    ("(sum acc)", "ordered"),
]


@pytest.mark.parametrize(("mean", "cls"), GROWN)
def test_what_a_loop_grows_is_a_vector_over_its_plate(mean: str, cls: str) -> None:
    grown = f'(loop n [] (fn [t acc] (conj acc (sample "s" (normal {mean} 1)))))'
    found = compile_text(
        f'(def n 3) (let [s {grown}] (foreach n [j (range n)] (sample "y" (normal (get s j) 1))))',
        "grown.clj",
    ).graph
    assert [(p.name, p.cls) for p in found.plates] == [("t", cls)]
    assert found.by_name["y"].plates == ("t",)


def test_a_reduction_without_a_start_calls_its_function_once_less() -> None:
    graph = compile_text(
        """(def n 4)
(let [x (foreach n [i (range n)] (sample "x" (normal 0 1)))]
  (reduce (fn [a e] (sample "s" (normal (+ a e) 1))) x))""",
        "reduce.clj",
    ).graph
    assert graph.by_name["s"].shape == (3,)
    assert {p.name: p.cls for p in graph.plates} == {"i": "fixed", "e": "ordered"}


def test_reasons_name_the_expression_and_its_place() -> None:
    plate = plates(Y.format("(* j (get x j))"))["i"]
    assert plate.reason == "its index enters a value: (* j (get x j)) at 6:46"
    assert plates(Y.format("(sum x)"))["i"].reason == "its index is used for nothing but indexing"
    hidden = '(foreach n [j (range n)] (sample "y" (dirac (untracked (* j (get x j))))))'
    assert plates(hidden)["j"].reason == (
        "its index is used for nothing but indexing, `untracked` aside, "
        "where its index enters a value: (* j (get x j)) at 6:56"
    )
    long = plates(Y.format("(* (* j 1) (+ (+ (get x j) 1000000) (- 2000000 (get x j))))"))["i"].reason
    assert long.startswith("its index enters a value: (* (* j 1) (+ (+ (get x j) 1000000) (...")


def test_size_names_are_the_defs_that_set_sizes() -> None:
    problem = compile_problem("bcmf", m=5, n=5, k=5)
    assert [p.size_name for p in problem.graph.plates] == ["m", "k", "n"]
    text = """
(def n 3) (def m 3)
(let [x (foreach n [i (range n)] (sample "x" (normal 0 1)))]
  (foreach m [j (range m)] (sample "y" (normal (get x j) 1))))
"""
    two = compile_text(text, "two.clj").graph.plates
    assert [(p.name, p.size_name) for p in two] == [("i", None)]
    literal = compile_text('(foreach 3 [i (range 3)] (sample "x" (normal 0 1)))', "literal.clj").graph.plates
    assert [p.size_name for p in literal] == [None]


def test_one_name_never_has_two_sizes() -> None:
    problem = compile_text(
        """
(let [x (foreach 3 [i (range 3)] (sample "x" (normal 0 1)))
      y (foreach 2 [i (range 2)] (sample "y" (normal 0 1)))]
  (foreach 3 [i (range 3)] (sample "z" (normal (get x i) 1))))
""",
        "names.clj",
    )
    assert {p.name: p.size for p in problem.graph.plates} == {"i": 3, "i_2": 2}
    assert problem.graph.by_name["z"].plates == ("i",)


def test_a_part_of_a_plate_belongs_to_it() -> None:
    graph = compile_problem("sorting", n=4).graph
    factor = next(r for r in graph.relations if r.role == "order")
    assert getattr(factor, "plates", None) == ("i",)


def test_fresh_names() -> None:
    taken: dict[str, int] = {}
    assert [fresh_name("j", taken) for _ in range(3)] == ["j", "j_2", "j_3"]
    assert [fresh_name(name, taken) for name in ("j_2", "j_2_2", "j_5", "j", "j")] == [
        "j_2_2", "j_2_2_2", "j_5", "j_4", "j_6"
    ]  # fmt: skip


def test_sorting_and_sudoku() -> None:
    sorting = compile_problem("sorting").graph
    spans = {a.name: a.plates for a in sorting.arrays}
    assert spans == {"u": ("j",), "P": ("i", "j"), "C": ("i", "j"), "s": ("i",)}
    classes = {p.name: p.cls for p in sorting.plates}
    assert classes == {"i": "ordered", "j": "exchangeable"}
    assert sorting.plate_by_name["i"].reason == "a part of its range is indexed: (get s i) at 19:25"
    sudoku = compile_problem("sudoku").graph
    assert sudoku.by_name["cell"].plates == ("band", "row", "stack", "column")
    plain = "its index is used for nothing but indexing"
    assert {(p.name, p.cls, p.reason) for p in sudoku.plates} == {
        (name, "exchangeable", plain) for name in ("band", "row", "stack", "column")
    }


def test_bundled_programs() -> None:
    expected = {
        "bcmf": {"i": "exchangeable", "t": "exchangeable", "j": "exchangeable"},
        "hbmf": {"i": "exchangeable", "t": "exchangeable", "s": "exchangeable", "j": "exchangeable"},
        "inversion": {"i": "exchangeable", "t": "exchangeable", "j": "exchangeable"},
        "sorting": {"i": "ordered", "j": "exchangeable"},
        "sudoku": dict.fromkeys(("band", "row", "stack", "column"), "exchangeable"),
        "boolean": {"i": "fixed", "g": "fixed"},
    }
    for name, plates_of in expected.items():
        graph = compile_problem(name).graph
        assert {p.name: p.cls for p in graph.plates} == plates_of
        assert all(p.reason for p in graph.plates)
    boolean = compile_problem("boolean").graph.plate_by_name
    assert boolean["i"].reason.startswith("one element is singled out")
    assert boolean["g"].reason.startswith("its index looks up data: (if (get gates g) (and a b) (or a b))")
