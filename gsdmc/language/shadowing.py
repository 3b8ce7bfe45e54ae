"""Local names that hide a size: allowed, and probably a mistake, since the size is meant further inside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from gsdmc.language.source import GsdmcWarning, Span
from gsdmc.language.syntax import (
    Call,
    Def,
    Expr,
    Extern,
    Factor,
    Fn,
    Foreach,
    If,
    Let,
    Literal,
    Loop,
    MapExpr,
    Name,
    Observe,
    Sample,
    Untracked,
    VectorExpr,
)

_ARITHMETIC = frozenset({"+", "-", "*", "/", "pow", "quot", "mod", "rem"})
_OF_WHOLE_NUMBERS = _ARITHMETIC | {"min", "max", "abs", "floor", "ceil", "round", "inc", "dec"}
"""What sizes are computed by."""


def hidden_sizes(
    defs: Sequence[Def], functions: Mapping[str, Fn], body: Sequence[Expr], places: Mapping[str, Span]
) -> tuple[GsdmcWarning, ...]:
    """Warnings about names that `let`, `foreach` and functions bind though a size is called so.

    A function may call a parameter like the size that every call of it passes there, and `let` may bind a
    size to its own name: nothing is hidden then. `places` are where the program's defs are named.
    """
    sizes = size_names(defs)
    if not sizes:
        return ()
    every = list(walk([*(d.value for d in defs), *functions.values(), *body]))
    passed = passed_on(every, functions)
    found: list[GsdmcWarning] = []
    for expr in every:
        for name, where in bound_by(expr):
            if name.name in sizes and (id(expr), name.name) not in passed:
                found.append(
                    GsdmcWarning(
                        f"this {where} hides the size `{name.name}`",
                        name.span,
                        hint=f"choose another name: further inside, `{name.name}` is not the size any more",
                        related=(("the size is defined here", places[name.name]),),
                    )
                )
    return tuple(sorted(found, key=lambda warning: warning.span.start if warning.span else 0))


def size_names(defs: Sequence[Def]) -> frozenset[str]:
    """The defs that are sizes: whole numbers, ranges of them, and what is computed from these alone."""
    sizes: set[str] = set()
    for definition in defs:
        if definition.range is not None or _is_size(definition.value, sizes):
            sizes.add(definition.name)
    return frozenset(sizes)


def _is_size(value: Expr, sizes: set[str]) -> bool:
    parts = list(walk([value]))
    whole = all(
        isinstance(part, Call)
        or (isinstance(part, Literal) and type(part.value) is int)
        or (isinstance(part, Name) and (part.name in sizes or part.name in _OF_WHOLE_NUMBERS))
        for part in parts
    )
    return whole and not isinstance(value, Name)


def bound_by(expr: Expr) -> Iterator[tuple[Name, str]]:
    """The names that an expression binds, each with what binds it, in words."""
    match expr:
        case Let(bindings=bindings):
            for name, value in bindings:
                if not (isinstance(value, Name) and value.name == name.name):
                    yield name, "`let`"
        case Foreach(bindings=bindings):
            for name, _ in bindings:
                yield name, "`foreach`"
        case Fn(params=params, name=own):
            for name in params:
                yield name, "parameter" if own is None else f"parameter of `{own}`"


def passed_on(every: Sequence[Expr], functions: Mapping[str, Fn]) -> set[tuple[int, str]]:
    """Functions (by `id`) with those of their parameters for which every call passes the name itself."""
    calls: dict[str, list[tuple[Expr, ...]]] = {}
    heads: set[int] = set()
    for expr in every:
        if isinstance(expr, Call) and isinstance(expr.function, Name) and expr.function.name in functions:
            calls.setdefault(expr.function.name, []).append(expr.args)
            heads.add(id(expr.function))
    as_value = {e.name for e in every if isinstance(e, Name) and id(e) not in heads}
    found: set[tuple[int, str]] = set()
    for name, own in calls.items():
        for at, param in enumerate(functions[name].params):
            same = all(isinstance(args[at], Name) and args[at] == param for args in own)
            if same and name not in as_value:
                found.add((id(functions[name]), param.name))
    return found


def walk(roots: Sequence[Expr]) -> Iterator[Expr]:
    """Every expression of some, in reading order; not recursive, since forms may nest deep."""
    stack = list(reversed(roots))
    while stack:
        expr = stack.pop()
        yield expr
        stack.extend(reversed(parts(expr)))


def parts(expr: Expr) -> tuple[Expr, ...]:
    """The expressions right inside one."""
    match expr:
        case VectorExpr(items=items) | Extern(args=items):
            return items
        case MapExpr(entries=entries):
            return tuple(part for entry in entries for part in entry)
        case Let(bindings=bindings, body=body):
            return (*(value for _, value in bindings), *body)
        case If(test=test, then=then, orelse=orelse):
            return test, then, orelse
        case Fn(body=body):
            return body
        case Call(function=function, args=args):
            return function, *args
        case Foreach(count=count, bindings=bindings, body=body):
            return (count, *(value for _, value in bindings), *body)
        case Loop(count=count, init=init, function=function, args=args):
            return count, init, function, *args
        case Sample(name=name, distribution=distribution):
            return (distribution,) if name is None else (name, distribution)
        case Observe(name=name, distribution=distribution, value=value):
            return (distribution, value) if name is None else (name, distribution, value)
        case Factor(name=name, value=value):
            return name, value
        case Untracked(value=value):
            return (value,)
    return ()
