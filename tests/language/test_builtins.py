"""The tables of builtins and distributions agree with their own notation."""

import pytest

from gsdmc.language.builtins import BUILTINS, NUMERIC
from gsdmc.language.distributions import ALIASES, DISTRIBUTIONS, canonical, signature
from gsdmc.language.signatures import Signature


@pytest.mark.parametrize(
    ("name", "least", "most", "shown"),
    [
        ("+", 0, None, "(+ ...)"),
        ("-", 1, None, "(- x ...)"),
        ("<", 2, None, "(< x y ...)"),
        ("and", 0, None, "(and ...)"),
        ("min", 1, None, "(min x ...)"),
        ("range", 1, 2, "(range [start] end)"),
        ("reduce", 2, 3, "(reduce f [init] xs)"),
        ("map", 2, None, "(map f xs ...)"),
        ("get", 2, 3, "(get xs k [default])"),
        ("distinct?", 1, 1, "(distinct? xs)"),
    ],
)
def test_arities(name: str, least: int, most: int | None, shown: str) -> None:
    found = BUILTINS[name]
    assert (found.least, found.most, str(found)) == (least, most, shown)


def test_every_builtin_and_distribution_is_documented() -> None:
    for name, found in (BUILTINS | DISTRIBUTIONS).items():
        assert found.name == name
        assert found.doc


def test_no_name_has_two_meanings() -> None:
    assert not set(BUILTINS) & {*DISTRIBUTIONS, *ALIASES}
    assert set(BUILTINS) > NUMERIC


def test_aliases() -> None:
    assert canonical("flip") == "bernoulli"
    assert canonical("normal") == "normal"
    assert str(signature("flip")) == "(flip p)"
    assert signature("no-distribution") is None


def test_expected_counts_in_words() -> None:
    words = {
        text: Signature.of("f", text).expected for text in ("", "x", "x y", "x [y]", "[x] [y] z", "x y ...")
    }
    assert list(words.values()) == [
        "no arguments",
        "1 argument",
        "2 arguments",
        "1 or 2 arguments",
        "1 to 3 arguments",
        "at least 2 arguments",
    ]
