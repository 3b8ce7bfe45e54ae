"""The language's specification on variables, factors, structure and plates, sentence by sentence.

Every test quotes the sentence that it holds the compiler to.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gsdmc.compiler import Problem, compile_text
from gsdmc.graph.factor_graph import Argument, Factor
from gsdmc.language.kinds import BOOLEAN, COUNT, category
from gsdmc.language.source import GsdmcError

X = '(sample "x" (normal 0 1))'


def compiled(text: str, **overrides: object) -> Problem:
    return compile_text(text, "page.clj", overrides)


def shapes(text: str) -> dict[str, tuple[int, ...]]:
    return {a.name: a.shape for a in compiled(text).graph.arrays}


def spans(text: str) -> dict[str, tuple[str, ...]]:
    return {a.name: a.plates for a in compiled(text).graph.arrays}


def classes(text: str) -> dict[str, str]:
    return {p.name: p.cls for p in compiled(text).graph.plates}


def parents(problem: Problem) -> set[tuple[str, str]]:
    """(child, parent) for every edge of an argument, as names with indices."""
    names = [f"{name}{list(index)}" for name, index in problem.nodes]
    found = set()
    for relation in problem.graph.relations:
        if isinstance(relation, Argument):
            pairs = zip(relation.children, relation.parents, strict=True)
            found |= {(names[int(c)], names[int(p)]) for c, p in pairs}
    return found


def refusal(text: str) -> GsdmcError:
    with pytest.raises(GsdmcError) as caught:
        _ = compiled(text).graph
    return caught.value


# -- Random variables --------------------------------------------------------------------------------


def test_names_of_unnamed_variables() -> None:
    """A `(sample dist)` without a name takes the name it is bound to by `let`, else one from its place."""
    text = "(let [height (sample (normal 0 1))]\n  (sample (normal height 1)))"
    assert list(shapes(text)) == ["height", "sample-2-3"]


ENCLOSED = [
    ("(foreach 2 [i (range 2)] {})", (2,)),
    ("(map (fn [i] {}) (range 3))", (3,)),
    ("(loop 4 0 (fn [t a] {} a))", (4,)),
    ("(reduce (fn [a e] {} a) 0 (range 5))", (5,)),
    ("(reduce (fn [a e] {} a) (range 5))", (4,)),
    ("(foreach 2 [i (range 2)] (loop 3 [] (fn [t a] (conj a {}))))", (2, 3)),
    ("(let [f (fn [] {})] (foreach 2 [i (range 2)] (f)))", (2,)),
    ("(let [x {}] (foreach 2 [i (range 2)] x))", ()),
    ("(foreach 2 [x [{} 1]] x)", ()),
]


@pytest.mark.parametrize(("text", "shape"), ENCLOSED, ids=[text for text, _ in ENCLOSED])
def test_dimensions(text: str, shape: tuple[int, ...]) -> None:
    """An array's dimensions are the iterations that enclose the `sample` when it runs, outermost first."""
    assert shapes(text.format(X)) == {"x": shape}


def test_dimensions_through_calls() -> None:
    """`"C"` inside `foreach i`, `foreach j`, `loop t` is `C[i, j, t]`."""
    text = """
(defn product [t acc i j] (+ acc (sample "C" (normal (+ i j) 1))))
(foreach 2 [i (range 2)] (foreach 3 [j (range 3)] (loop 4 0 product i j)))"""
    assert shapes(text) == {"C": (2, 3, 4)}
    assert spans(text) == {"C": ("i", "j", "t")}


def test_names_of_plates() -> None:
    """A plate takes its first loop variable's name, clashes get a suffix: one name never has two sizes."""
    text = """
(def n 3) (def m 2)
(let [x (foreach n [j (range n)] (sample "x" (normal 0 1)))
      y (foreach m [j (range m)] (sample "y" (normal 0 1)))
      z (foreach n [e x k (range n)] (sample "z" (normal e 1)))
      w (foreach m [j_2 (range m)] (sample "w" (normal 0 1)))
      v (foreach m [] (sample "v" (normal 0 1)))]
  z)"""
    assert spans(text) == {"x": ("j",), "y": ("j_2",), "z": ("j",), "w": ("j_2_2",), "v": ("i",)}


def test_an_element_sampled_twice() -> None:
    """One element sampled twice is an error that shows both places."""
    error = refusal('(let [a (sample "x" (normal 0 1))]\n  (sample "x" (normal a 1)))')
    assert error.span is not None
    assert error.span.source.position(error.span.start) == (2, 3)
    ((_, other),) = error.related
    assert other.source.position(other.start) == (1, 9)


def test_parents() -> None:
    """The parents of a variable are those that its distribution's arguments were computed from."""
    text = """
(let [a (sample "a" (normal 0 1)) b (sample "b" (normal 0 1)) c (* a 2)
      d (sample "d" (normal (+ c 1) (exp b)))]
  (sample "e" (normal d 1)))"""
    assert parents(compiled(text)) == {("d[]", "a[]"), ("d[]", "b[]"), ("e[]", "d[]")}


def test_inlined_computation() -> None:
    """Computation that is not wrapped in `dirac` is inlined: it adds edges, not nodes."""
    head = '(let [a (sample "a" (normal 0 1)) b (sample "b" (normal 0 1)) c '
    inlined, named = (
        compiled(f'{head}(* a b)] (sample "d" (normal c 1)))'),
        compiled(f'{head}(sample "c" (dirac (* a b)))] (sample "d" (normal c 1)))'),
    )
    assert parents(inlined) == {("d[]", "a[]"), ("d[]", "b[]")}
    assert parents(named) == {("c[]", "a[]"), ("c[]", "b[]"), ("d[]", "c[]")}


def test_observed_variables() -> None:
    """`run` samples an observed variable like any other; its value is default evidence."""
    problem = compiled('(foreach 2 [i (range 2)] (observe "y" (normal i 1) (* 10 i)))')
    values, given = problem.evidence["y"]
    assert values.tolist() == [0, 10]
    assert given.all()
    assert problem.simulate(500, seed=0)["y"].std(0).min() > 0.5


def test_both_arms() -> None:
    """Both arms of an `if` are sampled and traced."""
    text = """
(let [b (sample "b" (bernoulli 0.5))
      c (if b (sample "one" (normal 0 1)) (sample "two" (normal 5 1)))]
  (sample "d" (normal c 1)))"""
    problem = compiled(text)
    assert list(problem.graph.by_name) == ["b", "one", "two", "d"]
    assert parents(problem) == {("d[]", "b[]"), ("d[]", "one[]"), ("d[]", "two[]")}


def test_noise() -> None:
    """Noise is keyed by array and index, never by the order of evaluation."""
    x = 'x (foreach 3 [i (range 3)] (sample "x" (normal 0 1)))'
    y = 'y (foreach 2 [j (range 2)] (sample "y" (gamma 2 1)))'
    unrolled = x.replace("(normal 0 1)", "(if (= i 1) (normal 0 1) (normal 0 1))")
    draws = [
        compiled(f"(let [{' '.join(forms)}] 0)").simulate(4, seed=3)
        for forms in ((x, y), (y, x), (unrolled, 'z (sample "z" (normal 0 1))', y))
    ]
    for other in draws[1:]:
        assert torch.equal(draws[0]["x"], other["x"])
        assert torch.equal(draws[0]["y"], other["y"])


KINDS = [
    ("(dirac 3)", category(4)),
    ("(dirac (+ z z))", category(5)),
    ("(dirac (- z 5))", COUNT),
    ("(dirac (> z 1))", BOOLEAN),
]


@pytest.mark.parametrize(("law", "kind"), KINDS)
def test_kinds_of_computed_values(law: str, kind: object) -> None:
    """A dirac of integer value with a known finite range is a category, otherwise a count."""
    text = f'(let [z (sample "z" (categorical [0.2 0.3 0.5]))] (sample "w" {law}))'
    assert compiled(text).graph.by_name["w"].kind.name == getattr(kind, "name", None)
    assert compiled(text).graph.by_name["w"].kind.options == getattr(kind, "options", None)


# -- Factors -----------------------------------------------------------------------------------------

PAIR = """
(let [x (foreach 3 [i (range 3)] (sample "x" (uniform 0 1))) y (sample "y" (uniform 2 3))]
  (factor "below" (< (sum x) (+ y 9)))
  (factor "apart" (distinct? x)))"""


def test_factors_relate_pairwise() -> None:
    """A factor adds edges between all variables its expression depends on, pairwise, with its name."""
    problem = compiled(PAIR)
    assert problem.mask.toarray().all()
    roles = {problem.edges.role_names[r] for r in problem.edges.roles}
    assert roles == {"self", "below: x – x", "below: x – y", "below: y – x", "apart"}


def test_pairs_in_several_relations() -> None:
    """A pair joined by several relations is one edge that carries the set of their roles."""
    edges = compiled(PAIR).edges
    pair = (edges.rows == 0) & (edges.columns == 1)
    assert {edges.role_names[r] for r in edges.roles[pair]} == {"below: x – x", "apart"}
    assert compiled(PAIR).mask.nnz == 16


def test_factors_must_hold() -> None:
    """Compiling checks a batch and refuses the program otherwise; a factor's value is boolean."""
    assert "does not hold" in refusal(PAIR.replace("(+ y 9)", "y")).message
    assert "boolean" in refusal(PAIR.replace("(< (sum x) (+ y 9))", "(sum x)")).message


def test_verify_reports_factors() -> None:
    """`verify` reports it."""
    problem = compiled(PAIR)
    values = {"x": torch.tensor([[0.1, 0.2, 0.3], [0.4, 0.4, 20.0]]), "y": torch.tensor([2.5, 2.5])}
    found = problem.verify(values).factors
    assert {name: holds.tolist() for name, holds in found.items()} == {
        "below": [[True], [False]],
        "apart": [[True], [False]],
    }


# -- Values without structure ------------------------------------------------------------------------

RANKS = """
(def n 3)
(let [u (foreach n [j (range n)] (sample "u" (normal 0 1)))
      order (untracked (argsort u))]
  (foreach n [i (range n)] (sample "r" (dirac (get order i)))))"""


def test_untracked_values_depend_on_nothing() -> None:
    """Evaluates its argument and forgets what it depended on."""
    problem = compiled(RANKS)
    assert parents(problem) == set()
    draws = problem.simulate(5, seed=0)
    assert torch.equal(draws["r"], draws["u"].argsort(1))


def test_generated_values_are_judged_by_factors_alone() -> None:
    """Restoration and verification treat a generated `dirac` as a sampled variable."""
    problem = compiled(RANKS)
    assert problem.graph.by_name["r"].generated
    values = {"u": torch.randn(2, 3), "r": torch.tensor([[2, 2, 2], [0, 0, 0]])}
    assert "r" not in problem.verify(values).dirac
    assert torch.equal(problem.restore(values)["r"], values["r"])


def test_untracked_uses_neither_class_nor_identify() -> None:
    """Uses of an index inside `untracked` neither class plates nor identify them."""
    assert classes(RANKS) == {"j": "exchangeable", "i": "exchangeable"}
    inside = RANKS.replace("(get order i)", "(untracked (+ i (get u i)))")
    assert spans(inside) == {"u": ("j",), "r": ("i",)}
    assert classes(inside) == {"j": "exchangeable", "i": "exchangeable"}
    # what its factors judge, and the law of a variable that is drawn, owe to the index what they owe to it
    drawn = RANKS.replace("(dirac (get order i))", "(normal (untracked (* i (get u i))) 1)")
    assert spans(drawn) == {"u": ("j",), "r": ("j",)}
    assert classes(drawn) == {"j": "fixed"}


def test_externs_declare_what_is_exchangeable() -> None:
    """An extern declares which of its dimensions are exchangeable; programs call registered names only."""
    text = '(let [g (extern {})] (foreach 3 [i (range 3)] (sample "g" (dirac (get g i)))))'
    assert classes(text.format("random-gates 3")) == {"i": "fixed"}
    grid = (
        '(let [g (extern sudoku-grid 2)] (foreach 2 [i (range 2)] (sample "g" (dirac (get-in g [i 0 0 0])))))'
    )
    assert classes(grid) == {"i": "exchangeable"}
    assert "registered" in refusal(text.format("os-system 3")).message


# -- Plates ------------------------------------------------------------------------------------------


def test_identity_by_use() -> None:
    """Two plates are one and the same when one is used to index the other directly, over its whole range."""
    text = """
(def n 3)
(let [x (foreach n [i (range n)] (sample "x" (normal 0 1)))
      a (foreach n [j (range n)] (sample "a" (normal (get x j) 1)))
      b (foreach n [e x] (sample "b" (normal e 1)))
      c (foreach n [k (range n)] (sample "c" (normal 0 1)))]
  (foreach n [q (range n)] (sample "d" (normal 0 1))))"""
    assert spans(text) == {"x": ("i",), "a": ("i",), "b": ("i",), "c": ("k",), "d": ("q",)}


def test_partial_ranges() -> None:
    """A partial range belongs to the plate that it indexes and makes it ordered."""
    head = '(def n 4) (let [x (foreach n [i (range n)] (sample "x" (uniform 0 1)))] '
    problem = compiled(head + '(foreach (- n 1) [j (range (- n 1))] (factor "f" (< (get x j) 2))))')
    (factor,) = (r for r in problem.graph.relations if isinstance(r, Factor))
    assert factor.plates == ("i",)
    assert [(p.name, p.cls) for p in problem.graph.plates] == [("i", "ordered")]
    # an array over the part has a size of its own, so a plate of its own, ordered as well
    steps = head + '(foreach (- n 1) [j (range (- n 1))] (sample "d" (dirac (get x j)))))'
    assert spans(steps) == {"x": ("i",), "d": ("j",)}
    assert {p.name: (p.size, p.cls) for p in compiled(steps).graph.plates} == {
        "i": (4, "ordered"),
        "j": (3, "ordered"),
    }


def test_plates_of_reports() -> None:
    """Reports list the plates that some array has."""
    text = '(def n 3) (sample "x" (normal (sum (foreach n [i (range n)] (* i i))) 1))'
    assert compiled(text).graph.plates == ()


def test_one_plate_twice() -> None:
    """An array that spans one plate twice has two dimensions, and its diagonal an embedding of its own."""
    text = """
(def n 3)
(let [x (foreach n [i (range n)] (sample "x" (normal 0 1)))]
  (foreach n [p (range n)] (foreach n [q (range n)] (sample "G" (dirac (* (get x p) (get x q)))))))"""
    problem = compiled(text)
    assert spans(text)["G"] == ("i", "i")
    rows = problem.layout.embedding[3:].reshape(3, 3)
    assert torch.equal(rows == rows[0, 0], torch.eye(3, dtype=torch.bool))


ACCUMULATED = [
    ("(loop n 0 (fn [t a] (+ a (get x t))))", "exchangeable"),
    ("(loop n 0 (fn [t a] (+ (* 0.5 a) (get x t))))", "ordered"),
    ("(reduce (fn [a e] (max a e)) 0 x)", "exchangeable"),
    ("(reduce (fn [a e] (- e a)) 0 x)", "ordered"),
    ("(reduce (fn [a e] (- e a)) x)", "fixed"),
    ("(get x (mod 7 n))", "fixed"),
    ("(sum (foreach (- n 1) [i (range (- n 1))] (* (get x i) (get x (+ i 1)))))", "ordered"),
    ("(sum (foreach n [i (range n)] (if (< i 1) (get x i) 0)))", "ordered"),
    ("(sum (foreach n [i (range n)] (* i (get x i))))", "fixed"),
    ("(sum (foreach n [i (range n)] (* (get [1 2 3] i) (get x i))))", "fixed"),
    ("(last x)", "fixed"),
    ("(sum (rest x))", "fixed"),
]


@pytest.mark.parametrize(("mean", "cls"), ACCUMULATED, ids=[mean for mean, _ in ACCUMULATED])
def test_classes(mean: str, cls: str) -> None:
    """Exchangeable: indexing and symmetric updates; ordered: arithmetic, comparison; fixed: the rest."""
    text = f"""
(def n 3)
(let [x (foreach n [i (range n)] (sample "x" (normal 0 1)))]
  (sample "y" (normal {mean} 1)))"""
    assert classes(text) == {"i": cls}


@pytest.mark.parametrize(
    ("use", "free"), [("(get s t)", True), ("(get s (mod (+ t 1) n))", True), ("(* t (get s t))", False)]
)
def test_sizes_that_are_free(use: str, free: bool) -> None:
    """An exchangeable or ordered plate's size is free after training; a fixed one's can't change."""
    text = f"""
(def n 3)
(let [s (foreach n [i (range n)] (sample "s" (normal 0 1)))]
  (foreach n [t (range n)] (sample "y" (normal {use} 1))))"""
    small, large = compiled(text), compiled(text, n=5)
    assert (small.layout.embedding_keys == large.layout.embedding_keys) is free
    assert small.layout.roles == large.layout.roles
    assert small.layout.position_plates == large.layout.position_plates


@pytest.mark.parametrize("n", [1, 2, 3])
def test_classes_do_not_depend_on_sizes(n: int) -> None:
    """Whatever a class is for, it is the same at every size that has an iteration."""
    text = """
(def n 3) (def w [1 1 1 1])
(let [x (foreach n [i (range n)] (sample "x" (normal 0 1)))
      y (foreach n [j (range n)] (sample "y" (normal (* (get w j) (get x j)) 1)))
      z (foreach n [k (range n)] (sample "z" (normal 0 1)))]
  (foreach n [l (range n)] (sample "v" (normal (get z (mod (+ l 1) n)) 1))))"""
    problem = compiled(text, n=n)
    assert {p.name: p.cls for p in problem.graph.plates} == {"i": "fixed", "k": "ordered", "l": "ordered"}
    assert np.array_equal([p.size for p in problem.graph.plates], [n, n, n])
