"""The readings: what a program draws, how far values are from it, and what recomputing them gives."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gsdmc.compiler import Problem, bundled, compile_problem, compile_text
from gsdmc.language.source import GsdmcError
from gsdmc.program.interpreter import Interpreter
from gsdmc.program.readings import run, seed_of

SORTING = compile_problem("sorting", n=6)
BCMF = compile_problem("bcmf")


@pytest.mark.parametrize("name", bundled())
def test_equal_seeds_draw_equal_samples(name: str) -> None:
    problem = compile_problem(name)
    one, same, other = (problem.simulate(8, seed=s) for s in (3, 3, 4))
    assert all(torch.equal(one[n], same[n]) for n in one)
    assert any(not torch.equal(one[n], other[n]) for n in one)
    assert {n: tuple(v.shape[1:]) for n, v in one.items()} == {
        a.name: (*a.shape, *a.kind.event_shape) for a in problem.graph.arrays
    }


def test_values_have_their_kinds_types() -> None:
    assert {n: v.dtype for n, v in BCMF.simulate(2, 0).items()} == {
        "A": torch.float32, "R": torch.bool, "C": torch.float32, "E": torch.float32,
    }  # fmt: skip
    assert BCMF.simulate(2, 0, torch.float64)["E"].dtype == torch.float64
    assert compile_problem("sudoku").simulate(2, 0)["cell"].dtype == torch.int64


def test_a_batch_takes_as_many_steps_as_one_member() -> None:
    small, large = (len(Interpreter(p.tape).steps) for p in (BCMF, BCMF.resized(m=9, n=9, k=9)))
    assert small == large


def test_noise_goes_by_array_and_index_not_by_order() -> None:
    a, b = '(sample "a" (normal 0 1))', '(sample "b" (uniform 0 1))'
    one = compile_text(f"(let [a {a} b {b}] (+ a b))", "one.clj").simulate(5, 0)
    other = compile_text(f"(let [b {b} a {a}] (+ a b))", "other.clj").simulate(5, 0)
    assert torch.equal(one["a"], other["a"])
    assert torch.equal(one["b"], other["b"])


def test_arrays_do_not_share_memory() -> None:
    text = '(let [x (sample "x" (normal 0 1)) y (sample "y" (dirac x))] (sample "c" (dirac 2.5)))'
    problem = compile_text(text, "share.clj")
    values = problem.simulate(1, 0)
    before = values["x"].clone()
    values["y"] += 1
    values["c"] += 1
    assert torch.equal(values["x"], before)
    assert problem.simulate(1, 0)["c"].item() == 2.5


def test_what_programs_compute() -> None:
    values = BCMF.simulate(32, 0)
    assert torch.allclose(values["E"], values["A"] @ values["R"].float(), atol=1e-5)
    values = SORTING.simulate(32, 0)
    assert torch.equal(values["s"], values["u"].sort(-1).values)
    assert (values["P"].sum(1) == 1).all()
    assert (values["P"].sum(2) == 1).all()
    cells = compile_problem("sudoku").simulate(8, 0)["cell"]
    assert (cells.reshape(8, 9, 9).sort(-1).values == torch.arange(9)).all()


def test_the_boolean_circuit_computes_its_gates() -> None:
    problem = compile_problem("boolean", n=3)
    values, gates = problem.simulate(64, 0), problem.tape.frozen["gates"]
    wires = [*values["x"].unbind(1)]
    for g, conjunction in enumerate(gates):
        a, b = wires[2 * g], wires[2 * g + 1]
        wires.append(a & b if conjunction else a | b)
    assert torch.equal(torch.stack(wires[8:], 1), values["y"])


def test_coarse_numbers_tie_and_are_drawn_again() -> None:
    n = 24
    problem = SORTING.resized(n=n)
    coarse = torch.Generator().manual_seed(0)
    tied = torch.randn(64, n, generator=coarse, dtype=torch.float16).sort(-1).values.diff(dim=-1) == 0
    assert tied.any()  # half precision has so few numbers that ties are common
    values = run(problem.interpreter, 64, 0, torch.float16)
    assert (values["u"].sort(-1).values.diff(dim=-1) > 0).all()
    assert torch.equal(values["s"], values["u"].sort(-1).values)


def test_ties_in_every_draw_are_an_error() -> None:
    text = """
(let [x (foreach 9 [i (range 9)] (sample "x" (uniform-discrete 0 3)))
      order (argsort x)]
  (sample "r" (dirac (get order 0))))"""
    with pytest.raises(GsdmcError, match="equal values in every draw"):
        compile_text(text, "ties.clj").simulate(2, 0)


@pytest.mark.parametrize("name", bundled())
def test_draws_leave_no_residual_and_hold_their_factors(name: str) -> None:
    problem = compile_problem(name)
    found = problem.verify(problem.simulate(16, 5))
    assert all(not r.any() for r in found.dirac.values())
    assert all(holds.all() for holds in found.factors.values())
    computed = {a.name for a in problem.graph.arrays if a.deterministic and not a.generated}
    assert set(found.dirac) == computed


def test_a_wrong_value_has_a_residual_where_it_is_wrong() -> None:
    values = BCMF.simulate(4, 0)
    values["E"][2, 1, 3] += 0.5
    residual = BCMF.verify(values).dirac["E"]
    assert residual[2, 1, 3].item() == pytest.approx(-0.5)
    assert (residual != 0).sum() == 1


def test_a_wrong_order_breaks_its_factor() -> None:
    values = SORTING.simulate(4, 0)
    values["s"][1] = values["s"][1].flip(0)
    holds = SORTING.verify(values).factors["order"]
    assert holds[[0, 2, 3]].all()
    assert not holds[1].any()


def test_sampled_elements_of_a_computed_array_have_no_residual() -> None:
    text = """
(def n 3)
(foreach n [i (range n)] (if (= i 0) (sample "x" (normal 0 1)) (sample "x" (dirac 2.0))))"""
    problem = compile_text(text, "part.clj")
    values = problem.simulate(4, 0)
    values["x"] += 1
    residual = problem.verify(values).dirac["x"]
    assert torch.equal(residual, torch.tensor([0.0, -1, -1]).expand(4, 3))


def test_restoring_recomputes_what_is_computed() -> None:
    values = BCMF.simulate(4, 0)
    noisy = {**values, "C": values["C"] + 1, "E": values["E"] - 1}
    restored = BCMF.restore(noisy)
    assert all(torch.equal(restored[n], values[n]) for n in values)


def test_restoring_keeps_what_it_is_told_to() -> None:
    values = BCMF.simulate(4, 0)
    keep = {"C": torch.zeros_like(values["C"], dtype=torch.bool)}
    keep["C"][:, 0] = True
    restored = BCMF.restore({**values, "C": values["C"] + 1}, keep)
    assert torch.equal(restored["C"][:, 0], values["C"][:, 0] + 1)
    assert torch.equal(restored["C"][:, 1:], values["C"][:, 1:])
    assert torch.allclose(restored["E"][:, 0], values["E"][:, 0] + 3)


def test_restoring_leaves_generated_arrays_alone() -> None:
    values = SORTING.simulate(4, 0)
    flipped = {**values, "P": values["P"].flip(1)}
    restored = SORTING.restore(flipped)
    assert torch.equal(restored["P"], flipped["P"])
    assert torch.equal(restored["s"], values["s"].flip(1))


@pytest.mark.parametrize("change", ["missing", "shape"])
def test_values_of_another_shape_are_refused(change: str) -> None:
    values = BCMF.simulate(4, 0)
    if change == "missing":
        del values["A"]
    else:
        values["A"] = values["A"][:, :2]
    for reading in (BCMF.verify, BCMF.restore):
        with pytest.raises(GsdmcError, match='"A"'):
            reading(values)


def observed() -> Problem:
    text = """
(def ys [1.5 2.5])
(foreach 2 [y ys] (observe "y" (normal 0 1) y))
(sample "z" (normal 0 1))"""
    return compile_text(text, "observe.clj")


def test_observed_values_are_default_evidence() -> None:
    values, given = observed().evidence["y"]
    assert np.array_equal(values, [1.5, 2.5])
    assert given.all()
    assert set(observed().evidence) == {"y"}
    assert observed().simulate(64, 0)["y"].std() > 0.5  # drawn like any other


def test_seeds_depend_on_every_part() -> None:
    assert len({seed_of(0, "a"), seed_of(1, "a"), seed_of(0, "b"), seed_of(0, "a", 0)}) == 4
    assert 0 <= seed_of("x") < 2**63


def test_an_arm_may_be_nil() -> None:
    text = '(let [b (sample "b" (bernoulli 0.5))] (if b (observe "y" (normal 0 1) 2.0) nil))'
    problem = compile_text(text, "nil.clj")
    assert [a.name for a in problem.graph.arrays] == ["b", "y"]
    taken, left = problem.score({"b": [True, False]}).tolist()
    assert taken - left == pytest.approx(-2.0 - 0.5 * np.log(2 * np.pi))
