"""The parser: a program's text to its syntax tree, all names and calls checked."""

from __future__ import annotations

from gsdmc.language.dependencies import check_dependencies
from gsdmc.language.expressions import Expressions, Uses
from gsdmc.language.forms import Form, ListForm, Symbol
from gsdmc.language.limits import DEFAULT, Limits, cure, on_deep_stack, within
from gsdmc.language.reader import read
from gsdmc.language.scope import Binding, Scope
from gsdmc.language.shadowing import hidden_sizes
from gsdmc.language.signatures import Signature
from gsdmc.language.source import GsdmcError, Source, Span
from gsdmc.language.special import bound_to, lambda_of, parameters
from gsdmc.language.syntax import Def, Expr, Fn, Given, Syntax
from gsdmc.language.toplevel import DefForm, DefnForm, read_def, read_defn, read_given


def parse(text: str, name: str = "<string>", *, limits: Limits = DEFAULT) -> Syntax:
    """The syntax tree of a program; errors call the text `name`. Reading evaluates nothing.

    Raises:
        GsdmcError: at a place where the text is no program.
    """
    source = Source(name, text)
    try:
        with within(limits):
            return on_deep_stack(limits.nesting, lambda: _program(source, read(source, limits.nesting)))
    except RecursionError:
        raise GsdmcError(
            "this program nests too deep for the Python stack that is left",
            Span(source, 0, 0),
            hint="give inner parts names with `let` or `defn`, or " + cure("nesting"),
        ) from None


def _program(source: Source, forms: tuple[Form, ...]) -> Syntax:
    items = [_top_level(form) for form in forms]
    scope, places = _globals(items)
    defs: list[Def] = []
    functions: dict[str, Fn] = {}
    body: list[Expr] = []
    uses: dict[type, dict[str, Uses]] = {DefForm: {}, DefnForm: {}}
    for item in items:
        parser = Expressions()
        match item:
            case DefForm(form=form, symbol=symbol, value=value):
                expr = parser.expression(value, scope)
                defs.append(Def(form.span, symbol.name, expr, item.range, item.seed))
                uses[DefForm][symbol.name] = parser.uses
            case DefnForm(form=form, symbol=symbol, rest=rest):
                functions[symbol.name] = lambda_of(parser, form, rest, scope, symbol.name)
                uses[DefnForm][symbol.name] = parser.uses
            case Given():
                pass
            case _:
                body.append(parser.expression(item, scope))
    check_dependencies(uses[DefnForm], uses[DefForm], places)
    if not body:
        raise GsdmcError(
            "this program has no form to evaluate" if forms else "this program is empty",
            forms[-1].span if forms else Span(source, 0, 0),
            hint='end it with the model, such as `(sample "x" (normal 0 1))`',
        )
    givens = tuple(item for item in items if isinstance(item, Given))
    warnings = hidden_sizes(defs, functions, body, places)
    return Syntax(source, tuple(defs), functions, givens, tuple(body), warnings)


def _top_level(form: Form) -> Form | DefForm | DefnForm | Given:
    match form:
        case ListForm(items=(Symbol(name="def"), *_)):
            return read_def(form)
        case ListForm(items=(Symbol(name="defn"), *_)):
            return read_defn(form)
        case ListForm(items=(Symbol(name="given"), *_)):
            return read_given(form)
        case _:
            return form


def _globals(items: list[Form | DefForm | DefnForm | Given]) -> tuple[Scope, dict[str, Span]]:
    """The scope of all that the program defines, and where: functions may be used before their definition."""
    scope = Scope(Scope.outermost())
    places: dict[str, Span] = {}
    for item in items:
        if not isinstance(item, DefForm | DefnForm):
            continue
        symbol = item.symbol
        if symbol.name in places:
            raise GsdmcError(
                f"`{symbol.name}` is defined twice",
                symbol.span,
                related=(("first here", places[symbol.name]),),
                hint="choose another name, or delete one definition",
            )
        places[symbol.name] = symbol.span
        if isinstance(item, DefnForm):
            params = tuple(p.name for p in parameters("defn", item.form, item.rest))
            signature = Signature(symbol.name, params, len(params), len(params), place=symbol.span)
            scope.names[symbol.name] = Binding("function", symbol.span, signature)
        else:
            value = bound_to(item.value, scope, symbol.span)
            scope.names[symbol.name] = Binding("def", symbol.span, value.signature, value.constant)
    return scope, places
