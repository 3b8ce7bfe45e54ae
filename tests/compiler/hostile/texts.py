"""Texts that are hard to read: long atoms, deep and many brackets, many names."""

from __future__ import annotations

from tests.compiler.hostile.build import VARIABLE, listed, nested, repeated

BRACKETS = {
    "list": ("(", ")"),
    "vector": ("[", "]"),
    "map": ("{", "}"),
    "map-value": ("{:a ", "}"),
    "map-key": ("{", " 1}"),
    "mixed": ("([{:a ", "}])"),
    "call": ("(+ ", ")"),
    "call-of-fn": ("((fn [x] ", ") 1)"),
    "let": ("(let [x 1] ", ")"),
    "let-value": ("(let [x ", "] x)"),
    "fn": ("(fn [] ", ")"),
    "if": ("(if true ", " 1)"),
    "if-test": ("(if ", " 1 2)"),
    "foreach": ("(foreach 1 [] ", ")"),
    "loop": ("(loop 1 ", " +)"),
    "untracked": ("(untracked ", ")"),
    "metadata": ("^{:a ", "} x"),
    "discarded": ("#_(", ")"),
    "dirac": ("(sample (dirac ", "))"),
}
"""What nests."""

ATOMS = {
    "digits": "1",
    "minuses": "-",
    "colons": ":",
    "letters": "a",
    "stars": "*",
    "dots": "a.",
    "slashes": "a/",
    "operators": "a-",
    "quotes": '"',
    "backslashes": "\\",
    "semicolons": ";",
    "newlines": "\n",
    "returns": "\r",
    "spaces": " ",
    "commas": ",",
    "nothing": "\0",
    "closers": ")",
    "empty-lists": "()",
    "empty-vectors": "[]",
    "discards": "#_",
    "carets": "^",
    "annotations": "^{} ",
    "integers": "1 ",
    "names": "a ",
    "decimals": "1.5 ",
    "comments": "; (\n",
    "hashes": "#",
    "at": "@",
    "tildes": "~",
}
"""What is repeated."""


def texts(length: int) -> dict[str, str]:
    """Texts of at most a length in bytes, by name."""
    found: dict[str, str] = {}
    for name, (opener, closer) in BRACKETS.items():
        found[f"nested-{name}"] = nested(opener, closer, length // len(opener + closer) - 1, "1")
        found[f"nested-{name}-open"] = opener * (length // len(opener))
        found[f"nested-{name}-199"] = nested(opener, closer, 199 // opener.count(opener.strip()[0]), "1")
    found |= {name: atom * (length // len(atom)) for name, atom in ATOMS.items()}
    half = length // 2 - 5
    found |= {
        "exponent": "1e" + "9" * (length - 2),
        "ratio": "1" * half + "/" + "1" * half,
        "zeros": "0" * length,
        "euros": "\N{EURO SIGN}" * (length // 3),
        "accents": "a" + "\N{COMBINING ACUTE ACCENT}" * half,
        "wide-letters": "\N{CJK UNIFIED IDEOGRAPH-4E2D}" * (length // 3),
        "string-of-backslashes": '"' + "\\\\" * half + '"',
        "string-of-backslashes-open": '"' + "\\\\" * half,
        "string-of-escapes": '"' + "\\u0041" * (length // 6 - 1) + '"',
        "string-of-lines": '"' + "a\n" * half + '" "',
        "single-quotes": "'" + "a" * (length - 2) + "'",
        "discarded-forms": "#_ " * (length // 6) + "1 " * (length // 6),
        "comments-that-close": "(" + repeated(lambda i: "x ; )", length - 2, "\n"),
        "lines-outside": "(" + "\nx" * half,
        "map-of-many": "{" + repeated(lambda i: f":k{i} {i}", length - 2) + "}",
        "map-of-vectors": "{" + repeated(lambda i: f"[{i}] 1", length - 2) + "}",
    }
    return found | names(length)


def names(length: int) -> dict[str, str]:
    """Programs of many names."""
    inside, rest = length - 200, VARIABLE
    eight, factor = '"aaaaaaaa"', '(factor "f" (= x x))'
    return {
        "unknown-among-many": repeated(lambda i: f"(def a{i} {i})", inside) + " b99",
        "unknown-among-long": repeated(lambda i: f"(def {'a' * 190}{i} 1)", inside - 200) + " " + "b" * 190,
        "unknown-deep": f"(let [{repeated(lambda i: f'abcdefgh{i} {i}', inside)}] abcdefgx)",
        "defs": repeated(lambda i: f"(def a{i} {i})", inside) + rest,
        "defs-in-a-chain": "(def a0 0)" + repeated(lambda i: f"(def a{i + 1} (+ a{i} 1))", inside) + rest,
        "defns-in-a-chain": "(defn f0 [x] x)"
        + repeated(lambda i: f"(defn f{i + 1} [x] (f{i} x))", inside)
        + "(f40 1)",
        "defns-in-a-circle": repeated(lambda i: f"(defn f{i} [x] (f{i + 1} x))", inside) + "(f0 1)",
        "let": f"(let [{repeated(lambda i: f'a{i} {i}', inside)}] {rest})",
        "let-of-one-name": f"(let [{repeated(lambda i: f'a {i}', inside)}] {rest})",
        "let-of-functions": f"(let [{repeated(lambda i: f'a{i} (fn [] {i})', inside)}] {rest})",
        "let-of-aliases": f"(let [a0 1 {repeated(lambda i: f'a{i + 1} a{i}', inside)}] {rest})",
        "let-of-calls": "(let [a0 (fn [x] x) "
        + repeated(lambda i: f"a{i + 1} (fn [x] (a{i} x))", inside)
        + f"] {rest})",
        "parameters": f"(let [f (fn [{repeated(lambda i: f'p{i}', inside)}] 1)] {rest})",
        "givens-of-nothing": rest + repeated(lambda i: f'(given "x{i}")', inside),
        "givens": rest + repeated(lambda i: '(given "x")', inside),
        "calls": "(defn f [x] x)" + repeated(lambda i: f"(f {i})", inside) + rest,
        "arguments": f'(sample "x" (normal (+ {repeated(lambda i: "1", inside)}) 1))',
        "conditions": f"(if (and {repeated(lambda i: 'true', inside)}) {rest} 1)",
        "comparison": f"(if (< {repeated(str, inside)}) {rest} 1)",
        "vector": f"(let [v [{repeated(lambda i: '1', inside)}]] {rest})",
        "vector-of-kinds": f"(let [v [{repeated(lambda i: '1 1.5 true', inside)}]] {rest})",
        "vector-of-strings": f"(let [v [{repeated(lambda i: eight, inside)}]] {rest})",
        "map": f"(let [m {{{repeated(lambda i: f':k{i} 1', inside)}}}] (get m :z))",
        "hash-map": f"(let [m (hash-map {repeated(lambda i: f'{i} {i}', inside)})] {rest})",
        "long-name": f'(sample "{"a" * inside}" (normal 0 1))',
        "long-text": f"(sample (str {repeated(lambda i: eight, inside)}) (normal 0 1))",
        "variables": repeated(lambda i: f'(sample "x{i}" (normal 0 1))', inside),
        "variables-of-one-name": repeated(lambda i: rest, inside),
        "variables-without-names": repeated(lambda i: "(sample (normal 0 1))", inside, "\n"),
        "observations": repeated(lambda i: f'(observe "x{i}" (normal 0 1) {i})', inside),
        "factors": f"(let [x {rest}] {repeated(lambda i: factor.replace('= x', f'= {i} {i} x'), inside)})",
        "factors-of-one-name": f"(let [x {rest}] {repeated(lambda i: factor, inside)})",
        "plates": repeated(lambda i: f'(foreach 2 [i (range 2)] (sample "a{i}" (normal i 1)))', inside),
        "functions-of-all": listed(
            lambda i: f"(defn f{i} [x] (+ {listed(lambda j: f'(f{j} x)', i)}))", min(90, length // 1000)
        )
        + f"(f{min(90, length // 1000) - 1} {rest})",
    }
