"""Training and sampling with every process, on a program with a variable of each kind."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import gsdmc
from gsdmc.compiler import compile_text
from gsdmc.diffusion.process import ProcessConfig
from gsdmc.training.config import TrainingConfig
from gsdmc.training.data import Batches
from tests.diffusion.one_of_each import one_of_each

PROCESSES = {
    "default": ProcessConfig(),
    "edm": ProcessConfig("edm", "v", times="lognormal", weighting="snr"),
    "noise": ProcessConfig(prediction="noise", mask_power=2.0, mask_weight=1.0),
    "onehot": ProcessConfig("edm", "v", discrete="onehot"),
    "mixture": ProcessConfig("edm", "v", head="mixture", components=3, times="lognormal"),
    "masked": ProcessConfig(reals="masked", components=3, mask_weight=1.0, time_conditioning=False),
    "clipped": ProcessConfig(bijections=False),
}


def tiny(process: ProcessConfig) -> TrainingConfig:
    return TrainingConfig(width=32, layers=1, heads=2, batch=8, reach=False, process=process, warmup=1)


@pytest.mark.parametrize("name", PROCESSES)
def test_every_process_trains_samples_and_comes_back_from_its_folder(tmp_path: Path, name: str) -> None:
    process = PROCESSES[name]
    config = tiny(process)
    folder = tmp_path / "m"
    model = gsdmc.train(one_of_each(), steps=4, preset=config, out=folder)
    losses = [loss for _, loss in model.metrics["loss"]]
    assert np.isfinite(losses).all()
    evidence = {"real": 4.0, "level": 2, "count": 1}
    again = gsdmc.load(folder)
    assert again.trained.process.config == process
    drawn = [m.sample(evidence, num_samples=5, steps=3, restore=False) for m in (model, again)]
    for array, value in drawn[0].items():
        np.testing.assert_allclose(value, drawn[1][array], rtol=1e-5)
        assert np.isfinite(value).all()
    values = dict(drawn[0].items())
    assert (values["real"] == 4).all()
    assert (values["level"] == 2).all()
    assert (values["count"] == 1).all()
    edge = 0 if name == "clipped" else 1e-9
    assert (values["positive"] > edge - 1e-9).all()
    assert (np.abs(values["unit"] - 0.5) <= 0.5 - edge).all()
    assert (np.abs(values["interval"] + 2) <= 1 - edge).all()
    assert (values["simplex"] > 0).all()
    assert (values["y"].std(0) > 0).all()


STEPS = """
(def ^{:in [1 2]} n 2)
(let [s (sample "s" (normal 0 1))]
  (foreach (- n 1) [i (range (- n 1))]
    (let [x (sample "x" (normal s 1))
          w (sample "w" (dirichlet [1 1 1]))]
      (sample "b" (bernoulli (sigmoid x))))))
"""


@pytest.mark.parametrize("name", PROCESSES)
def test_arrays_may_be_empty_at_some_of_the_sizes(name: str) -> None:
    problem = compile_text(STEPS, "steps.clj")
    config, seed = tiny(PROCESSES[name]), 2
    batches = Batches(problem, config.batch, seed, ("n",))
    assert [batches(step).values["x"].shape for step in range(2)] == [(8, 1), (8, 0)]
    model = gsdmc.train(problem, steps=2, seed=seed, preset=config, out=None, vary=["n"])
    assert all(np.isfinite(loss) for _, loss in model.metrics["loss"])
    for n in (1, 2):
        samples = model.sample(num_samples=3, steps=2, n=n)
        assert samples["w"].shape == (3, n - 1, 3)
        if PROCESSES[name].bijections:  # without, shares have no density
            found = model.log_prob(dict(samples.items()), samples=2, steps=2, n=n)
            assert np.isfinite(found.value).all()


def test_masked_reals_learn_two_modes_and_what_tells_them_apart() -> None:
    text = """(let [b (sample "b" (bernoulli 0.3))] (sample "x" (normal (if b 3.0 -1.0) 0.3)))"""
    config = TrainingConfig(
        width=32,
        layers=2,
        heads=2,
        batch=64,
        process=ProcessConfig(reals="masked", mask_weight=1.0),
        sampler=replace(TrainingConfig().sampler, steps=8, order="shuffled"),
    )
    model = gsdmc.train(compile_text(text, "modes.clj"), steps=300, preset=config, out=None)
    samples = model.sample(num_samples=2000, seed=1)
    high = samples["x"] > 1
    assert high.mean() == pytest.approx(0.3, abs=0.06)
    assert (high == samples["b"]).mean() > 0.97
    for mode, where in ((3, high), (-1, ~high)):
        assert samples["x"][where].mean() == pytest.approx(mode, abs=0.1)
        assert samples["x"][where].std() == pytest.approx(0.3, abs=0.1)
