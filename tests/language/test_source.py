"""Spans: places, and the parts of calls."""

from hypothesis import given
from hypothesis import strategies as st

from gsdmc.language import Source, Span, parse
from gsdmc.language.syntax import Call


def test_positions_are_counted_from_one() -> None:
    source = Source("p.clj", "ab\ncd\r\n")
    assert [source.position(offset) for offset in (0, 1, 3, 4)] == [(1, 1), (1, 2), (2, 1), (2, 2)]
    assert [source.line(number) for number in (1, 2)] == ["ab", "cd"]
    assert str(Span(source, 4, 5)) == "p.clj:2:2"


def test_the_span_of_a_call_has_its_arguments_as_parts() -> None:
    (call,) = parse("(+ 1 (* 2 3) 4)").body
    assert isinstance(call, Call)
    assert [part.text for part in call.span.parts] == ["1", "(* 2 3)", "4"]
    assert call.span.part(1).text == call.span.part(-2).text == "(* 2 3)"
    assert call.span.part(3) is call.span
    assert call.span.part(-4) is call.span
    assert call.span.whole.parts == ()
    assert call.span.whole == call.span


def test_a_span_without_parts_stands_for_all_of_them() -> None:
    span = Span(Source("p.clj", "(f x)"), 0, 5)
    assert span.part(0) is span.part(-1) is span


@given(st.text("ab \n\t", max_size=60), st.integers(0, 60), st.integers(0, 60), st.integers(4, 20))
def test_a_clipped_span_is_the_start_of_its_line(text: str, start: int, end: int, length: int) -> None:
    span = Span(Source("p.clj", text), start, end)
    whole = span.one_line
    assert span.clipped(length) == (whole if len(whole) <= length else whole[: length - 3] + "...")
