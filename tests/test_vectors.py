"""Variables that are vectors, from the program to files of samples, at a size that training hasn't seen."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

import gsdmc
from gsdmc.cli.main import main
from gsdmc.compiler import Problem, compile_text
from gsdmc.diffusion.process import Process, ProcessConfig
from gsdmc.diffusion.sampling.sampler import SamplerConfig, sample
from gsdmc.diffusion.standardise import Standardiser
from gsdmc.inference.model import Model
from gsdmc.model.config import Architecture, ModelConfig
from gsdmc.model.initialise import build_denoiser
from gsdmc.training.config import TrainingConfig
from gsdmc.training.presets import preset

CLUSTERS = """
(def ^{:in [2 6]} n 4)
(let [pi (sample "pi" (dirichlet [1.0 1.0 1.0]))]
  (foreach n [i (range n)]
    (let [z (sample "z" (categorical pi))
          x (sample "x" (multivariate-normal [(* 2.0 z) 0.0] [[1.0 0.3] [0.3 1.0]]))]
      (sample "y" (dirac [(get x 1) (- (get x 0)) (+ (get x 0) (get x 1))])))))
(given "x")
"""
TINY = TrainingConfig(width=32, layers=1, heads=2, batch=4, reach=False)
POINTS = np.random.default_rng(0).normal(size=(7, 2)).astype(np.float32)


@pytest.fixture(scope="module")
def problem() -> Problem:
    return compile_text(CLUSTERS, "clusters.clj")


@pytest.fixture(scope="module")
def folder(problem: Problem, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "clusters"
    gsdmc.train(problem, steps=3, preset=TINY, out=folder, vary=("n",))
    return folder


@pytest.fixture(scope="module")
def model(folder: Path) -> Model:
    return gsdmc.load(folder)


def test_a_model_samples_vectors_at_another_size(model: Model) -> None:
    samples = model.sample({"x": POINTS}, num_samples=3, steps=3, seed=1)
    assert samples.problem.sizes == {"n": 7}
    shapes = {"pi": (3, 3), "z": (3, 7), "x": (3, 7, 2), "y": (3, 7, 3)}
    assert {name: array.shape for name, array in samples.items()} == shapes
    assert all(samples[name].dtype == np.float32 for name in ("pi", "x", "y"))
    np.testing.assert_array_equal(samples["x"], np.broadcast_to(POINTS, (3, 7, 2)))
    assert (samples["pi"] > 0).all()
    np.testing.assert_allclose(samples["pi"].sum(-1), 1, rtol=1e-6)
    assert samples.dims == {
        "pi": ("sample", "channel"),
        "z": ("sample", "i"),
        "x": ("sample", "i", "channel_2"),
        "y": ("sample", "i", "channel"),
    }
    assert "x(sample=3, i=7, channel_2=2) float32, 7 of 7 given" in repr(samples)


def test_vectors_that_the_program_computes_are_verified_and_restored(model: Model) -> None:
    samples = model.sample({"x": POINTS}, num_samples=2, steps=2, restore=False)
    expected = np.stack([POINTS[:, 1], -POINTS[:, 0], POINTS.sum(1)], -1)
    np.testing.assert_allclose(samples.residuals["y"], expected - samples["y"], atol=1e-5)
    check = samples.verify().dirac["y"]
    assert check.rms == pytest.approx(np.sqrt(np.square(samples.residuals["y"]).mean()))
    assert check.exact is None
    restored = samples.restored()
    np.testing.assert_allclose(restored["y"], np.broadcast_to(expected, (2, 7, 3)), atol=1e-6)
    assert restored.verify().dirac["y"].rms == 0
    again = model.sample({"x": POINTS}, num_samples=2, steps=2)
    np.testing.assert_array_equal(again["y"], restored["y"])


def test_vectors_given_in_part_are_given_as_a_whole(model: Model) -> None:
    points = [row.tolist() if i % 2 else None for i, row in enumerate(POINTS)]
    samples = model.sample({"x": points, "pi": [0.2, 0.3, 0.5]}, steps=1, strict=False)
    assert samples.observed["x"].tolist() == [False, True] * 3 + [False]
    np.testing.assert_array_equal(samples["x"][0, 1::2], POINTS[1::2])
    np.testing.assert_allclose(samples["pi"], [[0.2, 0.3, 0.5]])
    with pytest.raises(gsdmc.GsdmcError, match='lacks 4 entries of "x"'):
        model.sample({"x": points})
    with pytest.raises(gsdmc.GsdmcError, match=r"lacks 1 of its 2 numbers; a vector is observed as a whole"):
        model.sample({"x": np.where(POINTS[3, 1] == POINTS, np.nan, POINTS)})


def test_an_evaluation_pools_over_channels(model: Model, problem: Problem) -> None:
    e = model.evaluate(4, steps=1, n=3)
    assert e.raw.dirac["y"].rms > 0.01
    assert e.restored.dirac["y"].rms == 0
    json.dumps(e.to_json(), allow_nan=False)
    determined = compile_text(CLUSTERS.replace('(given "x")', '(given "x" "pi" "z")'), "clusters.clj")
    answer = gsdmc.train(determined, steps=1, preset=TINY, out=None).evaluate(4, steps=1)
    assert answer.recovery["y"].rms is not None
    assert answer.recovery["y"].rms[1] == pytest.approx(0, abs=1e-6)
    assert answer.recovery["y"].elements is None


def test_vectors_that_a_program_observes_are_its_evidence() -> None:
    text = """(let [mu (sample "mu" (multivariate-normal [0.0 0.0] [[1.0 0.0] [0.0 1.0]]))]
      (foreach 2 [x [[1.0 2.0] [3.0 4.0]]] (observe "y" (multivariate-normal mu [[1.0 0.0] [0.0 1.0]]) x)))"""
    model = gsdmc.train(compile_text(text, "observed.clj"), steps=1, preset=TINY, out=None)
    samples = model.sample(steps=1)
    assert samples["y"].tolist() == [[[1, 2], [3, 4]]]
    assert samples.observed["y"].tolist() == [True, True]
    samples = model.sample({"y": [[5, 6], None]}, steps=1)
    assert samples["y"][0, 0].tolist() == [5, 6]
    assert samples.observed["y"].tolist() == [True, False]


def test_the_papers_settings_take_vectors(problem: Problem) -> None:
    config = preset("paper", "clusters").with_changes(width=32, layers=1, batch=4)
    model = gsdmc.train(problem, steps=2, preset=config, out=None)
    samples = model.sample({"x": POINTS}, steps=3)
    assert np.isfinite(samples["y"]).all()
    np.testing.assert_allclose(samples["pi"].sum(-1), 1, rtol=1e-6)


def test_the_command_line(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    evidence = tmp_path / "x.csv"
    evidence.write_text("\n".join(f"{a!r},{b!r}" for a, b in POINTS.tolist()))
    out = tmp_path / "samples.npz"
    arguments = ["sample", str(folder), "--evidence", f"x={evidence}", "--steps", "2"]
    assert main([*arguments, "-n", "2", "-o", str(out), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    expected = gsdmc.load(folder).sample({"x": POINTS}, num_samples=2, steps=2)
    assert found["dims"]["x"] == ["sample", "i", "channel_2"]
    assert found["sizes"] == {"n": 7}
    with np.load(out) as archive:
        for name, array in expected.items():
            np.testing.assert_array_equal(archive[name], array)
            np.testing.assert_allclose(found["arrays"][name], array, rtol=1e-6)
    assert main(arguments) == 0
    screen = capsys.readouterr().out
    assert "pi, sampled:\n[" in screen
    assert "y: residual 0 (root mean square)" in screen
    evidence.write_text("1,2\n3,\n")
    assert main(arguments) == 1
    assert "a vector is observed as a whole" in capsys.readouterr().err
    assert main(["evaluate", str(folder), "-n", "2", "--steps", "1", "--set", "n=3"]) == 0
    assert "y: residual (RMS)" in capsys.readouterr().out


def test_simulated_vectors(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    program, out = tmp_path / "clusters.clj", tmp_path / "draws.json"
    program.write_text(CLUSTERS)
    assert main(["simulate", str(program), "-n", "3", "--set", "n=2", "-o", str(out)]) == 0
    found = json.loads(out.read_text())
    assert found["dims"]["y"] == ["sample", "i", "channel"]
    drawn = compile_text(CLUSTERS, "clusters.clj").resized(n=2).simulate(3, seed=0)
    for name, value in drawn.items():
        np.testing.assert_allclose(found["arrays"][name], value.numpy(), rtol=1e-6)
    assert main(["simulate", str(program), "-n", "3"]) == 0
    assert "sample=3, i=4, channel_2=2" in capsys.readouterr().out


def test_values_of_another_number_of_channels_are_refused(problem: Problem) -> None:
    values = problem.simulate(2, seed=0)
    problem.verify(values)
    for x in (values["x"][..., :1], values["x"][..., 0], values["x"][..., None]):
        with pytest.raises(gsdmc.GsdmcError, match=r'"x" must have shape \(batch, 4, 2\)'):
            problem.verify({**values, "x": x})


class Rolled:
    """Noise of which the vectors and numbers along the plate `i` are moved on by some places."""

    def __init__(self, by: int) -> None:
        self.by = by
        self.generator = torch.Generator().manual_seed(5)

    def normal(self, array: str, step: int, shape: tuple[int, ...]) -> torch.Tensor:
        return self.move(array, torch.randn(shape, generator=self.generator, dtype=torch.float64))

    def uniform(self, array: str, step: int, shape: tuple[int, ...]) -> torch.Tensor:
        return self.move(array, torch.rand(shape, generator=self.generator, dtype=torch.float64))

    def move(self, array: str, value: torch.Tensor) -> torch.Tensor:
        return value if array == "pi" else value.roll(self.by, 1)


@pytest.mark.parametrize("architecture", ["default", "paper"])
def test_exchanging_vectors_exchanges_samples(problem: Problem, architecture: Architecture) -> None:
    layout = problem.resized(n=5).layout
    config = ModelConfig.for_layout(layout, architecture=architecture, width=32, layers=2, heads=2)
    generator = torch.Generator().manual_seed(0)
    denoiser = build_denoiser(config, generator).double()
    with torch.no_grad():
        for parameter in denoiser.parameters():
            parameter.normal_(std=0.3, generator=generator)
    values = {
        name: v.double() if v.is_floating_point() else v
        for name, v in problem.resized(n=5).simulate(3, seed=2).items()
    }
    process = Process(ProcessConfig(), Standardiser.estimate(layout, [(layout, values)]))
    mask = {s.name: torch.full((3, *s.shape), s.name == "x") for s in layout.arrays}
    draws = [
        sample(
            denoiser,
            layout,
            process,
            {name: noise.move(name, v) for name, v in values.items()},
            mask,
            config=SamplerConfig(steps=4),
            noise=noise,
        )
        for noise in (Rolled(0), Rolled(2))
    ]
    for name, value in draws[0].items():
        torch.testing.assert_close(draws[1][name], Rolled(2).move(name, value), rtol=1e-7, atol=1e-7)
    assert draws[0]["y"].std() > 1e-3
