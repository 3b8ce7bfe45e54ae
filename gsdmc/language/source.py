"""Source text, spans into it, and the errors that point at them."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from functools import cached_property


@dataclass(frozen=True)
class Source:
    """A program's text and the name that errors give it (a path, or `<stdin>`)."""

    name: str
    text: str

    @cached_property
    def line_starts(self) -> list[int]:
        """Offset of each line's first character."""
        return [0, *(i + 1 for i, c in enumerate(self.text) if c == "\n")]

    def position(self, offset: int) -> tuple[int, int]:
        """One-based (line, column) of a character offset."""
        line = bisect_right(self.line_starts, offset)
        return line, offset - self.line_starts[line - 1] + 1

    def line(self, number: int) -> str:
        """The text of a one-based line, without its newline."""
        start = self.line_starts[number - 1]
        end = self.text.find("\n", start)
        return self.text[start : end if end >= 0 else len(self.text)].rstrip("\r")


@dataclass(frozen=True)
class Span:
    """Characters `start <= offset < end` of a source.

    The span of a call has its arguments' spans as `parts`, so that an error can point at one of them.
    """

    source: Source = field(repr=False, compare=False)
    start: int
    end: int
    parts: tuple[Span, ...] = field(default=(), repr=False, compare=False)

    def part(self, position: int) -> Span:
        """The span of an argument, where the arguments are known, else this one."""
        return self.parts[position] if -len(self.parts) <= position < len(self.parts) else self

    @property
    def whole(self) -> Span:
        """The span without parts: for errors about what the form does with values of its own making."""
        return Span(self.source, self.start, self.end)

    @property
    def text(self) -> str:
        """The characters under the span."""
        return self.source.text[self.start : self.end]

    @cached_property
    def one_line(self) -> str:
        """The characters under the span, on one line."""
        return " ".join(self.text.split())

    def clipped(self, length: int) -> str:
        """As `one_line`, cut to a length, the last three characters dots; what is cut off is not read."""
        reach = length
        while True:
            reach *= 2
            text = " ".join(self.source.text[self.start : min(self.start + reach, self.end)].split())
            if len(text) > length:
                return text[: length - 3] + "..."
            if self.start + reach >= self.end:
                return text

    def __str__(self) -> str:
        line, column = self.source.position(self.start)
        return f"{self.source.name}:{line}:{column}"


@dataclass(frozen=True)
class GsdmcWarning:
    """What a program may say but probably doesn't mean; the fields are those of `GsdmcError`."""

    message: str
    span: Span | None = None
    hint: str | None = None
    calls: tuple[Span, ...] = ()
    related: tuple[tuple[str, Span], ...] = ()

    def __str__(self) -> str:
        from gsdmc.language.diagnostics import render

        return render(self)


class GsdmcError(Exception):
    """What went wrong in the user's input, where, and what to do about it.

    `calls` is the chain of calls that led there, innermost first, each the span of the call.
    """

    def __init__(
        self,
        message: str,
        span: Span | None = None,
        *,
        hint: str | None = None,
        calls: tuple[Span, ...] = (),
        related: tuple[tuple[str, Span], ...] = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        self.span = span
        self.hint = hint
        self.calls = calls
        self.related = related

    def __str__(self) -> str:
        from gsdmc.language.diagnostics import render

        return render(self)
