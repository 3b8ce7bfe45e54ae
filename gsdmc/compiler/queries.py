"""Queries that stand in place of a program's `given` forms, written as text: `E` or `subset:A,R`."""

from __future__ import annotations

from collections.abc import Sequence

from gsdmc.language.source import GsdmcError, Source, Span
from gsdmc.language.syntax import Given

ANY = "any"
"""Every subset of the variables, as in a program without `given`."""

OWN = "program"
"""The program's own queries."""

SUBSET = "subset:"
FORMS = (
    f"write E for an array that is always given, {SUBSET}A,R for a subset of arrays, {ANY} for every query"
)


def read_queries(given: str | Sequence[str]) -> tuple[str, ...] | None:
    """The queries of an option, each once; none of them means every subset, None the program's own.

    Raises:
        GsdmcError: one that names nothing, or `any` or `program` beside others.
    """
    texts = tuple(dict.fromkeys([given] if isinstance(given, str) else given))
    for word in (ANY, OWN):
        if word in texts and len(texts) > 1:
            others = ", ".join(text for text in texts if text != word)
            raise GsdmcError(
                f"`{word}` stands for all queries, so there can be none beside it: {others}",
                hint=f"leave out `{word}`, or the others",
            )
    if texts == (OWN,):
        return None
    if texts == (ANY,):
        return ()
    for text in texts:
        query_of(text)
    return texts


def query_of(text: str) -> Given:
    """The `given` form that a text stands for; its span lies in the text.

    Raises:
        GsdmcError: it names nothing, or an array twice.
    """
    subset = text.startswith(SUBSET)
    names = tuple(name.strip() for name in text.removeprefix(SUBSET).split(","))
    span = Span(Source("--given", text), 0, len(text))
    if not all(names):
        raise GsdmcError(f"`--given {text}` names no array", hint=FORMS)
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise GsdmcError(f'"{twice}" stands in this query twice', span, hint="leave out one")
    return Given(span, () if subset else names, names if subset else ())
