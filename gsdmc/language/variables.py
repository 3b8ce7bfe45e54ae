"""Special forms of random variables: sample, observe, factor, untracked, extern."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gsdmc.language import habits
from gsdmc.language.bindings import shape
from gsdmc.language.builtins import BUILTINS
from gsdmc.language.calls import YIELDS_VALUE, is_distribution
from gsdmc.language.distributions import ALIASES, DISTRIBUTIONS
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
from gsdmc.language.scope import Scope
from gsdmc.language.signatures import plural
from gsdmc.language.source import GsdmcError
from gsdmc.language.syntax import Expr, Extern, Factor, Observe, Sample, Untracked

if TYPE_CHECKING:
    from gsdmc.language.expressions import Expressions

_NO_DISTRIBUTION = YIELDS_VALUE | {"fn", "untracked"}
_CALLABLE = frozenset({*DISTRIBUTIONS, *ALIASES, *BUILTINS})


def sample(parser: Expressions, form: ListForm, scope: Scope, bound: str | None) -> Expr:
    """`(sample name distribution)` or `(sample distribution)`."""
    args = form.items[1:]
    if len(args) not in (1, 2):
        raise _count("sample", "a name and a distribution", form)
    if len(args) == 2:
        _check_name("sample", args[0], args[1], scope)
    _note_draw(parser, form)
    _check_distribution("sample", form, args[-1], scope)
    name = parser.expression(args[0], scope) if len(args) == 2 else None
    return Sample(form.span, name, parser.expression(args[-1], scope), bound)


def observe(parser: Expressions, form: ListForm, scope: Scope, bound: str | None) -> Expr:
    """`(observe name distribution value)` or `(observe distribution value)`."""
    args = form.items[1:]
    if len(args) not in (2, 3):
        raise _count("observe", "a name, a distribution and a value", form)
    if len(args) == 3:
        _check_name("observe", args[0], args[1], scope)
    elif _is_name(args[0]) and is_distribution(args[1], scope):
        raise shape("observe", "this `observe` has no value", form.span)
    _note_draw(parser, form)
    _check_distribution("observe", form, args[-2], scope)
    if is_distribution(args[-1], scope):
        raise GsdmcError(
            "an observed value is a number or a boolean, this is a distribution",
            args[-1].span,
            hint='write for example `(observe "y" (normal 0 1) 3.2)`',
        )
    name = parser.expression(args[0], scope) if len(args) == 3 else None
    distribution, value = parser.all(args[-2:], scope)
    return Observe(form.span, name, distribution, value, bound)


def factor(parser: Expressions, form: ListForm, scope: Scope, bound: str | None) -> Expr:
    """`(factor name expression)`."""
    args = form.items[1:]
    if len(args) != 2:
        raise _count("factor", "a name and an expression", form)
    _check_name("factor", args[0], args[1], scope)
    _note_draw(parser, form)
    if is_distribution(args[1], scope):
        raise GsdmcError(
            "a factor is a condition that holds or not, this is a distribution",
            args[1].span,
            hint="draw from a distribution with `sample`",
        )
    return Factor(form.span, *parser.all(args, scope))


def untracked(parser: Expressions, form: ListForm, scope: Scope, bound: str | None) -> Expr:
    """`(untracked expression)`."""
    if len(form.items) != 2:
        raise _count("untracked", "one expression", form)
    return Untracked(form.span, parser.expression(form.items[1], scope))


def extern(parser: Expressions, form: ListForm, scope: Scope, bound: str | None) -> Expr:
    """`(extern function args ...)`: the function's name is looked up when the program is compiled."""
    if len(form.items) < 2:
        raise _count("extern", "the name of a registered function", form)
    head = form.items[1]
    if not isinstance(head, Symbol):
        hint = f"write `{SPECIAL_SHAPES['extern']}`"
        if isinstance(head, Constant) and head.type == "string":
            hint = f"write `(extern {head.value} ...)`"
        elif isinstance(head, ListForm):
            hint = f"write `{habits.written('extern', head.items)}`"
        raise GsdmcError(
            f"`extern` takes a registered function's name, this is {describe(head)}", head.span, hint=hint
        )
    return Extern(form.span, head.name, parser.all(form.items[2:], scope))


def _check_name(head: str, name: Form, after: Form, scope: Scope) -> None:
    """Refuse what certainly is no name."""
    if _is_name(after) and not _is_name(name):
        swapped = f"({head} {short(after)} {short(name)}{' value' if head == 'observe' else ''})"
        raise GsdmcError(f"the name comes first in `{head}`", after.span, hint=f"write `{swapped}`")
    if isinstance(name, Constant) and name.type == "string" and name.value == "":
        raise GsdmcError("a variable's name can't be empty", name.span, hint=f'write `({head} "x" ...)`')
    if isinstance(name, Symbol) and name.name not in SPECIAL_SHAPES:
        binding = scope.find(name.name)
        what = "not bound to any" if binding is None else binding.constant
        if binding is not None and binding.kind != "local" and binding.signature is not None:
            what = "a distribution" if binding.kind == "distribution" else "a function"
        if what not in (None, "a string"):
            raise GsdmcError(
                f"a name is a string, `{name.name}` is {what}", name.span, hint=f'write "{name.name}"'
            )
    if is_distribution(name, scope):
        several = isinstance(after, Constant) and after.type == "integer"
        hint = f'`(foreach {short(after)} [] (sample "x" {short(name)}))`' if several else None
        raise GsdmcError(
            "a name is a string, this is a distribution",
            name.span,
            hint=f"to draw several values, write {hint}" if hint else f"write `{SPECIAL_SHAPES[head]}`",
        )
    if isinstance(name, KeywordForm):
        raise GsdmcError("a name is a string, this is a keyword", name.span, hint=f'write "{name.name}"')
    if isinstance(name, VectorForm | MapForm) or (isinstance(name, Constant) and name.type != "string"):
        raise shape(head, f"a name is a string, this is {describe(name)}", name.span)


def _check_distribution(head: str, form: ListForm, distribution: Form, scope: Scope) -> None:
    """Refuse what certainly is no distribution."""
    what: str | None = None
    match distribution:
        case Constant() | VectorForm() | MapForm() | KeywordForm():
            what = f"this is {describe(distribution)}"
        case Symbol(name=name):
            binding = scope.find(name)
            if binding is not None and binding.kind == "distribution":
                raise GsdmcError(
                    f"`{name}` needs its parameters here",
                    distribution.span,
                    hint=f"write `{binding.signature}`",
                )
            what = f"`{name}` is {binding.constant}" if binding is not None and binding.constant else None
        case ListForm(items=(Symbol(name=name), *_)):
            binding = scope.find(name)
            if name in _NO_DISTRIBUTION and (binding is None or binding.kind == "builtin"):
                what = f"`{name}` gives a value"
    if what is None:
        return
    if isinstance(distribution, Constant) and distribution.type == "string":
        hint = f"write `({head} {short(distribution)} (normal 0 1){' value' if head == 'observe' else ''})`"
    elif head == "observe" and is_distribution(form.items[-1], scope):
        *before, value, after = form.items
        hint = f"the value comes last: write `({' '.join(map(short, (*before, after, value)))})`"
    elif head == "observe":
        hint = 'write for example `(observe "y" (normal 0 1) 3.2)`'
    elif isinstance(distribution, VectorForm | MapForm) or what.endswith(" a vector"):
        hint = "sample its elements one by one, in a `foreach`"
    else:
        hint = f"to make a value a node of the graph, wrap it: `(dirac {short(distribution)})`"
    raise GsdmcError(f"`{head}` takes a distribution, {what}", distribution.span, hint=hint)


def _note_draw(parser: Expressions, form: ListForm) -> None:
    if parser.uses.draws is None:
        parser.uses.draws = form.span


def _is_name(form: Form) -> bool:
    return isinstance(form, Constant) and form.type == "string"


def _count(head: str, expected: str, form: ListForm) -> GsdmcError:
    args = form.items[1:]
    found = plural(len(args), "form") if args else "nothing"
    call = habits.bare_call(args, _CALLABLE)
    hint = None
    if call is not None:
        at, written = call
        whole = " ".join([head, *map(short, args[:at]), written])
        hint = f"a call has parentheses of its own: write `({whole})`"
    elif head == "sample" and any(isinstance(arg, KeywordForm) for arg in args):
        hint = f"to give a variable a value, write `{SPECIAL_SHAPES['observe']}`"
    elif head == "sample" and len(args) == 3:
        hint = _three_hint(*args)
    elif head == "factor" and len(args) == 1 and not _is_name(args[0]):
        hint = f'write `(factor "name" {short(args[0])})`'
    message = f"`{head}` takes {expected}, this one has {found}"
    hint = hint or habits.glued(args)
    return shape(head, message, form.span) if hint is None else GsdmcError(message, form.span, hint=hint)


def _three_hint(name: Form, distribution: Form, more: Form) -> str | None:
    """What to write for a `sample` with a number after its distribution, or numbers in place of it."""
    match distribution, more:
        case ListForm(), Constant(type="integer"):
            one = f"(sample {short(name)} {short(distribution)})"
            return f"to draw several values, write `(foreach {short(more)} [] {one})`"
        case ListForm(), Constant():
            return f"to give a variable a value, write `{SPECIAL_SHAPES['observe']}`"
        case Constant(), Constant():
            call = f"(normal {short(distribution)} {short(more)})"
            return f"name the distribution: `(sample {short(name)} {call})`"
    return None
