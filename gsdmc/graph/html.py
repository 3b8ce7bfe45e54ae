"""Pieces of the HTML that notebooks show: plain tags with inline styles, in the notebook's own colours."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from html import escape

from gsdmc.graph.text import printable

CELL = "padding: 2px 10px 2px 0; text-align: left; vertical-align: top"
NUMBER = "padding: 2px 10px 2px 0; text-align: right; vertical-align: top"
PICTURE = "max-width: 100%; max-height: {height}px; background: white; border: 1px solid #8884; {more}"


def text(value: object) -> str:
    """A value as HTML shows it: escaped, on one line, hidden characters spelled out."""
    return escape(printable(str(value)))


def frame(title: str, *parts: str) -> str:
    """What a notebook shows of a value: a title, then the parts one below the other."""
    head = f'<div style="font-weight: 600; margin-bottom: 4px">{title}</div>'
    return f'<div style="max-width: 60em">{head}{"".join(part for part in parts if part)}</div>'


def table(header: Sequence[str], rows: Iterable[Sequence[object]], right: Sequence[int] = ()) -> str:
    """A table; columns in `right` are set flush right. Cells are escaped."""
    styles = [NUMBER if column in right else CELL for column in range(len(header))]
    head = "".join(
        f'<th style="{style}">{text(cell)}</th>' for style, cell in zip(styles, header, strict=True)
    )
    body = "".join(
        "<tr>"
        + "".join(f'<td style="{s}">{text(c)}</td>' for s, c in zip(styles, row, strict=True))
        + "</tr>"
        for row in rows
    )
    return (
        '<div style="overflow-x: auto"><table style="border-collapse: collapse; margin: 4px 0">'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def facts(pairs: Iterable[tuple[str, object]]) -> str:
    """Names with values, one pair a line."""
    rows = "".join(
        f'<tr><th style="{CELL}">{text(name)}</th><td style="{CELL}">{text(value)}</td></tr>'
        for name, value in pairs
    )
    return f'<table style="border-collapse: collapse; margin: 4px 0"><tbody>{rows}</tbody></table>'


def code(source: str) -> str:
    """Lines of a program as they stand."""
    shown = "\n".join(printable(line) for line in source.rstrip("\n").replace("\t", "    ").split("\n"))
    return f'<pre style="margin: 4px 0; overflow-x: auto; line-height: 1.3">{escape(shown)}</pre>'


def folded(summary: str, body: str, is_open: bool = False) -> str:
    """A part that opens at a click."""
    state = " open" if is_open else ""
    return f"<details{state}><summary>{text(summary)}</summary>{body}</details>"


def note(words: str) -> str:
    """A line in place of what isn't shown."""
    return f'<div style="opacity: 0.7">{text(words)}</div>'


def png(data: bytes, words: str, height: int) -> str:
    """A picture of few pixels, each drawn as a square; `words` stand for it where there are no pictures."""
    return _picture(
        "image/png", data, words, PICTURE.format(height=height, more="image-rendering: pixelated")
    )


def svg(drawing: str, words: str, height: int) -> str:
    """A drawing, held apart from the page, whose names and styles it can't disturb."""
    return _picture("image/svg+xml", drawing.encode(), words, PICTURE.format(height=height, more=""))


def _picture(kind: str, data: bytes, words: str, style: str) -> str:
    source = f"data:{kind};base64,{base64.b64encode(data).decode()}"
    return f'<div style="margin: 4px 0"><img src="{source}" alt="{text(words)}" style="{style}"></div>'
