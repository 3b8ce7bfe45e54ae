"""Calls, and what can be said of them before they run: arity, and arguments of an impossible kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gsdmc.language import habits
from gsdmc.language.builtins import BUILTINS, NUMERIC
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
from gsdmc.language.syntax import Call, Expr

if TYPE_CHECKING:
    from gsdmc.language.expressions import Expressions

_LOGICAL = frozenset({"and", "or", "not"})
_MAY_YIELD_ANYTHING = frozenset({"get", "get-in", "nth", "first", "second", "last", "reduce"})
_OF_VECTOR = ("xs", "probabilities")

YIELDS_VALUE = (frozenset(BUILTINS) - _MAY_YIELD_ANYTHING) | {"sample", "observe", "factor", "foreach"}
"""What a list may start with that is then neither a function nor a distribution."""


def call(parser: Expressions, form: ListForm, scope: Scope) -> Expr:
    """`(f args ...)` for a function, a builtin or a distribution.

    Raises:
        GsdmcError: f is no function, or the arguments don't suit it.
    """
    if not form.items:
        raise GsdmcError("an empty list calls nothing", form.span, hint="write `[]` for an empty vector")
    head, *args = form.items
    binding: Binding | None = None
    function: Expr
    if isinstance(head, Symbol):
        function = parser.head(head, scope, form)
        binding = scope.find(head.name)
        _check_compared(head, args, scope)
    elif isinstance(head, ListForm):
        _check_head(head, form, scope)
        function = parser.expression(head, scope)
    else:
        raise GsdmcError(f"{describe(head)} can't be called", head.span, hint=_head_hint(form, scope))
    signature = signature_of(head, scope)
    if binding is not None and binding.constant is not None:
        raise _not_callable(head, form, binding, scope)
    if signature is not None and not signature.accepts(len(args)):
        raise _wrong_arity(form, signature)
    if binding is not None and binding.kind in ("builtin", "distribution") and isinstance(head, Symbol):
        _check_arguments(head.name, binding, args, form, scope)
    span = Span(form.span.source, form.span.start, form.span.end, tuple(arg.span for arg in args))
    return Call(span, function, parser.all(args, scope))


def _check_compared(head: Symbol, args: list[Form], scope: Scope) -> None:
    """Refuse `(= n 3)` where nothing is called n."""
    match head.name, args:
        case "=", [Symbol(name=name) as symbol, value] if scope.find(name) is None:
            named = f"write `(def {name} {short(value)})` to name a value, or bind it with `let`"
            raise scope.unknown(name, symbol.span, f"`=` compares; {named}")


def signature_of(form: Form, scope: Scope) -> Signature | None:
    """The signature of a function that is known by its name or written out as `(fn ...)`."""
    if isinstance(form, Symbol):
        binding = scope.find(form.name)
        return None if binding is None else binding.signature
    match form:
        case ListForm(items=(Symbol(name="fn"), VectorForm(items=params), *_)):
            names = tuple(p.name if isinstance(p, Symbol) else "_" for p in params)
            return Signature("fn", names, len(names), len(names), place=form.span)
    return None


def check_passed(caller: str, form: Form, others: list[Form], shown: tuple[str, ...], scope: Scope) -> None:
    """Check a function that `caller` will call with the arguments `shown`; `others` stand beside it.

    Raises:
        GsdmcError: it certainly is no function, or takes another number of arguments.
    """
    binding = scope.find(form.name) if isinstance(form, Symbol) else None
    what = None
    if isinstance(form, Constant | KeywordForm | VectorForm | MapForm):
        what = f"this is {describe(form)}"
    elif isinstance(form, Symbol) and binding is not None and binding.constant is not None:
        what = f"`{form.name}` is {binding.constant}"
    if what is not None:
        function = next((f for f in others if signature_of(f, scope) is not None), None)
        first = None
        if function is not None:
            ordered = [function, form, *(f for f in others if f is not function)]
            first = f"the function comes first: write `{habits.written(caller, ordered)}`"
        raise GsdmcError(
            f"`{caller}` takes a function here, {what}",
            form.span,
            hint=first if caller != "loop" and first else f"pass a name or `(fn [{' '.join(shown)}] ...)`",
            related=() if binding is None else _place("bound here", binding),
        )
    signature = signature_of(form, scope)
    if signature is not None and not signature.accepts(len(shown)):
        call = "" if signature.name == "fn" else f": ({signature.name} {' '.join(shown)})"
        raise GsdmcError(
            f"`{caller}` calls this function with {plural(len(shown), 'argument')}{call}, "
            f"but it takes {signature.expected}: {_shown(signature)}",
            form.span,
            hint=f"write `(fn [{' '.join(shown)}] ...)`"
            if signature.name == "fn"
            else f"give it as many parameters, or pass `(fn [...] ({signature.name} ...))`",
            related=_definition(signature),
        )


def is_distribution(form: Form, scope: Scope) -> bool:
    """Whether a form calls a distribution by its name."""
    match form:
        case ListForm(items=(Symbol(name=name), *_)):
            binding = scope.find(name)
            return binding is not None and binding.kind == "distribution"
    return False


def _check_arguments(name: str, binding: Binding, args: list[Form], form: ListForm, scope: Scope) -> None:
    if name == "map":
        check_passed("map", args[0], args[1:], ("x", "y", "z", *("x",) * len(args))[: len(args) - 1], scope)
    if name == "reduce":
        check_passed("reduce", args[0], args[1:], ("accumulator", "x"), scope)
    if name == "hash-map" and len(args) % 2:
        raise GsdmcError(
            "`hash-map` pairs keys with values; this key has no value",
            args[-1].span,
            hint="write `(hash-map key value ...)`",
        )
    if binding.kind == "builtin" and name not in NUMERIC:
        return
    for arg in args:
        if name == "mixture" and is_distribution(arg, scope):
            inner = " ".join(short(a) for a in args if is_distribution(a, scope))
            raise GsdmcError(
                "`mixture` takes weights and a vector of distributions, this is one distribution",
                arg.span,
                hint=f"write `(mixture [weight ...] [{inner}])`",
            )
        if is_distribution(arg, scope):
            raise GsdmcError(
                f"`{name}` takes values, this is a distribution",
                arg.span,
                hint=f"draw from it: `(sample {short(arg)})`",
            )
        odd = isinstance(arg, VectorForm | MapForm | KeywordForm) or (
            isinstance(arg, Constant) and arg.type in ("string", "nil")
        )
        if odd and binding.kind == "builtin" and name not in _LOGICAL:
            raise GsdmcError(
                f"`{name}` takes numbers, this is {describe(arg)}", arg.span, hint=_odd_hint(name, arg, args)
            )


def _odd_hint(name: str, arg: Form, args: list[Form]) -> str:
    """What to write instead of something that is no number."""
    match arg:
        case VectorForm() if len(args) == 1:
            return f"apply it to each element: `(map (fn [x] ({name} x)) {short(arg)})`"
        case VectorForm():
            return f"apply it to each element: `(map (fn [x] ({name} x ...)) {short(arg)})`"
        case Constant(type="string") if name == "+":
            return f"to put strings together, write `{habits.written('str', args)}`"
        case Constant(type="string"):
            return "numbers stand without quotes"
        case KeywordForm(name=key):
            return f"to look into a map, write `(get m :{key})`"
        case MapForm():
            return "take one of its values: `(get m :key)`"
        case _:
            return "write a number"


def _wrong_arity(form: ListForm, signature: Signature) -> GsdmcError:
    count = len(form.items) - 1
    subject = "this function" if signature.name == "fn" else f"`{signature.name}`"
    return GsdmcError(
        f"{subject} takes {signature.expected}: {_shown(signature)}; this call has {count or 'none'}",
        form.span,
        hint=_arity_hint(form, signature),
        related=_definition(signature),
    )


def _arity_hint(form: ListForm, signature: Signature) -> str:
    args = form.items[1:]
    cure = (
        habits.glued(args)
        or habits.decimal_comma(args)
        or habits.named_arguments(args, str(signature))
        or habits.called_outside(form.span)
    )
    if cure is not None:
        return cure
    match args:
        case () if signature.name != "fn":
            return f"give it arguments, or write `{signature.name}` alone to pass the function itself"
        case (VectorForm(items=inner),) if signature.accepts(len(inner)):
            return f"write `{habits.written(signature.name, inner)}`"
        case (ListForm(items=(Constant(), *_) as inner),) if signature.accepts(len(inner)):
            return f"write `{habits.written(signature.name, inner)}`"
    if len(signature.params) == 1 and signature.params[0] in _OF_VECTOR and args:
        return f"write `({signature.name} [{' '.join(map(short, args))}])`: it takes one vector"
    if signature.doc:
        return f"`{signature.name}`: {signature.doc}"
    return f"call it with {signature.expected}" if signature.name == "fn" else f"write `{signature}`"


def _function_second(form: ListForm, scope: Scope) -> str | None:
    """The cure for `(n range)`, and for forms that lack their name."""
    match form.items:
        case (head, Symbol(name=name) as function, *rest) if (
            name in SPECIAL_SHAPES or signature_of(function, scope) is not None
        ):
            return f"the function comes first: write `{habits.written(name, [head, *rest])}`"
        case (count, VectorForm(items=(Symbol(), _)) as bindings, _, *_):
            return f"a form's name comes first: write `(foreach {short(count)} {short(bindings)} ...)`"
        case (VectorForm(items=(Symbol(), ListForm(), *_)) as bindings, _, *_):
            return f"a form's name comes first: write `(let {short(bindings)} ...)`"
    return None


def _not_callable(head: Form, form: ListForm, binding: Binding, scope: Scope) -> GsdmcError:
    assert isinstance(head, Symbol)
    cure = habits.infix(form) or habits.called_outside(form.span) or _function_second(form, scope)
    if cure is None and len(form.items) == 2:
        cure = f"write `(get {head.name} {short(form.items[1])})` to look something up"
    if cure is None and len(form.items) == 1:
        cure = f"parentheses call: write `{head.name}` alone"
    return GsdmcError(
        f"`{head.name}` is {binding.constant}, it can't be called",
        head.span,
        hint=cure or "a list calls its first item; write `[...]` for a vector",
        related=_place("bound here", binding),
    )


def _check_head(head: ListForm, form: ListForm, scope: Scope) -> None:
    """Refuse to call what a list gives that can't be a function."""
    match head.items:
        case (Symbol(name=name), *_) if name in YIELDS_VALUE or is_distribution(head, scope):
            binding = scope.find(name)
            if binding is not None and binding.kind not in ("builtin", "distribution"):
                return
            what = "a distribution" if is_distribution(head, scope) else "a value"
            alone = f"write `{short(head)}`, in one pair of parentheses" if len(form.items) == 1 else None
            raise GsdmcError(
                f"a list calls its first item, but `{name}` gives {what}, no function",
                head.span,
                hint=habits.infix(form) or alone or "write `[...]` for a vector",
            )


def _head_hint(form: ListForm, scope: Scope) -> str:
    head = form.items[0]
    cure = habits.infix(form) or habits.called_outside(form.span) or _function_second(form, scope)
    if cure is not None:
        return cure
    if len(form.items) == 2 and isinstance(head, KeywordForm):
        return f"write `(get {short(form.items[1])} {short(head)})`"
    if len(form.items) == 2 and isinstance(head, VectorForm | MapForm):
        return f"write `(get {short(head)} {short(form.items[1])})`"
    return f"a list calls its first item; write `[{short(form)[1:-1]}]` for a vector"


def _shown(signature: Signature) -> str:
    if signature.name == "fn":
        return f"(fn [{' '.join(signature.params)}] ...)"
    return str(signature)


def _definition(signature: Signature) -> tuple[tuple[str, Span], ...]:
    return () if signature.place is None or signature.name == "fn" else (("defined here", signature.place),)


def _place(note: str, binding: Binding) -> tuple[tuple[str, Span], ...]:
    return () if binding.place is None else ((note, binding.place),)
