"""Training on simulations: what is held out, what a folder keeps, and what resuming asks for."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save

import gsdmc
from gsdmc.compiler import compile_text
from gsdmc.compiler.simulator import Kept
from gsdmc.inference.simulations.keep import KEPT, MOST, fingerprint, number_held_out, source_of
from gsdmc.language.source import GsdmcError
from gsdmc.training import loop
from gsdmc.training.config import TrainingConfig
from tests.structure_alone import SHAPE
from tests.training.sealed import seal


def simulate(rng: np.random.Generator, count: int, n: int = 3) -> dict[str, Any]:
    return {"a": rng.uniform(-3, -2, count), "x": rng.normal(size=(count, n))}


def simulations(count: int, seed: int = 0) -> dict[str, Any]:
    return simulate(np.random.default_rng(seed), count)


@pytest.fixture
def program(tmp_path: Path) -> Path:
    path = tmp_path / "shape.clj"
    path.write_text(SHAPE)
    return path


def quickly(program: Any, **options: Any) -> gsdmc.Model:
    tiny = TrainingConfig(width=32, layers=1, heads=2, batch=4, reach=False)
    return gsdmc.train(program, **{"steps": 2, "preset": tiny, "device": "cpu", "out": None, **options})


def weights(model: gsdmc.Model) -> torch.Tensor:
    return torch.cat([w.flatten() for w in model.trained.denoiser.state_dict().values()])


def test_a_share_is_held_out_and_the_rest_is_trained_on(program: Path) -> None:
    problem = compile_text(SHAPE, "shape.clj", simulator=simulate)
    data = simulations(50)
    source = source_of(problem.with_simulator(None), data, None, (), 0.2, 7)
    assert source is not None
    assert source.trained_on is not None
    assert source.kept.held_out == 10
    assert (source.record["held_out"], source.record["simulations"]) == (10, 50)
    seen, unseen = source.trained_on["a"], source.kept.values["a"][:10]
    both = torch.cat([seen, unseen]).sort().values
    assert torch.equal(both, torch.from_numpy(data["a"]).float().sort().values)
    rows = [np.float32(data["a"]).tolist().index(value) for value in seen.tolist()]
    assert rows == sorted(rows)
    assert torch.equal(source.trained_on["x"], torch.from_numpy(data["x"][rows]).float())
    assert torch.allclose(source.trained_on["y"], 2 * source.trained_on["x"])
    other = source_of(problem.with_simulator(None), data, None, (), 0.2, 8)
    assert other is not None
    assert not torch.equal(other.kept.values["a"], source.kept.values["a"])


def test_how_many_are_held_out() -> None:
    assert [number_held_out(n, None) for n in (1, 4, 100, 1_000_000)] == [0, 0, 10, MOST]
    assert number_held_out(100, 0) == 0
    for count, share in ((3, 0.9), (3, 1.0), (3, -0.1), (3, float("nan"))):
        with pytest.raises(GsdmcError):
            number_held_out(count, share)


def test_a_model_of_data_comes_back_with_what_it_held_out(program: Path, tmp_path: Path) -> None:
    np.savez(tmp_path / "sims.npz", **simulations(60))
    model = quickly(program, data=tmp_path / "sims.npz", out=tmp_path / "run")
    assert model.trained.run["simulations"] == 54
    assert model.trained.run["simulated"]["by"] == str(tmp_path / "sims.npz")
    loaded = gsdmc.load(tmp_path / "run")
    for drawn, again in zip(*(m.problem.simulate(6, 1).values() for m in (model, loaded)), strict=True):
        assert torch.equal(drawn, again)
    assert loaded.evaluate(6, steps=2).problems == 6
    calibration = loaded.calibrate(6, num_draws=2, steps=2)
    assert calibration.density is None
    samples = loaded.sample({"y": [1.0, 2.0, 3.0]}, num_samples=2, steps=2, repair=1)
    assert samples["a"].shape == (2,)
    with pytest.raises(GsdmcError, match="training has not seen, not 256"):
        loaded.evaluate(steps=2)
    with pytest.raises(GsdmcError, match="at n=3 alone"):
        loaded.evaluate(2, n=4, steps=2)
    with pytest.raises(GsdmcError, match="for checks of its model, not to train on"):
        quickly(loaded.problem)
    other = gsdmc.load(tmp_path / "run", data=simulations(9, seed=5))
    assert other.evaluate(9, steps=2).problems == 9
    given = gsdmc.load(tmp_path / "run", simulator=simulate)
    assert given.evaluate(20, n=4, steps=2).problems == 20
    with pytest.raises(GsdmcError, match="two sources"):
        gsdmc.load(tmp_path / "run", simulator=simulate, data=simulations(9))


def test_training_sees_each_simulation_and_nothing_else(program: Path) -> None:
    data = simulations(40)
    one, two = (quickly(program, data=data, seed=s) for s in (0, 0))
    assert torch.equal(weights(one), weights(two))
    shifted = quickly(program, data={"a": data["a"] - 1, "x": data["x"]})
    scales = [m.trained.process.standardiser.mean for m in (one, shifted)]
    assert torch.allclose((scales[0] - scales[1]).max().float(), torch.tensor(1.0))


def test_data_resumes_to_the_same_weights_and_other_data_not_at_all(
    program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = simulations(30)
    whole = quickly(program, data=data, steps=30, out=tmp_path / "whole")
    with monkeypatch.context() as patched:
        patched.setattr(loop, "train", partial(loop.train, stop_after=13))
        parts = quickly(program, data=data, steps=30, out=tmp_path / "parts")
    assert parts.trained.run["steps"] == 13
    parts = quickly(program, data=data, steps=30, out=tmp_path / "parts", resume=True)
    assert parts.trained.run["steps"] == 30
    assert torch.equal(weights(whole), weights(parts))
    for changed in ({"data": simulations(30, seed=1)}, {"data": data, "held_out": 0.3}):
        with pytest.raises(GsdmcError, match="was trained on simulations of the data, and these are others"):
            quickly(program, out=tmp_path / "parts", resume=True, steps=30, **changed)
    problem = compile_text(SHAPE, "shape.clj", simulator=simulate)
    with pytest.raises(GsdmcError, match="was trained on simulations of the data"):
        quickly(problem, out=tmp_path / "parts", resume=True, steps=30)


def test_a_simulator_trains_with_sizes_that_vary_and_keeps_draws_on_top(
    program: Path, tmp_path: Path
) -> None:
    problem = compile_text(SHAPE, "shape.clj", simulator=simulate)
    model = quickly(problem, vary={"n": (1, 4)}, out=tmp_path / "run")
    assert model.problem.simulator is simulate
    assert gsdmc.load(tmp_path / "run").evaluate(300, steps=1).problems == 300
    few = quickly(problem, simulations=40, out=tmp_path / "few")
    assert few.trained.run["simulated"]["held_out"] == 4
    assert isinstance(gsdmc.load(tmp_path / "few").problem.simulator, Kept)
    fixed = compile_text(SHAPE, "shape.clj", simulator=lambda rng, count: simulate(rng, count))
    with pytest.raises(GsdmcError, match="`n` should vary, but the simulator"):
        quickly(fixed, vary={"n": (1, 4)})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"data": {"a": np.ones(3)}}, '"x" is missing'),
        ({"data": simulations(30), "simulations": 5}, "data is a set of simulations already"),
        ({"data": simulations(30), "vary": {"n": (1, 4)}}, "n should vary, but data has one size"),
        ({"data": simulations(1), "held_out": 0.9}, "leaves none to train on"),
        ({"data": simulations(30), "held_out": 2.0}, "the share to hold out is 2"),
        ({"data": "none.nc"}, "there is no file none.nc"),
    ],
)
def test_wishes_that_can_not_be(program: Path, options: dict[str, Any], message: str) -> None:
    with pytest.raises(GsdmcError, match=message):
        quickly(program, **options)


def test_two_sources_are_one_too_many_and_a_program_needs_none() -> None:
    problem = compile_text(SHAPE, "shape.clj", simulator=simulate)
    with pytest.raises(GsdmcError, match="there are two sources"):
        quickly(problem, data=simulations(30))
    with pytest.raises(GsdmcError, match="there is nothing to hold out"):
        quickly("bcmf", held_out=0.1)


def test_kept_simulations_that_can_not_be_are_refused(program: Path, tmp_path: Path) -> None:
    quickly(program, data=simulations(30), out=tmp_path / "run")
    good = gsdmc.load(tmp_path / "run").problem.simulator
    assert isinstance(good, Kept)
    for values, message in (
        ({"a": good.values["a"]}, '"x" is missing'),
        ({**good.values, "x": good.values["x"][:, :2].contiguous()}, "expected"),
        ({**good.values, "x": good.values["x"][:1]}, "other simulations than the record says"),
        ({}, "other simulations than the record says"),
    ):
        (tmp_path / "run" / KEPT).write_bytes(save(values))
        seal(tmp_path / "run")
        with pytest.raises(GsdmcError, match=message):
            gsdmc.load(tmp_path / "run")
    (tmp_path / "run" / KEPT).unlink()
    seal(tmp_path / "run")
    with pytest.raises(GsdmcError, match="it is missing"):
        gsdmc.load(tmp_path / "run")


def test_a_fingerprint_tells_data_apart() -> None:
    one = {"a": torch.ones(4), "b": torch.zeros(4, 2)}
    assert fingerprint(one) == fingerprint(dict(reversed(one.items())))
    for other in (
        {**one, "a": torch.ones(4, 1)},
        {**one, "a": torch.ones(4).double()},
        {"a": one["a"], "c": one["b"]},
    ):
        assert fingerprint(other) != fingerprint(one)
