from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

import gsdmc
from gsdmc.inference.fit import settings, vary_ranges
from gsdmc.training.config import TrainingConfig


def weights(model: gsdmc.Model) -> list[torch.Tensor]:
    return list(model.trained.denoiser.state_dict().values())


def test_equal_seeds_equal_weights_in_memory_and_on_disk(tmp_path: Path, tiny: TrainingConfig) -> None:
    out = tmp_path / "runs" / "bcmf"
    first = gsdmc.train("bcmf", steps=3, preset=tiny, out=out, k=2)
    again = gsdmc.train(gsdmc.compile("bcmf", k=2), steps=3, preset=tiny, out=None)
    other = gsdmc.train("bcmf", steps=3, preset=tiny, out=None, k=2, seed=1)
    for a, b, c in zip(weights(first), weights(again), weights(gsdmc.load(out)), strict=True):
        assert torch.equal(a, b)
        assert torch.equal(a, c)
    assert any(not torch.equal(a, b) for a, b in zip(weights(first), weights(other), strict=True))


def test_a_resumed_run_is_an_uninterrupted_one(
    tmp_path: Path, tiny: TrainingConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = gsdmc.train("bcmf", steps=40, preset=tiny, out=None)
    out = tmp_path / "bcmf"
    simulate = gsdmc.Problem.simulate
    calls = 0

    def interrupted(*arguments: Any, **options: Any) -> dict[str, torch.Tensor]:
        nonlocal calls
        calls += 1
        if calls == 3:  # after the draws that set the scales, and those of the first steps
            raise KeyboardInterrupt
        return simulate(*arguments, **options)

    with monkeypatch.context() as patched:
        patched.setattr(gsdmc.Problem, "simulate", interrupted)
        part = gsdmc.train("bcmf", steps=40, preset=tiny, out=out)
    assert 0 < part.trained.run["steps"] < 40
    resumed = gsdmc.train("bcmf", steps=40, preset=tiny, out=out, resume=True)
    for a, b in zip(weights(whole), weights(resumed), strict=True):
        assert torch.equal(a, b)


def test_resuming_another_program_is_refused(tmp_path: Path, tiny: TrainingConfig) -> None:
    out = tmp_path / "model"
    gsdmc.train("bcmf", steps=1, preset=tiny, out=out)
    with pytest.raises(gsdmc.GsdmcError, match="trained for another text of bcmf"):
        gsdmc.train("hbmf", steps=2, preset=tiny, out=out, resume=True)
    with pytest.raises(gsdmc.GsdmcError, match="trained at other sizes: m=5, n=5, k=3"):
        gsdmc.train("bcmf", steps=2, preset=tiny, out=out, resume=True, k=4)
    with pytest.raises(gsdmc.GsdmcError, match="no model folder"):
        gsdmc.train("bcmf", steps=2, preset=tiny, out=tmp_path / "none", resume=True)


def test_sizes_vary_within_their_ranges(tiny: TrainingConfig) -> None:
    problem = gsdmc.compile("bcmf")
    assert vary_ranges(problem, ("m", "k")) == {"m": (1, 10), "k": (1, 10)}
    assert vary_ranges(problem, {"m": (2, 3), "n": None}) == {"m": (2, 3), "n": (1, 10)}
    model = gsdmc.train(problem, steps=2, preset=tiny, out=None, vary={"m": (1, 2)})
    assert model.trained.run["vary"] == {"m": [1, 2]}


@pytest.mark.parametrize(
    ("program", "vary", "says"),
    [
        ("bcmf", ("q",), "no def `q`"),
        ("inversion", ("n",), "The size `n` has no training range"),
        ("bcmf", {"m": (3, 2)}, "3..2 of `m` is empty"),
        ("bcmf", {"m": (0, 2)}, "0..2 of `m` is empty or below 1"),
        ("boolean", {"n": (1, 3)}, "is fixed"),
    ],
)
def test_sizes_that_can_not_vary(program: str, vary: object, says: str) -> None:
    with pytest.raises(gsdmc.GsdmcError, match=says):
        vary_ranges(gsdmc.compile(program), vary)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("budget", "says"),
    [
        ({}, "either steps or minutes"),
        ({"steps": 1, "minutes": 1}, "either steps or minutes"),
        ({"steps": 0}, "at least one step"),
        ({"minutes": 0}, "at least one step, or some minutes"),
        ({"steps": 1, "resume": True, "out": None}, "nothing to resume without a folder"),
        ({"steps": 1, "preset": "papper"}, "no preset `papper`"),
        ({"steps": 1, "batch": 0}, "at least one example"),
        ({"steps": 1, "q": 3}, "no def `q`"),
    ],
)
def test_settings_that_can_not_be(budget: dict[str, int], says: str, tmp_path: Path) -> None:
    with pytest.raises(gsdmc.GsdmcError, match=says):
        gsdmc.train("bcmf", **{"out": tmp_path / "model", **budget})  # type: ignore[arg-type]
    assert not (tmp_path / "model").exists()


def test_a_batch_replaces_the_presets() -> None:
    assert settings("paper", "sorting").batch == 16
    assert settings("paper", "sorting", 3).batch == 3


def test_the_network_is_as_deep_as_the_graph_is_wide(tiny: TrainingConfig) -> None:
    model = gsdmc.train("boolean", n=2, steps=1, preset=tiny.with_changes(reach=True), out=None)
    assert model.trained.denoiser.config.layers == model.problem.metrics.diameter == 4
