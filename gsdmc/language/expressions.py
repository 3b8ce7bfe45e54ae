"""Expressions: a form, in a scope, to a node of the syntax tree."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from gsdmc.language import calls, habits, special, variables
from gsdmc.language.foreign import SPECIAL_SHAPES
from gsdmc.language.forms import Constant, Form, KeywordForm, ListForm, MapForm, Symbol, VectorForm
from gsdmc.language.scope import Scope
from gsdmc.language.source import GsdmcError, Span
from gsdmc.language.syntax import Expr, Keyword, Literal, MapExpr, Name, VectorExpr

Handler = Callable[["Expressions", ListForm, Scope, str | None], Expr]

HANDLERS: dict[str, Handler] = {
    "let": special.let,
    "if": special.conditional,
    "foreach": special.foreach,
    "loop": special.loop,
    "fn": special.function,
    "sample": variables.sample,
    "observe": variables.observe,
    "factor": variables.factor,
    "untracked": variables.untracked,
    "extern": variables.extern,
    "def": special.misplaced,
    "defn": special.misplaced,
    "given": special.misplaced,
    "subset": special.misplaced,
}
"""What makes an expression of a list, by the special form that it starts with."""


@dataclass
class Uses:
    """What one top-level form refers to, in reading order."""

    names: dict[str, Span] = field(default_factory=dict)
    """Defs and functions, each with its first use: the call, or the name where it is a value."""
    draws: Span | None = None
    """The first `sample`, `observe` or `factor`."""


class Expressions:
    """Makes expressions of forms, and notes in `uses` what they refer to."""

    def __init__(self) -> None:
        self.uses = Uses()

    def expression(self, form: Form, scope: Scope, bound: str | None = None) -> Expr:
        """The expression that a form is; `bound` is the name that `let` gives its value, if any.

        Raises:
            GsdmcError: the form breaks a rule of the language, or uses an unknown name.
        """
        match form:
            case ListForm(items=(Symbol(name=head), *_)) if head in HANDLERS:
                return HANDLERS[head](self, form, scope, bound)
            case ListForm():
                return calls.call(self, form, scope)
            case Symbol():
                return self.name(form, scope)
            case KeywordForm(name=name):
                return Keyword(form.span, name)
            case VectorForm(items=(Symbol(name=head), *rest)) if head in SPECIAL_SHAPES and rest:
                raise GsdmcError(
                    f"`{head}` is a special form and stands in parentheses, this is a vector",
                    form.span,
                    hint=f"write `{habits.written(head, rest)}`",
                )
            case VectorForm(items=items):
                return VectorExpr(form.span, self.all(items, scope))
            case MapForm(entries=entries):
                keys = self.all([key for key, _ in entries], scope)
                values = self.all([value for _, value in entries], scope)
                return MapExpr(form.span, tuple(zip(keys, values, strict=True)))
            case Constant(value=value):
                return Literal(form.span, value)
        raise AssertionError(form)

    def all(self, forms: tuple[Form, ...] | list[Form], scope: Scope) -> tuple[Expr, ...]:
        """The expressions of several forms."""
        return tuple([self.expression(form, scope) for form in forms])

    def body(self, forms: tuple[Form, ...], scope: Scope, bound: str | None = None) -> tuple[Expr, ...]:
        """The expressions of a body; its last form's value is what `bound` names."""
        return (*self.all(forms[:-1], scope), self.expression(forms[-1], scope, bound))

    def head(self, symbol: Symbol, scope: Scope, form: ListForm) -> Name:
        """The name that a call starts with."""
        return self._known(symbol, scope, form.span)

    def name(self, symbol: Symbol, scope: Scope) -> Name:
        """A name that is used as a value."""
        name = symbol.name
        if name in SPECIAL_SHAPES:
            outside = habits.opened_outside(symbol.span)
            raise GsdmcError(
                f"`{name}` is a special form, it has no value and can't be passed on",
                symbol.span,
                hint=("the form's name stands inside its parentheses: " if outside else "")
                + f"write `{SPECIAL_SHAPES[name]}`",
            )
        return self._known(symbol, scope, symbol.span)

    def _known(self, symbol: Symbol, scope: Scope, use: Span) -> Name:
        """A name that means something in the scope; `use` is the call that it heads, or its own span."""
        name = symbol.name
        if symbol.metadata is not None:
            raise GsdmcError(
                "metadata stands only before the name of a `def`",
                symbol.metadata.span,
                hint="write `(def ^{:in [1 10]} name value)`",
            )
        if name == "_":
            raise GsdmcError(
                "`_` discards what it is bound to, it has no value", symbol.span, hint="give it a name"
            )
        binding = scope.find(name)
        if binding is None:
            raise scope.unknown(name, symbol.span)
        if binding.kind in ("def", "function"):
            self.uses.names.setdefault(name, use)
        return Name(symbol.span, name)
