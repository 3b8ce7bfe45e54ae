"""Names and expressions from programs, as pictures and other formats can hold them."""

from __future__ import annotations

import re
import unicodedata

HIDDEN = {"Cc", "Cs", "Co", "Cn", "Zl", "Zp"}
"""Categories of characters that have no shape, or that XML does not allow."""

BIDIRECTIONAL = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
"""Characters that would turn what stands beside them."""

LONGEST = 34
LOOK_UP = re.compile(r"\((?:get|get-in) ([^\s()\[\]]+) (?:\[([^()\[\]]*)\]|([^\s()\[\]]+))\)")
ITERATION = re.compile(r"\((?:foreach|loop|map|reduce|fn|let) ")
INNERMOST = re.compile(r"\((?:[^()\[\]]|(?<=[^\s(\[])\[[^()\[\]]*\])*\)|(?<![^\s(\[])\[[^()\[\]]*\]")

ADVANCES = {
    character: share
    for share, characters in (
        (0.33, "ijlIJ'′"),
        (0.42, "ft(),-./:;[\\]| "),
        (0.52, 'r!"*_`'),
        (0.62, "cksvxyzFL?"),
        (0.66, "abdeghnopquαβμσπé0123456789"),
        (0.82, "DGHNOQU&Ω"),
        (0.88, "wM#+=<>^~←→×−±≤≥"),
        (1.03, "mW%@…—"),
    )
    for character in characters
}
"""Widths of characters per font size, in the sans-serif font that pictures ask for first."""

USUAL, WIDE, BOLD = 0.71, 1.1, 1.15
"""Width of other characters, of those of East Asia and emoji, and of bold text per plain text."""


def printable(text: str) -> str:
    """The text on one line, characters without a shape written as the language's escapes."""
    return text if text.isascii() and text.isprintable() else "".join(map(_shown, text))


def shorten(text: str, limit: int) -> str:
    """At most `limit` characters, an ellipsis in place of the rest."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def counted(number: int, noun: str) -> str:
    """A number with its noun, `1 node` or `1,300 nodes`."""
    plural = {"entry": "entries"}.get(noun, noun + "s")
    return f"{number:,} {noun if number == 1 else plural}"


def caption(text: str) -> str:
    """A distribution's form without its brackets; inner forms are left out as far as room asks for it.

    What iterates is left out first, then what is nested deepest and longest.
    """
    text = text[1:-1] if text.startswith("(") and text.endswith(")") else text
    text = LOOK_UP.sub(r"\1[\2\3]", text)
    while found := ITERATION.search(text):
        text = text[: found.start()] + "…" + text[_closing(text, found.start()) :]
    while len(text) > LONGEST and (inner := [m.span() for m in INNERMOST.finditer(text)]):
        deepest = max(inner, key=lambda span: (_depth(text, span[0]), span[1] - span[0], span[0]))
        text = text[: deepest[0]] + "…" + text[deepest[1] :]
    return shorten(text, LONGEST)


def width(text: str, size: float, bold: bool = False) -> float:
    """How wide a text is, in units of `size`; an estimate that is rather too large than too small."""
    return size * (BOLD if bold else 1.0) * sum(map(_advance, text))


def _closing(text: str, start: int) -> int:
    """Where the form that opens at `start` ends."""
    depth = 0
    for place in range(start, len(text)):
        depth += (text[place] in "([") - (text[place] in ")]")
        if depth == 0:
            return place + 1
    return len(text)


def _depth(text: str, place: int) -> int:
    before = text[:place]
    return sum(before.count(c) for c in "([") - sum(before.count(c) for c in ")]")


def _shown(character: str) -> str:
    hidden = unicodedata.category(character) in HIDDEN
    if not hidden and unicodedata.bidirectional(character) not in BIDIRECTIONAL:
        return character
    short = {"\n": "\\n", "\t": "\\t", "\r": "\\r"}
    return short.get(character, f"\\u{ord(character):04x}")


def _advance(character: str) -> float:
    if unicodedata.combining(character):
        return 0.0
    usual = WIDE if unicodedata.east_asian_width(character) in "WF" else USUAL
    return ADVANCES.get(character, usual)
