"""One pass over the text, before it is parsed: brackets pair up, strings end, nesting stays bounded."""

from __future__ import annotations

import re

from gsdmc.language.source import GsdmcError, Source, Span

CLOSERS = {"(": ")", "[": "]", "{": "}"}
OPENERS = {closer: opener for opener, closer in CLOSERS.items()}

_TOKEN = re.compile(
    r"""
    (?P<string>"[^"\\]*(?:\\.[^"\\]*)*")
  | (?P<comment>(?:;|\#!)[^\r\n]*)
  | (?P<bracket>[()\[\]{}])
  | (?P<quote>")
  | (?P<backslash>\\[^\s]?)
    """,
    re.VERBOSE | re.DOTALL,
)


def check_brackets(source: Source, nesting: int) -> None:
    """Check that brackets and strings are closed, and that brackets nest at most `nesting` deep.

    Raises:
        GsdmcError: at the first bracket or string, in reading order, that doesn't pair up.
    """
    text = source.text
    opened: list[int] = []
    suspect: Span | None = None  # an opener at the left margin while another bracket is open
    long_string: Span | None = None
    for token in _TOKEN.finditer(text):
        start = token.start()
        span = Span(source, start, token.end())
        match token.lastgroup:
            case "string":
                if long_string is None and "\n" in token.group():
                    long_string = span
            case "quote":
                raise _unterminated(source, start, long_string)
            case "backslash":
                raise GsdmcError(
                    f"a backslash stands only inside a string; `{token.group()}` can't be read",
                    span,
                    hint='write a character as a string, such as "a"',
                )
            case "bracket":
                character = token.group()
                if character in CLOSERS:
                    if opened and (start == 0 or text[start - 1] == "\n") and suspect is None:
                        suspect = span
                    opened.append(start)
                    if len(opened) > nesting:
                        raise GsdmcError(
                            f"brackets nest more than {nesting} deep here",
                            span,
                            hint="give inner parts names with `let` or `defn`",
                        )
                elif not opened:
                    raise GsdmcError(
                        f"this `{character}` closes nothing",
                        span,
                        hint=f"delete it, or add the `{OPENERS[character]}` that it should close",
                    )
                elif CLOSERS[text[opened[-1]]] != character:
                    raise _mismatched(source, opened[-1], start)
                else:
                    opened.pop()
                    suspect = suspect if opened else None
    if opened:
        raise _unclosed(source, opened[-1], suspect)


def _mismatched(source: Source, opener: int, closer: int) -> GsdmcError:
    expected = CLOSERS[source.text[opener]]
    return GsdmcError(
        f"expected `{expected}` here, found `{source.text[closer]}`",
        Span(source, closer, closer + 1),
        hint=f"close the `{source.text[opener]}` with `{expected}` first",
        related=(("the bracket to close was opened here", Span(source, opener, opener + 1)),),
    )


def _unclosed(source: Source, opener: int, suspect: Span | None) -> GsdmcError:
    bracket = source.text[opener]
    place = "this form starts at the left margin while the bracket is still open"
    return GsdmcError(
        f"this `{bracket}` is never closed",
        Span(source, opener, opener + 1),
        hint=f"add the missing `{CLOSERS[bracket]}`"
        + ("" if suspect is None else ", probably before that form"),
        related=() if suspect is None else ((place, suspect),),
    )


def _unterminated(source: Source, start: int, long_string: Span | None) -> GsdmcError:
    end = source.text.find("\n", start)
    place = "this earlier string runs over several lines; perhaps its closing quote is missing"
    return GsdmcError(
        "this string is never closed",
        Span(source, start, len(source.text) if end < 0 else end),
        hint='add the closing `"`; inside a string, write a quote as `\\"`',
        related=() if long_string is None else ((place, long_string),),
    )
