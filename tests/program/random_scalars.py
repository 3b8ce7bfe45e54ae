"""Random programs, their scalars: reals, booleans and whole numbers."""

from __future__ import annotations

from tests.program.random_functions import LEAST, REALS, UNTAME
from tests.program.random_scope import Base, Context, Names, Var


class Scalars(Names):
    """Makes scalar expressions."""

    def vector(self, size: str, base: Base, depth: int, context: Context) -> str:
        """A vector of scalars."""
        raise NotImplementedError

    def matrix(self, rows: str, columns: str, depth: int, context: Context) -> str:
        """A matrix of reals."""
        raise NotImplementedError

    def scalar(self, base: Base, depth: int, context: Context) -> str:
        """An expression of a base."""
        if base == "real":
            return self.real(depth, context)
        return self.boolean(depth, context) if base == "bool" else self.whole(depth, context)

    # -- reals -----------------------------------------------------------------------------------

    def real(self, depth: int, context: Context) -> str:
        """A real expression."""
        leaf = self.element("real", context) if self.number(6) else None
        if depth <= 0:
            return leaf or self.pick(["0.5", "-1.5", "2.0"])

        def inner(c: Context = context) -> str:
            return self.real(depth - 1, c)

        if not self.tame and not self.number(4):
            return self.odd(depth, context)
        match self.number(20):
            case 0 | 1:
                return leaf or "0.25"
            case 2:
                return f"({self.pick(['+', '-', '*', 'min', 'max'])} {inner()} {inner()})"
            case 3:
                return f"({self.pick(['tanh', 'abs', '-', 'sigmoid'])} {inner()})"
            case 4:
                return f"(if {self.boolean(depth - 1, context)} {inner()} {inner()})"
            case 5 | 6:
                return self.fold(depth, context)
            case 7 | 8:
                return self.called(depth, context)
            case 9 | 10 if context.may_sample and not self.number(6):
                seen = f'(observe "{self.fresh("Z")}" (normal {inner()} 1.0) 0.5)'
                return f"(if {self.boolean(depth - 1, context)} {seen} {inner()})"
            case 9 | 10 if context.may_sample:
                dist = self.pick(["(dirac {})", "(dirac {})", "(normal {} 1.0)"]).format(inner())
                return f"(sample {self.array_name('Z')}{dist})"
            case 11 if context.indices and not self.tame:
                return f"(* 0.5 {self.pick([name for name, _ in context.indices])})"
            case 12 if context.indices and not self.tame:
                arms = context.fixed()
                return f"(if {self.static_test(context)} {inner(arms)} {inner(arms)})"
            case 13:
                return f"(* 1.0 {self.whole(depth - 1, context)})"
            case 14:
                size = self.size()
                return f"(* 0.5 (sum {self.vector(size, 'real', depth - 1, context)}))"
            case 15:
                return self.bound(depth, context)
            case 16:
                x = self.fresh("x")
                body = self.real(depth - 1, context.also(Var(x, (), "real")))
                return f"((fn [{x}] {body}) {inner()})"
            case 17 if not self.tame:
                return f"(untracked {inner(context.fixed())})"
            case 18:
                size, v = self.size(), self.fresh("v")
                vector = self.vector(size, "real", depth - 1, context)
                return f"((fn [{v}] {inner(context.also(Var(v, (size,), 'real')))}) {vector})"
        return leaf or inner()

    def array_name(self, stem: str) -> str:
        """A name in quotes with a space behind it, or nothing."""
        return f'"{self.fresh(stem)}" ' if self.number(8) else ""

    def bound(self, depth: int, context: Context) -> str:
        """A real under a `let` of a scalar, a vector, a matrix, or a map of some."""
        name, size = self.fresh("v"), self.size()
        if not self.number(3):
            base = self.pick(["real", "bool", "whole"])
            value = self.scalar(base, depth - 1, context)
            made = [Var(name, (), base)]
        elif self.number(2):
            base = self.pick(["real", "bool", "whole"])
            value = self.vector(size, base, depth - 1, context)
            made = [Var(name, (size,), base)]
        elif self.number(2):
            columns = self.size()
            value = self.matrix(size, columns, depth - 1, context)
            made = [Var(name, (size, columns), "real")]
        else:
            vector, scalar = self.vector(size, "real", depth - 1, context), self.real(depth - 1, context)
            value = (
                f"{{:a {vector} :b {scalar}}}" if self.number(2) else f"(hash-map :a {vector} :b {scalar})"
            )
            made = [Var(f"(get {name} :a)", (size,), "real"), Var(f"(get {name} :b)", (), "real")]
            if not self.number(3):
                value, made = f"(put {value} :b 1.5)", made
        return f"(let [{name} {value}] {self.real(depth - 1, context.also(*made))})"

    def called(self, depth: int, context: Context) -> str:
        """A real that a function of the library makes."""
        name = self.pick([f for f in REALS if not (self.tame and f in UNTAME)])
        size, columns = self.size(), self.size()
        columns = size if "s" in REALS[name] else columns
        if min(self.sizes[size], self.sizes[columns]) < LEAST.get(name, 0):
            return f"(total {self.vector(size, 'real', depth - 1, context)})"
        args = [
            self.vector(size, "real", depth - 1, context)
            if kind == "v"
            else self.matrix(size, columns, depth - 1, context)
            for kind in REALS[name]
        ]
        return f"({name} {' '.join(args)})"

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
        match self.number(22):
            case 0 if index:
                some = f"(foreach (+ {index} 1) [{q} (range (+ {index} 1))] "
                return f"(sum {some}{inner(arms.within((q, size)))}))"
            case 1:
                return f"(get {{:a {inner(arms)} :b {inner(arms)}}} :{self.pick(['a', 'b'])})"
            case 2 if index and number:
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
            case 14 if context.may_sample and index:
                return f'(sample (str "{self.fresh("W")}-" {index}) (normal {inner()} 1.0))'
            case 15 if context.may_sample and context.indices:
                name, arm = self.fresh("Z"), f"{inner(arms)} 1.0"
                one, two = (
                    f'(sample "{name}" (normal {arm}))',
                    f'(sample "{name}" (laplace {inner(arms)} 1.0))',
                )
                return f"(if {self.static_test(context)} {one} {two})"
            case 16 if context.may_sample:
                v = self.fresh("v")
                start = inner()
                name = self.fresh("Z")
                step = f'(append {v} (sample "{name}" (normal (last {v}) 1.0)))'
                return f"(last (loop {size} [{start}] (fn [{q} {v}] {step})))"
            case 17 if number > 1:
                step = inner(arms.within((q, size)))
                short = f"(foreach (- {size} 1) [{q} (range 1 {size})] {step})"
                return f"(sum {short})"
            case 18 if index:
                vector = self.vector(size, "real", depth - 1, context)
                short = f"(foreach (+ {index} 1) [{x} {vector}] {x})"
                return f"({self.pick(['sum', 'total', 'count'])} {short})"
            case 19 if context.indices:
                return f"(if {self.static_test(context)} {inner(arms)} {inner(arms)})"
            case 20 if number:
                vector = self.vector(size, "real", depth - 1, context)
                return f"(get {vector} (mod {self.whole(0, context)} {size}))"
            case 21 if context.may_sample and number > 1:
                vector = self.vector(size, "real", depth - 1, context)
                step = f'(sample "{self.fresh("Z")}" (normal (+ {x} (* 0.5 {q})) 1.0))'
                return f"(reduce (fn [{x} {q}] {step}) {vector})"
        return inner()

    def static_test(self, context: Context) -> str:
        """A comparison of indices."""
        name = self.pick([name for name, _ in context.indices])
        other = self.pick([*(name for name, _ in context.indices), "1", "0"])
        return f"({self.pick(['<', '=', '<=', 'not='])} {name} {other})"

    def fold(self, depth: int, context: Context) -> str:
        """A real folded over an iteration."""
        size, q, acc = self.size(), self.fresh("q"), self.fresh("acc")
        inside = context.within((q, size))
        body = self.real(depth - 1, inside)
        each = f"(foreach {size} [{q} (range {size})] {body})"
        match self.number(12):
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
            case 7 if self.sizes[size] > 1 and not self.tame:
                vector = self.vector(size, "real", depth - 1, context)
                v = self.fresh("v")
                step = f"(* (get {v} {q}) (get {v} (+ {q} 1)))"
                short = f"(- {size} 1)"
                return f"(let [{v} {vector}] (sum (foreach {short} [{q} (range {short})] {step})))"
            case 8:
                return f"(loop {size} 1.0 (fn [{q} {acc}] (max {body} {acc} {self.real(0, inside)})))"
            case 9:
                once = self.real(depth - 1, context)
                return f"(loop {size} {once} (fn [{q} {acc}] (- {acc} {body})))"
            case 10 if not self.tame:
                test = self.boolean(depth - 1, inside)
                return f"(loop {size} 0.5 (fn [{q} {acc}] (if {test} (+ {acc} {body}) {acc})))"
            case 11 if not self.tame:
                return f"(loop {size} 0.5 (fn [{q} {acc}] (tanh (+ {acc} {body}))))"
        return f"(sum {each})"

    # -- booleans and whole numbers --------------------------------------------------------------

    def boolean(self, depth: int, context: Context) -> str:
        """A boolean expression."""
        leaf = self.element("bool", context)
        if depth <= 0:
            return leaf or f"(> {self.real(0, context)} 0.3)"
        size, q = self.size(), self.fresh("q")
        match self.number(11):
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
            case 8:
                return f"(= {self.whole(depth - 1, context)} {self.whole(0, context)})"
            case 9:
                return f"(one-hot? {self.vector(size, 'bool', depth - 1, context)})"
            case 10 if context.indices and not self.tame:
                own = self.pick([name for name, _ in context.indices])
                return f"(= {self.whole(depth - 1, context)} {own})"
        return f"(> {self.real(depth - 1, context)} 0.0)"

    def whole(self, depth: int, context: Context) -> str:
        """A whole number expression, of known range."""
        leaf = self.element("whole", context)
        if depth <= 0:
            return leaf or self.pick(["0", "1"])
        size, q = self.size(), self.fresh("q")
        match self.number(8):
            case 0 | 1:
                return leaf or "1"
            case 2:
                return f"(+ {self.whole(depth - 1, context)} {self.whole(0, context)})"
            case 3:
                inside = context.within((q, size))
                return f"(sum (foreach {size} [{q} (range {size})] {self.boolean(depth - 1, inside)}))"
            case 4 if context.indices and not self.tame:
                return self.pick([name for name, _ in context.indices])
            case 5 if self.sizes[size] and not self.tame:
                vector = self.vector(size, "real", depth - 1, context)
                return f"(first (argsort {vector}))" if self.number(2) else f"(count {vector})"
            case 6:
                return f"(sum {self.vector(size, 'whole', depth - 1, context)})"
        return f"(if {self.boolean(depth - 1, context)} 1 0)"
