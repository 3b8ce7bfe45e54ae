"""The structures of the paper's Figure 9 for sorting are programs: their masks and their plates."""

from __future__ import annotations

from math import comb
from pathlib import Path

import pytest

from gsdmc.compiler import Problem, compile_problem
from gsdmc.graph.forced import force_classes
from tests.program.equivariance import broken_symmetries

PROGRAMS = Path(__file__).parent / "programs" / "figure9"
CHOICES = ("neighbours", "connected", "symmetric", "unconstrained")


def choice(name: str, n: int) -> Problem:
    return compile_problem(PROGRAMS / f"{name}.clj", n=n)


def entries(n: int, within_s: int) -> int:
    """Mask entries: the diagonal; P, u and C, C and s; one-hot rows and columns; pairs within s."""
    nodes, products, one_hots = 2 * n * n + 2 * n, 3 * n * n, 2 * n * comb(n, 2)
    return nodes + 2 * (products + one_hots + within_s)


@pytest.mark.parametrize("n", [2, 3, 7])
def test_masks_have_the_entries_that_their_formulas_say(n: int) -> None:
    assert choice("neighbours", n).mask.nnz == entries(n, n - 1)
    assert choice("connected", n).mask.nnz == entries(n, comb(n, 2))
    assert choice("symmetric", n).mask.nnz == entries(n, comb(n, 2))
    assert choice("unconstrained", n).mask.nnz == entries(n, 0)


def test_nothing_else_changes() -> None:
    masks = {name: choice(name, 5).mask for name in CHOICES}
    first = choice("neighbours", 5).graph
    assert [a.name for a in first.arrays] == ["u", "P", "C", "s"]
    s = slice(first.by_name["s"].offset, first.nodes)
    for mask in masks.values():
        dense = mask.toarray()
        dense[s, s] = False
        other = masks["neighbours"].toarray()
        other[s, s] = False
        assert (dense == other).all()


def test_only_what_tells_rows_apart_orders_them() -> None:
    """A factor that says that s is in order orders i, whether it joins neighbours or all of s.

    The connected mask itself is symmetric under every permutation of s, but the factor isn't: it would fail
    for a permuted draw. Without it nothing of the graph knows the order of s, only the routine that makes P,
    which is `untracked`. Then i is exchangeable by what an exchangeable plate is, and a network with those
    embeddings learns s without its order; the paper's ablation keeps array embeddings, which
    `--embedding i=array` gives.
    """
    found = {name: {p.name: p for p in choice(name, 4).graph.plates} for name in CHOICES}
    assert {name: plates["i"].cls for name, plates in found.items()} == {
        "neighbours": "ordered",
        "connected": "ordered",
        "symmetric": "exchangeable",
        "unconstrained": "exchangeable",
    }
    assert all(plates["j"].cls == "exchangeable" for plates in found.values())
    for name in ("symmetric", "unconstrained"):
        reason = found[name]["i"].reason
        assert reason.startswith("its index is used for nothing but indexing, `untracked` aside, where")
        assert "(argsort u) at 5:24" in reason
    assert found["connected"]["i"].reason == "a part of its range is indexed: (get s i) at 15:31"


@pytest.mark.parametrize("name", CHOICES)
def test_their_exchangeable_plates_are_symmetries(name: str) -> None:
    assert broken_symmetries(choice(name, 4).tape) == []


def test_the_ablation_keeps_the_papers_embeddings() -> None:
    problem = choice("unconstrained", 4)
    forced = force_classes(problem.graph, problem.tape, {"i": "array"})
    assert forced.plate_by_name["i"].cls == "ordered"
    assert forced.plate_by_name["j"].cls == "exchangeable"
