from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from gsdmc.diffusion.sampler import SamplerConfig, sample
from gsdmc.language.source import GsdmcError
from gsdmc.training.checkpoint import Model, load
from gsdmc.training.config import TrainingConfig
from gsdmc.training.loop import Progress, train
from gsdmc.training.presets import preset
from tests.model.problems import bcmf, boolean, chain, latin

SMALL = replace(preset("default", "x"), width=32, layers=1, heads=2, batch=8, reach=False, warmup=2)


def same(one: Model, two: Model) -> bool:
    pairs = zip(one.denoiser.state_dict().values(), two.denoiser.state_dict().values(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


def test_loss_falls_on_a_tiny_problem() -> None:
    config = replace(SMALL, batch=32, layers=4, warmup=5)
    model = train(boolean(2), config, steps=60)
    curve = [loss for _, loss in model.metrics["loss"]]
    assert sum(curve[-10:]) < 0.5 * sum(curve[:10])


def test_equal_seeds_give_equal_weights_and_others_do_not() -> None:
    one, two, other = (train(bcmf(2, 2, 2), SMALL, steps=3, seed=s) for s in (1, 1, 2))
    assert same(one, two)
    assert not same(one, other)


@pytest.mark.parametrize("name", ["default", "paper"])
def test_a_resumed_run_equals_an_uninterrupted_one(tmp_path: Path, name: str) -> None:
    config = replace(preset(name, "bcmf"), width=32, layers=1, heads=2, batch=4, reach=False)
    problem = bcmf(2, 2, 2)
    whole = train(problem, config, steps=20, seed=3, vary=("m",))
    train(problem, config, steps=20, seed=3, vary=("m",), folder=tmp_path / "m", stop_after=7)
    resumed = train(problem, config, steps=20, seed=3, vary=("m",), folder=tmp_path / "m", resume=True)
    assert resumed.run["steps"] == 20
    assert same(whole, resumed)


def test_resuming_another_run_is_refused(tmp_path: Path) -> None:
    train(bcmf(2, 2, 2), SMALL, steps=2, folder=tmp_path / "m", stop_after=1)
    with pytest.raises(GsdmcError, match="other settings"):
        train(bcmf(2, 2, 2), SMALL, steps=2, seed=1, folder=tmp_path / "m", resume=True)


def test_what_is_saved_is_what_is_loaded(tmp_path: Path) -> None:
    problem = bcmf(2, 2, 2)
    model = train(problem, SMALL, steps=3, folder=tmp_path / "deep" / "m", program="(def k 2)")
    again = load(tmp_path / "deep" / "m")
    assert same(model, again)
    assert again.config == model.config
    assert again.run == model.run
    assert torch.equal(again.process.standardiser.std, model.process.standardiser.std)
    assert (tmp_path / "deep" / "m" / "program.clj").read_text() == "(def k 2)"
    assert json.loads((tmp_path / "deep" / "m" / "metrics.json").read_text())["seed"] == 0
    assert [p.name for p in (tmp_path / "deep").iterdir()] == ["m"]


def test_a_folder_that_is_no_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(GsdmcError, match="not a model folder"):
        load(tmp_path)


def test_an_interrupt_leaves_a_usable_model(tmp_path: Path) -> None:
    problem = latin(3)
    drawn = problem.simulate

    def interrupted(batch: int, seed: int):
        if batch == 8 * 16 and seed != first[0]:
            raise KeyboardInterrupt
        return drawn(batch, seed)

    first: list[int] = []

    def remember(batch: int, seed: int):
        if batch == 8 * 16:
            first.append(seed)
            problem.simulate = interrupted
        return drawn(batch, seed)

    problem.simulate = remember
    model = train(problem, SMALL, steps=1000, folder=tmp_path / "m")
    assert model.run["steps"] == 16
    assert same(model, load(tmp_path / "m"))


def test_sizes_vary_within_their_ranges() -> None:
    seen = set()
    problem = chain()
    build = problem.build

    def spy(**sizes: int):
        seen.add(sizes["length"])
        return build(**sizes)

    problem.build = spy
    model = train(problem, SMALL, steps=20, vary=("length",))
    assert seen == set(range(2, 7))
    values = chain(9).simulate(2, 0)
    mask = {"x": torch.zeros(2, 9, dtype=torch.bool)}
    g = torch.Generator().manual_seed(0)
    out = sample(
        model.denoiser,
        chain(9).layout,
        model.process,
        values,
        mask,
        config=SamplerConfig(steps=2),
        generator=g,
    )
    assert out["x"].shape == (2, 9)
    with pytest.raises(GsdmcError, match="no training range"):
        train(problem, SMALL, steps=1, vary=("width",))


def test_progress_ends_with_the_last_step_and_budgets_are_checked() -> None:
    reports: list[Progress] = []
    train(latin(2), SMALL, steps=5, progress=reports.append)
    assert reports[-1].step == 5
    assert reports[-1].speed > 0
    with pytest.raises(ValueError, match="steps or minutes"):
        train(latin(2), SMALL)
    assert train(latin(2), SMALL, minutes=0.005).run["steps"] > 0


def test_configurations_survive_json() -> None:
    for name in ("default", "paper"):
        config = preset(name, "sudoku")
        assert TrainingConfig.from_json(json.loads(json.dumps(config.to_json()))) == config
    with pytest.raises(ValueError, match="unknown preset"):
        preset("fast", "bcmf")
