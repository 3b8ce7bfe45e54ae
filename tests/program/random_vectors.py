"""Random programs, their vectors and matrices."""

from __future__ import annotations

from tests.program.random_functions import UNTAME, VECTORS
from tests.program.random_scalars import Scalars
from tests.program.random_scope import Base, Context, Var


class Vectors(Scalars):
    """Makes vectors and matrices."""

    def vector(self, size: str, base: Base, depth: int, context: Context) -> str:
        """A vector of scalars."""
        ready = self.row((size,), base, context)
        if ready and self.number(2):
            return ready
        if base == "real" and depth > 0 and not self.number(4):
            return self.made(size, depth, context)
        q, acc, x = self.fresh("q"), self.fresh("acc"), self.fresh("x")
        body = self.scalar(base, depth - 1, context.within((q, size)))
        plain = f"(foreach {size} [{q} (range {size})] {body})"
        match self.number(12):
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
            case 8 if not self.tame:
                return f"(untracked {self.vector(size, base, depth - 1, context.fixed())})"
            case 9 if base == "whole" and not self.tame:
                return f"(argsort {self.vector(size, 'real', depth - 1, context)})"
            case 10 if not self.tame:
                start = self.scalar(base, depth - 1, context)
                step = self.scalar(base, depth - 1, context.within((q, size)).also(Var("prev", (), base)))
                grown = f"(fn [{q} {acc}] (let [prev (last {acc})] (append {acc} {step})))"
                return f"(rest (loop {size} [{start}] {grown}))"
            case 11 if not self.tame and self.sizes[size]:
                other, more = self.size(), self.scalar(base, depth - 1, context)
                if self.sizes[other] + 1 == self.sizes[size]:
                    return f"(concat [{more}] {self.vector(other, base, depth - 1, context)})"
        return plain

    def made(self, size: str, depth: int, context: Context) -> str:
        """A vector of reals that a function makes of a vector or of a matrix."""
        other, q = self.size(), self.fresh("q")
        match self.number(5):
            case 0 if self.sizes[other]:
                column = self.matrix(other, size, depth - 1, context)
                row = self.index(other, context)
                return f"(get {column} {row})" if row else f"(times (transpose {column}) {self.ones(other)})"
            case 1:
                matrix = self.matrix(size, other, depth - 1, context)
                return f"(foreach {size} [{q} {matrix}] (total {q}))"
            case 2:
                matrix, vector = (
                    self.matrix(size, other, depth - 1, context),
                    self.vector(other, "real", depth - 1, context),
                )
                return f"(times {matrix} {vector})"
        name = self.pick([f for f in VECTORS if not (self.tame and f in UNTAME)])
        return f"({name} {self.vector(size, 'real', depth - 1, context)})"

    def ones(self, size: str) -> str:
        """A vector of ones."""
        return f"(foreach {size} [] 1.0)"

    def matrix(self, rows: str, columns: str, depth: int, context: Context) -> str:
        """A matrix of reals."""
        ready = self.row((rows, columns), "real", context)
        turned = self.row((columns, rows), "real", context)
        if ready and self.number(3):
            return ready
        if turned and self.sizes[columns] and self.number(3):
            return f"(transpose {turned})"
        p, q = self.fresh("p"), self.fresh("q")
        match self.number(4):
            case 0 if ready:
                return f"(copies {ready})"
            case 1 if rows == columns:
                return f"(gram {self.vector(rows, 'real', depth - 1, context)})"
            case 2:
                vector = self.vector(columns, "real", depth - 1, context.within((p, rows)))
                return f"(foreach {rows} [{p} (range {rows})] {vector})"
        body = self.real(depth - 1, context.within((p, rows), (q, columns)))
        return f"(foreach {rows} [{p} (range {rows})] (foreach {columns} [{q} (range {columns})] {body}))"
