"""Pieces of the page: every text is escaped here, and nothing else writes tags around what it doesn't own."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from html import escape

from gsdmc.graph.html import text
from gsdmc.graph.text import printable, shorten

__all__ = ["chip", "embedded", "facts", "figure", "folded", "note", "section", "table", "text"]

LONGEST = 60
"""Characters of what a patch of colour stands for."""


def section(identifier: str, title: str, *parts: str) -> str:
    """A part of the page under a heading that the contents link to."""
    body = "\n".join(part for part in parts if part)
    return (
        f'<section aria-labelledby="{identifier}"><h2 id="{identifier}">{text(title)}</h2>\n{body}</section>'
    )


def table(
    header: Sequence[str], rows: Iterable[Sequence[object]], right: Sequence[int] = (), caption: str = ""
) -> str:
    """A table whose cells wrap; the first cell of a row heads it, columns in `right` are set flush right."""
    styles = [' class="number"' if column in right else "" for column in range(len(header))]

    def cells(row: Sequence[object]) -> str:
        first, *others = [text(cell) for cell in row]
        found = f'<th scope="row"{styles[0]}>{first}</th>'
        return found + "".join(f"<td{s}>{c}</td>" for s, c in zip(styles[1:], others, strict=True))

    head = "".join(
        f'<th scope="col"{style}>{text(cell)}</th>' for style, cell in zip(styles, header, strict=True)
    )
    body = "".join(f"<tr>{cells(row)}</tr>" for row in rows)
    words = f"<caption>{text(caption)}</caption>" if caption else ""
    found = f"<table>{words}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    return f'<div class="wide">{found}</div>'


def facts(pairs: Iterable[tuple[str, object]]) -> str:
    """Names with values, one pair a line."""
    rows = "".join(f"<div><dt>{text(name)}</dt><dd>{text(value)}</dd></div>" for name, value in pairs)
    return f"<dl>{rows}</dl>" if rows else ""


def folded(summary: str, body: str) -> str:
    """A part that opens at a click."""
    return f"<details><summary>{text(summary)}</summary>{body}</details>"


def note(words: str) -> str:
    """A remark."""
    return f'<p class="note">{text(words)}</p>'


def figure(drawing: str, caption: str = "", kind: str = "") -> str:
    """A picture, given as a tag, with a caption."""
    words = f"<figcaption>{text(caption)}</figcaption>" if caption else ""
    name = f' class="{kind}"' if kind else ""
    return f"<figure{name}>{drawing}{words}</figure>"


def chip(colour: str, words: str, title: str = "") -> str:
    """A patch of a colour, `#rrggbb` or a style's variable, with what it stands for; `title` on hovering."""
    label = shorten(printable(words), LONGEST)
    title = title or (words if label.endswith("…") else "")
    hover = f' title="{text(title)}"' if title else ""
    return f'<li{hover}><span class="patch" style="background:{escape(colour)}"></span>{text(label)}</li>'


def embedded(kind: str, data: bytes) -> str:
    """The address under which a page holds a picture itself."""
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"
