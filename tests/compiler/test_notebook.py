from __future__ import annotations

import gsdmc
from gsdmc.compiler import compile_text
from tests.pages import read


def test_a_problem_shows_program_arrays_graph_and_mask() -> None:
    problem = gsdmc.compile("bcmf", k=2)
    page = read(problem._repr_html_())
    assert "gsdmc problem bcmf (m=5, n=5, k=2)" in " ".join(page.text.split())
    assert problem.source.strip() in page.text
    assert sorted(kind for kind, _ in page.pictures) == ["image/png", "image/svg+xml"]


def test_a_program_s_own_words_stay_words() -> None:
    text = '; <b>&amp;\n(sample "<i>x" (normal 0 1))'
    page = read(compile_text(text, "<hr>.clj")._repr_html_())
    assert text in page.text
    assert "<i>x" in page.text
    assert not {"b", "i", "hr"} & set(page.tags)


def test_the_mask_is_the_one_that_was_chosen() -> None:
    dense = gsdmc.compile("bcmf", mask="dense", m=2, n=2, k=1)
    assert "1 of a dense mask" in read(dense._repr_html_()).text
