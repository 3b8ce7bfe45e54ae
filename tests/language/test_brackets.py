"""Where a bracket is missing or too many, the error says where to look."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gsdmc.language import GsdmcError, parse

PROGRAMS = sorted((Path(__file__).parents[2] / "programs").glob("*.clj"))


def refused(text: str) -> GsdmcError:
    with pytest.raises(GsdmcError) as caught:
        parse(text, "p.clj")
    return caught.value


def line_of(error: GsdmcError, note: str) -> int | None:
    """The line of the place that a note is about."""
    return next((s.source.position(s.start)[0] for said, s in error.related if note in said), None)


def next_form(text: str, line: int) -> int | None:
    """The first line after one that a form starts on."""
    starts = ((n, row.lstrip()) for n, row in enumerate(text.splitlines(), start=1) if n > line)
    return next((n for n, row in starts if row and row[0] not in ";)]}"), None)


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_a_bracket_that_a_line_lacks_is_missed_before_the_next_line(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for closer in re.finditer(r"[)\]}](?=\n)", text):
        error = refused(text[: closer.start()] + text[closer.end() :])
        line = text.count("\n", 0, closer.start()) + 1
        following = next_form(text, line)
        assert line_of(error, "by its indentation") == following
        if following is None:
            assert error.hint is not None
            assert "at the very end" in error.hint


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_a_bracket_too_many_at_the_end_of_a_line_is_found_there_or_later(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for end in re.finditer(r"(?<=[)\]}])\n", text):
        error = refused(f"{text[: end.start()]}){text[end.start() :]}")
        assert error.span is not None
        assert error.span.start >= end.start()


def test_indentation_speaks_of_the_bracket_that_misses_its_closer() -> None:
    error = refused('(let [x 1]\n  (+ x\n  (* 2 x))\n\n(sample "y" (normal 0 1))')
    assert error.message == "this `(` is never closed"
    assert line_of(error, "stands outside the `(` opened at 2:3") == 3


def test_lines_inside_strings_and_comments_have_no_indentation() -> None:
    assert line_of(refused('(let [x "a\nb\n"\n      y 2\n  x)'), "by its indentation") == 5
    assert line_of(refused("(let [x 1\n; comment\n      y 2\n  x)"), "by its indentation") == 4


def test_a_comment_that_holds_the_closer_is_pointed_at() -> None:
    error = refused("(let [x 1 ; one]\n  x)")
    assert line_of(error, "starts a comment") == 1
    alone = refused("(let [x 1\n      ; one]\n  x)")
    assert line_of(alone, "starts a comment") is None


def test_a_form_that_closes_early_is_pointed_at() -> None:
    error = refused("(let [x 1])\n  (+ x 1))")
    assert error.message == "this `)` closes nothing"
    assert line_of(error, "one bracket too many") == 1
    assert line_of(refused("(+ 1 2))"), "one bracket too many") is None


def test_a_closer_before_the_right_one_is_to_be_deleted() -> None:
    assert refused("(let [x (+ 1 2))] x)").hint == "delete this `)`: the `]` follows"
    assert refused("(+ [1 2) 3)").hint == "close the `[` with `]` first"


def test_a_closer_after_which_the_bracket_goes_on_is_to_be_deleted() -> None:
    goes_on = "(let [x 1\n      y (+ x 1)))\n      z 2]\n  z)"
    assert refused(goes_on).hint == "delete it, or add the `(` that it should close"
    assert refused("(let [x 1)\n  x)").hint == "close the `[` with `]` first"
    assert refused("(let [x 1)").hint == "close the `[` with `]` first"
    assert refused("(let [x 1)\n").hint == "close the `[` with `]` first"
