"""Whatever the text, `parse` gives a program or a diagnostic that can be shown."""

from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

from gsdmc.language import GsdmcError, parse, render

SEED_PROGRAM = (Path(__file__).parents[2] / "programs" / "bcmf.clj").read_text()
HEADS = (
    "let if foreach loop fn sample observe factor untracked extern def defn given subset "
    "normal dirac + map reduce get argsort f"
)
ATOMS = (
    '#_ ^ ^{:in #( #{ \' ` ~ @ \\ ; , : :a x y f A _ & " "A" "" \\" '
    "0 1 -1 2.5 1/2 1/0 1e9 1e999 08 1x nil true + / a/b a.b"
)
TOKENS = st.sampled_from(
    [*"()[]{}\n\r\u00a0", *ATOMS.split(), *(f"({head}" for head in HEADS.split()), "(let [", "(fn ["]
)


def survives(text: str) -> None:
    try:
        parse(text)
    except GsdmcError as error:
        caught = error
    else:
        return
    assert render(caught, color=True)
    assert caught.span is not None
    assert 0 <= caught.span.start <= caught.span.end


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=2000))
@example("\x00")
@example("\ud800")
@example("\r")
@example("(" * 5000)
@example("#_" * 5000)
def test_any_text(text: str) -> None:
    survives(text)


@settings(max_examples=500, deadline=None)
@given(st.lists(TOKENS, max_size=60))
def test_any_tokens(tokens: list[str]) -> None:
    survives(" ".join(tokens))


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_any_edit_of_a_program(data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(SEED_PROGRAM)))
    end = data.draw(st.integers(start, min(len(SEED_PROGRAM), start + 30)))
    survives(SEED_PROGRAM[:start] + data.draw(TOKENS | st.just("")) + SEED_PROGRAM[end:])
