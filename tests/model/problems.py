"""Small problems built by hand, so that the neural stages are tested without the compiler."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from torch import Tensor

from gsdmc.kernels.structure import Structure
from gsdmc.language.kinds import BOOLEAN, REAL, Kind, category, vector
from gsdmc.language.source import Source, Span
from gsdmc.language.syntax import Given
from gsdmc.layout.layout import ArraySlot, Layout

Simulate = Callable[[int, int], dict[str, Tensor]]
SPAN = Span(Source("<test>", ""), 0, 0)


@dataclass
class HandProblem:
    """A problem with the attributes of a compiled one."""

    name: str
    layout: Layout
    simulate: Simulate
    givens: tuple[Given, ...]
    build: Callable[..., HandProblem]
    sizes: dict[str, int] = field(default_factory=dict)
    ranges: dict[str, tuple[int, int]] = field(default_factory=dict)
    source_text: str = ""
    _cache: dict[tuple[tuple[str, int], ...], HandProblem] = field(default_factory=dict)

    def resized(self, **sizes: int) -> HandProblem:
        """The same program at other sizes."""
        key = tuple(sorted({**self.sizes, **sizes}.items()))
        if key not in self._cache:
            self._cache[key] = self.build(**dict(key))
        return self._cache[key]


def given(*targets: str, subset: tuple[str, ...] = ()) -> Given:
    """A query family."""
    return Given(SPAN, targets, subset)


def make_layout(
    arrays: list[tuple[str, Kind, tuple[int, ...]]],
    relations: list[tuple[str, np.ndarray, np.ndarray]],
    keys: list[str] | None = None,
    diameter: int | None = None,
    cliques: bool = False,
) -> Layout:
    """Arrays in order, and relations (name, children, parents) with a role in each direction."""
    slots, offset = [], 0
    for name, kind, shape in arrays:
        size = int(np.prod(shape))
        slots.append(ArraySlot(name, kind, shape, offset, size))
        offset += size
    nodes = np.arange(offset)
    rows, columns, roles, names = [nodes], [nodes], [np.zeros_like(nodes)], ["self"]
    for name, children, parents in relations:
        pairs = (
            [(children, parents, name)]
            if cliques
            else [(children, parents, name), (parents, children, f"~{name}")]
        )
        for a, b, role in pairs:
            rows.append(a.ravel())
            columns.append(b.ravel())
            roles.append(np.full(a.size, len(names)))
            names.append(role)
    structure = Structure.build(offset, *(np.concatenate(x) for x in (rows, columns, roles)), len(names))
    if keys is None:
        embedding = np.repeat(np.arange(len(slots)), [s.size for s in slots])
        keys = [s.name for s in slots]
    else:
        embedding = nodes
    empty = torch.zeros(offset, 0, dtype=torch.int64)
    return Layout(
        tuple(slots), structure, tuple(names), tuple(keys), torch.from_numpy(embedding), empty, (), diameter
    )


def bcmf(m: int = 5, n: int = 5, k: int = 3) -> HandProblem:
    """E = A R with real A, boolean R and all products C named."""
    a = np.arange(m * k).reshape(m, k)
    r = m * k + np.arange(k * n).reshape(k, n)
    c = m * k + k * n + np.arange(m * n * k).reshape(m, n, k)
    e = m * k + k * n + m * n * k + np.arange(m * n).reshape(m, n)
    layout = make_layout(
        [("A", REAL, (m, k)), ("R", BOOLEAN, (k, n)), ("C", REAL, (m, n, k)), ("E", REAL, (m, n))],
        [
            ("A of C", c, np.broadcast_to(a[:, None, :], c.shape)),
            ("R of C", c, np.broadcast_to(r.T[None], c.shape)),
            ("C of E", np.broadcast_to(e[..., None], c.shape), c),
        ],
        diameter=6,
    )

    def simulate(batch: int, seed: int) -> dict[str, Tensor]:
        g = torch.Generator().manual_seed(seed)
        left = torch.rand(batch, m, k, generator=g)
        right = torch.rand(batch, k, n, generator=g) < 0.3
        products = left[:, :, None, :] * right.transpose(1, 2)[:, None].float()
        return {"A": left, "R": right, "C": products, "E": products.sum(-1)}

    ranges = {"m": (1, 10), "n": (1, 10), "k": (1, 10)}
    return HandProblem("bcmf", layout, simulate, (given("E"),), bcmf, {"m": m, "n": n, "k": k}, ranges)


def boolean(n: int = 4, seed: int = 0) -> HandProblem:
    """A circuit of random and/or gates over 2^n inputs, every gate a node with its own embedding."""
    leaves = 2**n
    gates = leaves - 1
    is_and = torch.rand(gates, generator=torch.Generator().manual_seed(seed)) < 0.5
    # Gate g reads nodes 2g and 2g + 1, inputs first, then gates: a heap laid out from its leaves.
    nodes = np.arange(leaves, leaves + gates)
    layout = make_layout(
        [("x", BOOLEAN, (leaves,)), ("y", BOOLEAN, (gates,))],
        [("in", np.repeat(nodes, 2), np.arange(2 * gates))],
        keys=[f"x[{i}]" for i in range(leaves)] + [f"y[{i}]" for i in range(gates)],
        diameter=2 * n,
    )

    def simulate(batch: int, seed: int) -> dict[str, Tensor]:
        g = torch.Generator().manual_seed(seed)
        x = torch.rand(batch, leaves, generator=g) < 0.5
        level, levels, start = x, [], 0
        while level.shape[1] > 1:
            left, right = level[:, 0::2], level[:, 1::2]
            kind = is_and[start : start + left.shape[1]]
            level = torch.where(kind, left & right, left | right)
            start += kind.numel()
            levels.append(level)
        return {"x": x, "y": torch.cat(levels, dim=1)}

    return HandProblem("boolean", layout, simulate, (given("x"),), boolean, {"n": n, "seed": seed})


def latin(size: int = 4) -> HandProblem:
    """Rows of shuffled digits: one category array with a row clique, any subset observed."""
    index = np.arange(size * size).reshape(size, size)
    rows = np.repeat(index, size, axis=1).ravel()
    columns = np.tile(index, (1, size)).ravel()
    layout = make_layout(
        [("cell", category(size), (size, size))], [("row", rows, columns)], diameter=2, cliques=True
    )

    def simulate(batch: int, seed: int) -> dict[str, Tensor]:
        g = torch.Generator().manual_seed(seed)
        return {"cell": torch.rand(batch, size, size, generator=g).argsort(-1)}

    return HandProblem("latin", layout, simulate, (given(subset=("cell",)),), latin, {"size": size})


def chain(length: int = 4) -> HandProblem:
    """A random walk along one ordered plate, any subset observed."""
    nodes = np.arange(length)
    layout = make_layout([("x", REAL, (length,))], [("before", nodes[1:], nodes[:-1])], diameter=length - 1)
    layout = replace(layout, positions=torch.arange(length)[:, None], position_plates=("t",))

    def simulate(batch: int, seed: int) -> dict[str, Tensor]:
        g = torch.Generator().manual_seed(seed)
        return {"x": torch.randn(batch, length, generator=g).cumsum(1)}

    return HandProblem("chain", layout, simulate, (), chain, {"length": length}, {"length": (2, 6)})


def clusters(n: int = 4) -> HandProblem:
    """Points x in the plane, each of a cluster z drawn with the shares pi, and a number r computed from each.

    The coordinates of x have scales of their own. x is given.
    """
    pi, z, x, r = np.zeros(n, dtype=np.int64), *(1 + np.arange(3 * n).reshape(3, n))
    arrays = [
        ("pi", vector(3, "simplex"), ()),
        ("z", category(3), (n,)),
        ("x", vector(2), (n,)),
        ("r", REAL, (n,)),
    ]
    layout = make_layout(arrays, [("pi of z", z, pi), ("z of x", x, z), ("x of r", r, x)], diameter=6)

    def simulate(batch: int, seed: int) -> dict[str, Tensor]:
        g = torch.Generator().manual_seed(seed)
        shares = torch.empty(batch, 3).exponential_(generator=g)
        shares = shares / shares.sum(-1, keepdim=True)
        cluster = (torch.rand(batch, n, 1, generator=g) > shares[:, None].cumsum(-1)[..., :2]).sum(-1)
        point = torch.randn(batch, n, 2, generator=g) + torch.stack((10.0 * cluster, -cluster), -1)
        point = point * torch.tensor([100.0, 0.01])
        return {"pi": shares, "z": cluster, "x": point, "r": point.sum(-1)}

    return HandProblem("clusters", layout, simulate, (given("x"),), clusters, {"n": n}, {"n": (2, 6)})
