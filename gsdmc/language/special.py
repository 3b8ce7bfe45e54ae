"""Special forms that bind names or choose: let, if, foreach, loop, fn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gsdmc.language import habits
from gsdmc.language.bindings import bind_once, binder, bindings_of, check_one_vector, count_hint, shape
from gsdmc.language.calls import check_passed, signature_of
from gsdmc.language.foreign import SPECIAL_SHAPES
from gsdmc.language.forms import (
    Constant,
    Form,
    ListForm,
    MapForm,
    Symbol,
    VectorForm,
    describe,
    short,
)
from gsdmc.language.scope import Binding, Scope
from gsdmc.language.signatures import Signature, plural
from gsdmc.language.source import GsdmcError, Span
from gsdmc.language.syntax import Expr, Fn, Foreach, If, Let, Loop, Name

if TYPE_CHECKING:
    from gsdmc.language.expressions import Expressions


def let(parser: Expressions, form: ListForm, scope: Scope, bound: str | None) -> Expr:
    """`(let [name value ...] body ...)`: each value sees the names before it."""
    names, values, body = bindings_of(form, 1)
    check_one_vector(form, body, scope)
    inner = Scope(scope)
    bindings = []
    for symbol in reversed(names):
        inner.later[symbol.name] = symbol.span
    for symbol, value in zip(names, values, strict=True):
        expr = parser.expression(value, inner, None if symbol.name == "_" else symbol.name)
        binding = bound_to(value, inner, symbol.span)
        if binding.signature is not None:
            own = binding.signature
            binding = Binding("local", symbol.span, Signature(symbol.name, own.params, own.least, own.most))
        inner.bind(symbol.name, binding)
        inner.later.pop(symbol.name, None)
        bindings.append((Name(symbol.span, symbol.name), expr))
    return Let(form.span, tuple(bindings), parser.body(body, inner, bound))


def foreach(parser: Expressions, form: ListForm, scope: Scope, bound: str | None) -> Expr:
    """`(foreach count [x xs ...] body ...)`: the bindings are zipped, and don't see each other."""
    if len(form.items) > 1 and isinstance(form.items[1], VectorForm):
        raise GsdmcError(
            "`foreach` starts with the number of iterations", form.items[1].span, hint=count_hint(form.items)
        )
    names, values, body = bindings_of(form, 2)
    count = parser.expression(form.items[1], scope)
    exprs = parser.all(values, Scope(scope, hidden=frozenset(symbol.name for symbol in names)))
    inner = Scope(scope)
    for symbol in names:
        bind_once(inner, symbol, "a `foreach`")
    bindings = tuple((Name(s.span, s.name), e) for s, e in zip(names, exprs, strict=True))
    return Foreach(form.span, count, bindings, parser.body(body, inner, bound))


def loop(parser: Expressions, form: ListForm, scope: Scope, bound: str | None) -> Expr:
    """`(loop count init f args ...)`."""
    if len(form.items) > 1 and isinstance(form.items[1], VectorForm):
        raise shape(
            "loop",
            "`loop` folds a function over 0, 1, ..., count - 1; it has no bindings",
            form.items[1].span,
        )
    if len(form.items) < 4:
        count = len(form.items) - 1
        raise shape("loop", f"`loop` takes at least 3 arguments, this one has {count or 'none'}", form.span)
    _, count_form, init, f, *args = form.items
    check_passed("loop", f, [count_form, init, *args], ("t", "accumulator", *map(short, args)), scope)
    count_expr, init_expr, function = parser.all([count_form, init, f], scope)
    return Loop(form.span, count_expr, init_expr, function, parser.all(args, scope))


def conditional(parser: Expressions, form: ListForm, scope: Scope, bound: str | None) -> Expr:
    """`(if test then else)`."""
    for item in form.items[2:]:
        word = item.name if isinstance(item, Symbol) else ""
        if word in ("then", "else", "elif") and scope.find(word) is None:
            raise shape("if", f"`if` has no `{word}`: the arms stand after the test", item.span)
    if len(form.items) != 4:
        count = len(form.items) - 1
        found = plural(count, "form") if count else "nothing"
        test = habits.infix(ListForm(form.span, form.items[1:4]))
        raise GsdmcError(
            f"`if` takes a test and both arms, this one has {found}",
            form.span,
            hint=test or f"write `{SPECIAL_SHAPES['if']}`",
        )
    return If(form.span, *parser.all(form.items[1:], scope))


def function(parser: Expressions, form: ListForm, scope: Scope, bound: str | None) -> Expr:
    """`(fn [params ...] body ...)`."""
    if len(form.items) > 1 and isinstance(form.items[1], Symbol):
        name = form.items[1]
        if len(form.items) == 2 or not isinstance(form.items[2], VectorForm):
            raise GsdmcError(
                f"parameters stand in a vector, this is {describe(name)}",
                name.span,
                hint=f"write `(fn [{name.name}] ...)`",
            )
        raise GsdmcError(
            f"`fn` makes a function without a name, here it has one: {name.name}",
            name.span,
            hint=f"write `(fn [...] ...)`, or `(defn {name.name} [...] ...)` at the top level",
        )
    return lambda_of(parser, form, form.items[1:], scope, None)


def lambda_of(
    parser: Expressions, form: ListForm, rest: tuple[Form, ...], scope: Scope, name: str | None
) -> Fn:
    """The function of a `fn` or `defn`, given what follows its name and docstring.

    Raises:
        GsdmcError: at parameters that are no names, or an empty body.
    """
    head = "fn" if name is None else "defn"
    params = parameters(head, form, rest)
    if len(rest) < 2:
        raise shape(head, "this function has no body", form.span)
    inner = Scope(scope)
    for symbol in params:
        bind_once(inner, symbol, "a function's parameters")
    names = tuple(Name(symbol.span, symbol.name) for symbol in params)
    return Fn(form.span, names, parser.body(rest[1:], inner), name)


def parameters(head: str, form: ListForm, rest: tuple[Form, ...]) -> list[Symbol]:
    """The names in the parameter vector that `rest` starts with.

    Raises:
        GsdmcError: there is none, or something in it is no name.
    """
    if not rest:
        raise shape(head, f"`{head}` needs a vector of parameters", form.span)
    if not isinstance(rest[0], VectorForm):
        several = isinstance(rest[0], ListForm) and rest[0].items and isinstance(rest[0].items[0], VectorForm)
        what = (
            "a function has one vector of parameters and one body"
            if several
            else "parameters stand in a vector"
        )
        names = rest[0].items if isinstance(rest[0], ListForm) else ()
        hint = None
        if len(rest) == 1 and isinstance(rest[0], ListForm) and not several:
            hint = "write `[]` before the body of a function without parameters"
        elif not several and names and all(isinstance(name, Symbol) for name in names):
            hint = f"write `[{' '.join(map(short, names))}]`"
        if hint is not None:
            raise GsdmcError(f"{what}, this is {describe(rest[0])}", rest[0].span, hint=hint)
        raise shape(head, f"{what}, this is {describe(rest[0])}", rest[0].span)
    return [binder(item, "a parameter") for item in rest[0].items]


def bound_to(value: Form, scope: Scope, place: Span) -> Binding:
    """What a local name or def stands for, as far as its value's form says."""
    match value:
        case Constant() | VectorForm() | MapForm():
            return Binding("local", place, constant=describe(value))
        case ListForm(items=(Symbol(name="sample" | "observe"), *_)):
            return Binding("local", place, constant="a random value")
        case ListForm(items=(Symbol(name="foreach"), *_)):
            return Binding("local", place, constant="a vector")
        case Symbol(name=name) if (known := scope.find(name)) is not None:
            return Binding("local", place, known.signature, known.constant)
        case _:
            return Binding("local", place, signature_of(value, scope))


def misplaced(parser: Expressions, form: ListForm, scope: Scope, bound: str | None) -> Expr:
    """Refuses what is no expression."""
    head = form.items[0]
    assert isinstance(head, Symbol)
    if head.name == "subset":
        raise shape("subset", "`subset` stands only inside `given`", form.span)
    hint = "move it out of the form around it"
    match form.items:
        case (Symbol(name="def"), Symbol(name=name), value):
            hint = f"write `(let [{name} {short(value)}] ...)` around what uses it"
        case (Symbol(name="defn"), Symbol(name=name), VectorForm() as params, *_):
            hint = f"move it there, or write `(let [{name} (fn {short(params)} ...)] ...)`"
    raise GsdmcError(
        f"`{head.name}` stands only at the top level of a program, not inside another form",
        form.span,
        hint=hint,
    )
