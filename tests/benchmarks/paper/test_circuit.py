"""Circuits of Figure 4 are not all but constant, and their output is true as often as computed."""

from __future__ import annotations

import pytest
from paper.circuit import balanced_gates
from paper.variants import CIRCUITS, OUTPUT_ONLY

import gsdmc


@pytest.mark.parametrize("n", range(1, 9))
def test_outputs_take_both_values(n: int) -> None:
    for seed in range(20):
        gates, chance = balanced_gates(2**n, seed)
        assert gates.shape == (2**n - 1,)
        assert 0.15 <= chance <= 0.85


def test_the_chance_of_the_output_is_that_of_the_program() -> None:
    gates, chance = balanced_gates(32, 3)
    values = gsdmc.compile("boolean", n=5, gates=gates).simulate(40_000, seed=0)["y"]
    assert values[:, -1].double().mean().item() == pytest.approx(chance, abs=0.01)


def test_the_circuit_without_intermediates_has_the_same_output() -> None:
    gates, _ = balanced_gates(16, 1)
    whole = gsdmc.compile("boolean", n=4, gates=gates)
    bare = gsdmc.compile(OUTPUT_ONLY, n=4, gates=gates)
    assert [a.name for a in bare.graph.arrays] == ["x", "y"]
    assert bare.mask.nnz == 17 + 2 * 16  # a star
    draws = whole.simulate(200, seed=0)
    residuals = bare.verify({"x": draws["x"], "y": draws["y"][:, -1]})
    assert all((r == 0).all() for r in residuals.dirac.values())


def test_variants_differ_in_what_their_names_say() -> None:
    gates, _ = balanced_gates(8, 0)
    masks = [v.compile("boolean", n=3, gates=gates).mask for v in CIRCUITS]
    assert [m.shape[0] for m in masks] == [15, 15, 9, 9]
    assert [m.nnz == m.shape[0] ** 2 for m in masks] == [False, True, False, True]
