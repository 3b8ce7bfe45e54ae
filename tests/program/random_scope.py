"""Random programs, their names: what an expression may use, and the ways to index it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

Base = str
"""What a scalar is: `real`, `bool` or `whole` (an integer from 0 up to 3)."""

SIZES = ("n", "m", "k")


@dataclass(frozen=True)
class Var:
    """A name in scope, or an expression as short: a scalar, or a vector nested as deep as it has sizes."""

    text: str
    sizes: tuple[str, ...]
    base: Base


@dataclass(frozen=True)
class Context:
    """What an expression may use; `indices` are names of iterations with the sizes that they index."""

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
class Names:
    """Makes names and look-ups; `number` chooses below a number, `sizes` holds the value of each size.

    `tame` leaves out what no symmetry survives.
    """

    number: Callable[[int], int]
    sizes: dict[str, int]
    tame: bool
    names: int = 0
    defs: dict[str, str] = field(default_factory=dict)

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

    def index(self, size: str, context: Context) -> str | None:
        """An index into a vector of a size, most often an iteration's own."""
        plain = [name for name, of in context.indices if of == size]
        odd = [] if self.tame or not self.sizes[size] else self.odd_indices(size, plain, context)
        if plain and (not odd or self.number(4)):
            return self.pick(plain)
        return self.pick(odd) if odd else None

    def odd_indices(self, size: str, plain: list[str], context: Context) -> list[str]:
        """Indices that are computed, looked up, constant, random, or another plate's."""
        number = self.sizes[size]
        table = " ".join(str((2 * t + 1) % number) for t in range(number))
        odd = ["0", str(number - 1), f"(- {size} 1)"]
        for name in plain:
            odd += [f"(mod (+ {name} 1) {size})", f"(- (- {size} 1) {name})", f"(get [{table}] {name})"]
            odd += [f"(if (< {name} 1) {name} 0)", f"(max 0 (dec {name}))", f"(+ {name} 0)"]
        odd += [name for name, of in context.indices if of != size and self.sizes[of] <= number]
        for one in plain:
            odd += [f"(mod (+ {one} {two}) {size})" for two, _ in context.indices if two != one]
        for variable in context.variables:
            if variable.base == "whole" and not variable.sizes:
                odd.append(f"(mod {variable.text} {size})")
        return odd

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
            if step in ("0", "1") and self.number(2):
                text = f"({'first' if step == '0' else 'second'} {text})"
            else:
                text = f"({self.pick(['get', 'get', 'nth'])} {text} {step})"
        return text

    def row(self, sizes: tuple[str, ...], base: Base, context: Context) -> str | None:
        """A vector (or matrix) of these sizes that is in scope, or a part of one."""
        for variable in context.variables[::-1]:
            most = len(variable.sizes) - len(sizes)
            if variable.base == base and most >= 0 and variable.sizes[most:] == sizes:
                path = [self.index(s, context) for s in variable.sizes[:most]]
                if all(p is not None for p in path):
                    return self.look(variable, [p for p in path if p is not None])
        return None
