"""Numbers and strings: from their spelling to their value, and what to say where there is none."""

from __future__ import annotations

import math
import re

from gsdmc.language.builtins import BUILTINS
from gsdmc.language.distributions import DISTRIBUTIONS
from gsdmc.language.source import GsdmcError, Span

_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "\\": "\\", '"': '"'}
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_ATOM = re.compile(r'[^ \t\r\n\f\v,()\[\]{}";^]+')

NAME_LIMIT = 200
"""How many characters a name may have."""

UNSUPPORTED = {
    "#{": ("sets `#{...}` are not part of gsdmc", "use a vector `[...]`"),
    "#(": ("short functions `#(...)` are not part of gsdmc", "write `(fn [x] ...)`"),
    '#"': ("regular expressions are not part of gsdmc", 'write a plain string `"..."`'),
    "##": ("`##Inf` and `##NaN` are not part of gsdmc", "use a large finite number"),
    "#": ("`#` starts no form here", "comments start with `;`, and `#_` skips the next form"),
    "'": ("quoting `'` is not part of gsdmc", "write data as a vector `[...]` or a string"),
    "`": ("quoting with a backquote is not part of gsdmc", "write data as a vector `[...]` or a string"),
    "~": ("`~` starts no form", 'to draw a variable, write `(sample "x" (normal 0 1))`'),
    "//": ("`//` starts no form", "comments start with `;`"),
    "/*": ("`/*` starts no form", "comments start with `;` and end with the line"),
    "\N{LEFT DOUBLE QUOTATION MARK}": ("a curly quote starts no string", 'write a plain `"`'),
    "\N{RIGHT DOUBLE QUOTATION MARK}": ("a curly quote starts no string", 'write a plain `"`'),
    "@": ("`@` is not part of gsdmc", "a product of matrices is `(sum (map * row column))` of every pair"),
}
"""What a reader of Clojure or another language knows and this one does not: the message, and the cure."""

_QUOTED = re.compile(r"'([^'\s()\[\]{}\";]+)'")


def integer(spelling: str, span: Span) -> int:
    """The value of an integer.

    Raises:
        GsdmcError: it doesn't fit in 64 bits.
    """
    if len(spelling.lstrip("+-0")) > 19 or not -(2**63) <= int(spelling or "0") < 2**63:
        raise GsdmcError(
            "this integer is too large: integers have 64 bits", span, hint="write it as a float, such as 1e30"
        )
    return int(spelling)


def floating(spelling: str, span: Span) -> float:
    """The value of a decimal.

    Raises:
        GsdmcError: it is beyond the range of 64-bit floats.
    """
    value = float(spelling)
    if math.isinf(value):
        raise GsdmcError(
            "this number is too large for a 64-bit float (about 1.8e308)", span, hint="use a smaller one"
        )
    return value


def ratio(spelling: str, span: Span) -> int | float:
    """The value of `n/d`: an integer where it is whole, else a float.

    Raises:
        GsdmcError: the denominator is zero, or a part doesn't fit in 64 bits.
    """
    over, under = (integer(part, span) for part in spelling.split("/"))
    if under == 0:
        raise GsdmcError("this ratio divides by zero", span, hint="write a ratio as 1/3, or divide with `/`")
    return over // under if over % under == 0 else over / under


def string(spelling: str, span: Span) -> str:
    """The text of a quoted string, its escapes replaced.

    Raises:
        GsdmcError: at an escape that is not known.
    """

    def replace(match: re.Match[str]) -> str:
        escape = match.group(1)
        if len(escape) == 5 and not 0xD800 <= int(escape[1:], 16) < 0xE000:
            return chr(int(escape[1:], 16))
        if escape not in _ESCAPES:
            start = span.start + 1 + match.start()
            raise GsdmcError(
                f"unknown escape `{match.group()}` in a string",
                Span(span.source, start, start + len(match.group())),
                hint=r"known escapes: \n \t \r \b \f \\ \" \uXXXX; a backslash itself is written \\",
            )
        return _ESCAPES[escape]

    return _ESCAPE.sub(replace, spelling[1:-1])


def name(spelling: str, span: Span) -> str:
    """The text of a name.

    Raises:
        GsdmcError: it is too long.
    """
    if len(spelling) > NAME_LIMIT:
        raise GsdmcError(
            f"a name has at most {NAME_LIMIT} characters, this one has {len(spelling)}",
            span,
            hint="choose a shorter one",
        )
    return str(spelling)


def unreadable(text: str, span: Span) -> GsdmcError:
    """The error for text at which no form starts; `span` starts there and its end is ignored."""
    source, start = span.source, span.start
    quoted = _QUOTED.match(text, start)
    if quoted is not None:
        whole = Span(source, start, quoted.end())
        return GsdmcError("a string stands in double quotes", whole, hint=f'write "{quoted.group(1)}"')
    for prefix, (message, hint) in UNSUPPORTED.items():
        if text.startswith(prefix, start):
            return GsdmcError(message, Span(source, start, start + len(prefix)), hint=hint)
    match = _ATOM.match(text, start)
    word = match.group() if match else text[start]
    whole = Span(source, start, start + len(word))
    if re.match(r"[+-]?\.?[0-9]", word):
        return GsdmcError(f"`{_clip(word)}` is not a number", whole, hint=_number_hint(word))
    if word.startswith(":"):
        return GsdmcError(
            f"`{_clip(word)}` is not a keyword", whole, hint="write a colon and a name, such as :x"
        )
    separated = re.fullmatch(r"([\w-]+)[./]([\w./-]+)", word)
    if separated is not None:
        return _separated(word, separated.group(1), separated.group(2), whole)
    if re.fullmatch(r"[\w-]+:", word):
        return GsdmcError(
            f"`{_clip(word)}` is not a name: it ends in a colon",
            whole,
            hint=f"write `:{_clip(word[:-1])}` for a keyword; names have no types",
        )
    bad = next((i for i, c in enumerate(word) if not re.match(r"[\w*+!?<>=%&$|'-]", c)), 0)
    place = Span(source, start + bad, start + bad + 1)
    character = word[bad]
    code = f"(U+{ord(character):04X})"
    if character.isspace() or not character.isprintable():
        return GsdmcError(
            f"an invisible character {code} stands here", place, hint="delete it, or write a plain space"
        )
    return GsdmcError(
        f"`{character}` can't stand here in a name"
        if character.isascii()
        else f"`{character}` {code} can't stand here in a name",
        place,
        hint="names consist of letters, digits and * + ! - _ ' ? < > = % & $ |, and don't start with a digit",
    )


def _separated(word: str, left: str, right: str, span: Span) -> GsdmcError:
    """The error for `module.name`, `value.field`, `space/name` and `a/b`."""
    last = re.split(r"[./]", right)[-1]
    known = next((n for n in (last, last.lower()) if n in BUILTINS or n in DISTRIBUTIONS), None)
    message = f"`{_clip(word)}` is not a name: `{word[len(left)]}` "
    if known is not None:
        hint = f"write `{known}`; gsdmc has no modules or methods"
    elif "/" in word:
        hint = f"write `(/ {_clip(left)} {_clip(right)})` to divide; gsdmc has no namespaces"
    elif re.search(r"[./]", right):
        hint = "gsdmc has no modules, methods or fields"
    else:
        hint = f"write `{_clip(left)}-{_clip(right)}`; gsdmc has no modules, methods or fields"
    only = "only stands alone, as division" if word[len(left)] == "/" else "can't be part of one"
    return GsdmcError(message + only, span, hint=hint)


def _number_hint(word: str) -> str:
    sign = word[0] if word[0] in "+-" else ""
    digits = word.removeprefix(sign)
    if re.fullmatch(r"\.[0-9]+([eE][+-]?[0-9]+)?", digits):
        return f"start with a digit: `{sign}0{digits}`"
    if re.fullmatch(r"0[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]+)?", digits):
        return f"drop the leading zeros: `{sign}{digits.lstrip('0') or '0'}`"
    if "_" in digits and re.fullmatch(r"[0-9_.]+", digits):
        return f"write the digits without `_`: `{sign}{digits.replace('_', '')}`"
    product = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)\*?([^\W\d_][\w-]*)", digits)
    if product and not sign and product.group(2) not in ("e", "f", "L", "N", "M"):
        product_form = f"(* {product.group(1)} {product.group(2)})"
        return f"to multiply, write `{product_form}`; names can't start with a digit"
    if re.fullmatch(r"[0-9.]+%", digits):
        return "write it as a decimal, such as 0.5 for 50%"
    return "numbers look like 3, -0.5, 1e-3 or 1/3; names can't start with a digit"


def _clip(word: str) -> str:
    return word if len(word) <= 40 else word[:37] + "..."
