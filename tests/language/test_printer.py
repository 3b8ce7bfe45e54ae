"""The printer: what it prints parses to the same tree."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gsdmc.language import parse
from gsdmc.language.builtins import BUILTINS
from gsdmc.language.distributions import DISTRIBUTIONS
from gsdmc.language.printer import show, to_text
from gsdmc.language.syntax import Syntax

PROGRAMS = sorted((Path(__file__).parents[2] / "programs").glob("*.clj"))
LOCALS = ("x", "y", "m2_", "x'", "count", "σ")
SPACES = st.sampled_from([" ", "\n", ", ", " ; note\n", " #_ (skip [1]) "])
STRINGS = st.text(max_size=6).map(lambda s: '"' + s.replace("\\", "\\\\").replace('"', '\\"') + '"')
ATOMS = st.one_of(
    st.integers(-(2**63), 2**63 - 1).map(str),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.tuples(st.integers(-9, 9), st.integers(1, 9)).map(lambda r: f"{r[0]}/{r[1]}"),
    STRINGS,
    st.sampled_from(["true", "false", "nil", ":key", ":a-b?"]),
)


@st.composite
def expression(draw: st.DrawFn, scope: tuple[str, ...], depth: int) -> str:
    """A well-formed expression over the names in scope, with varied white space."""

    def inner(extra: tuple[str, ...] = ()) -> str:
        return draw(expression(scope + extra, depth - 1))

    def join(*parts: str) -> str:
        return draw(SPACES).join(parts)

    if depth == 0:
        return draw(ATOMS if not scope else st.one_of(ATOMS, st.sampled_from(scope)))
    a, b = draw(st.sampled_from(LOCALS)), draw(st.sampled_from(LOCALS))
    number = draw(st.integers(0, 20).map(str))
    match draw(st.integers(0, 12)):
        case 0:
            return join("[" + inner(), inner() + "]")
        case 1:
            return "{" + join(":a", inner(), '"b"', inner()) + "}"
        case 2:
            return join(
                "(let", "[" + join(a, inner(), b, inner((a,))) + "]", inner((a, b)), inner((a, b)) + ")"
            )
        case 3:
            return join("(if", inner(), inner(), inner() + ")")
        case 4:
            return join("(foreach", number, "[" + join(a, inner()) + "]", inner((a,)) + ")")
        case 5:
            return join("(loop", number, inner(), f"(fn [i {a}]", inner((a,)) + "))")
        case 6:
            name = draw(st.sampled_from(sorted(DISTRIBUTIONS)))
            args = [number] * DISTRIBUTIONS[name].least
            return join("(sample", draw(STRINGS.filter(lambda s: s != '""')), join(f"({name}", *args) + "))")
        case 7:
            return join("(observe", "(normal 0 1)", inner() + ")")
        case 8:
            return join("(factor", '"f"', f"(distinct? {inner()}))")
        case 9:
            return join("(untracked", inner() + ")")
        case 10:
            return join("(extern", "shuffle", inner() + ")")
        case 11:
            return join(f"(get (map (fn [{a}]", inner((a,)) + ")", f"[{number}])", number + ")")
        case _:
            name = draw(st.sampled_from(["str", "vector", "get", "=", "conj", "concat"]))
            name = name if name not in scope else "str"
            return join(f"({name}", inner(), inner() + ")")


@st.composite
def programs(draw: st.DrawFn) -> str:
    depth = st.integers(0, 3)
    parts = [
        "(def k 3)",
        f"(def ^{{:in [1 {draw(st.integers(1, 9))}] :seed {draw(st.integers(0, 9))}}} n 4)",
        f"(defn f [x y] {draw(expression(('x', 'y', 'k', 'g'), draw(depth)))})",
        "(defn g [] k n)",
        draw(st.sampled_from(["", '(given "A")', '(given "A" (subset "B" "C")) (given (subset "A"))'])),
        draw(expression(("k", "f"), draw(depth))),
        draw(expression(("n",), draw(depth))),
    ]
    return draw(SPACES).join(parts)


def check_round_trip(program: Syntax, width: int) -> None:
    text = to_text(program, width)
    again = parse(text)
    assert again == program
    assert repr(again) == repr(program)  # tells 1, 1.0 and true apart, which are equal
    assert to_text(again, width) == text


@settings(max_examples=150, deadline=None)
@given(programs(), st.sampled_from([20, 60, 100]))
def test_round_trip(text: str, width: int) -> None:
    check_round_trip(parse(text), width)


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_round_trip_of_bundled_programs(path: Path) -> None:
    program = parse(path.read_text())
    check_round_trip(program, 100)
    assert max(map(len, to_text(program).splitlines())) <= 100


def test_layout() -> None:
    text = """\
(def ^{:in [1 10]} m 10)

(defn rand-matrix [size name]
  (foreach (first size) [i (range (first size))]
    (sample name (normal i 1))))

(given "E" (subset "A" "R"))

(let [A (rand-matrix [3 2] "A")
      R (rand-matrix [2 3] "R")]
  (sample "C" (dirac (* (reduce + (get A 0)) 2.0))))
"""
    assert to_text(parse(text), 60) == text


def test_deep_programs_print() -> None:
    text = "(+ 1 " * 200 + "1" + ")" * 200
    check = parse(text)
    assert parse(to_text(check)) == check


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("(+ 1\n   2)", "(+ 1 2)"),
        ("(+ 1/3 ; a third\n 2)", "(+ 0.3333333333333333 2)"),
        ("(+ 1 #_ 3 2.50)", "(+ 1 2.5)"),
        ("(normal 0 1e3)", "(normal 0 1e3)"),
        ('(str "a  b"   "\n")', r'(str "a  b" "\n")'),
    ],
)
def test_show(text: str, shown: str) -> None:
    assert show(parse(text).body[0]) == shown


def test_every_builtin_prints_as_itself() -> None:
    text = f"[{' '.join(BUILTINS)}]"
    assert show(parse(text).body[0]) == text
