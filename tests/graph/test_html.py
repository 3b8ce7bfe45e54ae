from __future__ import annotations

from gsdmc.graph.html import code, facts, folded, frame, png, table, text
from tests.pages import read

HOSTILE = '<script>alert("x")</script>&\x00\u202e'


def test_nothing_of_a_program_is_markup() -> None:
    page = read(
        frame(
            text(HOSTILE),
            table(("a", HOSTILE), [(HOSTILE, 1)], right=(1,)),
            facts([(HOSTILE, HOSTILE)]),
            code(HOSTILE),
            folded(HOSTILE, png(b"x", HOSTILE, 10)),
        )
    )
    assert "script" not in page.tags
    assert page.text.count("<script>") == 7
    assert "\x00" not in page.text
    assert "\u202e" not in page.text


def test_a_program_keeps_its_lines() -> None:
    assert read(code('(let [x 1]\n\t(+ x "ü"))\n\n')).text == '(let [x 1]\n    (+ x "ü"))'


def test_folds_are_open_where_asked() -> None:
    assert folded("a", "b", True).startswith("<details open>")
    assert folded("a", "b").startswith("<details>")
