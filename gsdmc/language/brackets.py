"""One pass over the text, before it is parsed: brackets pair up, strings end, nesting stays bounded.

Where a bracket is missing, the place that misses it is often far from the one that shows it. Programs are
indented, so a line that starts no further right than a bracket it would stand in says where to look.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from gsdmc.language.limits import cure
from gsdmc.language.source import GsdmcError, Source, Span

CLOSERS = {"(": ")", "[": "]", "{": "}"}
OPENERS = {closer: opener for opener, closer in CLOSERS.items()}

_TOKEN = re.compile(
    r"""
    (?P<string>"[^"\\]*(?:\\.[^"\\]*)*")
  | (?P<comment>(?:;|\#!)[^\r\n]*)
  | (?P<line>\n[ \t,]*)
  | (?P<bracket>[()\[\]{}])
  | (?P<quote>")
  | (?P<backslash>\\[^\s]?)
    """,
    re.VERBOSE | re.DOTALL,
)

_NOTHING = frozenset(")]};\r\n")
"""What a line starts with that says nothing of where its form stands."""

Note = tuple[str, Span]


def check_brackets(source: Source, nesting: int) -> None:
    """Check that brackets and strings are closed, and that brackets nest at most `nesting` deep.

    Raises:
        GsdmcError: at the first bracket or string, in reading order, that doesn't pair up.
    """
    scan = _Scan(source)
    long_string: Span | None = None
    for token in _TOKEN.finditer(source.text):
        start = token.start()
        span = Span(source, start, token.end())
        match token.lastgroup:
            case "string":
                if "\n" in token.group():
                    long_string = long_string or span
                    scan.line_start = source.text.rindex("\n", start, token.end()) + 1
            case "comment":
                scan.comments.append(span)
            case "line":
                scan.line(start + 1, token.end())
            case "quote":
                raise _unterminated(source, start, long_string)
            case "backslash":
                raise GsdmcError(
                    f"a backslash stands only inside a string; `{token.group()}` can't be read",
                    span,
                    hint='write a character as a string, such as "a"',
                )
            case "bracket":
                if token.group() in OPENERS:
                    scan.close(start)
                    continue
                scan.open(start)
                if len(scan.opened) > nesting:
                    raise GsdmcError(
                        f"brackets nest more than {nesting} deep here",
                        span,
                        hint="give inner parts names with `let` or `defn`, or " + cure("nesting"),
                    )
    if scan.opened:
        raise scan.unclosed(scan.opened[-1][0])


@dataclass
class _Scan:
    """The brackets that are open, each with its offset and column, and what indentation says of them."""

    source: Source
    opened: list[tuple[int, int]] = field(default_factory=list)
    line_start: int = 0
    outside: list[tuple[int, int]] = field(default_factory=list)
    """(bracket, line): lines that by their indentation stand outside the bracket that is open there."""
    comments: list[Span] = field(default_factory=list)
    closed: int = 0
    """Where the last form that nothing is around was closed."""
    indented: Span | None = None
    """The bracket that closed the form before an indented line that nothing is around."""

    def line(self, start: int, first: int) -> None:
        """Note where a line starts, and with its first character where it stands."""
        text, self.line_start = self.source.text, start
        if first >= len(text) or text[first] in _NOTHING:
            return
        if self.opened and first - start <= self.opened[-1][1]:
            self.outside.append((self.opened[-1][0], first))
        if not self.opened:
            indented = first > start and self.closed > 0
            self.indented = Span(self.source, self.closed, self.closed + 1) if indented else None

    def open(self, offset: int) -> None:
        """Open a bracket."""
        self.opened.append((offset, offset - self.line_start))

    def close(self, offset: int) -> None:
        """Close the innermost bracket.

        Raises:
            GsdmcError: none is open, or one of another kind.
        """
        character = self.source.text[offset]
        if not self.opened:
            note = "perhaps one bracket too many: the form ends here, though the next line is indented"
            raise GsdmcError(
                f"this `{character}` closes nothing",
                Span(self.source, offset, offset + 1),
                hint=f"delete it, or add the `{OPENERS[character]}` that it should close",
                related=() if self.indented is None else ((note, self.indented),),
            )
        if CLOSERS[self.source.text[self.opened[-1][0]]] != character:
            raise self.mismatched(self.opened[-1][0], offset)
        self.opened.pop()
        if not self.opened:
            self.closed = offset
            self.outside.clear()
            self.comments.clear()

    def mismatched(self, opener: int, closer: int) -> GsdmcError:
        """The error for a bracket that closes one of another kind."""
        bracket = self.source.text[opener]
        expected, found = CLOSERS[bracket], self.source.text[closer]
        next_one = self.source.text[closer + 1 :].lstrip()[:1] if not self.outside else ""
        otherwise = f"close the `{bracket}` with `{expected}` first"
        if self.goes_on(opener, closer):
            otherwise = f"delete it, or add the `{OPENERS[found]}` that it should close"
        hint, notes = self.missing(opener, otherwise)
        return GsdmcError(
            f"expected `{expected}` here, found `{found}`",
            Span(self.source, closer, closer + 1),
            hint=f"delete this `{found}`: the `{expected}` follows" if next_one == expected else hint,
            related=(("the bracket to close was opened here", self.span(opener)), *notes),
        )

    def goes_on(self, opener: int, closer: int) -> bool:
        """Whether the next line stands inside a bracket, by its indentation."""
        text = self.source.text
        start = text.find("\n", closer) + 1
        line = text[start : text.find("\n", start) if "\n" in text[start:] else len(text)]
        first = len(line) - len(line.lstrip(" \t,"))
        column = opener - (text.rfind("\n", 0, opener) + 1)
        return bool(start) and first > column and line[first : first + 1] not in _NOTHING

    def unclosed(self, opener: int) -> GsdmcError:
        """The error for a bracket that nothing closes."""
        bracket = self.source.text[opener]
        hint, notes = self.missing(opener, f"add the missing `{CLOSERS[bracket]}`, perhaps at the very end")
        return GsdmcError(f"this `{bracket}` is never closed", self.span(opener), hint=hint, related=notes)

    def missing(self, opener: int, otherwise: str) -> tuple[str, tuple[Note, ...]]:
        """Where a bracket in or after `opener` is probably missing: a hint, and notes with places."""
        closer = CLOSERS[self.source.text[opener]]
        for comment in self.comments:
            before = self.source.text[self.source.text.rfind("\n", 0, comment.start) + 1 : comment.start]
            if comment.start > opener and closer in comment.text and before.strip():
                note = f"`;` starts a comment, so the `{closer}` in it closes nothing"
                return f"end the form before the comment: add `{closer}`", ((note, comment),)
        for bracket, line in self.outside:
            if bracket >= opener:
                which = "the bracket" if bracket == opener else f"the `{self.source.text[bracket]}`"
                missing = CLOSERS[self.source.text[bracket]]
                note = f"by its indentation, this line stands outside {which}"
                if bracket != opener:
                    at = "{}:{}".format(*self.source.position(bracket))
                    note += f" opened at {at}"
                return f"add the missing `{missing}`, probably before that line", ((note, self.span(line)),)
        return otherwise, ()

    def span(self, offset: int) -> Span:
        """The character at an offset."""
        return Span(self.source, offset, offset + 1)


def _unterminated(source: Source, start: int, long_string: Span | None) -> GsdmcError:
    end = source.text.find("\n", start)
    place = "this earlier string runs over several lines; perhaps its closing quote is missing"
    return GsdmcError(
        "this string is never closed",
        Span(source, start, len(source.text) if end < 0 else end),
        hint='add the closing `"`; inside a string, write a quote as `\\"`',
        related=() if long_string is None else ((place, long_string),),
    )
