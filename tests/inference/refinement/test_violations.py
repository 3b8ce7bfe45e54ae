from __future__ import annotations

import torch

import gsdmc
from gsdmc.compiler import compile_text
from gsdmc.inference.refinement.violations import residuals_of, usual_size, usual_spread, violations

FLAT = '(let [x (sample "x" (normal 100 1))] (sample "z" (dirac (* 0.0 x))))'
VECTOR = """(let [x (sample "x" (normal 0 1))] (sample "v" (dirac [(* 1.0 x) (* 2.0 x)])))"""
CLASH = '(let [x (sample "x" (bernoulli 0.5)) y (sample "y" (dirac (not x)))] (factor "y" (or x y)))'


def test_factors_and_residuals_above_rounding_are_counted_by_sample() -> None:
    problem = gsdmc.compile("sorting", n=4)
    values = problem.simulate(3, seed=0)
    values["s"][1, 2] += 0.5
    values["s"][2, 0] += 1e-6
    values["P"][0, 0] = True
    found = violations(problem, residuals_of(problem, values))
    assert found.dirac["s"].nonzero().tolist() == [[1, 2]]
    assert found.counts["row"].tolist() == [1, 0, 0]
    assert found.counts["column"].tolist() == [3, 0, 0]
    assert found.counts["C"].tolist() == [3, 0, 0]
    assert found.total(3).gt(0).tolist() == [True, True, False]


def test_nothing_counts_as_held_that_is_no_number() -> None:
    problem = compile_text(VECTOR, "vector.clj")
    values = problem.simulate(2, seed=0)
    values["v"][1, 1] = torch.nan
    assert violations(problem, residuals_of(problem, values)).dirac["v"].tolist() == [False, True]


def test_usual_sizes_are_never_zero() -> None:
    problem = compile_text(FLAT, "flat.clj")
    assert 99 < usual_size(problem, "x") < 104
    assert 1 < usual_spread(problem, "x") < 3
    assert usual_size(problem, "z") == usual_spread(problem, "z") == 1


def test_a_factor_may_have_an_arrays_name() -> None:
    problem = compile_text(CLASH, "clash.clj")
    values = {"x": torch.tensor([False]), "y": torch.tensor([False])}
    counts = violations(problem, residuals_of(problem, values)).counts
    assert {name: count.tolist() for name, count in counts.items()} == {"y": [1], "factor y": [1]}
