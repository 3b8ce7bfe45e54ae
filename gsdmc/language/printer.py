"""The printer: a syntax tree back to text that parses to the same tree."""

from __future__ import annotations

from dataclasses import dataclass, replace

from gsdmc.language.limits import DEEPEST, on_deep_stack
from gsdmc.language.syntax import (
    Call,
    Def,
    Expr,
    Extern,
    Factor,
    Fn,
    Foreach,
    Given,
    If,
    Keyword,
    Let,
    Literal,
    Loop,
    MapExpr,
    Name,
    Observe,
    Sample,
    Syntax,
    Untracked,
    VectorExpr,
)

WIDTH = 100
_ESCAPES = {"\n": "\\n", "\t": "\\t", "\r": "\\r", "\b": "\\b", "\f": "\\f", "\\": "\\\\", '"': '\\"'}


def to_text(syntax: Syntax, width: int = WIDTH) -> str:
    """The program as text, `width` columns wide where it can be, with a final newline."""
    try:
        return _to_text(syntax, width)
    except RecursionError:  # forms may nest as deep as a limit was raised to
        return on_deep_stack(DEEPEST, lambda: _to_text(syntax, width))


def _to_text(syntax: Syntax, width: int) -> str:
    groups = [
        [_definition(item) for item in syntax.defs],
        *([_function(name, fn)] for name, fn in syntax.functions.items()),
        [_given(item) for item in syntax.givens],
        [_document(expr) for expr in syntax.body],
    ]
    return "\n".join("".join(_layout(d, 0, width) + "\n" for d in group) for group in groups if group)


def show(expr: Expr) -> str:
    """An expression on one line: as it was written, where that has no comments."""
    text = expr.span.text
    if not text or ";" in text or "#" in text or '"' in text:
        return _flat(_document(expr))
    return " ".join(text.split())


@dataclass(frozen=True)
class _Group:
    """A bracketed sequence. Broken over lines, its first `keep` items stay on the first line.

    `broken`: it is broken over lines even where it would fit on one.
    """

    opener: str
    items: tuple[_Document, ...]
    closer: str
    keep: int
    flat: str
    broken: bool = False


_Document = str | _Group


def _group(opener: str, items: list[_Document], closer: str, keep: int) -> _Group:
    flat = opener + " ".join([_flat(item) for item in items]) + closer
    return _Group(opener, tuple(items), closer, keep, flat)


def _list(*items: _Document, keep: int = 1) -> _Group:
    return _group("(", list(items), ")", keep)


def _flat(document: _Document) -> str:
    return document if isinstance(document, str) else document.flat


def _layout(document: _Document, column: int, width: int, tail: int = 0) -> str:
    """The document from a column on, later lines indented; `tail` closing brackets will follow it."""
    if isinstance(document, str) or (column + len(document.flat) + tail <= width and not document.broken):
        return _flat(document)
    step = 2 if document.opener == "(" else len(document.opener)
    text, end = document.opener, column + len(document.opener)
    last = len(document.items) - 1
    for place, item in enumerate(document.items):
        if place >= document.keep > 0 or (place and document.keep == 0):
            text, end = f"{text}\n{' ' * (column + step)}", column + step
        elif place:
            text, end = text + " ", end + 1
        piece = _layout(item, end, width, tail + len(document.closer) if place == last else 0)
        text += piece
        end = len(piece) - piece.rfind("\n") - 1 if "\n" in piece else end + len(piece)
    return text + document.closer


def _document(expr: Expr) -> _Document:
    match expr:
        case Literal(value=value):
            return _literal(value)
        case Keyword(name=name):
            return f":{name}"
        case Name(name=name):
            return name
        case VectorExpr(items=items):
            return _group("[", [_document(item) for item in items], "]", 0)
        case MapExpr(entries=entries):
            return _group("{", [_pair(_document(key), _document(value)) for key, value in entries], "}", 0)
        case Let(bindings=bindings, body=body):
            group = _list("let", _bindings(bindings), *[_document(item) for item in body], keep=2)
            return replace(group, broken=len(bindings) > 1)
        case If(test=test, then=then, orelse=orelse):
            return _list("if", _document(test), _document(then), _document(orelse), keep=2)
        case Fn(params=params, body=body):
            return _list("fn", _params(params), *[_document(item) for item in body], keep=2)
        case Call(function=function, args=args):
            return _list(_document(function), *[_document(item) for item in args])
        case Foreach(count=count, bindings=bindings, body=body):
            return _list(
                "foreach", _document(count), _bindings(bindings), *[_document(item) for item in body], keep=3
            )
        case Loop(count=count, init=init, function=function, args=args):
            parts = [count, init, function, *args]
            return _list("loop", *[_document(item) for item in parts], keep=2)
        case Sample(name=name, distribution=distribution):
            parts = [distribution] if name is None else [name, distribution]
            return _list("sample", *[_document(item) for item in parts], keep=2)
        case Observe(name=name, distribution=distribution, value=value):
            parts = [distribution, value] if name is None else [name, distribution, value]
            return _list("observe", *[_document(item) for item in parts], keep=2)
        case Factor(name=name, value=value):
            return _list("factor", _document(name), _document(value), keep=2)
        case Untracked(value=value):
            return _list("untracked", _document(value))
        case Extern(function=function, args=args):
            return _list("extern", function, *[_document(item) for item in args], keep=2)
    raise AssertionError(expr)


def _pair(first: _Document, second: _Document) -> _Group:
    return _group("", [first, second], "", 2)


def _bindings(bindings: tuple[tuple[Name, Expr], ...]) -> _Group:
    group = _group("[", [_pair(name.name, _document(value)) for name, value in bindings], "]", 0)
    return replace(group, broken=len(bindings) > 1)


def _params(params: tuple[Name, ...]) -> str:
    return f"[{' '.join(param.name for param in params)}]"


def _definition(item: Def) -> _Document:
    metadata = [] if item.range is None else [f":in [{item.range[0]} {item.range[1]}]"]
    metadata += [] if item.seed is None else [f":seed {item.seed}"]
    name = f"^{{{' '.join(metadata)}}} {item.name}" if metadata else item.name
    return _list("def", name, _document(item.value), keep=2)


def _function(name: str, fn: Fn) -> _Document:
    body = [_document(item) for item in fn.body]
    return replace(_list("defn", name, _params(fn.params), *body, keep=3), broken=True)


def _given(item: Given) -> _Document:
    targets: list[_Document] = [_literal(name) for name in item.targets]
    subset = [_list("subset", *[_literal(name) for name in item.subset])] if item.subset else []
    return _list("given", *targets, *subset)


def _literal(value: int | float | str | bool | None) -> str:
    if isinstance(value, str):
        return '"' + "".join(_character(c) for c in value) + '"'
    return "nil" if value is None else str(value).lower() if isinstance(value, bool) else repr(value)


def _character(c: str) -> str:
    if c in _ESCAPES:
        return _ESCAPES[c]
    return c if c.isprintable() or ord(c) > 0xFFFF else f"\\u{ord(c):04x}"
