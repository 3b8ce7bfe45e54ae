"""Whatever slip one makes in a bundled program, the error has a place and says what to write."""

from __future__ import annotations

import re
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from gsdmc.compiler import compile_text
from gsdmc.language import GsdmcError, render

SIZES: dict[str, dict[str, int]] = {
    "bcmf": {"m": 2, "n": 2, "k": 2},
    "hbmf": {"m": 2, "n": 2, "k": 2, "l": 2},
    "boolean": {"n": 2},
    "inversion": {"n": 2},
    "sorting": {"n": 3},
    "sudoku": {"n": 2},
}
TEXTS = {
    p.stem: p.read_text(encoding="utf-8") for p in (Path(__file__).parents[2] / "programs").glob("*.clj")
}
TOKEN = re.compile(r'"[^"]*"|;[^\n]*|[()\[\]{}]|[^\s()\[\]{};"]+')


@st.composite
def slips(draw: st.DrawFn) -> tuple[str, str]:
    """A program's name, and its text with one token left out, doubled, misspelt, or put after the next."""
    name = draw(st.sampled_from(sorted(SIZES)))
    text = TEXTS[name]
    tokens = [token for token in TOKEN.finditer(text) if not token.group().startswith(";")]
    at = draw(st.integers(0, len(tokens) - 2))
    token, after = tokens[at], tokens[at + 1]
    before, word, rest = text[: token.start()], token.group(), text[token.end() :]
    match draw(st.sampled_from(["left out", "doubled", "swapped", "misspelt"])):
        case "left out":
            return name, before + rest
        case "doubled":
            return name, f"{before}{word} {word}{rest}"
        case "swapped":
            between = text[token.end() : after.start()]
            return name, before + after.group() + between + word + text[after.end() :]
        case _:
            place = draw(st.integers(0, max(len(word) - 2, 0)))
            return name, before + word[:place] + word[place : place + 2][::-1] + word[place + 2 :] + rest


@settings(max_examples=200, deadline=None)
@given(slips())
def test_a_slip_is_answered_with_a_place_and_a_cure(slip: tuple[str, str]) -> None:
    name, text = slip
    sizes = {n: size for n, size in SIZES[name].items() if re.search(rf"\(def [^()]*\b{n}\b", text)}
    try:
        compile_text(text, f"{name}.clj", sizes)
    except GsdmcError as error:
        caught = error
    else:
        return
    assert caught.span is not None
    assert caught.span.source.text == text
    assert caught.hint
    assert render(caught).startswith("error: ")
