"""What people write who are used to another language, recognised where it is refused: each gives the cure."""

from __future__ import annotations

import re
from collections.abc import Container, Sequence
from itertools import pairwise

from gsdmc.language.builtins import BUILTINS
from gsdmc.language.forms import Constant, Form, KeywordForm, ListForm, Symbol, VectorForm, short
from gsdmc.language.source import Span

OPERATORS = {
    "+": "+",
    "-": "-",
    "*": "*",
    "/": "/",
    "**": "pow",
    "%": "mod",
    "<": "<",
    "<=": "<=",
    ">": ">",
    ">=": ">=",
    "=": "=",
    "==": "=",
    "!=": "not=",
    "not=": "not=",
    "and": "and",
    "&&": "and",
    "or": "or",
    "||": "or",
    "mod": "mod",
}
"""What other languages write between two operands, and the builtin that does it."""

_BETWEEN = re.compile(r"(.+?)(\*\*|==|!=|<=|>=|&&|\|\||[-+*<>=%])(.+)")
_NUMBER = re.compile(r"[0-9]+(\.[0-9]*)?")
_ASSIGNED = re.compile(r"[ \t]*(?::=|<-|=)[ \t]*([^\s;]+)")


def written(head: str, forms: Sequence[Form]) -> str:
    """A call of `head` as one writes it."""
    return f"({' '.join([head, *map(short, forms)])})"


def infix(form: ListForm) -> str | None:
    """The cure for `(a + b)`."""
    match form.items:
        case (left, Symbol(name=operator), right) if operator in OPERATORS:
            return f"the function comes first: write `{written(OPERATORS[operator], (left, right))}`"
    return None


def glued(forms: Sequence[Form]) -> str | None:
    """The cure for `f(x)`, `xs[i]` and `f"..."`: forms without a space between them."""
    for left, right in pairwise(forms):
        if left.span.end != right.span.start or not isinstance(left, Symbol):
            continue
        if isinstance(right, ListForm):
            return f"a function stands inside its parentheses: write `{written(left.name, right.items)}`"
        if isinstance(right, VectorForm):
            get = "get" if len(right.items) == 1 else "get-in"
            key = right.items[0] if len(right.items) == 1 else right
            return f"write `({get} {left.name} {short(key)})` to look into a vector"
        if isinstance(right, Constant) and right.type == "string":
            return 'write `(str "x" i)` to put a string together'
    return None


def called_outside(span: Span) -> str | None:
    """The cure for `(x)` where a name stands right before it: `f(x)`."""
    before = span.source.text[max(0, span.start - 100) : span.start]
    name = re.search(r"[^\s()\[\]{}\",;]+$", before)
    if name is None:
        return None
    inside = " ".join(span.text[1:-1].split())
    return f"a function stands inside its parentheses: write `({name.group()} {inside})`"


def opened_outside(span: Span) -> bool:
    """Whether a parenthesis follows a name without a space: `f(`."""
    return span.source.text.startswith("(", span.end)


def decimal_comma(forms: Sequence[Form]) -> str | None:
    """The cure for `0,5`: a comma is white space."""
    for left, right in pairwise(forms):
        whole = all(isinstance(f, Constant) and f.type == "integer" for f in (left, right))
        if whole and left.span.source.text[left.span.end : right.span.start] == ",":
            number = f"{left.span.text}.{right.span.text}"
            return f"a comma counts as a space: write `{number}` for a decimal"
    return None


def named_arguments(forms: Sequence[Form], shape: str) -> str | None:
    """The cure for `:mean 0`."""
    if any(isinstance(form, KeywordForm) for form in forms):
        return f"arguments have no names, only an order: write `{shape}`"
    return None


def bare_call(forms: Sequence[Form], callable_names: Container[str]) -> tuple[int, str] | None:
    """Where a function's name stands with its arguments but without parentheses, and the call to write."""
    for at, form in enumerate(forms):
        if isinstance(form, Symbol) and form.name in callable_names and at + 1 < len(forms):
            rest = forms[at + 1 :]
            if isinstance(rest[0], ListForm) and rest[0].span.start == form.span.end:
                rest = rest[0].items
            return at, written(form.name, rest)
    return None


def assigned(span: Span) -> str | None:
    """What an `=` after a name gives it: the cure for `n = 3`."""
    match = _ASSIGNED.match(span.source.text, span.end, span.end + 100)
    if match is None:
        return None
    name, value = span.text, match.group(1)
    value = value if value.count("(") == value.count(")") else "..."
    return f"write `(def {name} {value})` at the top level, or `(let [{name} {value}] ...)` around its uses"


def operator_inside(name: str, known: Container[str]) -> str | None:
    """The cure for `n-1`, `-x`, `!x` and `mean=0`, which are one name each."""
    if name[0] in "-!" and name[1:] in known:
        function = "-" if name[0] == "-" else "not"
        return f"`{name}` is one name: write `({function} {name[1:]})`"
    match = _BETWEEN.fullmatch(name)
    if match is None:
        return None
    left, operator, right = match.groups()
    fits = [part in known or _NUMBER.fullmatch(part) is not None for part in (left, right)]
    if operator == "=" and fits[1] and (left in BUILTINS or not fits[0]):
        return f"arguments have no names, only an order: write `{right}`"
    return f"`{name}` is one name: write `({OPERATORS[operator]} {left} {right})`" if all(fits) else None
