"""Links of the documents: what they point to in the repository is there, headings included."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
CODE = re.compile(r"^(```+).*?^\1$|`[^`\n]+`", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)")
ABROAD = re.compile(r"[a-z]+:")


def targets(page: Path) -> list[str]:
    """What a page links to within the repository; what looks like a link in code is none."""
    prose = CODE.sub("", page.read_text(encoding="utf-8"))
    return [target for target in LINK.findall(prose) if not ABROAD.match(target)]


def anchors(page: Path) -> set[str]:
    """What a link has after `#`: the page's headings in lower case, without marks, joined by hyphens."""
    text = re.sub(r"^(```+).*?^\1$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def broken(page: Path, root: Path = ROOT) -> list[str]:
    found = []
    for target in targets(page):
        name, _, anchor = target.partition("#")
        path = (page.parent / name).resolve() if name else page
        if not path.is_relative_to(root) or not path.exists():
            found.append(f"{target}: nothing there")
        elif anchor and path.suffix == ".md" and anchor not in anchors(path):
            found.append(f"{target}: no such heading")
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links(page: Path) -> None:
    assert not broken(page)


def test_broken_links_are_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# Head\n\n[a](#head) [b](#tail) [c](none.md) [d](../out.md) `[e](code.md)` [f](https://example.org)\n"
    )
    (tmp_path.parent / "out.md").touch()
    gone = [f"{target}: nothing there" for target in ("none.md", "../out.md")]
    assert broken(page, tmp_path) == ["#tail: no such heading", *gone]


def test_headings() -> None:
    assert {"arrays-and-dimensions", "factors-untracked-extern"} <= anchors(ROOT / "docs" / "language.md")
