"""The names that forms bind: vectors of bindings, and what is said of those that are not written so."""

from __future__ import annotations

from itertools import zip_longest

from gsdmc.language import habits
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
from gsdmc.language.source import GsdmcError, Span


def shape(head: str, message: str, span: Span) -> GsdmcError:
    """The error for a special form that is not written as it should be."""
    return GsdmcError(message, span, hint=f"write `{SPECIAL_SHAPES[head]}`")


def bindings_of(form: ListForm, at: int) -> tuple[list[Symbol], tuple[Form, ...], tuple[Form, ...]]:
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
    cure = habits.glued(vector.items)
    names = [binder(item, f"a `{head.name}`", after, cure) for item, after in _pairs(vector)]
    if len(vector.items) % 2:
        last = names[-1]
        index = f"write `{last.name} (range {short(form.items[1])})` for an index"
        match form.items[1]:
            case ListForm(items=(Symbol(name="range"), count)):
                number = short(count)
                index = f"the count is a number: `(foreach {number} [{last.name} (range {number})] ...)`"
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
        sign = item.span.text if isinstance(item, Symbol | KeywordForm) else ""
        if sign in ("=", ":=", "<-") and (len(vector.items) % 2 or not isinstance(after, Symbol)):
            raise shape(head, f"`{head}` pairs names with values, without `{sign}`", item.span)


def binder(form: Form, where: str, value: Form | None = None, cure: str | None = None) -> Symbol:
    """A form that binds a name to a value; `cure` is what to say of one that can't, if something is known."""
    if isinstance(form, VectorForm | MapForm):
        raise GsdmcError(
            "taking a value apart in a binding is not supported",
            form.span,
            hint="bind the whole, then take `(first xs)`, `(second xs)` or `(get xs i)`",
        )
    if not isinstance(form, Symbol):
        hint = "names and values come in turn: every name stands before its value"
        if cure is not None:
            hint = cure
        elif isinstance(form, KeywordForm):
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


def bind_once(scope: Scope, symbol: Symbol, where: str) -> None:
    """Bind a name that the same form must not bind already."""
    earlier = scope.names.get(symbol.name)
    if earlier is not None and symbol.name != "_" and earlier.place is not None:
        raise GsdmcError(
            f"`{symbol.name}` stands twice in {where}",
            symbol.span,
            related=(("first here", earlier.place),),
            hint="give one of them another name",
        )
    scope.bind(symbol.name, Binding("local", symbol.span))


def check_one_vector(form: ListForm, body: tuple[Form, ...], scope: Scope) -> None:
    """Refuse `(let [x 1] [y 2] (+ x y))`."""
    match body:
        case (VectorForm(items=(Symbol(name=name), _)) as second, _, *_) if scope.find(name) is None:
            first = short(form.items[1])[:-1]
            raise GsdmcError(
                "bindings stand in one vector, these are in two",
                second.span,
                hint=f"write `(let {first} {short(second)[1:]} ...)`",
            )


def count_hint(items: tuple[Form, ...]) -> str:
    """What to write for a `foreach` that starts with a vector."""
    match items[1:]:
        case (VectorForm(), VectorForm(), *_):
            return "every dimension has a `foreach` of its own: nest one in the other"
        case (VectorForm() as bindings, Constant(type="integer") | Symbol() as count, _, *_):
            return f"the count comes first: `(foreach {short(count)} {short(bindings)} ...)`"
        case (VectorForm(items=(_, ListForm(items=(Symbol(name="range"), count)))) as bindings, *_):
            return f"write `(foreach {short(count)} {short(bindings)} ...)`"
        case (VectorForm(items=(Symbol(name=name), Constant(value=0), count)), *_):
            return f"write `(foreach {short(count)} [{name} (range {short(count)})] ...)`"
        case _:
            return f"write `{SPECIAL_SHAPES['foreach']}`"
