"""The syntax tree: what a program says, form by form, each with its place in the source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gsdmc.language.source import GsdmcWarning, Source, Span


@dataclass(frozen=True)
class Expr:
    """Any expression. Equality ignores where it stands."""

    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True)
class Literal(Expr):
    """A number, string, boolean or nil. Ratios are read as floats unless they are whole."""

    value: int | float | str | bool | None


@dataclass(frozen=True)
class Keyword(Expr):
    """`:name`, a constant that equals itself; a map's usual key."""

    name: str


@dataclass(frozen=True)
class Name(Expr):
    """A variable, function or builtin, by name."""

    name: str


@dataclass(frozen=True)
class VectorExpr(Expr):
    """`[a b c]`."""

    items: tuple[Expr, ...]


@dataclass(frozen=True)
class MapExpr(Expr):
    """`{k v ...}`."""

    entries: tuple[tuple[Expr, Expr], ...]


@dataclass(frozen=True)
class Let(Expr):
    """`(let [name value ...] body ...)`; a name `_` discards."""

    bindings: tuple[tuple[Name, Expr], ...]
    body: tuple[Expr, ...]


@dataclass(frozen=True)
class If(Expr):
    """`(if test then else)`."""

    test: Expr
    then: Expr
    orelse: Expr


@dataclass(frozen=True)
class Fn(Expr):
    """`(fn [params] body ...)`; also what `defn` binds."""

    params: tuple[Name, ...]
    body: tuple[Expr, ...]
    name: str | None = None


@dataclass(frozen=True)
class Call(Expr):
    """`(f args ...)` for a function, a builtin or a distribution."""

    function: Expr
    args: tuple[Expr, ...]


@dataclass(frozen=True)
class Foreach(Expr):
    """`(foreach count [x xs ...] body ...)`; each `xs` is zipped by the iteration."""

    count: Expr
    bindings: tuple[tuple[Name, Expr], ...]
    body: tuple[Expr, ...]


@dataclass(frozen=True)
class Loop(Expr):
    """`(loop count init f args ...)`: folds `(f t accumulator args ...)` over t."""

    count: Expr
    init: Expr
    function: Expr
    args: tuple[Expr, ...]


@dataclass(frozen=True)
class Sample(Expr):
    """`(sample name dist)`; without a name, `name` is None and `bound` the name that `let` gives it."""

    name: Expr | None
    distribution: Expr
    bound: str | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Observe(Expr):
    """`(observe name dist value)`; the name may be left out."""

    name: Expr | None
    distribution: Expr
    value: Expr
    bound: str | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Factor(Expr):
    """`(factor name expression)`."""

    name: Expr
    value: Expr


@dataclass(frozen=True)
class Untracked(Expr):
    """`(untracked expression)`."""

    value: Expr


@dataclass(frozen=True)
class Extern(Expr):
    """`(extern function args ...)`, a registered function by its name."""

    function: str
    args: tuple[Expr, ...]


@dataclass(frozen=True)
class Given:
    """`(given "E" ...)` or `(given (subset "A" ...))`: a query family that training draws from.

    `targets` are arrays that are always observed, `subset` arrays of which a random subset is; `places` are
    where the program names them.
    """

    span: Span = field(compare=False, repr=False)
    targets: tuple[str, ...]
    subset: tuple[str, ...]
    places: Mapping[str, Span] = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True)
class Def:
    """`(def ^{:in [lo hi] :seed s} name value)`."""

    span: Span = field(compare=False, repr=False)
    name: str
    value: Expr
    range: tuple[int, int] | None = None
    seed: int | None = None


@dataclass(frozen=True)
class Syntax:
    """A whole program: sizes and data, functions, queries, and the forms to evaluate in order.

    `warnings` are about what the program may say but probably doesn't mean.
    """

    source: Source = field(compare=False, repr=False)
    defs: tuple[Def, ...]
    functions: dict[str, Fn]
    givens: tuple[Given, ...]
    body: tuple[Expr, ...]
    warnings: tuple[GsdmcWarning, ...] = field(default=(), compare=False, repr=False)
