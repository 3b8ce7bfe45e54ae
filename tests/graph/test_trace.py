"""The reading `trace`: factor graphs of programs whose graphs are known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gsdmc.compiler import Problem, bundled, compile_problem, compile_text
from gsdmc.graph.factor_graph import Argument, Factor
from gsdmc.graph.trace import trace
from gsdmc.language import parse
from gsdmc.language.limits import Limits
from gsdmc.program.evaluator import evaluate

FIGURE_17 = Path(__file__).parents[3] / "shared" / "papers" / "figure17.clj"

COUNTS = [  # the paper's text and Appendix D: nodes, entries, largest degree
    ("bcmf", {"m": 10, "n": 10, "k": 10}, 1300, 7300, 11),
    ("sudoku", {"n": 3}, 81, 1701, 21),
    ("boolean", {"n": 4}, 31, 91, 4),
    ("inversion", {"n": 5}, 200, 950, 6),
    ("sorting", {"n": 20}, 840, 18478, 40),
]


@pytest.mark.skipif(not FIGURE_17.exists(), reason="the papers are not beside this checkout")
def test_figure_17_runs_as_it_is() -> None:
    problem = compile_problem(FIGURE_17)
    assert {a.name: a.shape for a in problem.graph.arrays} == {
        "A": (3, 2),
        "R": (2, 3),
        "C": (3, 3, 2),
        "E": (3, 3),
    }
    assert problem.graph.nodes == 39
    assert problem.mask.nnz == 147
    assert {p.cls for p in problem.graph.plates} == {"exchangeable"}
    draws = problem.simulate(16, seed=0)
    assert np.allclose(draws["E"], draws["A"] @ draws["R"], atol=1e-6)
    assert (draws["C"].sum(-1) == draws["E"]).all()


@pytest.mark.parametrize(("name", "sizes", "nodes", "entries", "degree"), COUNTS, ids=[c[0] for c in COUNTS])
def test_masks_agree_with_the_paper(
    name: str, sizes: dict[str, int], nodes: int, entries: int, degree: int
) -> None:
    problem = compile_problem(name, **sizes)
    assert (problem.graph.nodes, problem.mask.nnz) == (nodes, entries)
    assert problem.metrics.max_degree == degree
    assert (problem.mask != problem.mask.T).nnz == 0
    assert problem.mask.diagonal().all()


def test_every_sudoku_cell_has_the_same_degree() -> None:
    assert set(np.diff(compile_problem("sudoku").mask.indptr).tolist()) == {21}


def test_hierarchical_factorisation() -> None:
    problem = compile_problem("hbmf", m=5, n=5, k=3, l=2)
    assert {a.name: a.shape for a in problem.graph.arrays} == {
        "A": (5, 3),
        "R1": (3, 2),
        "R2": (2, 5),
        "D": (3, 5, 2),
        "R": (3, 5),
        "C": (5, 5, 3),
        "E": (5, 5),
    }
    # D: 2 parents each; R: its 2 D; C: 2 parents each; E: its 3 C; both directions, and the diagonal
    assert problem.mask.nnz == 176 + 2 * (30 * 2 + 30 + 75 * 2 + 75)


KINDS = {
    "bcmf": {"A": "real in [0, 1]", "R": "boolean", "C": "real", "E": "real"},
    "boolean": {"x": "boolean", "y": "boolean"},
    "hbmf": {
        "A": "real in [0, 1]",
        "R1": "boolean",
        "R2": "boolean",
        "D": "boolean",
        "R": "category of 3",
        "C": "real",
        "E": "real",
    },
    "inversion": {"A": "real", "R": "real", "C": "real", "E": "real"},
    "diagnosis": {
        **dict.fromkeys(("smoker", "flu", "bronchitis", "pneumonia", "cough", "breathless"), "boolean"),
        **dict.fromkeys(("season", "xray"), "category of 3"),
        **dict.fromkeys(("temperature", "oxygen", "pulse"), "real"),
    },
    "epidemic": {
        **dict.fromkeys(
            ("start", "recovery", "before", "log-rate", "new", "susceptible", "infected"), "real"
        ),
        "cases": "count",
    },
    "noisy_bcmf": {"A": "real in [0, 1]", "R": "boolean", "C": "real", "E": "real"},
    "sorting": {"u": "real", "P": "boolean", "C": "real", "s": "real"},
    "sudoku": {"cell": "category of 9"},
    "sbi/bernoulli_glm": {"offset": "real", "f": "real", "x": "boolean"},
    "sbi/eight_schools": {"mu": "real", "tau": "positive real", "theta": "real", "y": "real"},
    "sbi/gaussian_linear": {"theta": "real", "x": "real"},
    "sbi/gaussian_linear_uniform": {"theta": "real in [-1, 1]", "x": "real"},
    "sbi/gaussian_mixture": {"theta": "real in [-10, 10]", "broad": "boolean", "x": "real"},
    "sbi/hmm": {"theta": "real", "x": "real"},
    "sbi/slcp": {"theta": "real in [-3, 3]", "x": "vector of 2"},
    "sbi/tree": dict.fromkeys(("theta1", "theta2", "theta3", "x1", "x2", "x3", "x4"), "real"),
    "sbi/two_moons": {"theta": "real in [-1, 1]", "a": "real in [-1.5708, 1.5708]", "r": "real", "x": "real"},
}

PLATES = {
    "bcmf": {"A": "it", "R": "tj", "C": "ijt", "E": "ij"},
    "boolean": {"x": "i", "y": "g"},
    "hbmf": {"A": "it", "R1": "ts", "R2": "sj", "D": "tjs", "R": "tj", "C": "ijt", "E": "ij"},
    "inversion": {"A": "it", "R": "tj", "C": "ijt", "E": "ij"},
    "diagnosis": dict.fromkeys(KINDS["diagnosis"], ""),
    "epidemic": {
        **dict.fromkeys(("start", "recovery", "before"), ""),
        **dict.fromkeys(("log-rate", "new", "cases", "susceptible", "infected"), "t"),
    },
    "noisy_bcmf": {"A": "it", "R": "tj", "C": "ijt", "E": "ij"},
    "sorting": {"u": "j", "P": "ij", "C": "ij", "s": "i"},
    "sbi/bernoulli_glm": {"offset": "", "f": "j", "x": "t"},
    "sbi/gaussian_linear": {"theta": "i", "x": "i"},
    "sbi/gaussian_linear_uniform": {"theta": "i", "x": "i"},
    "sbi/gaussian_mixture": {"theta": "i", "broad": "", "x": "i"},
    "sbi/hmm": {"theta": "t", "x": "t"},
    "sbi/tree": dict.fromkeys(KINDS["sbi/tree"], ""),
    "sbi/two_moons": {"theta": "i", "a": "", "r": "", "x": "v"},
}
LONG_PLATES = {
    "sudoku": {"cell": ("band", "row", "stack", "column")},
    "sbi/eight_schools": {"mu": (), "tau": (), "theta": ("school",), "y": ("school",)},
    "sbi/slcp": {"theta": ("i",), "x": ("i_2",)},
}


@pytest.mark.parametrize("name", bundled())
def test_kinds_and_dimensions_of_bundled_programs(name: str) -> None:
    graph = compile_problem(name).graph
    assert {a.name: str(a.kind) for a in graph.arrays} == KINDS[name]
    if name in PLATES:
        assert {a.name: "".join(a.plates) for a in graph.arrays} == PLATES[name]
    else:
        assert {a.name: a.plates for a in graph.arrays} == LONG_PLATES[name]


def test_deterministic_and_generated_arrays() -> None:
    graph = compile_problem("sorting").graph
    assert [(a.name, a.deterministic, a.generated) for a in graph.arrays] == [
        ("u", False, False),
        ("P", True, True),
        ("C", True, False),
        ("s", True, False),
    ]
    assert compile_problem("sudoku").graph.by_name["cell"].generated
    assert not any(a.generated for a in compile_problem("bcmf").graph.arrays)


def argument(problem: Problem, parent: str, child: str) -> Argument:
    relations = [r for r in problem.graph.relations if isinstance(r, Argument)]
    return next(r for r in relations if (r.parent, r.child) == (parent, child))


def factor(problem: Problem, name: str) -> Factor:
    return next(r for r in problem.graph.relations if isinstance(r, Factor) and r.name == name)


def test_arguments_join_an_element_and_its_parents() -> None:
    problem = compile_problem("bcmf", m=2, n=3, k=2)
    relation = argument(problem, "A", "C")
    offset = {a.name: a.offset for a in problem.graph.arrays}
    shape = {a.name: a.shape for a in problem.graph.arrays}
    for parent, child in zip(relation.parents, relation.children, strict=True):
        i, t = np.unravel_index(parent - offset["A"], shape["A"])
        assert np.unravel_index(child - offset["C"], shape["C"])[0] == i
        assert np.unravel_index(child - offset["C"], shape["C"])[2] == t
    assert relation.slot == "value"
    assert len(relation.parents) == 2 * 3 * 2


def test_a_distribution_has_a_role_for_each_parameter() -> None:
    text = """
(let [a (sample "a" (normal 0 1))
      b (sample "b" (uniform 1 2))]
  (sample "x" (normal a (exp (+ a b)))))"""
    relations = [r for r in compile_text(text, "t.clj").graph.relations if isinstance(r, Argument)]
    assert {(r.parent, r.slot) for r in relations} == {("a", "mean"), ("a", "std"), ("b", "std")}


def test_factor_instances_hold_their_members_once() -> None:
    problem = compile_problem("sorting", n=4)
    order = factor(problem, "order")
    assert order.members.shape == (3, 2)
    first = problem.graph.by_name["s"].offset
    assert sorted(map(sorted, order.members.tolist())) == [[first + t, first + t + 1] for t in range(3)]
    assert factor(problem, "row").members.shape == (4, 4)
    text = """
(let [x (foreach 3 [i (range 3)] (sample "x" (normal 0 1)))]
  (foreach 3 [i (range 3)] (factor "f" (< (* (get x i) (get x i) (get x (mod (+ i 1) 3))) 999))))"""
    members = factor(compile_text(text, "t.clj"), "f").members
    assert sorted(map(sorted, members.tolist())) == [[0, 1], [0, 2], [1, 2]]


def test_instances_of_different_sizes_are_padded() -> None:
    text = """
(let [x (foreach 3 [i (range 3)] (sample "x" (uniform 0 1)))]
  (foreach 3 [i (range 3)]
    (factor "f" (>= (sum (foreach (+ i 1) [j (range (+ i 1))] (get x j))) 0))))"""
    members = factor(compile_text(text, "t.clj"), "f").members
    assert sorted(sorted(m for m in row if m >= 0) for row in members.tolist()) == [[0], [0, 1], [0, 1, 2]]


def test_one_factor_may_be_stated_in_two_places() -> None:
    text = """
(let [x (foreach 3 [i (range 3)] (sample "x" (uniform 0 1)))]
  (factor "f" (>= (get x 0) 0))
  (factor "f" (>= (+ (get x 1) (get x 2)) 0)))"""
    relation = factor(compile_text(text, "t.clj"), "f")
    assert sorted(map(sorted, relation.members.tolist())) == [[-1, 0], [1, 2]]


def test_empty_plates_make_empty_arrays() -> None:
    problem = compile_problem("bcmf", m=2, n=3, k=0)
    assert problem.graph.by_name["C"].shape == (2, 3, 0)
    assert problem.graph.nodes == 6
    assert str(problem.graph.by_name["E"].kind) == "real"
    assert problem.simulate(2, seed=0)["E"].abs().max() == 0


def test_single_replicas_that_are_looked_up_count_once_each() -> None:
    text = """
(def n 300)
(let [z (loop n [] (fn [t acc] (conj acc (sample "z" (normal (if (= t 0) 0 (last acc)) 1)))))]
  (foreach n [j (range n)] (sample "y" (normal (get z j) 1)))
  (foreach (- n 1) [j (range (- n 1))] (factor "f" (or (< (get z j) 99) (< (get z (+ j 1)) 99)))))"""
    graph = trace(evaluate(parse(text)), Limits(edges=3000))
    assert {r.role: r.members.shape for r in graph.relations if isinstance(r, Factor)} == {"f": (299, 2)}
    assert sum(len(r.parents) for r in graph.relations if isinstance(r, Argument)) == 299 + 300


@pytest.mark.parametrize("law", ["(normal 0 1)", "(normal (if (< i 1) 0 1) 1)"])
def test_what_is_folded_over_nothing_has_a_role_and_no_edges(law: str) -> None:
    text = f"""
(def n 2) (def k 0)
(let [x (foreach n [i (range n)] (sample "x" {law}))]
  (foreach n [j (range n)] (sample "y" (dirac (sum (foreach k [q (range k)] (get x q)))))))"""
    (relation,) = compile_text(text, "empty.clj").graph.relations
    assert isinstance(relation, Argument)
    assert (relation.parent, relation.child, len(relation.parents)) == ("x", "y", 0)


def test_names_that_str_makes_are_plain_text() -> None:
    text = """
(def n 2)
(let [x (foreach n [i (range n)] (sample (str "x" i) (normal 0 1)))]
  (foreach n [i (range n)] (factor (str "f" i) (> (get x i) -99))))"""
    graph = compile_text(text, "names.clj").graph
    assert [type(a.name) for a in graph.arrays] == [str, str]
    assert [(type(r.role), r.role) for r in graph.relations] == [(str, "f0"), (str, "f1")]


def test_a_factor_names_the_arrays_of_its_members_alone() -> None:
    text = """
(let [x (foreach 2 [i (range 2)] (foreach 2 [j (range 2)] (sample (str "x" i j) (normal 0 1))))]
  (foreach 2 [p (range 2)]
    (factor "f" (> (sum (foreach 2 [q (range 2)] (get (get x p) (mod (+ p (* 2 q)) 2)))) -99))))"""
    graph = trace(evaluate(parse(text)))
    (factor,) = (r for r in graph.relations if isinstance(r, Factor))
    assert factor.arrays == ("x00", "x11")
    assert factor.members.tolist() == [[0], [3]]
