"""MkDocs hooks: links from `docs/` to other files of the repository, the list of decisions, a guard.

In an editor, a page's link to `../tests/test_x.py` just works. The site has no such file, so each
file that is linked to becomes a page `source/tests/test_x.py` of it; a link to a folder becomes plain text.
"""

from __future__ import annotations

import logging
import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parent.parent
LINK = re.compile(r"(?<!!)\[(?P<words>[^]\n]+)\]\((?P<target>[^)\s#]+)(?P<anchor>#[^)\s]*)?\)")
LOADED = re.compile(r"""<(?:script|img|iframe|link)\b[^>]*?\b(?:src|href)=["']?(https?://[^"' >]+)""")
LANGUAGES = {
    ".py": "python",
    ".clj": "clojure",
    ".json": "json",
    ".toml": "toml",
    ".yml": "yaml",
    ".md": "markdown",
}


def leaves_docs(target: str, page: str) -> str | None:
    """The path in the repository of what a page links to, where that lies outside `docs/`.

    Args:
        target: as the page writes it.
        page: the page's path below `docs/`.
    """
    if re.match(r"[a-z]+:|/", target):
        return None
    path = posixpath.normpath(posixpath.join("docs", posixpath.dirname(page), target))
    return None if path.startswith("docs/") or path == "docs" else path


def links(markdown: str, page: str) -> Iterator[str]:
    """Files and folders outside `docs/` that a page links to."""
    for match in LINK.finditer(markdown):
        if path := leaves_docs(match["target"], page):
            yield path


def rewritten(markdown: str, page: str) -> str:
    """A page whose links out of `docs/` lead to pages of the site."""

    def change(match: re.Match[str]) -> str:
        path = leaves_docs(match["target"], page)
        if path is None:
            return match[0]
        if (ROOT / path).is_dir():
            return match["words"]
        return f"[{match['words']}]({posixpath.relpath(f'source/{path}.md', posixpath.dirname(page) or '.')})"

    return LINK.sub(change, markdown)


def source_page(path: str, text: str) -> str:
    """A page that shows a file of the repository."""
    fence = "`" * (max((len(run) for run in re.findall(r"`+", text)), default=2) + 1)
    fence = max(fence, "```", key=len)
    language = LANGUAGES.get(Path(path).suffix, "text")
    head = "---\nsearch:\n  exclude: true\nhide: [toc]\n---\n"
    return f"{head}\n# `{path}`\n\n{fence}{language}\n{text.rstrip()}\n{fence}\n"


def decisions() -> list[dict[str, str]]:
    """An entry of the navigation for every decision page, its title from its first line."""
    pages = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    titles = [
        p.read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ").replace("`", "") for p in pages
    ]
    return [{title: f"decisions/{p.name}"} for title, p in zip(titles, pages, strict=True)]


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """List the decisions, so that a new one needs no entry."""
    nav: list[Any] = list(config.nav or [])
    config.nav = [*nav, {"Decisions": decisions()}]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add a page for every file outside `docs/` that a page links to."""
    from mkdocs.structure.files import File

    wanted = {
        path
        for file in files.documentation_pages()
        for path in links(file.content_string, file.src_uri)
        if (ROOT / path).is_file()
    }
    for path in sorted(wanted):
        text = (ROOT / path).read_text(encoding="utf-8")
        files.append(File.generated(config, f"source/{path}.md", content=source_page(path, text)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Lead links out of `docs/` to these pages."""
    return rewritten(markdown, page.file.src_uri)


def loaded_from_elsewhere(page: str) -> list[str]:
    """What a browser fetches from other machines when it opens a page."""
    found = LOADED.findall(re.sub(r'<link[^>]*rel="?canonical[^>]*>', "", page))
    return sorted(set(found))


def on_post_page(output: str, page: Page, config: MkDocsConfig) -> str:
    """Warn, which ends a strict build, of what a page would load from elsewhere."""
    for address in loaded_from_elsewhere(output):
        logging.getLogger("mkdocs.hooks").warning("%s loads %s", page.file.src_uri, address)
    return output
