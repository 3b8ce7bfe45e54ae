from __future__ import annotations

import pytest
import torch
from torch import Tensor

import gsdmc
from gsdmc.compiler import Problem, compile_text
from gsdmc.inference.refinement import blocks
from gsdmc.inference.refinement import polish as module
from gsdmc.inference.refinement.polish import Polished, polish

POSITIVE = """
(def n 3)
(let [s (foreach n [i (range n)] (sample "s" (gamma 2 1)))]
  (foreach n [i (range n)] (sample "y" (dirac (log (get s i)))))
  (sample "total" (dirac (sum s))))
"""
SHARES = """
(let [w (sample "w" (dirichlet [1.0 2.0 3.0]))]
  (sample "y" (dirac (+ (* 2.0 (get w 0)) (get w 2)))))
"""
SQUARE = '(let [x (sample "x" (normal 0 1))] (sample "y" (dirac (* x x))))'
MOVING = (
    """(let [s (sample "s" (exponential 1)) u (sample "u" (uniform 0 s))] (sample "y" (dirac (* 2.0 u))))"""
)
ORDERED = """
(let [x (sample "x" (normal 0 1)) high (sample "high" (dirac (> x 0)))] (sample "y" (dirac (* x x))))
"""
SCALED = """
(let [a (sample "a" (normal 0 1)) b (sample "b" (normal 0 1000))]
  (sample "y" (dirac (+ (* 1000 a) b))))
"""


def masks(values: dict[str, Tensor], problem: Problem, *names: str) -> dict[str, Tensor]:
    batch = len(next(iter(values.values())))
    return {a.name: torch.full((batch, *a.shape), a.name in names) for a in problem.graph.arrays}


def solved(problem: Problem, values: dict[str, Tensor], *names: str) -> tuple[dict[str, Tensor], Polished]:
    return polish(problem, values, masks(values, problem, *names))


def noise(like: Tensor) -> Tensor:
    return torch.randn(like.shape, generator=torch.Generator().manual_seed(7), dtype=like.dtype)


def test_inversion_is_solved_to_precision() -> None:
    problem = gsdmc.compile("inversion")
    values = problem.simulate(16, 0, torch.float64)
    identity = torch.eye(5, dtype=torch.float64).expand(16, 5, 5)
    inverse = torch.linalg.inv(values["A"])
    values |= {"E": identity.clone(), "R": inverse + 0.3 * noise(inverse)}
    found, figures = solved(problem, {n: v.float() for n, v in values.items()}, "A", "E")
    assert (found["A"] @ found["R"] - identity).norm(dim=(1, 2)).max() <= 1e-10
    assert torch.equal(found["A"], values["A"].float().double())
    assert figures.solved.all()
    assert (figures.before > 0.01).all()
    assert (figures.iterations > 0).all()
    torch.testing.assert_close(found["C"].sum(-1), found["A"] @ found["R"])  # recomputed


def test_factors_of_a_matrix_given_the_binary_one() -> None:
    problem = gsdmc.compile("bcmf", m=8, n=20, k=3)
    values = problem.simulate(4, 1, torch.float64)
    a = (values["A"] + 0.4 * noise(values["A"])).clamp(0, 1)
    for names in (("R", "E"), ("E",)):  # what is discrete stays either way
        found, figures = solved(problem, {**values, "A": a}, *names)
        assert (found["A"] @ found["R"].double() - values["E"]).abs().max() <= 1e-10
        assert ((found["A"] >= 0) & (found["A"] <= 1)).all()
        assert torch.equal(found["R"], values["R"])
        assert figures.solved.all()


@pytest.mark.slow
def test_large_systems_come_apart_into_small_ones() -> None:
    problem = gsdmc.compile("bcmf", m=100, n=100, k=5)
    values = problem.simulate(2, 1, torch.float64)
    start = {**values, "A": torch.full_like(values["A"], 0.5)}
    found, figures = solved(problem, start, "E")
    assert figures.solved.all()
    assert (found["A"] @ found["R"].double() - values["E"]).abs().max() <= 1e-10


def test_two_unknown_matrices_and_sparse_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = gsdmc.compile("inversion", n=4)
    values = problem.simulate(3, 2, torch.float64)
    moved = {name: v + 0.2 * noise(v) if name in ("A", "R") else v for name, v in values.items()}
    for dense in (blocks.DENSE, 0):
        monkeypatch.setattr(blocks, "DENSE", dense)
        found, figures = solved(problem, moved, "E")
        assert figures.solved.all()
        torch.testing.assert_close(found["A"] @ found["R"], values["E"], rtol=0, atol=1e-10)


def test_the_batch_comes_in_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = gsdmc.compile("bcmf", m=3, n=3, k=2)
    values = problem.simulate(5, 1, torch.float64)
    start = {**values, "A": values["A"] * 0.5 + 0.25}
    whole, _ = solved(problem, start, "E")
    monkeypatch.setattr(module, "BUDGET", 1)
    apart, figures = solved(problem, start, "E")
    assert figures.solved.all()
    torch.testing.assert_close(apart["A"], whole["A"])


def test_positive_variables_stay_positive() -> None:
    problem = compile_text(POSITIVE, "positive.clj")
    values = problem.simulate(8, 0, torch.float64)
    start = {**values, "s": torch.full_like(values["s"], 0.05)}
    found, figures = solved(problem, start, "y", "total")
    assert figures.solved.all()
    torch.testing.assert_close(found["s"], values["s"], rtol=1e-8, atol=0)
    negative = {**values, "total": -values["total"]}
    found, figures = solved(problem, negative, "total")
    assert (found["s"] > 0).all()
    assert not figures.solved.any()
    assert (figures.after <= figures.before).all()


def test_shares_stay_shares() -> None:
    problem = compile_text(SHARES, "shares.clj")
    values = problem.simulate(8, 0, torch.float64)
    start = {**values, "w": torch.tensor([[0.7, 0.2, 0.1]], dtype=torch.float64).expand(8, 3)}
    found, figures = solved(problem, start, "y")
    assert figures.solved.all()
    assert (found["w"] > 0).all()
    torch.testing.assert_close(found["w"].sum(-1), torch.ones(8, dtype=torch.float64), rtol=1e-12, atol=0)
    torch.testing.assert_close(2 * found["w"][:, 0] + found["w"][:, 2], values["y"], rtol=1e-10, atol=0)


def test_where_there_is_no_solution_samples_get_no_worse_and_are_named() -> None:
    problem = compile_text(SQUARE, "square.clj")
    values = {
        "x": torch.tensor([0.5, 0.5, 0.0], dtype=torch.float64),
        "y": torch.tensor([-1.0, 4.0, 1.0], dtype=torch.float64),
    }
    found, figures = solved(problem, values, "y")
    assert figures.solved.tolist() == [False, True, False]
    assert abs(found["x"][0]) <= 0.5
    assert found["x"][1].item() == pytest.approx(2, abs=1e-12)
    assert found["x"][2] == 0  # the slope is 0 there
    assert (figures.after <= figures.before).all()


def test_supports_that_vary_are_kept() -> None:
    problem = compile_text(MOVING, "moving.clj")
    values = {n: torch.tensor([v], dtype=torch.float64) for n, v in (("s", 1.0), ("u", 0.5), ("y", 4.0))}
    found, figures = solved(problem, values, "s", "y")
    assert 0.5 < found["u"].item() <= 1
    assert not figures.solved.any()
    found, figures = solved(problem, values | {"y": values["y"] / 3}, "s", "y")
    assert found["u"].item() == pytest.approx(2 / 3)
    assert figures.solved.all()


def test_discrete_relations_that_hold_go_on_holding() -> None:
    problem = compile_text(ORDERED, "ordered.clj")
    values = {
        "x": torch.tensor([0.1, -0.1], dtype=torch.float64),
        "high": torch.tensor([True, False]),
        "y": torch.tensor([4.0, 4.0], dtype=torch.float64),
    }
    found, figures = solved(problem, values, "high", "y")
    assert figures.solved.all()
    torch.testing.assert_close(found["x"], torch.tensor([2.0, -2.0], dtype=torch.float64))


def test_steps_are_measured_in_the_variables_spreads() -> None:
    problem = compile_text(SCALED, "scaled.clj")
    values = {n: torch.tensor([v], dtype=torch.float64) for n, v in (("a", 0.0), ("b", 0.0), ("y", 2000.0))}
    found, _ = solved(problem, values, "y")
    assert found["a"].item() == pytest.approx(1, rel=0.3)
    assert found["b"].item() == pytest.approx(1000, rel=0.3)


def test_every_row_may_have_evidence_of_its_own() -> None:
    problem = gsdmc.compile("bcmf", m=2, n=4, k=2)
    values = problem.simulate(3, 3, torch.float64)
    mask = masks(values, problem, "E", "R")
    mask["E"][1, 0] = False
    mask["A"][2] = True
    start = {**values, "A": torch.full_like(values["A"], 0.5)}
    start["A"][2] = values["A"][2]
    found, figures = polish(problem, start, mask)
    assert figures.solved.all()
    assert torch.equal(found["A"][1, 0], start["A"][1, 0])
    assert torch.equal(found["A"][2], values["A"][2])
    torch.testing.assert_close(found["E"][1, 0], (found["A"] @ found["R"].double())[1, 0])


def test_nothing_to_polish_restores_in_double_precision() -> None:
    problem = gsdmc.compile("bcmf")
    values = problem.simulate(2, 0)
    found, figures = solved(problem, {**values, "C": values["C"] + 1}, "R")
    assert found["C"].dtype == torch.float64
    torch.testing.assert_close(found["C"].float(), values["C"])
    assert figures.solved.all()
    assert not figures.iterations.any()
