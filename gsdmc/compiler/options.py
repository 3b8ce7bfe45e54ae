"""Compile-time options: what a user may choose about a problem besides the values of its `def`s."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from gsdmc.compiler.queries import ANY, query_of, read_queries
from gsdmc.graph.chosen_mask import PROGRAM, MaskChoice
from gsdmc.graph.forced import read_embedding
from gsdmc.language.limits import DEFAULT, Limits
from gsdmc.language.source import GsdmcError
from gsdmc.language.syntax import Given

Queries = str | Sequence[str]
Embedding = str | Sequence[str] | Mapping[str, str]

DERIVED = "derived"
"""The embedding that forces nothing."""


@dataclass(frozen=True)
class CompileOptions:
    """What was chosen when a problem was compiled; all of it travels with the problem.

    Attributes:
        given: queries in place of the program's `given` forms, as text; none of them means every subset,
            None the program's own.
        embedding: (plate, embedding) of plates whose class is forced, see `gsdmc.graph.forced`.
        mask: what the network attends along.
        symmetrise: whether parents attend to their children too.
        intermediates: whether `dirac` variables are nodes of the graph.
        limits: how large the program may become.

    Raises:
        GsdmcError: choices that contradict one another.
    """

    given: tuple[str, ...] | None = None
    embedding: tuple[tuple[str, str], ...] = ()
    mask: MaskChoice = PROGRAM
    symmetrise: bool = True
    intermediates: bool = True
    limits: Limits = DEFAULT

    def __post_init__(self) -> None:
        if not self.symmetrise and self.mask.kind != "program":
            raise GsdmcError(
                f"the mask {self.mask} has no arrows, so there is nothing in it to leave unsymmetrised",
                hint="--no-symmetrise is about the program's own mask: leave out one of the two",
            )

    @property
    def givens(self) -> tuple[Given, ...] | None:
        """The queries in place of the program's own, None where there are none."""
        return None if self.given is None else tuple(query_of(text) for text in self.given)

    @property
    def symmetric(self) -> bool:
        """Whether the mask has every entry's transpose."""
        return self.symmetrise and self.mask.kind != "random"

    def changed(
        self,
        *,
        given: Queries | None = None,
        embedding: Embedding | None = None,
        mask: str | None = None,
        symmetrise: bool | None = None,
        intermediates: bool | None = None,
        limits: Mapping[str, int] | None = None,
    ) -> CompileOptions:
        """The options with some of them replaced; None leaves one as it is.

        Args:
            given: `E` or `A,E` for arrays that are always observed, `subset:A,E` for a random subset of
                arrays, `any` or nothing for every subset of all variables, `program` for the program's own.
            embedding: `exchangeable`, `array` or `independent` for all plates, `i=array` or a mapping for
                some, `derived` for none.
            mask: `program`, `dense`, or `random:20`, with a seed `random:20:1`.
            symmetrise: whether parents attend to their children too.
            intermediates: whether `dirac` variables are nodes of the graph.
            limits: numbers by limit, see `Limits`.

        Raises:
            GsdmcError: a value that an option doesn't take, or options that contradict one another.
        """
        values = {
            "given": given,
            "embedding": embedding,
            "mask": mask,
            "symmetrise": symmetrise,
            "intermediates": intermediates,
            "limits": limits,
        }
        changes: dict[str, Any] = {name: value for name, value in values.items() if value is not None}
        read = {**READ, "limits": self.limits.changed}
        for name, value in changes.items():
            check_form(name, value)
            changes[name] = read[name](value) if name in read else value
        return replace(self, **changes)

    def to_json(self) -> dict[str, Any]:
        """What differs from the defaults, as `changed` takes it."""
        plain: dict[str, Any] = {}
        if self.given is not None:
            plain["given"] = list(self.given)
        if self.embedding:
            plain["embedding"] = [f"{plate}={name}" if plate else name for plate, name in self.embedding]
        if self.mask != PROGRAM:
            plain["mask"] = str(self.mask)
        if not self.symmetrise:
            plain["symmetrise"] = False
        if not self.intermediates:
            plain["intermediates"] = False
        if self.limits != DEFAULT:
            plain["limits"] = self.limits.raised()
        return plain

    @staticmethod
    def from_json(plain: object) -> CompileOptions:
        """The inverse of `to_json`.

        Raises:
            ValueError: anything that `to_json` doesn't give.
        """
        if not isinstance(plain, dict) or not FORMS.keys() >= plain.keys():
            raise ValueError(f"these are no options: {plain!r:.60}")
        try:
            return CompileOptions().changed(**plain)
        except GsdmcError as error:
            raise ValueError(error.message) from None

    def words(self) -> list[str]:
        """What differs from the defaults, as the command line says it."""
        plain = self.to_json()
        shown = [f"--given {shlex.quote(text)}" for text in plain.get("given", [])]
        if self.given == ():
            shown.append(f"--given {ANY}")
        shown += [f"--embedding {shlex.quote(text)}" for text in plain.get("embedding", [])]
        shown += [f"--mask {plain[name]}" for name in ("mask",) if name in plain]
        shown += [f"--no-{name}" for name in ("symmetrise", "intermediates") if name in plain]
        return shown + [f"--limit {name}={number}" for name, number in plain.get("limits", {}).items()]


FORMS: dict[str, str] = {
    "given": "a text or a list of texts",
    "embedding": "a text, a list of texts, or a mapping from plates to texts",
    "mask": "a text",
    "symmetrise": "True or False",
    "intermediates": "True or False",
    "limits": "a mapping from limits to numbers",
}
"""The options, and what each takes."""


def check_form(name: str, value: object) -> None:
    """Refuse a value of another form than an option takes.

    Raises:
        GsdmcError: with what the option takes.
    """
    match name:
        case "symmetrise" | "intermediates":
            fits = isinstance(value, bool)
        case "limits":
            fits = isinstance(value, Mapping)  # whose names and numbers are judged by themselves
        case "mask":
            fits = isinstance(value, str)
        case _:
            mapped = name == "embedding" and isinstance(value, Mapping)
            texts = value.values() if mapped and isinstance(value, Mapping) else value
            fits = isinstance(value, str) or (
                isinstance(texts, Iterable) and all(isinstance(text, str) for text in texts)
            )
    if not fits:
        raise GsdmcError(f"`{name}` is {FORMS[name]}, not {value!r:.60}")


def read_embeddings(embedding: Embedding) -> tuple[tuple[str, str], ...]:
    """The plates to force, and their embeddings, from what `CompileOptions.changed` takes.

    Raises:
        GsdmcError: no such embedding, or two for one plate.
    """
    if isinstance(embedding, str):
        texts = [embedding]
    elif isinstance(embedding, Mapping):
        texts = [f"{plate}={name}" for plate, name in embedding.items()]
    else:
        texts = list(embedding)
    if texts == [DERIVED]:
        return ()
    found: dict[str, str] = {}
    for plate, name in map(read_embedding, texts):
        if found.setdefault(plate, name) != name:
            what = f"the plate {plate} has" if plate else "all plates have"
            raise GsdmcError(f"{what} two embeddings: `{found[plate]}` and `{name}`", hint="leave out one")
    return tuple(found.items())


READ: dict[str, Callable[[Any], object]] = {
    "given": read_queries,
    "embedding": read_embeddings,
    "mask": MaskChoice.read,
}
"""How the options that are texts are read."""
