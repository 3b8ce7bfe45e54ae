"""Random programs: a hypothesis strategy for texts that compile, with every way to use an index."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import strategies as st

from tests.program.random_functions import definitions
from tests.program.random_scope import SIZES, Base, Context, Var
from tests.program.random_vectors import Vectors

REAL_LAWS = (
    *(
        "(normal {} 1.0)",
        "(dirac {})",
        "(normal {} 1.0)",
        "(dirac {})",
        "(laplace {} 0.5)",
        "(uniform 0.0 1.0)",
    ),
    *("(student-t 3.0 {} 1.0)", "(exponential (+ 0.5 (abs {})))", "(gamma 2.0 (+ 0.5 (abs {})))"),
    *("(beta (+ 0.5 (abs {})) 2.0)", "(lognormal (tanh {}) 0.5)", "(poisson (+ 0.5 (abs {})))"),
)
"""Distributions of numbers, with room for a parameter."""


class Forms(Vectors):
    """Makes arrays, observations and factors."""

    def array(self, context: Context, depth: int) -> tuple[Var, str]:
        """A `let` binding that samples an array."""
        match self.number(10):
            case 0:
                return self.gram_array(context, depth)
            case 1 if not self.tame:
                return self.chain_array(context, depth)
            case 2 if not self.tame:
                return self.generated_array(context, depth)
            case 3 if not self.tame:
                return self.vector_array(context, depth)
        sizes = tuple(self.size() for _ in range(self.pick_depth() + (not context.variables)))[:3]
        base = self.pick(["real", "real", "bool", "whole"])
        name = self.fresh("X")
        indices = [(self.fresh("i"), size) for size in sizes]
        inside = context.within(*indices)
        text = f'(sample "{name}" {self.distribution(base, depth, inside)})'
        if not self.number(6):
            text = self.observed(name, base, depth, inside)
        for index, size in reversed(indices):
            text = self.nest(index, size, text)
        return Var(name.lower(), sizes, base), text

    def pick_depth(self) -> int:
        """A number of dimensions."""
        return (1, 2, 0, 1, 2, 3)[self.number(6)]

    def gram_array(self, context: Context, depth: int) -> tuple[Var, str]:
        """An array that spans one plate twice."""
        size, name = self.size(), self.fresh("G")
        p, q, v = self.fresh("p"), self.fresh("q"), self.fresh("v")
        pair = context.within((p, size), (q, size)).also(Var(v, (size,), "real"))
        distribution = self.distribution("real", depth, pair)
        sample = f'(sample "{name}" {distribution})'
        loops = f"(foreach {size} [{p} (range {size})] (foreach {size} [{q} (range {size})] {sample}))"
        return (
            Var(name.lower(), (size, size), "real"),
            f"(let [{v} {self.vector(size, 'real', depth, context.fixed())}] {loops})",
        )

    def chain_array(self, context: Context, depth: int) -> tuple[Var, str]:
        """A Markov chain, as a loop that looks at what it has made so far."""
        size, name = self.size(), self.fresh("X")
        t, acc = self.fresh("t"), self.fresh("acc")
        first, inside = self.real(depth - 1, context.fixed()), context.within((t, size))
        look = self.pick([f"(last {acc})", f"(get {acc} (- {t} 1))"])
        more = self.real(depth - 1, inside.fixed())
        mean = f"(+ {more} (if (= {t} 0) {first} {look}))"
        step = f'(conj {acc} (sample "{name}" (normal {mean} 1.0)))'
        return Var(name.lower(), (size,), "real"), f"(loop {size} [] (fn [{t} {acc}] {step}))"

    def generated_array(self, context: Context, depth: int) -> tuple[Var, str]:
        """An array whose values the graph doesn't explain."""
        size, name = self.size(), self.fresh("X")
        i, j, order = self.fresh("i"), self.fresh("j"), self.fresh("order")
        vector = self.vector(size, "real", depth, context.fixed())
        if self.sizes[size] == 2 and not self.number(3):
            grid = f"(get-in {order} [{i} {j} {i} {self.pick([i, j, '0'])}])"
            loops = f'(foreach {size} [{j} (range {size})] (sample "{name}" (dirac {grid})))'
            whole = f"(foreach {size} [{i} (range {size})] {loops})"
            return Var(
                name.lower(), (size, size), "whole"
            ), f"(let [{order} (extern sudoku-grid {size})] {whole})"
        if self.number(2):
            same = f'(sample "{name}" (dirac (untracked (= (get {order} {i}) {j}))))'
            loops = f"(foreach {size} [{j} (range {size})] {same})"
            whole = f"(foreach {size} [{i} (range {size})] {loops})"
            made = Var(name.lower(), (size, size), "bool")
        else:
            whole = f'(foreach {size} [{i} (range {size})] (sample "{name}" (dirac (get {order} {i}))))'
            made = Var(name.lower(), (size,), "whole")
        return made, f"(let [{order} (untracked (argsort {vector}))] {whole})"

    def observed(self, name: str, base: Base, depth: int, context: Context) -> str:
        """An `observe`, of a literal, of data, or of a computed value."""
        law = self.distribution(base, depth, context)
        evidence = {"real": "0.5", "bool": "true", "whole": "0"}[base]
        if base == "real" and law.startswith(("(poisson", "(dirac")):
            evidence = "0"
        own = [index for index, size in context.indices if size == "n"]
        if not self.tame and not self.number(3):
            if own and law.startswith(("(normal", "(student-t", "(laplace")):
                evidence = f"(get data {own[0]})"
            if base == "bool" and context.indices:
                evidence = self.static_test(context)
        return f'(observe "{name}" {law} {evidence})'

    def nest(self, index: str, size: str, body: str) -> str:
        """An iteration that makes a vector."""
        match self.number(6):
            case 0:
                return f"(map (fn [{index}] {body}) (range {size}))"
            case 1:
                return f"(loop {size} [] (fn [{index} acc] (conj acc {body})))"
            case 2:
                return f"(reduce (fn [acc {index}] (append acc {body})) [] (range {size}))"
        return f"(foreach {size} [{index} (range {size})] {body})"

    def distribution(self, base: Base, depth: int, context: Context) -> str:
        """A distribution of a base."""
        if base == "real":
            if not self.number(12):
                return self.mixture(depth, context)
            choice = self.pick(REAL_LAWS)
            return choice.format(self.real(depth, context)) if "{}" in choice else choice
        if base == "bool":
            if self.number(2):
                return f"(dirac {self.boolean(depth, context)})"
            return f"(bernoulli (sigmoid {self.real(depth, context)}))"
        if self.number(2):
            return f"(dirac {self.whole(depth, context)})"
        size = self.size()
        if self.sizes[size] and not self.tame and not self.number(3):
            p, ps = self.fresh("p"), self.fresh("ps")
            vector = self.vector(size, "real", depth - 1, context)
            weights = f"(map (fn [{p}] (sigmoid {p})) {vector})"
            return f"(let [{ps} {weights}] (categorical (map (fn [{p}] (/ {p} (sum {ps}))) {ps})))"
        return self.pick(["(categorical [0.2 0.3 0.5])", "(uniform-discrete 0 3)"])

    def mixture(self, depth: int, context: Context) -> str:
        """A mixture of normals, over a plate or written one by one."""
        size, p, q = self.size(), self.fresh("p"), self.fresh("q")
        if self.tame or not self.sizes[size] or not self.number(3):
            one, two = (self.real(depth - 1, context) for _ in range(2))
            return f"(mixture [0.25 0.75] [(normal {one} 1.0) (normal {two} 2.0)])"
        each = self.real(depth - 1, context.within((q, size)).fixed())
        weights = f"(foreach {size} [{p} (range {size})] (/ 1.0 {self.sizes[size]}.0))"
        return f"(mixture {weights} (foreach {size} [{q} (range {size})] (normal {each} 1.0)))"

    def vector_array(self, context: Context, depth: int) -> tuple[Var, str]:
        """An array of vectors, each one variable."""
        size, channels, name = self.size(), self.size(), self.fresh("V")
        i, q = self.fresh("i"), self.fresh("q")
        if not self.sizes[channels]:
            return self.gram_array(context, depth)
        each = self.real(depth - 1, context.within((i, size), (q, channels)).fixed())
        match self.number(3):
            case 0:
                law = f"(dirichlet (foreach {channels} [{q} (range {channels})] (+ 0.5 (abs {each}))))"
            case 1:
                scale = (
                    "["
                    + " ".join(
                        "[" + " ".join("2.0" if a == b else "0.5" for b in range(self.sizes[channels])) + "]"
                        for a in range(self.sizes[channels])
                    )
                    + "]"
                )
                law = f"(multivariate-normal (foreach {channels} [{q} (range {channels})] {each}) {scale})"
            case _:
                law = f"(dirac (foreach {channels} [{q} (range {channels})] (* 1.5 {each})))"
        sample = self.nest(i, size, f'(sample "{name}" {law})')
        return Var(name.lower(), (size, channels), "real"), sample

    def factor(self, context: Context, depth: int) -> str:
        """A factor over some iterations."""
        indices = [(self.fresh("f"), self.size()) for _ in range(self.number(3))]
        inside = context.within(*indices).fixed()
        size, columns = self.size(), self.size()
        name = f'"{self.fresh("F")}"'
        if indices and not self.tame and not self.number(5):
            name = f'(str "F" {indices[0][0]})'
        left = self.element("real", inside) or self.element("bool", inside) or self.element("whole", inside)
        match self.number(5):
            case 0 if row := self.row((size,), "real", inside) or self.row((size,), "whole", inside):
                value = f"(distinct? {row})"
            case 1 if row := self.row((size,), "bool", inside):
                value = f"(one-hot? {row})"
            case 2 if row := self.row((size, columns), "real", inside):
                value = f"(distinct? {row})"
            case _ if left is not None:
                value = f"(<= {left} {self.real(depth, inside)})"
            case _:
                return ""
        text = f"(factor {name} {value})"
        for index, size in reversed(indices):
            text = f"(foreach {size} [{index} (range {size})] {text})"
        return text


def program(number: Callable[[int], int], tame: bool = False, depth: int = 2) -> str:
    """A program's text, by choices below a number."""
    sizes = {name: (3, 2, 1, 3, 2, 1 if tame else 0)[number(6)] for name in SIZES}
    maker = Forms(number, sizes, tame)
    context, bindings = Context(), []
    if not tame and not number(3):
        context = context.also(Var("data", ("n",), "real"))
    for _ in range(1 + maker.number(4)):
        variable, text = maker.array(context, depth)
        bindings.append(f"{variable.text} {text}")
        context = context.also(variable)
    factors = [maker.factor(context, depth) for _ in range(maker.number(3))]
    defs = "\n".join(f"(def {name} {size})" for name, size in sizes.items())
    defs += f"\n(def data [{' '.join(('0.5', '-1.0', '2.0')[: sizes['n']])}])"
    body = "\n".join([*(f for f in factors if f), context.variables[-1].text])
    text = f"(let [{chr(10).join(bindings)}]\n{body})\n"
    return "\n".join(part for part in (defs, definitions(text), text) if part)


@st.composite
def programs(draw: st.DrawFn, tame: bool = False, depth: int = 2) -> str:
    """Texts of programs. `tame` ones index by iterations alone, so that most plates are exchangeable."""
    return program(lambda below: draw(st.integers(0, below - 1)), tame, depth)
