from __future__ import annotations

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gsdmc.graph.text import LONGEST, caption, printable, shorten, width


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a b", "a b"),
        ("a\nb\u0007\tc", "a\\nb\\u0007\\tc"),
        ("σ² 観測 é", "σ² 観測 é"),
        ("x\u202ey", "x\\u202ey"),
        ("👩\u200d🔬", "👩\u200d🔬"),
    ],
)
def test_printable(text: str, shown: str) -> None:
    assert printable(text) == shown


@given(st.text())
def test_printable_text_is_one_line_that_xml_can_hold(text: str) -> None:
    shown = printable(text)
    assert len(shown.splitlines()) <= 1
    assert printable(shown) == shown
    element = ElementTree.Element("t")
    element.text = shown
    assert (ElementTree.fromstring(ElementTree.tostring(element, encoding="unicode")).text or "") == shown


def test_shorten() -> None:
    assert shorten("abcdef", 6) == "abcdef"
    assert shorten("abcdefg", 6) == "abcde…"


@pytest.mark.parametrize(
    ("form", "shown"),
    [
        ("(normal 0 1)", "normal 0 1"),
        ("(dirac (* (get-in A [i t]) (get u j)))", "dirac (* A[i t] u[j])"),
        ('(dirac (sum (foreach n [i (range n)] (sample "C" (dirac 1)))))', "dirac (sum …)"),
        ("(if cloudy (flip 0.1) (flip 0.5))", "if cloudy (flip 0.1) (flip 0.5)"),
        ("(if (and slip wet) (flip 0.3) (flip 0.01))", "if … (flip 0.3) (flip 0.01)"),
        ("(bernoulli (sigmoid (- ability (get difficulty q))))", "bernoulli (sigmoid …)"),
        ("(multivariate-normal [0.0 0.0] [[1.0 0.0] [0.0 1.0]])", "multivariate-normal … [… …]"),
        ("x", "x"),
    ],
)
def test_captions(form: str, shown: str) -> None:
    assert caption(form) == shown


@given(st.text(alphabet="ab ()[]…"))
def test_captions_of_anything_are_short(text: str) -> None:
    assert len(caption(text)) <= LONGEST


def test_widths() -> None:
    assert width("", 10) == 0
    assert width("iii", 10) < width("aaa", 10) < width("mmm", 10)
    assert width("aa", 20) == 2 * width("aa", 10) == 4 * width("a", 10)
    assert width("a", 10, bold=True) > width("a", 10)
    assert width("e\u0301", 10) == width("e", 10)
    assert width("観", 10) > 10
