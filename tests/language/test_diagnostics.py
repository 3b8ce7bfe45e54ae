"""How errors are shown."""

from gsdmc.language import GsdmcError, Source, Span, render
from gsdmc.language.diagnostics import CALLS, WIDTH


def error(text: str, start: int, end: int, **notes: object) -> GsdmcError:
    return GsdmcError("wrong", Span(Source("p.clj", text), start, end), **notes)  # type: ignore[arg-type]


def test_quotes_the_line_with_a_caret_under_the_form() -> None:
    assert render(error("(a\n  (b c) d)", 5, 10, hint="write e")) == (
        "error: wrong\n --> p.clj:2:3\n  |\n2 |   (b c) d)\n  |   ^~~~~\nhelp: write e"
    )
    assert str(error("a", 0, 1)) == render(error("a", 0, 1))


def test_error_without_a_place() -> None:
    assert render(GsdmcError("wrong", hint="do this")) == "error: wrong\nhelp: do this"


def test_forms_of_several_lines_are_marked_on_their_first() -> None:
    assert render(error("x (b\n c)", 2, 8)).splitlines()[-2:] == ["1 | x (b", "  |   ^~"]


def test_caret_stands_under_the_form_after_tabs_and_wide_characters() -> None:
    quoted, marked = render(error("\t変 x", 3, 4)).splitlines()[-2:]
    assert quoted == "1 |     変 x"
    assert marked == "  |        ^"  # 変 takes two columns


def test_control_characters_are_not_printed() -> None:
    shown = render(error("a\x1b[31m\x07b\r\nc", 0, 1))
    assert "\x1b" not in shown
    assert "\x07" not in shown
    assert "\r" not in shown


def test_empty_places_and_ends_of_text_have_a_caret() -> None:
    assert render(error("", 0, 0)).splitlines()[-1] == "  | ^"
    assert render(error("ab\n", 3, 3)).splitlines()[1] == " --> p.clj:2:1"
    assert render(error("ab", 2, 3)).splitlines()[-1] == "  |   ^"


def test_long_lines_are_clipped_around_the_form() -> None:
    text = "a " * 500 + "(here)" + " b" * 500
    quoted, marked = render(error(text, 1000, 1006)).splitlines()[-2:]
    assert len(quoted) <= WIDTH + 10
    assert quoted[marked.index("^") :].startswith("(here)")
    assert render(error("x" * 5000, 0, 5000)).splitlines()[-1].endswith("^" + "~" * (WIDTH // 2 - 1))


def test_calls_are_listed_innermost_first_and_long_chains_shortened() -> None:
    source = Source("p.clj", "(f\n  1)")
    call = Span(source, 0, 7)
    shown = render(error("x", 0, 1, calls=(call,) * 2))
    assert shown.count("in the call at p.clj:1:1: (f 1)") == 2
    many = render(error("x", 0, 1, calls=(call,) * 100))
    assert many.count("in the call at") == CALLS
    assert f"... {100 - CALLS} more calls ..." in many


def test_related_places_are_quoted() -> None:
    related = (("first here", Span(Source("q.clj", "(def k 1)"), 5, 6)),)
    shown = render(error("x", 0, 1, related=related))
    assert "note: first here\n --> q.clj:1:6\n  |\n1 | (def k 1)\n  |      -" in shown


def test_colour_only_adds_escapes() -> None:
    plain, coloured = (render(error("(a b)", 1, 2, hint="h"), color=color) for color in (False, True))
    assert "\x1b[" in coloured
    for escape in ("\x1b[31m", "\x1b[34m", "\x1b[1m", "\x1b[0m"):
        coloured = coloured.replace(escape, "")
    assert coloured == plain
