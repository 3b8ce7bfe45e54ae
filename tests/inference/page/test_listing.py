from __future__ import annotations

import re
from html import unescape

import pytest

import gsdmc
from gsdmc.compiler import compile_text
from gsdmc.inference.page import listing as module
from gsdmc.inference.page.listing import listing
from tests.pages import read

HOSTILE = """; </code></pre><script>alert(1)</script> &lt; \u202e
(def n 2)\t; a "string" in a comment
(foreach n [i ; ] <b>
            (range n)]
  (sample "<img src=x onerror=alert(1)>" (normal 0 1)))
(sample "a; (foreach n [i (range n)]" (normal 0 1))
"""


def shown(html: str) -> list[str]:
    """The lines that a reader sees."""
    lines = re.findall(r"<code[^>]*>(.*?)</code>", html)
    return [unescape(re.sub("<[^>]*>", "", line)) for line in lines]


@pytest.mark.parametrize("name", ["bcmf", "hbmf", "sudoku", "sbi/hmm", "epidemic"])
def test_the_listing_is_the_program(name: str) -> None:
    problem = gsdmc.compile(name)
    assert shown(listing(problem)) == problem.source.rstrip("\n").split("\n")


def test_lines_over_a_plate_have_its_bar() -> None:
    problem = gsdmc.compile("bcmf")
    bars = re.findall(r'<span class="bars" aria-hidden="true">(.*?)</span>', listing(problem))
    numbered = dict(zip(problem.source.split("\n"), [b.count("background") for b in bars], strict=False))
    assert numbered["(def ^{:in [1 10]} m 5)"] == 0
    assert numbered['            (sample "A" (uniform 0 1))))'] == 2
    inner = next(line for line in numbered if '(sample "C"' in line)
    assert numbered[inner] == 3


def test_hostile_text_stays_text() -> None:
    html = listing(compile_text(HOSTILE, "hostile.clj"))
    page = read(html)
    assert {"script", "img", "b"}.isdisjoint(page.tags)
    lines = shown(html)
    assert lines[0] == HOSTILE.split("\n")[0].replace("\u202e", "\\u202e")
    assert lines[4] == HOSTILE.split("\n")[4]
    assert html.count('class="over"') == 2  # the head of an iteration, on two lines
    assert '<span class="string">&quot;a; (foreach n [i (range n)]&quot;</span>' in html


def test_long_programs_are_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_LINES", 3)
    problem = gsdmc.compile("bcmf")
    html = listing(problem)
    assert len(shown(html)) == 3
    assert f"and {problem.source.count(chr(10)) - 2} more lines" in html
