"""Raw forms: what the reader makes of text, before any form has a meaning."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from gsdmc.language.source import Span

ConstantType = Literal["integer", "float", "string", "boolean", "nil"]


@dataclass(frozen=True)
class Form:
    """Any form. Equality ignores where it stands."""

    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True)
class Constant(Form):
    """A number, string, boolean or nil; `type` keeps `1`, `1.0` and `true` apart."""

    value: int | float | str | bool | None
    type: ConstantType


@dataclass(frozen=True)
class KeywordForm(Form):
    """`:name`."""

    name: str


@dataclass(frozen=True)
class Symbol(Form):
    """A name, with the metadata written before it (`^{:in [1 10]} m`)."""

    name: str
    metadata: MapForm | None = None


@dataclass(frozen=True)
class ListForm(Form):
    """`(a b c)`."""

    items: tuple[Form, ...]


@dataclass(frozen=True)
class VectorForm(Form):
    """`[a b c]`."""

    items: tuple[Form, ...]


@dataclass(frozen=True)
class MapForm(Form):
    """`{k v ...}`."""

    entries: tuple[tuple[Form, Form], ...]


def describe(form: Form) -> str:
    """What a form is, for messages: `a vector`, `the name x`."""
    match form:
        case Symbol():
            return f"the name {form.name}"
        case KeywordForm():
            return f"the keyword :{form.name}"
        case Constant(type="nil"):
            return "nil"
        case Constant(type="string"):
            return "a string"
        case Constant(type="boolean"):
            return "a boolean"
        case Constant():
            return "a number"
        case VectorForm():
            return "a vector"
        case MapForm():
            return "a map"
        case _:
            return "a list"


def short(form: Form) -> str:
    """A form's text on one line, clipped, for hints."""
    text = " ".join(form.span.text.split())
    return text if len(text) <= 40 else text[:37] + "..."
