"""Factor graphs made by hand, as the evaluator would make them from the bundled programs."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from gsdmc.graph.factor_graph import (
    Argument,
    Array,
    Factor,
    FactorGraph,
    Indices,
    Plate,
    PlateClass,
    Relation,
)
from gsdmc.language.kinds import BOOLEAN, REAL, Kind, category


class Builder:
    """Collects plates, arrays and relations; `nodes(name)` is an array of node numbers in its shape."""

    def __init__(self) -> None:
        self.plates: list[Plate] = []
        self.arrays: list[Array] = []
        self.relations: list[Relation] = []

    def plate(self, name: str, size: int, cls: PlateClass = "exchangeable") -> None:
        self.plates.append(Plate(name, size, cls, f"{name} is {cls} by construction"))

    def array(
        self,
        name: str,
        plates: str,
        distribution: str,
        kind: Kind = REAL,
        *,
        deterministic: bool = False,
        generated: bool = False,
        observed: bool = False,
    ) -> Indices:
        spanned = tuple(plates.split())
        size = {p.name: p.size for p in self.plates}
        shape = tuple(size[p] for p in spanned)
        offset = sum(a.size for a in self.arrays)
        flags = {"deterministic": deterministic, "generated": generated, "observed": observed}
        self.arrays.append(Array(name, kind, shape, spanned, distribution, offset, **flags))
        return self.nodes(name)

    def nodes(self, name: str) -> Indices:
        array = next(a for a in self.arrays if a.name == name)
        return np.arange(array.offset, array.offset + array.size).reshape(array.shape)

    def argument(
        self, parent: str, child: str, parents: Indices, children: Indices, slot: str = "value"
    ) -> None:
        parents, children = np.broadcast_arrays(parents, children)
        self.relations.append(Argument(parent, child, slot, parents.ravel(), children.ravel()))

    def factor(self, name: str, expression: str, arrays: str, plates: str, members: Indices) -> None:
        self.relations.append(Factor(name, expression, tuple(arrays.split()), tuple(plates.split()), members))

    def build(self) -> FactorGraph:
        return FactorGraph(tuple(self.arrays), tuple(self.plates), tuple(self.relations))


def bcmf(m: int, n: int, k: int) -> FactorGraph:
    """Binary-continuous matrix factorisation: E = A R, with the products C as intermediates."""
    b = Builder()
    b.plate("i", m)
    b.plate("t", k)
    b.plate("j", n)
    a = b.array("A", "i t", "normal(0, 1)")
    r = b.array("R", "t j", "bernoulli(0.3)", BOOLEAN)
    c = b.array("C", "i j t", "dirac(A * R)", deterministic=True)
    e = b.array("E", "i j", "dirac(sum of C)", deterministic=True)
    b.argument("A", "C", a[:, None, :], c)
    b.argument("R", "C", r.T[None], c)
    b.argument("C", "E", c, e[..., None])
    return b.build()


def sudoku(n: int) -> FactorGraph:
    """An n² × n² Sudoku grid with nested plates and its three families of factors."""
    b = Builder()
    for plate in ("band", "row", "stack", "column"):
        b.plate(plate, n)
    cell = b.array(
        "cell",
        "band row stack column",
        f"dirac(extern sudoku-grid {n})",
        category(n * n),
        deterministic=True,
        generated=True,
    )
    side = n * n
    b.factor("row", "(distinct? row)", "cell", "band row", cell.reshape(side, side))
    b.factor("column", "(distinct? column)", "cell", "stack column", cell.reshape(side, side).T)
    b.factor("box", "(distinct? box)", "cell", "band stack", cell.swapaxes(1, 2).reshape(side, side))
    return b.build()


def sorting(n: int) -> FactorGraph:
    """s = P u with products C, row and column factors on P, order factors on s."""
    b = Builder()
    b.plate("j", n)
    b.plate("i", n, "ordered")
    u = b.array("u", "j", "normal(0, 1)")
    p = b.array("P", "i j", "dirac(untracked)", BOOLEAN, deterministic=True, generated=True)
    c = b.array("C", "i j", "dirac(P * u)", deterministic=True)
    s = b.array("s", "i", "dirac(sum of C)", deterministic=True)
    b.argument("P", "C", p, c)
    b.argument("u", "C", u[None, :], c)
    b.argument("C", "s", c, s[:, None])
    b.factor("row", "(one-hot? (get P i))", "P", "i", p)
    b.factor("column", "(one-hot? (get P^T j))", "P", "j", p.T)
    b.factor("order", "(<= (get s i) (get s (+ i 1)))", "s", "i", np.stack([s[:-1], s[1:]], 1))
    return b.build()


def boolean(n: int) -> FactorGraph:
    """A tree of and/or gates over 2ⁿ inputs, one array with a fixed plate per level."""
    b = Builder()
    b.plate("y0", 2**n, "fixed")
    below = b.array("y0", "y0", "bernoulli(0.5)", BOOLEAN)
    for level in range(1, n + 1):
        name = f"y{level}"
        if level < n:
            b.plate(name, 2 ** (n - level), "fixed")
        gate = b.array(name, name if level < n else "", "dirac(gate)", BOOLEAN, deterministic=True)
        b.argument(f"y{level - 1}", name, below, np.repeat(gate.ravel(), 2))
        below = gate
    return b.build()


def gram(n: int) -> FactorGraph:
    """G[i, i'] = x[i] x[i']: one array spans one plate twice."""
    b = Builder()
    b.plate("i", n)
    x = b.array("x", "i", "normal(0, 1)")
    g = b.array("G", "i i", "dirac(x * x)", deterministic=True, observed=True)
    b.argument("x", "G", x[:, None], g)
    b.argument("x", "G", x[None, :], g)
    return b.build()


def chain(n: int) -> FactorGraph:
    """A hidden Markov chain: x is ordered, y hangs on it."""
    b = Builder()
    b.plate("t", n, "ordered")
    x = b.array("x", "t", "normal(x, 1)")
    y = b.array("y", "t", "normal(x, 1)", observed=True)
    b.argument("x", "x", x[:-1], x[1:], "mean")
    b.argument("x", "y", x, y, "mean")
    return b.build()


def islands(m: int, n: int) -> FactorGraph:
    """A ring of m nodes, a path of n nodes and a lone one, with a factor that spans two arrays."""
    b = Builder()
    b.plate("r", m, "ordered")
    b.plate("p", n, "ordered")
    ring = b.array("ring", "r", "normal(0, 1)")
    path = b.array("path", "p", "normal(0, 1)")
    tail = b.array("tail", "", "normal(0, 1)")
    b.array("alone", "", "uniform(0, 1)")
    b.factor("next", "(near? ring)", "ring", "r", np.stack([ring, np.roll(ring, 1)], 1))
    b.argument("path", "path", path[:-1], path[1:], "mean")
    members = np.array([[path[-1], tail, path[0]], [path[0], -1, tail]])
    b.factor("ends", "(near? path tail)", "path tail", "", members)
    return b.build()


SAMPLES = {
    "bcmf-3-2-4": bcmf(3, 2, 4),
    "bcmf-1-1-1": bcmf(1, 1, 1),
    "sudoku-2": sudoku(2),
    "sorting-4": sorting(4),
    "boolean-3": boolean(3),
    "gram-4": gram(4),
    "chain-7": chain(7),
    "islands-7-4": islands(7, 4),
}


@st.composite
def graphs(draw: st.DrawFn) -> FactorGraph:
    """Small graphs of no particular form: arguments between any arrays, ragged factors, repeats."""
    b = Builder()
    for name in "ijk":
        b.plate(name, draw(st.integers(1, 3)), draw(st.sampled_from(("exchangeable", "ordered", "fixed"))))
    names = "ABCD"[: draw(st.integers(1, 4))]
    for name in names:
        plates = " ".join(draw(st.lists(st.sampled_from("ijk"), max_size=3)))
        b.array(name, plates, "normal(0, 1)", deterministic=draw(st.booleans()))
    total = b.build().nodes
    for _ in range(draw(st.integers(0, 5))):
        first, second = sorted(draw(st.tuples(*[st.sampled_from(names)] * 2)))
        parents = draw(st.lists(st.sampled_from(b.nodes(first).ravel().tolist()), min_size=1, max_size=6))
        child = st.sampled_from(b.nodes(second).ravel().tolist())
        pairs = [(p, draw(child)) for p in parents]
        pairs = [(p, c) for p, c in pairs if p != c]
        if pairs:
            edges = np.array(pairs, dtype=np.int64)
            b.argument(first, second, edges[:, 0], edges[:, 1], draw(st.sampled_from(("mean", "std"))))
    for i in range(draw(st.integers(0, 2))):
        rows = draw(st.lists(st.lists(st.integers(-1, total - 1), min_size=4, max_size=4), max_size=3))
        members = np.array(rows, dtype=np.int64).reshape(-1, 4)
        position = b.build().array_of_node
        inside = {names[position[m]] for m in members.ravel() if m >= 0}
        if inside:
            b.factor(f"f{i}", "(any)", " ".join(sorted(inside)), "", members)
    return b.build()
