"""The reader: what forms a text has, and where they stand."""

import pytest

from gsdmc.language import GsdmcError, Source
from gsdmc.language.forms import Constant, Form, KeywordForm, ListForm, MapForm, Symbol, VectorForm
from gsdmc.language.limits import Limits
from gsdmc.language.reader import SIZE_LIMIT, read


def forms(text: str) -> tuple[Form, ...]:
    return read(Source("t", text))


def form(text: str) -> Form:
    (only,) = forms(text)
    return only


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0),
        ("-12", -12),
        ("+5", 5),
        ("9223372036854775807", 2**63 - 1),
        ("-9223372036854775808", -(2**63)),
        ("1.5", 1.5),
        ("2.", 2.0),
        ("1e3", 1000.0),
        ("-2.5E-3", -0.0025),
        ("1/3", 1 / 3),
        ("-4/2", -2),
        ("true", True),
        ("false", False),
        ("nil", None),
        (r'"a\n\t\"\\é"', 'a\n\t"\\é'),
        (r'"\u00e9"', "é"),
        ('"two\nlines"', "two\nlines"),
        ('"; no comment (["', "; no comment (["),
    ],
)
def test_constants(text: str, value: object) -> None:
    read_form = form(text)
    assert isinstance(read_form, Constant)
    assert read_form.value == value
    assert type(read_form.value) is type(value)


@pytest.mark.parametrize(
    "name",
    [
        "+",
        "-",
        "*",
        "/",
        "<=",
        "not=",
        "m2_",
        "one-hot?",
        "x'",
        "put!",
        "_",
        "-a",
        "σ²",
        "true?",
        "nil-1",
        "&",
        "%",
    ],
)
def test_symbols(name: str) -> None:
    assert form(name) == Symbol(form(name).span, name)


def test_collections_and_white_space() -> None:
    span = form("x").span
    a, one = Symbol(span, "a"), Constant(span, 1, "integer")
    assert form("(a,,1\r\n\t a)") == ListForm(span, (a, one, a))
    assert form("[]") == VectorForm(span, ())
    assert form("{:k 1 a 1}") == MapForm(span, ((KeywordForm(span, "k"), one), (a, one)))
    assert forms('a;b) "\n1 #!c\n') == (a, one)


def test_constants_of_different_types_are_different_keys() -> None:
    read_form = form("{1 1, 1.0 1, true 1, [1] 1, [1.0] 1}")
    assert isinstance(read_form, MapForm)
    assert len(read_form.entries) == 5


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("#_ a b", "b"),
        ("#_a b", "b"),
        ("#_ #_ a b c", "c"),
        ("(a #_ (b #_ c) d)", "(a d)"),
        ("[#_ #_ #_ a b c]", "[]"),
        ("a #_ ; comment\n b", "a"),
        ("(def ^{:in [1 #_ 2 3]} #_ x m 4)", "(def ^{:in [1 3]} m 4)"),
    ],
)
def test_discard(text: str, rest: str) -> None:
    assert forms(text) == forms(rest)


def test_metadata() -> None:
    read_form = form("^{:in [1 10]} m")
    assert isinstance(read_form, Symbol)
    assert read_form.metadata == form("{:in [1 10]}")


def test_spans() -> None:
    outer = form('  (f\n [x "é;"] #_ y )  ')
    assert outer.span.text == '(f\n [x "é;"] #_ y )'
    assert isinstance(outer, ListForm)
    assert [item.span.text for item in outer.items] == ["f", '[x "é;"]']
    assert str(outer.items[1].span) == "t:2:2"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("(a (b c)", "("),
        ("(a [b c)", ")"),
        ("a) b", ")"),
        ('(a "b', '"b'),
        ("(a 1x)", "1x"),
        ("a 08", "08"),
        ("[#_]", "#_"),
        ("{:a}", ":a"),
        ("(a 'b)", "'"),
        (r'"a\q"', r"\q"),
        (r'"\ud800"', r"\ud800"),
        ("a\u200bb", "\u200b"),
        ("a.b", "a.b"),
    ],
)
def test_errors_point_at_the_place(text: str, place: str) -> None:
    with pytest.raises(GsdmcError) as caught:
        forms(text)
    assert caught.value.span is not None
    assert caught.value.span.text == place


def test_nesting_limit() -> None:
    deepest = "(" * Limits.nesting + ")" * Limits.nesting
    assert isinstance(form(deepest), ListForm)
    for opener in "([{":
        with pytest.raises(GsdmcError, match=f"more than {Limits.nesting} deep") as caught:
            forms(opener * 10_000)
        assert caught.value.span is not None
        assert caught.value.span.start == Limits.nesting
    assert isinstance(read(Source("t", f"({deepest})"), Limits.nesting + 1)[0], ListForm)


def test_long_chains_of_discards_and_metadata_need_no_stack() -> None:
    assert forms("#_ " * 5000 + "a " * 5000) == ()
    with pytest.raises(GsdmcError, match="annotates nothing"):
        forms("^" * 5000)


def test_size_limit() -> None:
    with pytest.raises(GsdmcError, match="at most 1000000 characters"):
        forms(" " * (SIZE_LIMIT + 1))
    assert forms(" " * SIZE_LIMIT) == ()
