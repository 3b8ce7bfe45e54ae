"""The reader: text to raw forms, by the grammar `gsdmc.grammar/gsdmc.lark`."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Any, cast

from lark import Lark, Token
from lark.exceptions import UnexpectedCharacters, UnexpectedToken, VisitError
from lark.visitors import Transformer_NonRecursive

from gsdmc.language import lexemes
from gsdmc.language.brackets import check_brackets
from gsdmc.language.forms import Constant, Form, KeywordForm, ListForm, MapForm, Symbol, VectorForm, describe
from gsdmc.language.limits import Limits
from gsdmc.language.source import GsdmcError, Source, Span

SIZE_LIMIT = 1_000_000
"""How many characters a program may have."""


def read(source: Source, nesting: int = Limits.nesting) -> tuple[Form, ...]:
    """The forms of a text, in order, without what `#_` discards; brackets nest `nesting` deep at most.

    Raises:
        GsdmcError: at the place where the text stops being readable.
    """
    if len(source.text) > SIZE_LIMIT:
        raise GsdmcError(
            f"a program has at most {SIZE_LIMIT} characters, this one has {len(source.text)}",
            Span(source, SIZE_LIMIT, SIZE_LIMIT + 1),
            hint="keep data out of the program: `--set xs=@x.npy` gives a def its value from a file",
        )
    check_brackets(source, nesting)
    try:
        tree = _parser().parse(source.text)
    except UnexpectedCharacters as error:
        start = error.pos_in_stream or 0
        raise lexemes.unreadable(source.text, Span(source, start, start + 1)) from None
    except UnexpectedToken as error:
        raise _dangling(source, error) from None
    try:
        return cast("tuple[Form, ...]", _Forms(source).transform(tree))
    except VisitError as error:
        raise error.orig_exc from None


@cache
def _parser() -> Lark:
    grammar = files("gsdmc.grammar").joinpath("gsdmc.lark").read_text(encoding="utf-8")
    return Lark(grammar, parser="lalr", lexer="basic")


def _dangling(source: Source, error: UnexpectedToken) -> GsdmcError:
    """Brackets pair up, so the parser can only miss the form that a `#_` or a `^` stands before."""
    parser = error.interactive_parser
    stack: Iterable[Any] = parser.parser_state.value_stack if parser else ()
    marks = [t for t in stack if isinstance(t, Token) and t.type in ("DISCARD", "META")]
    mark = marks[-1] if marks else cast(Token, error.token)
    start = mark.start_pos or 0
    span = Span(source, start, start + len(mark))
    if mark == "^":
        return GsdmcError("this metadata annotates nothing", span, hint="write `^{...} name`")
    return GsdmcError(f"`{mark}` has no form to skip", span, hint="delete it")


_Items = list[Form | Token | None]  # None stands for what was discarded


class _Forms(Transformer_NonRecursive[Token, Any]):
    """Trees of the grammar to forms; not recursive, so that depth costs no Python stack."""

    def __init__(self, source: Source) -> None:
        super().__init__()
        self.source = source

    def start(self, items: _Items) -> tuple[Form, ...]:
        return self._forms(items)

    def list(self, items: _Items) -> ListForm:
        return ListForm(self._span(items), self._forms(items[1:-1]))

    def vector(self, items: _Items) -> VectorForm:
        return VectorForm(self._span(items), self._forms(items[1:-1]))

    def map(self, items: _Items) -> MapForm:
        forms = self._forms(items[1:-1])
        if len(forms) % 2:
            raise GsdmcError(
                "a map pairs keys with values; this key has no value",
                forms[-1].span,
                hint="braces make a map, a body has none: delete `{` and `}`"
                if len(forms) == 1 and isinstance(forms[0], ListForm)
                else "write `{:key value ...}`",
            )
        seen: dict[Form | str, Span] = {}
        for key in forms[::2]:
            # By its text, where hashing its parts again at every level would take long.
            identity = key.span.text if isinstance(key, ListForm | VectorForm | MapForm) else key
            if identity in seen:
                raise GsdmcError(
                    "this key stands in the map twice",
                    key.span,
                    related=(("first here", seen[identity]),),
                    hint="delete one of the two",
                )
            seen[identity] = key.span
        return MapForm(self._span(items), tuple(zip(forms[::2], forms[1::2], strict=True)))

    def annotated(self, items: _Items) -> Symbol:
        metadata, form = self._forms(items[1:])
        if not isinstance(metadata, MapForm):
            raise GsdmcError(
                f"metadata is a map, this is {describe(metadata)}",
                metadata.span,
                hint="write `^{:in [1 10]} name`"
                if isinstance(metadata, KeywordForm | VectorForm)
                else "`^` starts metadata; for a power write `(pow x 2)`",
            )
        if not isinstance(form, Symbol) or form.metadata is not None:
            raise GsdmcError(
                "metadata stands before the name of a def, here it stands before "
                + ("other metadata" if isinstance(form, Symbol) else describe(form)),
                metadata.span,
                hint="write `(def ^{:in [1 10]} name value)`",
            )
        return Symbol(form.span, form.name, metadata)

    def discard(self, items: _Items) -> None:
        self._forms(items[1:])

    def _span(self, items: _Items) -> Span:
        """From a form's opening bracket to its closing one."""
        opener, closer = cast("tuple[Token, Token]", (items[0], items[-1]))
        return Span(self.source, opener.start_pos or 0, closer.end_pos or 0)

    def _forms(self, items: _Items) -> tuple[Form, ...]:
        return tuple(self._atom(i) if isinstance(i, Token) else i for i in items if i is not None)

    def _atom(self, token: Token) -> Form:
        start = token.start_pos or 0
        span = Span(self.source, start, start + len(token))
        match token.type:
            case "INTEGER":
                return Constant(span, lexemes.integer(token, span), "integer")
            case "FLOAT":
                return Constant(span, lexemes.floating(token, span), "float")
            case "RATIO":
                value = lexemes.ratio(token, span)
                return Constant(span, value, "integer" if isinstance(value, int) else "float")
            case "STRING":
                return Constant(span, lexemes.string(token, span), "string")
            case "BOOLEAN":
                return Constant(span, token == "true", "boolean")
            case "NIL":
                return Constant(span, None, "nil")
            case "KEYWORD":
                return KeywordForm(span, lexemes.name(token[1:], span))
            case _:
                return Symbol(span, lexemes.name(token, span))
