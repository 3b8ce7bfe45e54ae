"""Random programs: a hypothesis strategy for texts that compile, with every way to use an index."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from hypothesis import strategies as st

Base = str
"""What a scalar is: `real`, `bool` or `whole` (an integer from 0 up to 2)."""

SIZES = ("n", "m", "k")


@dataclass(frozen=True)
class Var:
    """A name in scope: a scalar, or a vector nested as deep as it has sizes."""

    text: str
    sizes: tuple[str, ...]
    base: Base


@dataclass(frozen=True)
class Context:
    """What an expression may use."""

    variables: tuple[Var, ...] = ()
    indices: tuple[tuple[str, str], ...] = ()
    may_sample: bool = True

    def within(self, *indices: tuple[str, str]) -> Context:
        """One or more iterations further inside."""
        return replace(self, indices=(*self.indices, *indices))

    def also(self, *variables: Var) -> Context:
        """With more names."""
        return replace(self, variables=(*self.variables, *variables))

    def fixed(self) -> Context:
        """Where some replicas may not come, so that nothing may be sampled."""
        return replace(self, may_sample=False)


@dataclass
class Maker:
    """Makes expressions; `number` chooses below a number. `tame` leaves out what no symmetry survives."""

    number: Callable[[int], int]
    sizes: dict[str, int]
    tame: bool
    names: int = 0

    def pick(self, options: Sequence[str]) -> str:
        """One of several texts."""
        return options[self.number(len(options))]

    def fresh(self, stem: str) -> str:
        """A name that is not taken."""
        self.names += 1
        return f"{stem}{self.names}"

    def size(self) -> str:
        """One of the sizes."""
        return self.pick(SIZES)

    # -- indices ---------------------------------------------------------------------------------

    def index(self, size: str, context: Context) -> str | None:
        """An index into a vector of a size, most often an iteration's own."""
        own = [name for name, of in context.indices if of == size]
        plain = list(own)
        odd: list[str] = []
        number = self.sizes[size]
        if number and not self.tame:
            odd += ["0", str(number - 1), f"(- {size} 1)"]
            table = " ".join(str((2 * t + 1) % number) for t in range(number))
            for name in own:
                odd += [f"(mod (+ {name} 1) {size})", f"(- (- {size} 1) {name})", f"(get [{table}] {name})"]
                odd.append(f"(if (< {name} 1) {name} 0)")
            for name, of in context.indices:
                if of != size and self.sizes[of] <= number:
                    odd.append(name)
            for variable in context.variables:
                if variable.base == "whole" and not variable.sizes:
                    odd.append(f"(mod {variable.text} {size})")
        if plain and (not odd or self.number(4)):
            return self.pick(plain)
        return self.pick(odd) if odd else None

    def element(self, base: Base, context: Context) -> str | None:
        """An element of some vector in scope, or a scalar in scope."""
        candidates = [v for v in context.variables if v.base == base]
        while candidates:
            chosen = candidates.pop(self.number(len(candidates)))
            path = [self.index(size, context) for size in chosen.sizes]
            if all(p is not None for p in path):
                return self.look(chosen, [p for p in path if p is not None])
        return None

    def look(self, variable: Var, path: list[str]) -> str:
        """A look-up, spelled in one of several ways."""
        if not path:
            return variable.text
        if len(path) > 1 and self.number(2):
            return f"(get-in {variable.text} [{' '.join(path)}])"
        text = variable.text
        for step in path:
            text = f"(first {text})" if step == "0" and self.number(2) else f"(get {text} {step})"
        return text

    # -- scalars ---------------------------------------------------------------------------------

    def scalar(self, base: Base, depth: int, context: Context) -> str:
        """An expression of a base."""
        if base == "real":
            return self.real(depth, context)
        return self.boolean(depth, context) if base == "bool" else self.whole(depth, context)

    def real(self, depth: int, context: Context) -> str:
        """A real expression."""
        leaf = self.element("real", context) if self.number(6) else None
        if depth <= 0:
            return leaf or self.pick(["0.5", "-1.5", "2.0"])

        def inner(c: Context = context) -> str:
            return self.real(depth - 1, c)

        if not self.tame and not self.number(4):
            return self.odd(depth, context)
        match self.number(17):
            case 0 | 1:
                return leaf or "0.25"
            case 2:
                return f"({self.pick(['+', '-', '*', 'min', 'max'])} {inner()} {inner()})"
            case 3:
                return f"({self.pick(['tanh', 'abs', '-', 'sigmoid'])} {inner()})"
            case 4:
                return f"(if {self.boolean(depth - 1, context)} {inner()} {inner()})"
            case 5 | 6 | 7:
                return self.fold(depth, context)
            case 8 | 9 if context.may_sample:
                dist = self.pick(["(dirac {})", "(dirac {})", "(normal {} 1.0)"]).format(inner())
                return f'(sample "{self.fresh("Z")}" {dist})'
            case 10 if context.indices and not self.tame:
                return f"(* 0.5 {self.pick([name for name, _ in context.indices])})"
            case 11 if context.indices and not self.tame:
                arms = context.fixed()
                return f"(if {self.static_test(context)} {inner(arms)} {inner(arms)})"
            case 12:
                return f"(* 1.0 {self.whole(depth - 1, context)})"
            case 13:
                size = self.size()
                return f"(* 0.5 (sum {self.vector(size, 'real', depth - 1, context)}))"
            case 14:
                name, base = self.fresh("v"), self.pick(["real", "bool", "whole"])
                value = self.scalar(base, depth - 1, context)
                return f"(let [{name} {value}] {inner(context.also(Var(name, (), base)))})"
            case 15:
                x = self.fresh("x")
                body = self.real(depth - 1, context.also(Var(x, (), "real")))
                return f"((fn [{x}] {body}) {inner()})"
            case 16 if not self.tame:
                return f"(untracked {inner()})"
        return leaf or inner()

    def odd(self, depth: int, context: Context) -> str:
        """A real by a form that makes the structure depend on an index, or a vector of odd things."""

        def inner(c: Context = context) -> str:
            return self.real(depth - 1, c)

        size, q, f, x = self.size(), self.fresh("q"), self.fresh("f"), self.fresh("x")
        own = [name for name, of in context.indices if of == size]
        index = self.pick(own) if own else None
        number = self.sizes[size]
        arms = context.fixed()
        test = self.static_test(context) if context.indices and self.number(3) else None
        test = test or self.boolean(depth - 1, arms)
        match self.number(15):
            case 14 if context.may_sample and index:
                return f'(sample (str "{self.fresh("W")}-" {index}) (normal {inner()} 1.0))'
            case 0 if index:
                some = f"(foreach (+ {index} 1) [{q} (range (+ {index} 1))] "
                return f"(sum {some}{inner(arms.within((q, size)))}))"
            case 1:
                return f"(get {{:a {inner(arms)} :b {inner(arms)}}} :{self.pick(['a', 'b'])})"
            case 2 if index:
                entries = " ".join(f"{t} {inner(arms)}" for t in range(number))
                return f"(get {{{entries}}} {index})"
            case 3 if context.indices:
                one, two = (inner(arms.also(Var(x, (), "real"))) for _ in range(2))
                choice = f"(if {self.static_test(context)} (fn [{x}] {one}) (fn [{x}] {two}))"
                return f"(let [{f} {choice}] ({f} {inner()}))"
            case 4 if index:
                body = inner(arms.within((q, size)).also(Var(x, (), "real")))
                return f"((get (foreach {size} [{q} (range {size})] (fn [{x}] {body})) {index}) {inner()})"
            case 5 if context.may_sample:
                choice = f"(if {test} (normal {inner(arms)} 1.0) (normal {inner(arms)} 2.0))"
                return f'(sample "{self.fresh("Z")}" {choice})'
            case 6 if context.may_sample and index:
                dists = f"(foreach {size} [{q} (range {size})] (normal {inner(arms.within((q, size)))} 1.0))"
                return f'(sample "{self.fresh("Z")}" (get {dists} {index}))'
            case 7 if context.may_sample and index:
                dists = " ".join(f"(normal {inner(arms)} 1.0)" for _ in range(number))
                return f'(sample "{self.fresh("Z")}" (get [{dists}] {index}))'
            case 8 if index:
                return f"(get {self.vector(size, 'real', depth - 1, context)} (+ {index} 1) {inner(arms)})"
            case 9 if index and number:
                return f"(get [{' '.join(inner(arms) for _ in range(number))}] {index})"
            case 10 if number:
                return f"({self.pick(['last', 'first'])} {self.vector(size, 'real', depth - 1, context)})"
            case 11 if number:
                vector = self.vector(size, "real", depth - 1, context)
                return f"(mean (concat {vector} [{inner()}]))"
            case 12 if number:
                vector = self.vector(size, "real", depth - 1, context)
                return f"(reduce (fn [{x} {q}] (- (* 0.5 {x}) {q})) {vector})"
            case 13:
                one, two = (self.vector(size, "real", depth - 1, arms) for _ in range(2))
                return f"(sum (if {test} {one} {two}))"
        return inner()

    def static_test(self, context: Context) -> str:
        """A comparison of indices."""
        name = self.pick([name for name, _ in context.indices])
        other = self.pick([*(name for name, _ in context.indices), "1", "0"])
        return f"({self.pick(['<', '=', '<='])} {name} {other})"

    def fold(self, depth: int, context: Context) -> str:
        """A real folded over an iteration."""
        size, q, acc = self.size(), self.fresh("q"), self.fresh("acc")
        inside = context.within((q, size))
        body = self.real(depth - 1, inside)
        each = f"(foreach {size} [{q} (range {size})] {body})"
        match self.number(8):
            case 0 | 1:
                return f"(sum {each})"
            case 2:
                return f"(loop {size} 0.0 (fn [{q} {acc}] (+ {acc} {body})))"
            case 3:
                return f"(reduce {self.pick(['+', 'max', '*'])} 1.0 {each})"
            case 4:
                return f"(reduce (fn [{acc} e] (+ {acc} e)) {each})" if self.sizes[size] else f"(sum {each})"
            case 5:
                return f"(loop {size} 0 (fn [{q} {acc}] (- {body} {acc})))"
            case 6:
                x = self.fresh("x")
                vector = self.vector(size, "real", depth - 1, context)
                inside = context.also(Var(x, (), "real"))
                return f"(sum (map (fn [{x}] {self.real(depth - 1, inside)}) {vector}))"
            case _ if self.sizes[size] > 1 and not self.tame:
                vector = self.vector(size, "real", depth - 1, context)
                v = self.fresh("v")
                step = f"(* (get {v} {q}) (get {v} (+ {q} 1)))"
                short = f"(- {size} 1)"
                return f"(let [{v} {vector}] (sum (foreach {short} [{q} (range {short})] {step})))"
        return f"(sum {each})"

    def boolean(self, depth: int, context: Context) -> str:
        """A boolean expression."""
        leaf = self.element("bool", context)
        if depth <= 0:
            return leaf or f"(> {self.real(0, context)} 0.3)"
        size, q = self.size(), self.fresh("q")
        match self.number(8):
            case 0 | 1:
                return leaf or f"(< {self.real(depth - 1, context)} 0.1)"
            case 2:
                return f"({self.pick(['<', '>='])} {self.real(depth - 1, context)} {self.real(0, context)})"
            case 3:
                return f"({self.pick(['and', 'or'])} {self.boolean(depth - 1, context)} {leaf or 'true'})"
            case 4:
                return f"(not {self.boolean(depth - 1, context)})"
            case 5:
                inside = context.within((q, size))
                fold = self.pick(["any?", "all?"])
                return f"({fold} (foreach {size} [{q} (range {size})] {self.boolean(depth - 1, inside)}))"
            case 6 if context.indices and not self.tame:
                return f"(or {self.static_test(context)} {self.boolean(depth - 1, context)})"
            case 7:
                one, two = (self.vector(size, "real", depth - 1, context) for _ in range(2))
                return self.pick([f"(= {one} {two})", f"(distinct? {one})"])
        return f"(> {self.real(depth - 1, context)} 0.0)"

    def whole(self, depth: int, context: Context) -> str:
        """A whole number expression, of known range."""
        leaf = self.element("whole", context)
        if depth <= 0:
            return leaf or self.pick(["0", "1"])
        size, q = self.size(), self.fresh("q")
        match self.number(6):
            case 0:
                return leaf or "1"
            case 1:
                return f"(+ {self.whole(depth - 1, context)} {self.whole(0, context)})"
            case 2:
                inside = context.within((q, size))
                return f"(sum (foreach {size} [{q} (range {size})] {self.boolean(depth - 1, inside)}))"
            case 3 if context.indices and not self.tame:
                return self.pick([name for name, _ in context.indices])
            case 4 if self.sizes[size] and not self.tame:
                vector = self.vector(size, "real", depth - 1, context)
                return f"(first (argsort {vector}))" if self.number(2) else f"(count {vector})"
        return f"(if {self.boolean(depth - 1, context)} 1 0)"

    # -- vectors ---------------------------------------------------------------------------------

    def vector(self, size: str, base: Base, depth: int, context: Context) -> str:
        """A vector of scalars."""
        ready = self.row(size, base, context)
        if ready and self.number(2):
            return ready
        q, acc, x = self.fresh("q"), self.fresh("acc"), self.fresh("x")
        body = self.scalar(base, depth - 1, context.within((q, size)))
        plain = f"(foreach {size} [{q} (range {size})] {body})"
        match self.number(9):
            case 0 if ready:
                body = self.scalar(base, depth - 1, context.also(Var(x, (), base)))
                return f"(map (fn [{x}] {body}) {ready})"
            case 1 if ready:
                body = self.scalar(base, depth - 1, context.within((q, size)).also(Var(x, (), base)))
                return f"(foreach {size} [{x} {ready} {q} (range {size})] {body})"
            case 2:
                return f"(loop {size} [] (fn [{q} {acc}] (conj {acc} {body})))"
            case 3 if ready and base == "real":
                return f"(sort {ready})"
            case 4 if ready and self.sizes[size] and not self.tame:
                return f"(conj (rest {ready}) {self.scalar(base, depth - 1, context)})"
            case 5 if ready and self.sizes[size] and not self.tame:
                return f"(put {ready} 0 {self.scalar(base, depth - 1, context)})"
            case 6 if self.sizes[size] and not self.tame:
                items = [self.scalar(base, depth - 1, context) for _ in range(self.sizes[size])]
                return f"[{' '.join(items)}]"
            case 7 if ready:
                return f"(if {self.boolean(depth - 1, context)} {ready} {plain})"
        return plain

    def row(self, size: str, base: Base, context: Context) -> str | None:
        """A vector that is in scope, or a row of one."""
        for variable in context.variables[::-1]:
            if variable.base == base and variable.sizes[-1:] == (size,):
                path = [self.index(s, context) for s in variable.sizes[:-1]]
                if all(p is not None for p in path):
                    return self.look(variable, [p for p in path if p is not None])
        return None

    # -- forms -----------------------------------------------------------------------------------

    def array(self, context: Context, depth: int) -> tuple[Var, str]:
        """A `let` binding that samples an array."""
        sizes = tuple(self.size() for _ in range(self.number(3) + (not context.variables)))
        base = self.pick(["real", "real", "bool", "whole"])
        name = self.fresh("X")
        indices = [(self.fresh("i"), size) for size in sizes]
        text = f'(sample "{name}" {self.distribution(base, depth, context.within(*indices))})'
        for index, size in reversed(indices):
            text = self.nest(index, size, text)
        return Var(name.lower(), sizes, base), text

    def nest(self, index: str, size: str, body: str) -> str:
        """An iteration that makes a vector."""
        match self.number(5):
            case 0:
                return f"(map (fn [{index}] {body}) (range {size}))"
            case 1:
                return f"(loop {size} [] (fn [{index} acc] (conj acc {body})))"
        return f"(foreach {size} [{index} (range {size})] {body})"

    def distribution(self, base: Base, depth: int, context: Context) -> str:
        """A distribution of a base."""
        if base == "real":
            choice = self.pick(["(normal {} 1.0)", "(dirac {})", "(laplace {} 0.5)", "(uniform 0.0 1.0)"])
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

    def factor(self, context: Context, depth: int) -> str:
        """A factor over some iterations."""
        indices = [(self.fresh("f"), self.size()) for _ in range(self.number(3))]
        inside = context.within(*indices)
        left = self.element("real", inside) or self.element("bool", inside) or self.element("whole", inside)
        name = f'"{self.fresh("F")}"'
        if indices and not self.tame and not self.number(5):
            name = f'(str "F" {indices[0][0]})'
        if left is None:
            return ""
        text = f"(factor {name} (<= {left} {self.real(depth, inside.fixed())}))"
        for index, size in reversed(indices):
            text = f"(foreach {size} [{index} (range {size})] {text})"
        return text


def program(number: Callable[[int], int], tame: bool = False, depth: int = 2) -> str:
    """A program's text, by choices below a number."""
    sizes = {name: (3, 2, 1, 3, 2, 1 if tame else 0)[number(6)] for name in SIZES}
    maker = Maker(number, sizes, tame)
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
    body = "\n".join([*factors, context.variables[-1].text])
    return f"{defs}\n(let [{chr(10).join(bindings)}]\n{body})\n"


@st.composite
def programs(draw: st.DrawFn, tame: bool = False, depth: int = 2) -> str:
    """Texts of programs. `tame` ones index by iterations alone, so that most plates are exchangeable."""
    return program(lambda below: draw(st.integers(0, below - 1)), tame, depth)
