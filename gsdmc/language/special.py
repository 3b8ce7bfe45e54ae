"""Special forms that bind names or choose: let, if, foreach, loop, fn."""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING

from gsdmc.language import habits
from gsdmc.language.calls import check_passed, signature_of
from gsdmc.language.foreign import SPECIAL_SHAPES
from gsdmc.language.forms import (
    Constant,
    Form,
    KeywordForm,
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
    names, values, body = _bindings(form, 1)
    inner = Scope(scope)
    bindings = []
    for symbol, value in zip(names, values, strict=True):
        expr = parser.expression(value, inner, None if symbol.name == "_" else symbol.name)
        binding = bound_to(value, inner, symbol.span)
        if binding.signature is not None:
            own = binding.signature
            binding = Binding("local", symbol.span, Signature(symbol.name, own.params, own.least, own.most))
        inner.bind(symbol.name, binding)
        bindings.append((Name(symbol.span, symbol.name), expr))
    return Let(form.span, tuple(bindings), parser.body(body, inner, bound))


def foreach(parser: Expressions, form: ListForm, scope: Scope, bound: str | None) -> Expr:
    """`(foreach count [x xs ...] body ...)`: the bindings are zipped, and don't see each other."""
    if len(form.items) > 1 and isinstance(form.items[1], VectorForm):
        raise GsdmcError(
            "`foreach` starts with the number of iterations", form.items[1].span, hint=_count_hint(form.items)
        )
    names, values, body = _bindings(form, 2)
    count = parser.expression(form.items[1], scope)
    exprs = parser.all(values, Scope(scope, hidden=frozenset(symbol.name for symbol in names)))
    inner = Scope(scope)
    for symbol in names:
        _bind_once(inner, symbol, "a `foreach`")
    bindings = tuple((Name(s.span, s.name), e) for s, e in zip(names, exprs, strict=True))
    return Foreach(form.span, count, bindings, parser.body(body, inner, bound))


def _count_hint(items: tuple[Form, ...]) -> str:
    """What to write for a `foreach` that starts with a vector."""
    match items[1:]:
        case (VectorForm(), VectorForm(), *_):
            return "every dimension has a `foreach` of its own: nest one in the other"
        case (VectorForm() as bindings, Constant(type="integer") | Symbol() as count, _, *_):
            return f"the count comes first: `(foreach {short(count)} {short(bindings)} ...)`"
        case (VectorForm(items=(_, ListForm(items=(Symbol(name="range"), count)))) as bindings, *_):
            return f"write `(foreach {short(count)} {short(bindings)} ...)`"
        case _:
            return f"write `{SPECIAL_SHAPES['foreach']}`"


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
        _bind_once(inner, symbol, "a function's parameters")
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
        if not several and names and all(isinstance(name, Symbol) for name in names) and len(rest) > 1:
            hint = f"write `[{' '.join(map(short, names))}]`"
            raise GsdmcError(f"{what}, this is {describe(rest[0])}", rest[0].span, hint=hint)
        raise shape(head, f"{what}, this is {describe(rest[0])}", rest[0].span)
    return [_binder(item, "a parameter") for item in rest[0].items]


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


def shape(head: str, message: str, span: Span) -> GsdmcError:
    """The error for a special form that is not written as it should be."""
    return GsdmcError(message, span, hint=f"write `{SPECIAL_SHAPES[head]}`")


def _bindings(form: ListForm, at: int) -> tuple[list[Symbol], tuple[Form, ...], tuple[Form, ...]]:
    """The names and values of the vector at an index of a form, and the body after it."""
    head = form.items[0]
    assert isinstance(head, Symbol)
    if len(form.items) <= at:
        raise shape(head.name, f"`{head.name}` needs bindings and a body", form.span)
    vector = form.items[at]
    if not isinstance(vector, VectorForm):
        raise GsdmcError(
            f"bindings stand in a vector, this is {describe(vector)}",
            vector.span,
            hint=_vector_hint(head.name, vector, form.items[at + 1 :], form.items[1]),
        )
    match vector.items:
        case (VectorForm(items=(Symbol(), *_) as inner),) if len(inner) % 2 == 0:
            raise GsdmcError(
                "bindings stand in one vector, these are in two",
                vector.span,
                hint=f"write `{short(vector.items[0])}`, in one pair of brackets",
            )
    _check_equals_signs(head.name, vector)
    names = [_binder(item, f"a `{head.name}`", after) for item, after in _pairs(vector)]
    if len(vector.items) % 2:
        last = names[-1]
        index = f"write `{last.name} (range {short(form.items[1])})` for an index"
        raise GsdmcError(
            f"`{last.name}` has no value to be bound to",
            last.span,
            hint=index if head.name == "foreach" else f"write `{SPECIAL_SHAPES[head.name]}`",
        )
    if len(form.items) == at + 1:
        raise GsdmcError(
            f"this `{head.name}` has no body",
            form.span,
            hint=f"write `{SPECIAL_SHAPES[head.name]}`; perhaps a bracket closes it too early",
        )
    return names, vector.items[1::2], form.items[at + 1 :]


def _vector_hint(head: str, form: Form, after: tuple[Form, ...], count: Form) -> str:
    """What to write for a form that stands where the vector of bindings should."""
    index = f"write `[i (range {short(count)})]` for an index"
    match head, form:
        case "let", Symbol(name=name) if len(after) > 1:
            return f"write `(let [{name} {short(after[0])}] ...)`"
        case "let", ListForm(items=(ListForm(items=(Symbol(name=name), value)),)):
            return f"write `(let [{name} {short(value)}] ...)`"
        case "let", ListForm(items=(Symbol(name=name), value)):
            return f"write `(let [{name} {short(value)}] ...)`"
        case "foreach", Symbol(name=name):
            return index.replace("[i ", f"[{name} ")
        case "foreach", ListForm(items=(Symbol(name=name), ListForm())) if after:
            return index.replace("[i ", f"[{name} ")
        case "foreach", Constant():
            return "every dimension has a `foreach` of its own: nest one in the other"
        case "foreach", ListForm() if not after:
            return f"write `(foreach {short(count)} [] ...)` where nothing is bound"
    return f"write `{SPECIAL_SHAPES[head]}`"


def _pairs(vector: VectorForm) -> list[tuple[Form, Form | None]]:
    """Every form that stands where a name is bound, with the one after it."""
    return list(zip_longest(vector.items[::2], vector.items[1::2]))


def _check_equals_signs(head: str, vector: VectorForm) -> None:
    """Refuse `[x = 3]`."""
    for item, after in zip(vector.items[1::2], [*vector.items[2::2], None], strict=False):
        if isinstance(item, Symbol) and item.name in ("=", ":=", "<-") and not isinstance(after, Symbol):
            raise shape(head, f"`{head}` pairs names with values, without `{item.name}`", item.span)


def _binder(form: Form, where: str, value: Form | None = None) -> Symbol:
    """A form that binds a name to a value."""
    if isinstance(form, VectorForm | MapForm):
        raise GsdmcError(
            "taking a value apart in a binding is not supported",
            form.span,
            hint="bind the whole, then take `(first xs)`, `(second xs)` or `(get xs i)`",
        )
    if not isinstance(form, Symbol):
        hint = "names start with a letter; each stands before its value"
        if isinstance(form, KeywordForm):
            hint = f"write `{form.name}`"
        elif isinstance(form, Constant) and isinstance(form.value, str):
            hint = f"write `{form.value}`, without quotes"
        elif isinstance(value, Symbol):
            hint = f"the name comes first: `{value.name} {short(form)}`"
        raise GsdmcError(f"{where} binds names, this is {describe(form)}", form.span, hint=hint)
    if form.metadata is not None:
        raise GsdmcError(
            "metadata stands only before the name of a `def`", form.metadata.span, hint="delete it"
        )
    if form.name == "&":
        raise GsdmcError(
            "functions with any number of arguments (`&`) are not supported", form.span, hint="pass a vector"
        )
    check_binder(form)
    return form


def check_binder(symbol: Symbol) -> None:
    """Refuse to bind the name of a special form."""
    if symbol.name in SPECIAL_SHAPES:
        raise GsdmcError(
            f"`{symbol.name}` is a special form and can't be bound to a value",
            symbol.span,
            hint="choose another name",
        )


def _bind_once(scope: Scope, symbol: Symbol, where: str) -> None:
    earlier = scope.names.get(symbol.name)
    if earlier is not None and symbol.name != "_" and earlier.place is not None:
        raise GsdmcError(
            f"`{symbol.name}` stands twice in {where}",
            symbol.span,
            related=(("first here", earlier.place),),
            hint="give one of them another name",
        )
    scope.bind(symbol.name, Binding("local", symbol.span))
