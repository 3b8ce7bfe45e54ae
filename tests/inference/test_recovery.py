from __future__ import annotations

import pytest
import torch

import gsdmc
from gsdmc.compiler import compile_text
from gsdmc.inference.recovery import determined, recover


def given(problem: gsdmc.Problem, *names: str) -> dict[str, torch.Tensor]:
    draws = problem.simulate(2, seed=0)
    return {name: torch.full(v.shape, name in names) for name, v in draws.items()}


@pytest.mark.parametrize(
    ("program", "names", "answer"),
    [
        ("boolean", ("x",), True),
        ("sorting", ("u",), True),
        ("sorting", ("s",), False),
        ("bcmf", ("E",), False),
        ("bcmf", ("A", "R"), True),
        ("sudoku", (), False),
    ],
)
def test_when_evidence_leaves_a_single_answer(program: str, names: tuple[str, ...], answer: bool) -> None:
    problem = gsdmc.compile(program)
    assert determined(problem, given(problem, *names)) is answer


def test_shares_and_errors_against_the_truth() -> None:
    problem = gsdmc.compile("sorting", n=3)
    truth = problem.simulate(2, seed=0)
    mask = given(problem, "u")
    raw = {name: v.clone() for name, v in truth.items()}
    raw["P"][0, 0] = ~raw["P"][0, 0]
    raw["s"] += 0.25
    found = recover(problem, truth, mask, raw, truth)
    assert list(found) == ["P", "C", "s"]
    assert found["P"].elements == (15 / 18, 1.0)
    assert found["P"].samples == (0.5, 1.0)
    assert found["s"].rms == (pytest.approx(0.25), 0.0)
    assert recover(problem, truth, given(problem, "s"), raw, truth) == {}


def test_data_drawn_once_at_compile_time_is_no_randomness() -> None:
    text = '(def ^{:seed 1} g (extern random-gates 3)) (sample "y" (dirac (get g 0)))'
    problem = compile_text(text, "frozen.clj")
    assert determined(problem, given(problem))
