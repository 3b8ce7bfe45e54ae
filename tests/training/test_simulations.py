"""Batches of a fixed set of simulations, and training on them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

import gsdmc
from gsdmc.diffusion.standardise import Standardiser
from gsdmc.language.source import GsdmcError
from gsdmc.training.checkpoint import load
from gsdmc.training.loop import train
from gsdmc.training.presets import preset
from gsdmc.training.simulations import FixedBatches
from tests.model.problems import bcmf

SMALL = replace(preset("default", "x"), width=32, layers=1, heads=2, batch=8, reach=False, warmup=2)


@pytest.mark.parametrize(("simulations", "batch"), [(12, 4), (10, 4), (7, 3), (3, 8), (1, 2), (5, 5)])
def test_every_epoch_is_the_whole_set_once(simulations: int, batch: int) -> None:
    batches = FixedBatches(bcmf(2, 2, 1), batch, 0, simulations)
    steps = 6 * simulations
    rows = torch.cat([batches.rows(step) for step in range(steps)])
    epochs = rows[: len(rows) // simulations * simulations].reshape(-1, simulations)
    assert (epochs.sort(1).values == torch.arange(simulations)).all()
    if simulations > 4:
        assert len(epochs.unique(dim=0)) > 1


def test_a_batch_follows_from_its_step_alone() -> None:
    problem = bcmf(2, 2, 1)
    there = FixedBatches(problem, 4, 3, 10)
    back = FixedBatches(problem, 4, 3, 10)
    forward = [there(step) for step in range(7)]
    for step in reversed(range(7)):
        again = back(step)
        for name, value in forward[step].values.items():
            assert torch.equal(again.values[name], value)
            assert torch.equal(again.observed[name], forward[step].observed[name])


def test_values_of_a_row_stay_together_and_masks_are_drawn_afresh() -> None:
    batches = FixedBatches(bcmf(3, 3, 2), 6, 1, 6)
    first, second = batches(0), batches(1)
    for batch, step in ((first, 0), (second, 1)):
        rows = batches.rows(step)
        for name, value in batch.values.items():
            assert torch.equal(value, batches.drawn[name][rows])
    free = FixedBatches(gsdmc.compile("sbi/tree"), 6, 1, 6)
    seen = [torch.stack(list(free(step).observed.values())) for step in range(4)]
    assert any(not torch.equal(seen[0], other) for other in seen[1:])


def test_scales_come_from_the_set_alone() -> None:
    problem = gsdmc.compile("sbi/tree")
    batches = FixedBatches(problem, 4, 0, 25)
    own = Standardiser.estimate(problem.layout, iter([(problem.layout, batches.drawn)]))
    assert torch.equal(batches.scales().mean, own.mean)
    assert torch.equal(batches.scales().std, own.std)


def test_no_more_than_the_set_is_drawn() -> None:
    problem = gsdmc.compile("sbi/tree")
    drawn: list[int] = []

    class Counted:
        def __getattr__(self, name: str) -> object:
            return getattr(problem, name)

        def simulate(self, batch: int, seed: int) -> dict[str, torch.Tensor]:
            drawn.append(batch)
            return problem.simulate(batch, seed)

    train(Counted(), SMALL, steps=12, simulations=20)  # type: ignore[arg-type]
    assert drawn == [20]


def test_the_run_keeps_their_number_and_resumes_with_it(tmp_path: Path) -> None:
    problem = bcmf(2, 2, 1)
    whole = train(problem, SMALL, steps=6, simulations=10, folder=tmp_path / "whole")
    train(problem, SMALL, steps=6, simulations=10, folder=tmp_path / "parts", stop_after=3)
    resumed = train(problem, SMALL, steps=6, simulations=10, folder=tmp_path / "parts", resume=True)
    for one, two in zip(
        whole.denoiser.state_dict().values(), resumed.denoiser.state_dict().values(), strict=True
    ):
        assert torch.equal(one, two)
    assert load(tmp_path / "whole").run["simulations"] == 10
    with pytest.raises(GsdmcError, match="was trained on 10 simulations"):
        train(problem, SMALL, steps=6, folder=tmp_path / "parts", resume=True)


def test_other_simulations_give_other_weights() -> None:
    problem = bcmf(2, 2, 1)
    few, many = (train(problem, SMALL, steps=4, simulations=n) for n in (8, 64))
    pairs = zip(few.denoiser.state_dict().values(), many.denoiser.state_dict().values(), strict=True)
    assert any(not torch.equal(a, b) for a, b in pairs)


def test_a_set_has_a_simulation_and_one_size() -> None:
    with pytest.raises(GsdmcError, match="at least one simulation"):
        gsdmc.train("bcmf", steps=1, simulations=0, out=None)
    with pytest.raises(GsdmcError, match="has one size, but m should vary") as error:
        gsdmc.train("bcmf", steps=1, simulations=8, vary=["m"], out=None)
    assert error.value.hint == "leave out one of vary and simulations"
    with pytest.raises(ValueError, match="at least one"):
        FixedBatches(bcmf(2, 2, 1), 4, 0, 0)
    with pytest.raises(ValueError, match="one size"):
        train(bcmf(2, 2, 1), SMALL, steps=1, simulations=8, vary=("m",))
