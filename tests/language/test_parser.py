"""The parser: what syntax a program has."""

import inspect
import sys
from pathlib import Path

import pytest

from gsdmc.language import GsdmcError, parse
from gsdmc.language.limits import Limits
from gsdmc.language.syntax import (
    Call,
    Def,
    Expr,
    Extern,
    Factor,
    Fn,
    Foreach,
    Given,
    If,
    Let,
    Literal,
    Loop,
    Name,
    Observe,
    Sample,
    Untracked,
)

ROOT = Path(__file__).parents[2]
FIGURE_17 = ROOT.parent / "shared/papers/figure17.clj"
PROGRAMS = sorted((ROOT / "programs").glob("*.clj"))


def only(text: str) -> Expr:
    (expr,) = parse(text).body
    return expr


def refused(text: str, match: str) -> GsdmcError:
    with pytest.raises(GsdmcError, match=match) as caught:
        parse(text)
    return caught.value


@pytest.mark.skipif(not FIGURE_17.exists(), reason="the paper's Figure 17 is not in this checkout")
def test_figure_17() -> None:
    program = parse(FIGURE_17.read_text(), FIGURE_17.name)
    assert list(program.functions) == [
        "rand-matrix",
        "dot-helper",
        "dot",
        "row-mul",
        "transpose",
        "matmatmul",
    ]
    loop = program.functions["dot"].body[0]
    assert isinstance(loop, Loop)
    assert loop.function == Name(loop.span, "dot-helper")
    (model,) = program.body
    assert isinstance(model, Let)
    assert [name.name for name, _ in model.bindings] == ["A", "R", "E"]


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_bundled_programs(path: Path) -> None:
    assert parse(path.read_text(), path.name).body


def test_definitions() -> None:
    program = parse(
        """
        (def k 5)
        (def ^{:in [1 10]} m 10)
        (def ^{:seed 3, :in [0 2]} n (+ k 1))
        (given "E" (subset "A" "R"))
        (given (subset "E"))
        (defn f "doubles" [x] (first [x]) (* 2 x))
        (f k)
        m
        """
    )
    span = program.defs[0].span
    two, x = Literal(span, 2), Name(span, "x")
    assert program.defs[0] == Def(span, "k", Literal(span, 5))
    assert program.defs[1] == Def(span, "m", Literal(span, 10), (1, 10))
    assert (program.defs[2].range, program.defs[2].seed) == ((0, 2), 3)
    assert program.givens == (Given(span, ("E",), ("A", "R")), Given(span, (), ("E",)))
    assert program.functions["f"].body[1] == Call(span, Name(span, "*"), (two, x))
    assert len(program.functions["f"].body) == 2
    assert len(program.body) == 2


def test_special_forms() -> None:
    sample = only('(sample "A" (normal 0 1))')
    assert isinstance(sample, Sample)
    assert sample.name == Literal(sample.span, "A")
    assert isinstance(only("(sample (normal 0 1))"), Sample)
    observe = only("(observe (normal 0 1) 3.2)")
    assert isinstance(observe, Observe)
    assert observe.name is None
    assert observe.value == Literal(observe.span, 3.2)
    assert isinstance(only('(observe "y" (normal 0 1) 3.2)'), Observe)
    assert isinstance(only('(factor "row" (distinct? [1 2]))'), Factor)
    assert isinstance(only("(untracked (argsort [2 1]))"), Untracked)
    extern = only("(extern sudoku-grid 3)")
    assert isinstance(extern, Extern)
    assert extern.function == "sudoku-grid"
    assert isinstance(only("(if true 1 2)"), If)
    assert isinstance(only("(fn [x _ _] 1 x)"), Fn)
    assert isinstance(only("(foreach 3 [] 1 (sample (normal 0 1)))"), Foreach)
    loop = only("(loop 3 0 (fn [t acc x] (+ acc x)) 5)")
    assert isinstance(loop, Loop)
    assert len(loop.args) == 1


@pytest.mark.parametrize(
    ("text", "bound"),
    [
        ("(let [x (sample (normal 0 1))] x)", "x"),
        ("(let [x (foreach 2 [] (foreach 3 [] (sample (normal 0 1))))] x)", "x"),
        ("(let [x (let [y 1] (sample (normal y 1)))] x)", "x"),
        ("(let [_ (sample (normal 0 1))] 1)", None),
        ("(let [x (+ 1 (sample (normal 0 1)))] x)", None),
        ("(let [x [(sample (normal 0 1))]] x)", None),
        ("(let [x 1] (sample (normal x 1)))", None),
    ],
)
def test_samples_are_bound_to_the_name_of_their_value(text: str, bound: str | None) -> None:
    def samples(value: object) -> list[Sample]:
        if isinstance(value, Sample):
            return [value]
        parts = value if isinstance(value, tuple) else vars(value).values() if isinstance(value, Expr) else ()
        return [found for part in parts for found in samples(part)]

    assert [sample.bound for sample in samples(only(text))] == [bound]


@pytest.mark.parametrize(
    "text",
    [
        "(defn f [x] (g x)) (defn g [x] x) (f 1)",
        "(defn sum [xs] (reduce + xs)) (sum [1 2])",
        "(let [count 3 first [1 2]] (get first count))",
        "(def n 3) (let [n 4] n)",
        "(let [x 1 x (+ x 1) f (fn [y] (+ x y)) g f] (g x))",
        "(let [f +] (f 1 2 3))",
        "(defn apply-twice [f x] (f (f x))) (apply-twice inc 1)",
        "(def f (fn [x] x)) (f 1)",
        "((fn [x] x) 1)",
        "(map + [1] [2] [3])",
        "(map normal [0 1] [1 2])",
        "(let [ds [(normal 0 1) (uniform 0 1)]] (sample (get ds 0)))",
        "(let [prior (normal 0 1)] (foreach 3 [] (sample prior)))",
        '(sample "x" (if true (normal 0 1) (flip 0.5)))',
        '(defn f [name] (sample name (normal 0 1))) (f "A")',
        "(and) (or nil 1) (not nil) (vector) (hash-map) (hash-map :a 1) (str :a)",
    ],
)
def test_accepted(text: str) -> None:
    assert parse(text).body


def test_arity_message() -> None:
    error = refused(
        "(defn dot [a b] (* a b)) (dot 1 2 3)", r"`dot` takes 2 arguments: \(dot a b\); this call has 3"
    )
    assert error.span is not None
    assert error.span.text == "(dot 1 2 3)"


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("(let [alpha 1] alpah)", "alpha"),
        ("(defn matmul [a] a) (mat-mull 1)", "matmul"),
        ("(argsrot [1])", "argsort"),
        ("(sample (uniform_discrete 0 3))", "uniform-discrete"),
        ("(smaple (normal 0 1))", "sample"),
    ],
)
def test_did_you_mean(text: str, near: str) -> None:
    assert f"`{near}`" in (refused(text, "unknown name").hint or "")


def test_recursion_shows_the_chain() -> None:
    error = refused(
        "(defn f [x] (g x)) (defn g [x] (loop 2 0 h x)) (defn h [t a x] (f x)) 1", "`f` calls itself"
    )
    assert error.span is not None
    assert error.span.text == "(f x)"
    assert [call.text for call in error.calls] == ["h", "(g x)"]


def test_long_chains_of_functions_need_no_stack() -> None:
    chain = "".join(f"(defn f{i} [x] (f{i + 1} x))" for i in range(2000))
    assert len(parse(chain + "(defn f2000 [x] x) (f0 1)").functions) == 2001
    assert len(refused(chain + "(defn f2000 [x] (f0 x)) 1", "`f0` calls itself").calls) == 2000


@pytest.mark.parametrize(
    ("text", "calls"),
    [
        ("(def a (sample (normal 0 1))) a", []),
        ('(defn f [] (g)) (defn g [] (factor "c" true)) (def a (f)) a', ["(g)", "(f)"]),
        ("(def a (map (fn [x] (observe (normal 0 1) x)) [1])) a", []),
    ],
)
def test_defs_are_not_random(text: str, calls: list[str]) -> None:
    assert [call.text for call in refused(text, "can't be random").calls] == calls


def test_defs_use_earlier_defs() -> None:
    assert parse("(def a 1) (def b (f a)) (defn f [x] (+ x a)) b").defs
    refused("(def a (f 1)) (defn f [x] b) (def b 2) a", "`b` is used before")
    refused("(def a (fn [x] (a x))) a", "`a` is used in its own definition")


def nested(depth: int) -> str:
    return "(+ 1 " * depth + "1" + ")" * depth


def test_nesting_up_to_the_limit() -> None:
    for depth, deep in [(Limits.nesting, True), (Limits.nesting + 1, False)]:
        assert parse(nested(depth)).body if deep else refused(nested(depth), "deep")
    assert parse(nested(9_000), limits=Limits(nesting=9_000)).body
    with pytest.raises(GsdmcError, match="more than 9000 deep") as caught:
        parse(nested(9_001), limits=Limits(nesting=9_000))
    assert "--limit nesting=10000" in (caught.value.hint or "")


def test_a_stack_that_is_almost_full_is_an_error_too() -> None:
    def deeper(frames: int) -> object:
        return deeper(frames - 1) if frames else parse(nested(100))

    with pytest.raises(GsdmcError, match="too deep for the Python stack"):
        deeper(sys.getrecursionlimit() - len(inspect.stack()) - 150)


def test_errors_never_show_names_that_are_not_there() -> None:
    error = refused("(foreach 2 [x [1 2]] (+ x _))", "`_` discards")
    assert error.hint is not None
