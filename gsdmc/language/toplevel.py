"""Top-level forms that are no expressions: def, defn and given."""

from __future__ import annotations

from dataclasses import dataclass

from gsdmc.language.bindings import check_binder, shape
from gsdmc.language.distributions import signature as distribution_signature
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
from gsdmc.language.scope import did_you_mean
from gsdmc.language.source import GsdmcError, Span
from gsdmc.language.syntax import Given


@dataclass(frozen=True)
class DefForm:
    """A `def` whose value is not looked at yet."""

    form: ListForm
    symbol: Symbol
    value: Form
    range: tuple[int, int] | None
    seed: int | None


@dataclass(frozen=True)
class DefnForm:
    """A `defn` whose parameters and body are not looked at yet: `rest` holds both."""

    form: ListForm
    symbol: Symbol
    rest: tuple[Form, ...]


def read_def(form: ListForm) -> DefForm:
    """The parts of `(def ^{:in [lo hi] :seed s} name value)`.

    Raises:
        GsdmcError: at the part that is missing or wrong.
    """
    if len(form.items) != 3:
        count = len(form.items) - 1
        found = "nothing" if not count else "only a name" if count == 1 else f"{count} forms"
        raise GsdmcError(
            f"`def` takes a name and a value, this one has {found}", form.span, hint=_def_hint(form)
        )
    symbol = _defined(form)
    size_range, seed = _metadata(symbol)
    value = form.items[2]
    is_data = isinstance(value, VectorForm | MapForm) or (
        isinstance(value, Constant) and value.type != "integer"
    )
    if size_range is not None and is_data:
        raise GsdmcError(
            f"only a size, an integer, has a training range `:in`; this is {describe(value)}",
            value.span,
            hint="delete the metadata",
        )
    return DefForm(form, symbol, value, size_range, seed)


def _def_hint(form: ListForm) -> str:
    """What to write for a `def` with too few or too many forms."""
    match form.items[1:]:
        case (Symbol(name=name), VectorForm() | ListForm() as params, *_):
            names = " ".join(short(p) for p in params.items)
            return f"write `(defn {name} [{names}] body ...)` to define a function"
        case (Symbol(name=name), Symbol(name="=" | ":="), value):
            return f"write `(def {name} {short(value)})`"
        case (Symbol(name=name), Constant(type="string"), value):
            return f"write `(def {name} {short(value)})`; comments start with `;`"
        case (Symbol(name=name), MapForm() as metadata, value):
            return f"metadata comes first: write `(def ^{short(metadata)} {name} {short(value)})`"
        case (Symbol(name=name), value, Symbol(), *_):
            return f"every name has a `def` of its own: `(def {name} {short(value)})`"
        case _:
            return f"write `{SPECIAL_SHAPES['def']}`"


def read_defn(form: ListForm) -> DefnForm:
    """The parts of `(defn name "docstring" [params ...] body ...)`; the docstring is optional.

    Raises:
        GsdmcError: it has no name.
    """
    if len(form.items) < 2:
        raise shape("defn", "`defn` needs a name, parameters and a body", form.span)
    symbol = _defined(form)
    if symbol.metadata is not None:
        raise GsdmcError(
            "metadata stands only before the name of a `def`", symbol.metadata.span, hint="delete it"
        )
    rest = form.items[2:]
    if len(rest) > 1 and isinstance(rest[0], Constant) and rest[0].type == "string":
        rest = rest[1:]
    return DefnForm(form, symbol, rest)


def read_given(form: ListForm) -> Given:
    """`(given "E" (subset "A" ...) ...)`.

    Raises:
        GsdmcError: something in it is no name of an array, or a name stands in it twice.
    """
    targets: dict[str, Span] = {}
    subset: dict[str, Span] = {}
    if len(form.items) == 1:
        raise shape("given", "`given` names at least one array", form.span)
    for item in form.items[1:]:
        match item:
            case ListForm(items=(Symbol(name="subset"), *names)):
                if not names:
                    raise shape("subset", "`subset` names at least one array", item.span)
                for name in names:
                    _add(subset, name, targets)
            case _:
                _add(targets, item, subset)
    return Given(form.span, tuple(targets), tuple(subset), targets | subset)


def _add(names: dict[str, Span], form: Form, others: dict[str, Span]) -> None:
    if not isinstance(form, Constant) or not isinstance(form.value, str):
        hint = f"write `{SPECIAL_SHAPES['given']}`"
        if isinstance(form, Symbol) and form.name == "subset":
            hint = f"write `{SPECIAL_SHAPES['subset']}`"
        elif isinstance(form, Symbol | KeywordForm):
            hint = f'write "{form.name}"'
        elif isinstance(form, VectorForm):
            hint = f"write `(given {' '.join(map(short, form.items))})`"
        elif isinstance(form, Constant):
            hint = "name arrays only; their values come with each query"
        raise GsdmcError(
            f"`given` takes names of arrays as strings, this is {describe(form)}", form.span, hint=hint
        )
    if form.value in names or form.value in others:
        raise GsdmcError(f"{short(form)} stands in this `given` twice", form.span, hint="delete one")
    names[form.value] = form.span


def _defined(form: ListForm) -> Symbol:
    head, symbol = form.items[:2]
    assert isinstance(head, Symbol)
    if not isinstance(symbol, Symbol):
        message = f"`{head.name}` starts with a name, this is {describe(symbol)}"
        if isinstance(symbol, Constant) and isinstance(symbol.value, str):
            raise GsdmcError(message, symbol.span, hint=f"write `{symbol.value}`, without quotes")
        if isinstance(symbol, KeywordForm):
            raise GsdmcError(message, symbol.span, hint=f"write `{symbol.name}`, without the colon")
        raise shape(head.name, message, symbol.span)
    check_binder(symbol)
    if symbol.name == "_":
        raise GsdmcError("`_` discards; a definition needs a name", symbol.span, hint="choose a name")
    if distribution_signature(symbol.name) is not None:
        raise GsdmcError(
            f"`{symbol.name}` is a distribution and can't be defined again",
            symbol.span,
            hint="choose another name",
        )
    return symbol


def _metadata(symbol: Symbol) -> tuple[tuple[int, int] | None, int | None]:
    """The training range and the seed of a def."""
    size_range: tuple[int, int] | None = None
    seed: int | None = None
    for key, value in symbol.metadata.entries if symbol.metadata else ():
        name = key.name if isinstance(key, KeywordForm) else None
        match name, value:
            case "in", VectorForm(
                items=(Constant(value=low, type="integer"), Constant(value=high, type="integer"))
            ) if isinstance(low, int) and isinstance(high, int):
                if not 0 <= low <= high:
                    raise GsdmcError(
                        f"the range [{low} {high}] is empty or negative",
                        value.span,
                        hint="write the smallest and the largest size, `:in [1 10]`",
                    )
                size_range = low, high
            case "seed", Constant(value=int(number), type="integer") if number >= 0:
                seed = number
            case "in", _:
                raise GsdmcError(
                    "a training range is a vector of two integers", value.span, hint="write `:in [1 10]`"
                )
            case "seed", _:
                raise GsdmcError("a seed is an integer, 0 or above", value.span, hint="write `:seed 0`")
            case _:
                near = did_you_mean(f":{name}", {":in": None, ":seed": None})
                raise GsdmcError(
                    "a def's metadata has the keys `:in` and `:seed`",
                    key.span,
                    hint=near or "write `^{:in [1 10]}` for a training range, `^{:seed 0}` for a drawn value",
                )
    return size_range, seed
