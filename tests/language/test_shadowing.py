"""Local names that hide a size are warned of, and nothing else is."""

from pathlib import Path

import pytest

from gsdmc.language import parse

PROGRAMS = sorted((Path(__file__).parents[2] / "programs").glob("*.clj"))


def hidden(text: str) -> list[str]:
    return [warning.span.text for warning in parse(text).warnings if warning.span is not None]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("(def n 3) (let [n 4] n)", ["n"]),
        ("(def ^{:in [1 9]} n (count [1 2])) (let [n 4] n)", ["n"]),
        ("(def n 3) (def m (* 2 n)) (let [m 4] m)", ["m"]),
        ("(def n 3) (def m (count [n])) (let [m 4] m)", []),  # what it gives is not known here
        ("(def n 3) (foreach n [n (range n)] n)", ["n"]),
        ("(def n 3) (map (fn [n] n) [1 2])", ["n"]),
        ("(def n 3) (defn f [n] n) 1", ["n"]),
        ("(def n 3) (defn f [n] n) (f 2)", ["n"]),
        ("(def n 3) (defn f [n] n) (f n)", []),
        ("(def n 3) (defn f [n] n) (+ (f n) (f 2))", ["n"]),
        ("(def n 3) (defn f [n] n) (+ (f n) (sum (map f [1 2])))", ["n"]),
        ("(def n 3) (defn f [n x] x) (defn g [] (f n 1)) (g)", []),
        ("(def n 3) (let [n n] n)", []),
        ("(def n 3) (let [_ 4] n)", []),
        ("(def x 3.5) (let [x 4] x)", []),
        ("(def n 3) (def x (exp n)) (let [x 4] x)", []),
        ("(def n 3) (def x (> n 2)) (let [x 4] x)", []),
        ("(def xs [1 2]) (let [xs 4] xs)", []),
        ("(def n true) (let [n 4] n)", []),
        ("(defn f [x] x) (let [f 4 count 5] f)", []),
        ("(def a 1) (def b 2) (let [b 3] (let [a 4] (foreach 2 [b [1 2]] a)))", ["b", "a", "b"]),
    ],
)
def test_names_that_hide_a_size(text: str, names: list[str]) -> None:
    assert hidden(text) == names


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_bundled_programs_hide_none(path: Path) -> None:
    assert parse(path.read_text(), path.name).warnings == ()


def test_a_warning_shows_both_places() -> None:
    (warning,) = parse("(def n 3)\n(let [n 4] n)", "p.clj").warnings
    assert str(warning).startswith("warning: this `let` hides the size `n`\n --> p.clj:2:7\n")
    assert [note.text for _, note in warning.related] == ["n"]
    assert "\n --> p.clj:1:6\n" in str(warning)


def test_deep_programs_are_searched() -> None:
    text = "(def n 3) " + "(+ 1 " * 190 + "(let [n 4] n)" + ")" * 190
    assert hidden(text) == ["n"]
