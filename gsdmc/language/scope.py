"""Lexical scope: what a name means where it stands, and the nearest known name where it means nothing."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal

from gsdmc.language import distributions, habits
from gsdmc.language.builtins import BUILTINS
from gsdmc.language.distributions import ALIASES, DISTRIBUTIONS
from gsdmc.language.foreign import CURES, DISTRIBUTIONS_ELSEWHERE, SPECIAL_SHAPES
from gsdmc.language.signatures import Signature
from gsdmc.language.source import GsdmcError, Span

NEAR = 0.72
"""Share of letters in common from which one name may be meant for another."""


@dataclass(frozen=True)
class Binding:
    """What a name stands for. `signature` is None where a call can only be checked when it runs."""

    kind: Literal["local", "def", "function", "builtin", "distribution"]
    place: Span | None = None
    signature: Signature | None = None
    constant: str | None = None
    """For what certainly is no function: what it is instead (`a number`)."""


class Scope:
    """Names of one form, and the scopes around it; the outermost has the language's own names.

    `hidden` are names that the form binds, though not yet here, `later` those that it binds further down.
    """

    def __init__(self, parent: Scope | None = None, hidden: frozenset[str] = frozenset()) -> None:
        self.names: dict[str, Binding] = {}
        self.parent = parent
        self.hidden = hidden
        self.later: dict[str, Span] = {}
        self.seen: dict[str, Span] = {} if parent is None else parent.seen

    @classmethod
    def outermost(cls) -> Scope:
        """The scope of builtins and distributions."""
        scope = cls()
        for name in (*DISTRIBUTIONS, *ALIASES):
            scope.names[name] = Binding("distribution", signature=distributions.signature(name))
        scope.names |= {name: Binding("builtin", signature=s) for name, s in BUILTINS.items()}
        return scope

    def find(self, name: str) -> Binding | None:
        """The innermost binding of a name."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.names:
                return scope.names[name]
            scope = scope.parent
        return None

    def bind(self, name: str, binding: Binding) -> None:
        """Bind a name from here on, and keep the place for hints elsewhere."""
        self.names[name] = binding
        if binding.place is not None:
            self.seen.setdefault(name, binding.place)

    def unknown(self, name: str, span: Span, otherwise: str | None = None) -> GsdmcError:
        """The error for a name that stands for nothing here; `otherwise` is its hint if no other suits it."""
        if name in CURES:
            return GsdmcError(f"gsdmc has no `{name}`", span, hint=CURES[name])
        known: dict[str, None] = dict.fromkeys(SPECIAL_SHAPES)
        scope: Scope | None = self
        while scope is not None:
            if name in scope.hidden:
                return GsdmcError(
                    f"`{name}` is not known yet: the bindings of one `foreach` don't see each other",
                    span,
                    hint=f"bind what depends on `{name}` in a `let` inside the body",
                )
            if name in scope.later:
                return GsdmcError(
                    f"`{name}` is bound further down: a value sees only the names before it",
                    span,
                    hint=f"move the binding of `{name}` up",
                    related=((f"`{name}` is bound here", scope.later[name]),),
                )
            known |= dict.fromkeys(scope.names)
            scope = scope.parent
        known.pop("_", None)
        if name in DISTRIBUTIONS_ELSEWHERE:
            own = ", ".join(DISTRIBUTIONS)
            return GsdmcError(
                f"gsdmc has no distribution `{name}`", span, hint=f"the distributions are {own}"
            )
        if name in self.seen:
            place = f"`{name}` is bound here, and known only inside the form that binds it"
            return GsdmcError(
                f"`{name}` is not known here",
                span,
                related=((place, self.seen[name]),),
                hint="move its use into that form, or bind it again with `let`",
            )
        hint = (
            habits.assigned(span)
            or habits.operator_inside(name, known)
            or did_you_mean(name, known)
            or otherwise
            or "bind it with `let`, or define it with `def` or `defn`"
        )
        return GsdmcError(f"unknown name `{name}`", span, hint=hint)


def did_you_mean(name: str, known: Collection[str]) -> str | None:
    """A question that suggests the nearest known names, or None where none is near.

    Near are names that differ in case or in `_` for `-`, begin with the given one, or share most letters.
    """
    folded = name.lower().replace("_", "-")
    near = [k for k in known if k.lower().replace("_", "-") == folded]
    if not near and len(name) > 2:
        near = sorted((k for k in known if k.lower().startswith(folded)), key=len)[:2]
    near = near or get_close_matches(name[:64], known, n=2, cutoff=NEAR)
    return f"did you mean {' or '.join(f'`{n}`' for n in near)}?" if near else None
