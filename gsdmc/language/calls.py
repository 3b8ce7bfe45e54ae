"""Calls, and what can be said of them before they run: arity, and arguments of an impossible kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gsdmc.language.builtins import NUMERIC
from gsdmc.language.forms import Constant, Form, KeywordForm, ListForm, MapForm, Symbol, VectorForm, describe
from gsdmc.language.scope import Binding, Scope
from gsdmc.language.signatures import Signature, plural
from gsdmc.language.source import GsdmcError, Span
from gsdmc.language.syntax import Call, Expr

if TYPE_CHECKING:
    from gsdmc.language.expressions import Expressions

_LOGICAL = frozenset({"and", "or", "not"})


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
        function = parser.name(head, scope, form.span)
        binding = scope.find(head.name)
    elif isinstance(head, ListForm):
        function = parser.expression(head, scope)
    else:
        raise GsdmcError(f"{describe(head)} can't be called", head.span, hint=_head_hint(form))
    signature = signature_of(head, scope)
    if binding is not None and binding.constant is not None:
        raise _not_callable(head, form, binding)
    if signature is not None and not signature.accepts(len(args)):
        raise _wrong_arity(form, signature)
    if binding is not None and binding.kind in ("builtin", "distribution") and isinstance(head, Symbol):
        _check_arguments(head.name, binding, args, form, scope)
    return Call(form.span, function, parser.all(args, scope))


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


def check_passed(caller: str, form: Form, args: str, count: int, scope: Scope) -> None:
    """Check a function that `caller` will call with `count` arguments, shown as `args`.

    Raises:
        GsdmcError: it certainly is no function, or takes another number of arguments.
    """
    if isinstance(form, Constant | KeywordForm | VectorForm | MapForm):
        raise GsdmcError(
            f"`{caller}` takes a function here, this is {describe(form)}",
            form.span,
            hint="pass a name or `(fn [x] ...)`",
        )
    if isinstance(form, Symbol):
        binding = scope.find(form.name)
        if binding is not None and binding.constant is not None:
            raise GsdmcError(
                f"`{caller}` takes a function here, `{form.name}` is {binding.constant}",
                form.span,
                related=_place("bound here", binding),
            )
    signature = signature_of(form, scope)
    if signature is not None and not signature.accepts(count):
        shown = "" if signature.name == "fn" else f": ({signature.name} {args})"
        raise GsdmcError(
            f"`{caller}` calls this function with {plural(count, 'argument')}{shown}, "
            f"but it takes {signature.expected}: {_shown(signature)}",
            form.span,
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
        check_passed("map", args[0], " ".join("x" * (len(args) - 1)), len(args) - 1, scope)
    if name == "reduce":
        check_passed("reduce", args[0], "accumulator x", 2, scope)
    if name == "hash-map" and len(args) % 2:
        raise GsdmcError("`hash-map` pairs keys with values; this key has no value", args[-1].span)
    if binding.kind == "builtin" and name not in NUMERIC:
        return
    for arg in args:
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
            over = f"apply it to each element: `(map (fn [x] ({name} x)) {short(arg)})`"
            is_vector = isinstance(arg, VectorForm) and len(args) == 1
            raise GsdmcError(
                f"`{name}` takes numbers, this is {describe(arg)}", arg.span, hint=over if is_vector else None
            )


def _wrong_arity(form: ListForm, signature: Signature) -> GsdmcError:
    count = len(form.items) - 1
    subject = "this function" if signature.name == "fn" else f"`{signature.name}`"
    return GsdmcError(
        f"{subject} takes {signature.expected}: {_shown(signature)}; this call has {count or 'none'}",
        form.span,
        hint=f"`{signature.name}`: {signature.doc}" if signature.doc else None,
        related=_definition(signature),
    )


def _not_callable(head: Form, form: ListForm, binding: Binding) -> GsdmcError:
    assert isinstance(head, Symbol)
    return GsdmcError(
        f"`{head.name}` is {binding.constant}, it can't be called",
        head.span,
        hint=f"write `(get {head.name} {short(form.items[1])})` to look something up"
        if len(form.items) == 2
        else None,
        related=_place("bound here", binding),
    )


def _head_hint(form: ListForm) -> str:
    head = form.items[0]
    if len(form.items) == 2 and isinstance(head, KeywordForm):
        return f"write `(get {short(form.items[1])} {short(head)})`"
    if len(form.items) == 2 and isinstance(head, VectorForm | MapForm):
        return f"write `(get {short(head)} {short(form.items[1])})`"
    return "a list calls its first item; write `[...]` for a vector"


def short(form: Form) -> str:
    """A form's text on one line, clipped, for hints."""
    text = " ".join(form.span.text.split())
    return text if len(text) <= 40 else text[:37] + "..."


def _shown(signature: Signature) -> str:
    if signature.name == "fn":
        return f"(fn [{' '.join(signature.params)}] ...)"
    return str(signature)


def _definition(signature: Signature) -> tuple[tuple[str, Span], ...]:
    return () if signature.place is None or signature.name == "fn" else (("defined here", signature.place),)


def _place(note: str, binding: Binding) -> tuple[tuple[str, Span], ...]:
    return () if binding.place is None else ((note, binding.place),)
