from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from gsdmc.language.source import GsdmcError
from gsdmc.training.checkpoint import load
from gsdmc.training.diverged import explain
from gsdmc.training.loop import train
from gsdmc.training.losses import DivergedError
from gsdmc.training.run import Run
from tests.model.problems import HandProblem, bcmf
from tests.training.test_loop import SMALL


def test_rates_that_are_too_high_are_named_and_the_last_state_is_kept(tmp_path: Path) -> None:
    problem, folder = bcmf(2, 2, 2), tmp_path / "m"
    wild = replace(SMALL, learning_rate=1e4, matrix_rate=1e4, warmup=0, decay=False)
    train(problem, wild, steps=400, folder=folder, stop_after=1)
    with pytest.raises(
        GsdmcError, match=r"(exploded to|became) .* at step \d+; .*/m holds the state of step 1"
    ) as e:
        train(problem, wild, steps=400, folder=folder, resume=True)
    assert e.value.hint == (
        "train again with lower rates, as by --config learning_rate=2500 --config matrix_rate=2500"
    )
    assert load(folder).run["steps"] == 1
    assert all(weight.isfinite().all() for weight in load(folder).denoiser.parameters())


def drawing(wrong: float, step: int) -> HandProblem:
    """A program of whose draws one, of a step, is wrong."""
    problem = bcmf(2, 2, 2)
    simulate = problem.simulate

    def flawed(batch: int, seed: int) -> dict[str, Tensor]:
        values = simulate(batch, seed)
        if batch == 16 * SMALL.batch:
            values["C"][step * SMALL.batch] = wrong
        return values

    problem.simulate = flawed
    return problem


@pytest.mark.parametrize("wrong", [math.inf, math.nan])
def test_draws_that_are_not_finite_are_the_programs_fault(wrong: float, tmp_path: Path) -> None:
    problem = drawing(wrong, 7)
    with pytest.raises(
        GsdmcError, match=r"drew a value of `C` that is not finite, for step 8; .* of step 7"
    ) as e:
        train(problem, SMALL, steps=400, folder=tmp_path / "m", save_every=0)
    assert "does it divide by 0" in str(e.value.hint)
    assert load(tmp_path / "m").run["steps"] == 7


def test_low_precision_and_weights_are_named() -> None:
    run = Run(bcmf(2, 2, 2), replace(SMALL, precision="bfloat16", optimiser="adam"), 0, ())
    error = explain(DivergedError(4, math.nan, "a weight"), run, None, None)
    assert error.message == "a weight became nan at step 5"
    assert error.hint == (
        "train again with lower rates, as by --config learning_rate=0.00125, or with --precision float32"
    )
    assert torch.isfinite(torch.stack([w.sum() for w in run.weights])).all()
