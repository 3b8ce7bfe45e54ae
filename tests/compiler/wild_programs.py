"""Wild programs: every form of the language, well-formed, with arguments of any kind; most are wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hypothesis import strategies as st

from gsdmc.language.builtins import BUILTINS
from gsdmc.language.distributions import ALIASES, DISTRIBUTIONS, canonical
from gsdmc.language.signatures import Signature

NUMBERS = (
    *("0", "1", "2", "3", "-1", "5", "0.5", "-0.5", "1.0", "1/3", "1e-9", "1e30", "1e300"),
    *("4611686018427387903", "-9223372036854775808"),
)
OTHERS = (
    *("true", "false", "nil", '""', '"x"', '"y"', ":a", ":b", "[]", "{}", "{:a 1}", "(range 3)"),
    *("[0.2 0.8]", "[[1 0] [0 1]]", "[1 2 3]"),
)
NAMES = ("a", "b", "f", "n", "xs", "sum", "_")
FEW = 3
"""Elements, bindings and arguments where any number may stand."""


class Wild:
    """Makes forms; `number` chooses below a number. One form in `tame` is of a kind that is not wanted."""

    def __init__(self, number: Callable[[int], int]) -> None:
        self.number = number
        self.tame = (2, 5, 30)[number(3)]
        self.arrays = 0

    def pick(self, options: Sequence[str]) -> str:
        """One of several texts."""
        return options[self.number(len(options))]

    def program(self) -> str:
        """A program of some definitions and forms."""
        known = ["n", "xs", "f"]
        depth = 1 + self.number(4)
        parts = [f"(def n {self.number(4)})", f"(def xs {self.pick(OTHERS)})"]
        parts.append(f"(defn f [a b] {self.form(depth - 1, [*known, 'a', 'b'])})")
        if not self.number(4):
            parts.append(f"(def ^{{:seed {self.number(3)}}} g (extern random-gates {self.pick(NUMBERS)}))")
            known.append("g")
        names = []
        for _ in range(1 + self.number(FEW)):
            name = self.pick(NAMES[:2])
            names.append(f"{name} {self.variable(depth, known)}")
            known.append(name)
        body = " ".join(
            self.form(depth, known, self.pick([*KINDS, "any"])) for _ in range(1 + self.number(FEW))
        )
        parts.append(f"(let [{' '.join(names)}] {body})")
        if not self.number(4):
            given = self.pick(['"x1"', '"x2"', '(subset "x1")'])
            parts.append(f"(given {given})")
        return "\n".join(parts)

    def variable(self, depth: int, known: list[str]) -> str:
        """An array of variables."""
        self.arrays += 1
        text = f'(sample "x{self.arrays}" {self.distribution(depth, [*known, "i"])})'
        for _ in range(self.number(3)):
            count = self.pick(["n", "2", "3"])
            text = f"(foreach {count} [i (range {count})] {text})"
        return text if self.number(self.tame) else self.form(depth, known)

    def form(self, depth: int, known: list[str], kind: str = "any") -> str:
        """A form, most often of the kind that is wanted, else any."""
        if kind in KINDS and self.number(self.tame):
            return self.wanted(kind, depth, known)
        if depth <= 0 or not self.number(5):
            return self.atom(known)
        match self.number(16):
            case 0 | 1 | 2 | 3 | 4:
                return self.call(BUILTINS[self.pick(list(BUILTINS))], depth, known)
            case 5:
                name = self.pick(NAMES)
                inner = [*known, name] if name != "_" else known
                return f"(let [{name} {self.form(depth - 1, known)}] {self.form(depth - 1, inner)})"
            case 6:
                return f"(if {self.form(depth - 1, known, 'boolean')} {self.several(2, depth, known)})"
            case 7:
                count = self.pick(["n", "2", self.form(depth - 1, known)])
                values = f"i (range {count})" if self.number(2) else f"i {self.form(depth - 1, known)}"
                return f"(foreach {count} [{values}] {self.form(depth - 1, [*known, 'i'])})"
            case 8:
                count, init = self.pick(["n", "3", "1"]), self.form(depth - 1, known)
                return f"(loop {count} {init} {self.function(2, depth - 1, known)})"
            case 9:
                return self.function(self.number(FEW), depth - 1, known)
            case 10:
                name = self.pick(['"s"', '"t"', '(str "s" n)', self.form(depth - 1, known)])
                return f"(sample {name} {self.distribution(depth - 1, known)})"
            case 11:
                value = self.form(depth - 1, known)
                return f'(observe "o{self.number(FEW)}" {self.distribution(depth - 1, known)} {value})'
            case 12:
                return f'(factor "h" {self.form(depth - 1, known, "boolean")})'
            case 13:
                return f"(untracked {self.form(depth - 1, known)})"
            case 14:
                return f"[{self.several(self.number(FEW + 1), depth, known)}]"
            case _:
                keys = [self.pick([":a", ":b", "1", '"k"', "true"]) for _ in range(self.number(FEW))]
                entries = (f"{key} {self.form(depth - 1, known)}" for key in dict.fromkeys(keys))
                return f"{{{' '.join(entries)}}}"

    def wanted(self, kind: str, depth: int, known: list[str]) -> str:
        """A number, a boolean or a vector."""
        simple, calls, folded = KINDS[kind]
        match self.number(7):
            case 0 | 1 if depth > 0:
                return self.call(BUILTINS[self.pick(calls.split())], depth, known)
            case 2 if depth > 0 and kind == "vector":
                body = self.form(depth - 1, [*known, "i"], self.pick(list(KINDS)))
                return f"(foreach n [i (range n)] {body})"
            case 2 if depth > 0:
                return self.pick(folded.split("|")).replace("?", self.form(depth - 1, known, "vector"))
            case 3 if depth > 0:
                test, one, two = (self.form(depth - 1, known, k) for k in ("boolean", kind, kind))
                return f"(if {test} {one} {two})"
            case 4 if depth > 0 and kind != "vector":
                self.arrays += 1
                mean = self.form(depth - 1, known, "number")
                law = "(bernoulli 0.5)" if kind == "boolean" else f"(normal {mean} 1)"
                return f'(sample "x{self.arrays}" {law})'
            case 5:
                return self.pick(known)
        return self.pick(simple.split("|"))

    def atom(self, known: list[str]) -> str:
        """A name or a literal."""
        match self.number(4):
            case 0:
                return self.pick(NUMBERS)
            case 1:
                return self.pick(OTHERS)
        return self.pick(known)

    def several(self, count: int, depth: int, known: list[str]) -> str:
        """Some forms."""
        return " ".join(self.form(depth - 1, known) for _ in range(count))

    def function(self, params: int, depth: int, known: list[str]) -> str:
        """A function of so many arguments, most often."""
        if not self.number(self.tame):
            return self.pick(["f", "+", "max", "conj", "normal", *known])
        names = ["a", "b", "c"][:params]
        return f"(fn [{' '.join(names)}] {self.form(depth, [*known, *names], 'number')})"

    def call(self, signature: Signature, depth: int, known: list[str]) -> str:
        """A call with as many arguments as there may be, most often."""
        most = signature.least + FEW if signature.most is None else signature.most
        count = signature.least + self.number(most - signature.least + 1)
        params = [*signature.params, *signature.params[-2:-1] * count][:count]
        args = [self.form(depth - 1, known, WANTED.get(param.strip("[]"), "any")) for param in params]
        if signature.name in ("map", "reduce"):
            args[0] = self.function(2 if signature.name == "reduce" else count - 1, depth - 1, known)
        return f"({' '.join([signature.name, *args])})"

    def distribution(self, depth: int, known: list[str]) -> str:
        """A distribution, most often with parameters that it takes."""
        if not self.number(self.tame):
            return self.form(depth, known)
        name = self.pick([*DISTRIBUTIONS, *ALIASES])
        if self.number(self.tame):
            return GOOD[canonical(name)].replace(
                "?", self.form(depth, known, "number") if self.number(2) else "1"
            )
        return self.call(DISTRIBUTIONS[canonical(name)], depth, known)


KINDS = {
    "number": (
        "0|1|2|0.5|-1.5",
        "+ - * / min max abs exp tanh sigmoid pow floor mod inc square",
        "(sum ?)|(get ? 0)|(mean ?)|(count ?)",
    ),
    "boolean": (
        "true|false",
        "< <= > >= = not= and or not zero? even? pos?",
        "(distinct? ?)|(any? (map pos? ?))|(one-hot? ?)",
    ),
    "vector": ("[1 2 3]|[0.5 0.5]|xs|(range 3)", "range vector rest conj concat put sort argsort map", ""),
}
"""What each kind of value is written as, by what it is called, and folded."""

WANTED = {
    "x": "number",
    "y": "number",
    "n": "number",
    "d": "number",
    "k": "number",
    "i": "number",
    "end": "number",
    "xs": "vector",
    "...": "number",
    "mean": "number",
    "std": "number",
    "low": "number",
    "high": "number",
    "value": "number",
    "probabilities": "vector",
    "concentration": "vector",
}
"""The kind of value that a parameter of a name takes, most often."""

GOOD = {
    "normal": "(normal ? 1)",
    "uniform": "(uniform 0 ?)",
    "exponential": "(exponential ?)",
    "gamma": "(gamma ? 1)",
    "beta": "(beta 1 ?)",
    "lognormal": "(lognormal ? 1)",
    "laplace": "(laplace ? 1)",
    "student-t": "(student-t 3 ? 1)",
    "bernoulli": "(bernoulli 0.5)",
    "categorical": "(categorical [0.2 0.3 0.5])",
    "uniform-discrete": "(uniform-discrete 0 3)",
    "poisson": "(poisson ?)",
    "dirichlet": "(dirichlet [1 ? 1])",
    "multivariate-normal": "(multivariate-normal [0 ?] [[1 0.5] [0.5 1]])",
    "mixture": "(mixture [0.5 0.5] [(normal 0 1) (normal ? 1)])",
    "dirac": "(dirac ?)",
}
"""A call of each distribution; `?` stands for what may be anything."""


def wild(number: Callable[[int], int]) -> str:
    """A program's text, by choices below a number."""
    return Wild(number).program()


@st.composite
def wild_programs(draw: st.DrawFn) -> str:
    """Texts of wild programs."""
    return wild(lambda below: draw(st.integers(0, below - 1)))
