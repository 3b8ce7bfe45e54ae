"""Signatures: how many arguments a function, builtin or distribution takes, and how to show it."""

from __future__ import annotations

from dataclasses import dataclass

from gsdmc.language.source import Span


@dataclass(frozen=True)
class Signature:
    """What can be called as `name`: with `least` to `most` arguments (None: any number)."""

    name: str
    params: tuple[str, ...]
    least: int
    most: int | None
    doc: str = ""
    place: Span | None = None

    @classmethod
    def of(cls, name: str, params: str, doc: str = "") -> Signature:
        """A signature from its parameters as one writes them: `xs`, `m k [default]`, `x ...`."""
        words = params.split()
        required = [w for w in words if w != "..." and not w.startswith("[")]
        most = None if "..." in words else len(words)
        return cls(name, tuple(words), len(required), most, doc)

    def accepts(self, count: int) -> bool:
        """Whether a call with `count` arguments is right."""
        return self.least <= count and (self.most is None or count <= self.most)

    @property
    def expected(self) -> str:
        """The number of arguments in words: `2 arguments`, `1 or 2 arguments`, `at least 1 argument`."""
        if self.most is None:
            return f"at least {plural(self.least, 'argument')}"
        if self.least < self.most:
            to = "or" if self.most == self.least + 1 else "to"
            return f"{self.least} {to} {plural(self.most, 'argument')}"
        return plural(self.most, "argument") if self.most else "no arguments"

    def __str__(self) -> str:
        return f"({' '.join((self.name, *self.params))})"


def plural(count: int, noun: str) -> str:
    """`1 argument`, `2 arguments`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
