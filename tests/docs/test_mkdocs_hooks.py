"""Links out of docs/, as the site has them."""

from __future__ import annotations

import runpy
from pathlib import Path

ROOT = Path(__file__).parents[2]
HOOKS = runpy.run_path(str(ROOT / ".ci" / "mkdocs_hooks.py"))


def test_links_out_of_docs_lead_to_pages_of_the_site() -> None:
    page = (
        "[one](../tests/conftest.py) [two](../README.md#more) [three](training.md) "
        "![four](images/bcmf.png) [five](../benchmarks/results) [six](https://example.org/a)"
    )
    assert HOOKS["rewritten"](page, "comparison.md") == (
        "[one](source/tests/conftest.py.md) [two](source/README.md.md) [three](training.md) "
        "![four](images/bcmf.png) five [six](https://example.org/a)"
    )
    assert list(HOOKS["links"](page, "comparison.md")) == [
        "tests/conftest.py",
        "README.md",
        "benchmarks/results",
    ]


def test_from_a_folder() -> None:
    page = "[script](../../examples/speed.py) [paper](../paper.md)"
    assert HOOKS["rewritten"](page, "tutorials/speed.md") == (
        "[script](../source/examples/speed.py.md) [paper](../paper.md)"
    )


def test_code_that_holds_fences() -> None:
    page = HOOKS["source_page"]("a/b.py", "x = 1\n'''\n````\n'''\n")
    assert page.endswith("# `a/b.py`\n\n`````python\nx = 1\n'''\n````\n'''\n`````\n")


def test_every_decision_is_listed_by_its_title() -> None:
    listed = {path: title for entry in HOOKS["decisions"]() for title, path in entry.items()}
    assert set(listed) == {f"decisions/{p.name}" for p in (ROOT / "docs" / "decisions").glob("*.md")}
    assert listed["decisions/0012-named-results.md"].startswith("12. Names of dimensions")


def test_what_is_loaded_from_elsewhere() -> None:
    page = (
        '<link rel="canonical" href="https://own.example/"><link rel=stylesheet href=https://fonts.example/a.css>'
        '<script src="assets/a.js"></script><script defer src="https://cdn.example/b.js"></script>'
        '<a href="https://example.org">words</a><img alt="" src="images/c.png">'
    )
    assert HOOKS["loaded_from_elsewhere"](page) == ["https://cdn.example/b.js", "https://fonts.example/a.css"]
