from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gsdmc.compiler import compile_text
from gsdmc.graph.factor_graph import Argument, FactorGraph
from gsdmc.graph.index_map import dimension_names, index_map
from tests.graph.samples import Builder, bcmf, chain, gram, graphs, islands, sorting

CONVOLUTION = """
(def n 7) (def k 2)
(let [x (foreach n [i (range n)] (foreach n [j (range n)] (sample "x" (normal 0 1))))
      m (- n (- k 1))]
  (foreach m [i (range m)]
    (foreach m [j (range m)]
      (sample "y" (dirac (sum (foreach k [a (range k)]
                                (sum (foreach k [b (range k)] (get-in x [(+ i a) (+ j b)]))))))))))
"""


def maps(graph: FactorGraph) -> list[str | None]:
    return [index_map(graph, r) for r in graph.relations if isinstance(r, Argument)]


@pytest.mark.parametrize(
    ("graph", "found"),
    [
        (bcmf(3, 2, 4), ["C[i, j, t] <- A[i, t]", "C[i, j, t] <- R[t, j]", "E[i, j] <- C[i, j, :]"]),
        (bcmf(1, 1, 1), ["C[i, j, t] <- A[i, t]", "C[i, j, t] <- R[t, j]", "E[i, j] <- C[i, j, :]"]),
        (sorting(3), ["C[i, j] <- P[i, j]", "C[i, j] <- u[j]", "s[i] <- C[i, :]"]),
        (chain(7), ["x[t] <- x[t - 1]", "y[t] <- x[t]"]),
        (gram(4), ["G[i, i′] <- x[i]", "G[i, i′] <- x[i′]"]),
    ],
)
def test_samples(graph: FactorGraph, found: list[str]) -> None:
    assert maps(graph) == found


def test_an_array_that_spans_a_plate_twice_looks_up_both() -> None:
    graph = gram(4)
    ends = [np.concatenate([getattr(r, side) for r in graph.relations]) for side in ("parents", "children")]
    assert index_map(graph, Argument("x", "G", "value", *ends)) == "G[i, i′] <- x[i], x[i′]"


def test_convolutions_are_several_maps() -> None:
    graph = compile_text(CONVOLUTION, "convolution.clj").graph
    (found,) = maps(graph)
    letters = ", ".join(dimension_names(graph.by_name["y"]))
    i, j = letters.split(", ")
    assert found is not None
    head, _, sources = found.partition(" <- ")
    assert head == f"y[{i}, {j}]"
    assert set(sources.replace("], ", "]; ").split("; ")) == {
        f"x[{a}, {b}]" for a in (i, f"{i} + 1") for b in (j, f"{j} + 1")
    }


def test_what_is_no_map_is_none() -> None:
    b = Builder()
    b.plate("i", 9)
    x, y = b.array("x", "i", "(normal 0 1)"), b.array("y", "i", "(normal x 1)")
    b.argument("x", "y", x[[0, 4, 8, 2, 6, 1]], y[[3, 1, 2, 8, 0, 5]])
    assert maps(b.build()) == [None]


def test_many_maps_are_cut_short() -> None:
    b = Builder()
    b.plate("i", 20)
    b.plate("j", 16)
    x, y = b.array("x", "i", "(normal 0 1)"), b.array("y", "j", "(normal x 1)")
    for shift in range(5):
        b.argument("x", "y", x[shift : shift + 16], y)
    pairs = [np.concatenate([getattr(r, side) for r in b.relations]) for side in ("parents", "children")]
    relation = Argument("x", "y", "mean", *pairs)
    assert index_map(b.build(), relation) == "y[j] <- x[j], x[j + 1], x[j + 2], x[j + 3], ... 1 more"


def test_scalars_and_empty_relations() -> None:
    b = Builder()
    a, c = b.array("a", "", "(normal 0 1)"), b.array("c", "", "(normal a 1)")
    b.argument("a", "c", a, c)
    b.relations.append(Argument("a", "c", "std", a.ravel()[:0], c.ravel()[:0]))
    assert maps(b.build()) == ["c <- a", None]
    assert maps(islands(4, 3)) == ["path[p] <- path[p - 1]"]


@st.composite
def mapped(draw: st.DrawFn) -> tuple[FactorGraph, str]:
    """A child that looks up a parent along some of its own plates, the rest summed over."""
    b = Builder()
    for name, size in zip("ijk", (7, 8, 9), strict=True):
        b.plate(name, size)
    outer = draw(st.lists(st.sampled_from("ijk"), unique=True, max_size=2))
    inner = draw(st.permutations("ijk"))[: draw(st.integers(0, 3))]
    x, y = b.array("x", " ".join(inner), "(normal 0 1)"), b.array("y", " ".join(outer), "(normal x 1)")
    sizes = dict(zip("ijk", (7, 8, 9), strict=True))
    axes = list(dict.fromkeys([*outer, *inner]))
    grid = [part.ravel() for part in np.indices([sizes[a] for a in axes])]
    places = dict(zip(axes, grid, strict=True))
    parents, children = x[tuple(places[p] for p in inner)], y[tuple(places[p] for p in outer)]
    b.argument("x", "y", parents, children)
    looked_up = [p if p in outer else ":" for p in inner]
    written = ["y" + f"[{', '.join(outer)}]" * bool(outer), "x" + f"[{', '.join(looked_up)}]" * bool(inner)]
    return b.build(), " <- ".join(written)


@given(mapped())
def test_look_ups_are_found(case: tuple[FactorGraph, str]) -> None:
    graph, expected = case
    assert maps(graph) == [expected]


@given(graphs())
def test_random_graphs(graph: FactorGraph) -> None:
    for found in maps(graph):
        assert found is None or " <- " in found
