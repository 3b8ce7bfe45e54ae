"""A layout in words."""

from __future__ import annotations

import re

import pytest

import gsdmc
from gsdmc.compiler import compile_text
from gsdmc.layout.describe import NODES, describe_layout

ORDER = [
    "  0 .. 1    A  2 × 1      real in [0, 1]  1 channel",
    "  2 .. 4    R  1 × 3      boolean         2 channels",
    "  5 .. 10   C  2 × 3 × 1  real            1 channel",
    "  11 .. 16  E  2 × 3      real            1 channel",
]


def parts(text: str) -> dict[str, list[str]]:
    """Lines by the title of their part."""
    return {part.split("\n")[0]: part.split("\n")[1:] for part in text.split("\n\n")[1:]}


def test_node_order_embeddings_and_roles() -> None:
    text = describe_layout(gsdmc.compile("bcmf", m=2, n=3, k=1).layout)
    assert text.startswith("layout: 17 nodes, 53 entries, 7 roles, 4 embeddings\n\nnode order\n")
    found = parts(text)
    assert found["node order"] == ORDER
    assert found["embeddings"] == ["  A  2 nodes", "  R  3 nodes", "  C  6 nodes", "  E  6 nodes"]
    assert found["positions"] == ["  none: no plate is ordered"]
    assert found["roles"][:2] == ["  self           17 entries", "  C ← A (value)  6 entries"]


def test_positions_degrees_and_neighbours() -> None:
    found = parts(describe_layout(gsdmc.compile("sorting", n=4).layout))
    assert found["positions"] == ["  i  0 .. 3  36 nodes"]
    degrees = found["degrees, the node itself counted"]
    assert degrees[1].split() == ["u", "least", "5", "mean", "5", "most", "5"]
    assert degrees[4].split() == ["s", "least", "6", "mean", "6.5", "most", "7"]
    assert " ".join(found["neighbours"][0].split()) == (
        "0 u[0] C[0,0] (u → C (value)), C[1,0] (u → C (value)), C[2,0] (u → C (value)), "
        "C[3,0] (u → C (value))"
    )
    assert found["neighbours"][-1] == f"  ... {40 - NODES} more"


def test_a_pair_in_several_roles_names_them_all() -> None:
    found = parts(describe_layout(gsdmc.compile("sudoku", n=2).layout))
    assert "cell[0,0,0,1] (row + box)" in found["neighbours"][0]


def test_vectors_single_variables_and_empty_arrays() -> None:
    text = """(def n 0)
    (let [w (sample "w" (dirichlet [1.0 1.0 1.0]))] (foreach n [i (range n)] (sample "z" (categorical w))))"""
    found = parts(describe_layout(compile_text(text, "empty.clj").layout))
    assert found["node order"] == [
        "  0     w  single  simplex of 3   3 channels",
        "  none  z  0       category of 3  3 channels",
    ]
    assert found["neighbours"] == ["  0  w  itself alone"]


@pytest.mark.parametrize("name", gsdmc.bundled())
def test_counts_add_up(name: str) -> None:
    layout = gsdmc.compile(name).layout
    found = parts(describe_layout(layout))
    if not found["embeddings"][-1].endswith(" more"):
        embedded = sum(int(re.findall(r"([\d,]+) nodes?$", line)[0]) for line in found["embeddings"])
        assert embedded == layout.nodes
    listed = sum(int(re.findall(r"([\d,]+) entr", line)[0].replace(",", "")) for line in found["roles"])
    assert listed == int(layout.structure.membership[layout.structure.role_sets.long()].sum())


def test_layouts_of_many_arrays_stay_short() -> None:
    names = [f'(sample "x{i}" (normal 0 1))' for i in range(300)]
    layout = compile_text(f"[{' '.join(names)}]", "many.clj").layout
    assert len(describe_layout(layout).splitlines()) < 200


def test_asymmetric_structures_say_so() -> None:
    problem = gsdmc.compile("bcmf", symmetrise=False)
    assert "not symmetric" in describe_layout(problem.layout).splitlines()[0]
