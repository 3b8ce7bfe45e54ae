"""Errors and warnings as people read them: the message, the line, a caret under the form, the cure."""

from __future__ import annotations

import unicodedata

from gsdmc.language.source import GsdmcError, GsdmcWarning, Span

WIDTH = 100
"""How many columns of a quoted line are shown; longer lines are clipped around the span."""

TAB = 4
CALLS = 8
_RED, _YELLOW, _BLUE, _BOLD, _PLAIN = "\x1b[31m", "\x1b[33m", "\x1b[34m", "\x1b[1m", "\x1b[0m"


def render(error: GsdmcError | GsdmcWarning, color: bool = False) -> str:
    """The error or warning as several lines, without a final newline; `color` adds ANSI colours."""
    warns = isinstance(error, GsdmcWarning)
    paint = _Paint(color, _YELLOW if warns else _RED)
    lines = [paint.main("warning" if warns else "error") + paint.bold(": " + error.message)]
    if error.span is not None:
        lines += _quote(error.span, "^", paint)
    calls = (
        error.calls
        if len(error.calls) <= CALLS
        else (*error.calls[: CALLS // 2], *error.calls[-CALLS // 2 :])
    )
    for place, call in enumerate(calls):
        if len(calls) < len(error.calls) and place == CALLS // 2:
            lines.append(f"  ... {len(error.calls) - len(calls)} more calls ...")
        lines.append(f"  in the call at {call}: {_one_line(call)}")
    for note, span in error.related:
        lines.append(paint.blue("note") + ": " + note)
        lines += _quote(span, "-", paint)
    if error.hint is not None:
        lines.append(paint.blue("help") + ": " + error.hint)
    return "\n".join(lines)


class _Paint:
    def __init__(self, color: bool, main: str) -> None:
        self.color = color
        self._main = main

    def main(self, text: str) -> str:
        return f"{_BOLD}{self._main}{text}{_PLAIN}" if self.color else text

    def blue(self, text: str) -> str:
        return f"{_BOLD}{_BLUE}{text}{_PLAIN}" if self.color else text

    def bold(self, text: str) -> str:
        return f"{_BOLD}{text}{_PLAIN}" if self.color else text


def _quote(span: Span, mark: str, paint: _Paint) -> list[str]:
    """The place, the line and the underline of a span; a span of several lines is marked on its first."""
    number, column = span.source.position(span.start)
    line = span.source.line(number)
    start = min(column - 1, len(line))
    end = max(start, min(start + span.end - span.start, len(line)))
    before, marked, after = _clip(line, start, end)
    underline = mark + "~" * (_width(marked) - 1)
    gutter = " " * len(str(number))
    tinted = paint.main(underline) if mark == "^" else paint.blue(underline)
    return [
        f"{gutter}--> {span}",
        f"{gutter} |",
        f"{number} | {before}{marked}{after}".rstrip(),
        f"{gutter} | {' ' * _width(before)}{tinted}",
    ]


def _clip(line: str, start: int, end: int) -> tuple[str, str, str]:
    """What precedes, makes and follows the span, as printable text of at most about `WIDTH` columns."""
    left, right = 0, len(line)
    if right > WIDTH:
        end = min(end, start + WIDTH // 2)
        left = max(0, min(start - WIDTH // 4, right - WIDTH))
        right = min(right, left + WIDTH)
    before = ("..." if left else "") + _printable(line[left:start])
    after = _printable(line[end:right]) + ("..." if right < len(line) else "")
    return before, _printable(line[start:end]), after


def _printable(text: str) -> str:
    """Text without tabs and control characters, so that `_width` is right on any terminal."""
    return "".join(
        " " * TAB
        if c == "\t"
        else c
        if c.isprintable() or unicodedata.combining(c)
        else "\N{REPLACEMENT CHARACTER}"
        for c in text
    )


def _width(text: str) -> int:
    """Columns of a terminal that printable text takes."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text
    )


def _one_line(span: Span) -> str:
    text = _printable(" ".join(span.text.split()))
    return text if len(text) <= 60 else text[:57] + "..."
