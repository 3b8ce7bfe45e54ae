"""The oracles of the posterior benchmarks are right, and the benchmarks run."""

from __future__ import annotations

import bz2
import json
import sys
import zipfile
from pathlib import Path
from typing import Any

import closed_form
import masked_joint
import numpy as np
import pytest
import sbi
from posteriors import sbibm
from posteriors.enumerable import PROGRAMS, compiled, joint, numbers
from posteriors.exact import Choice, LinearGaussian, Real, beta_moments, deviations, mixture_moments
from posteriors.families import FAMILIES
from scipy import stats

from gsdmc.language.source import GsdmcError

TINY = ["--steps", "2", "--samples", "40", "--set", "layers=1", "reach=false", "--set", "batch=4"]


@pytest.mark.parametrize("name", ["chain", "tree"])
def test_linear_gaussians_have_the_moments_of_their_programs(name: str) -> None:
    exact = FAMILIES[name].posterior()
    assert isinstance(exact, LinearGaussian)
    draws = FAMILIES[name].problem().simulate(60_000, seed=0)
    values = np.stack([draws[n][(slice(None), *i)].double().numpy() for n, i in exact.names], axis=1)
    std = np.sqrt(np.diag(exact.covariance))
    assert np.abs((values.mean(0) - exact.mean) / std).max() < 0.03
    assert np.abs((np.cov(values.T) - exact.covariance) / np.outer(std, std)).max() < 0.03
    assert len(exact.names) == sum(v[0].numel() for v in draws.values())


def test_conditioning_agrees_with_the_precision_matrix() -> None:
    exact = FAMILIES["tree"].posterior()
    assert isinstance(exact, LinearGaussian)
    given = {"root": np.array(0.5), "child": np.array([np.nan, 1.0]), "leaf": np.full((2, 3), np.nan)}
    given["leaf"][0, 1] = -2.0
    known = np.array([not np.isnan(given[n][i]) for n, i in exact.names])
    precision = np.linalg.inv(exact.covariance)
    covariance = np.linalg.inv(precision[np.ix_(~known, ~known)])
    value = np.array([given[n][i] for n, i in exact.names])
    pull = precision[np.ix_(~known, known)] @ (value - exact.mean)[known]
    mean = exact.mean[~known] - covariance @ pull
    found = list(exact(given).values())
    assert [m.mean for m in found if isinstance(m, Real)] == pytest.approx(mean)
    assert [m.std**2 for m in found if isinstance(m, Real)] == pytest.approx(np.diag(covariance))


def test_coins_agree_with_a_grid() -> None:
    toss = np.array([1, 1, 0, 1, np.nan, np.nan, 1, 1, 1, np.nan])
    found = FAMILIES["coins"].posterior()({"p": np.array(np.nan), "toss": toss})
    grid = np.linspace(0, 1, 20_001)[1:-1]
    weight = grid * (1 - grid) ** 2 * grid**6 * (1 - grid)
    weight /= weight.sum()
    mean = weight @ grid
    bias = found["p", ()]
    assert isinstance(bias, Real)
    assert bias.mean == pytest.approx(mean, rel=1e-4)
    assert bias.std == pytest.approx((weight @ (grid - mean) ** 2) ** 0.5, rel=1e-4)
    assert bias.fourth == pytest.approx(weight @ (grid - mean) ** 4, rel=1e-3)
    assert found["toss", (4,)] == Choice((1 - bias.mean, bias.mean))
    told = FAMILIES["coins"].posterior()({"p": np.array(0.2), "toss": toss})
    assert list(told) == [("toss", (4,)), ("toss", (5,)), ("toss", (9,))]
    assert told["toss", (5,)] == Choice((0.8, 0.2))


def test_mixtures_agree_with_their_programs() -> None:
    """Given two numbers in narrow windows, draws of the program have the exact moments."""
    problem = FAMILIES["mixture"].problem()
    draws = {n: v.numpy() for n, v in problem.simulate(400_000, seed=1).items()}
    near = (np.abs(draws["x"][:, 0] + 1) < 0.15) & (np.abs(draws["x"][:, 3] - 0.5) < 0.15)
    kept = {n: v[near] for n, v in draws.items()}
    assert near.sum() > 1500
    exact = FAMILIES["mixture"].posterior()(
        {"z": np.array(np.nan), "x": np.array([-1.0, np.nan, np.nan, 0.5])}
    )
    assert set(exact) == {("z", ()), ("x", (1,)), ("x", (2,))}
    assert all(d.close for d in deviations(exact, kept))
    sure = FAMILIES["mixture"].posterior()({"z": np.array(2.0), "x": np.full(4, np.nan)})
    assert sure["x", (0,)] == Real(1.5, 1.0, 3.0)


def test_moments_of_a_mixture_and_a_beta() -> None:
    weights, means = np.array([0.2, 0.8]), np.array([-1.0, 3.0])
    draws = np.random.default_rng(0).choice(means, 400_000, p=weights)
    draws = draws + 0.5 * np.random.default_rng(1).standard_normal(400_000)
    found = mixture_moments(weights, means, 0.5)
    assert found.mean == pytest.approx(draws.mean(), rel=0.01)
    assert found.std == pytest.approx(draws.std(), rel=0.01)
    assert found.fourth == pytest.approx(((draws - draws.mean()) ** 4).mean(), rel=0.02)
    mean, variance, kurtosis = stats.beta.stats(2.5, 7, moments="mvk")
    found = beta_moments(2.5, 7)
    assert (found.mean, found.std**2) == pytest.approx((mean, variance))
    assert found.fourth == pytest.approx((kurtosis + 3) * variance**2)


def test_deviations_of_exact_draws_are_chance_and_of_others_are_not() -> None:
    rng = np.random.default_rng(0)
    exact = {("x", (1,)): Real(2.0, 3.0, 3 * 81.0), ("b", ()): Choice((0.7, 0.3))}
    z = []
    for _ in range(200):
        draws = {"x": rng.normal(2, 3, (500, 2)), "b": rng.random(500) < 0.3}
        found = deviations(exact, draws)
        assert [d.statistic for d in found] == ["x[1] mean", "x[1] std", "b = 0", "b = 1"]
        z.append([d.z for d in found])
    assert np.std(z, axis=0) == pytest.approx(1, abs=0.2)
    wrong = {"x": rng.normal(2.5, 3.6, (10_000, 2)), "b": rng.random(10_000) < 0.4}
    assert not any(d.close for d in deviations(exact, wrong))


@pytest.mark.parametrize("name", PROGRAMS)
def test_enumerated_joints_are_those_of_the_programs(name: str) -> None:
    problem = compiled(name)
    states, logs = joint(problem)
    assert np.exp(logs).sum() == pytest.approx(1)
    assert 3 <= problem.graph.nodes <= 6
    draws = {n: v.numpy() for n, v in problem.simulate(20_000, seed=0).items()}
    place = numbers(states, draws)
    assert (place >= 0).all()
    counts = np.bincount(place, minlength=len(logs))
    assert masked_joint.chi_square(counts, np.exp(logs), 20_000) > 1e-3
    assert masked_joint.chi_square(counts, np.exp(logs)[::-1], 20_000) < 1e-6
    assert numbers(
        states, {n: np.full_like(v[:1], 7, dtype=np.int64) for n, v in draws.items()}
    ).tolist() == [-1]


def fabricated(folder: Path) -> Path:
    """Files as sbibm has them, of one task and observation."""
    place = folder / "sbibm" / "tasks" / "gaussian_mixture" / "files" / "num_observation_1"
    place.mkdir(parents=True)
    (place / "observation.csv").write_text("data_1,data_2\n1.5,-2.0\n")
    rows = np.random.default_rng(0).normal([1.5, -2.0], 0.5, (60, 2))
    text = "parameter_1,parameter_2\n" + "\n".join(f"{a},{b}" for a, b in rows)
    (place / "reference_posterior_samples.csv.bz2").write_bytes(bz2.compress(text.encode()))
    return folder


def test_files_of_sbibm_are_read_from_folders_and_wheels(tmp_path: Path) -> None:
    folder = fabricated(tmp_path / "site")
    wheel = tmp_path / "sbibm.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path in folder.rglob("*.*"):
            if path.is_file():
                archive.write(path, path.relative_to(folder))
    task = sbibm.TASKS["gaussian_mixture"]
    for where in (folder, folder / "sbibm", folder / "sbibm" / "tasks", wheel):
        files = sbibm.Files(where)
        assert task.observed(files, 1)["x"].tolist() == [1.5, -2.0]
        assert task.reference(files, 1).shape == (60, 2)
        with pytest.raises(GsdmcError, match="holds no gaussian_mixture/files/num_observation_2"):
            task.observed(files, 2)
    with pytest.raises(GsdmcError, match="there is no"):
        sbibm.Files(tmp_path / "nothing")


def test_tasks_take_sbibms_numbers_and_give_them_back() -> None:
    for task in sbibm.TASKS.values():
        problem = task.problem()
        draws = {n: v.numpy() for n, v in problem.simulate(3, seed=0).items()}
        size = {"bernoulli_glm": 10, "slcp": 5, "gaussian_mixture": 2, "two_moons": 2}.get(task.name, 10)
        assert task.parameters(draws).shape == (3, size)
        x = draws["x"][0].astype(float)
        assert (task.evidence(x.reshape(-1))["x"] == x).all()
    stimulus = sbibm.TASKS["bernoulli_glm"].problem().overrides["stimulus"]
    assert stimulus[:3] == pytest.approx([0.49671, -0.13826, 0.64769], abs=1e-5)


def test_the_benchmark_of_sbibm_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("sklearn")
    folder, out = fabricated(tmp_path / "site"), tmp_path / "sbi.json"
    arguments = ["--sbibm", str(folder), "--tasks", "gaussian_mixture", "--observations", "1", *TINY]
    own = ["--simulations", "20", "--classifiers", "forest", "--models", str(tmp_path / "models")]
    found = run(sbi, [*arguments, *own, "--json", str(out)], out, monkeypatch)
    (task,) = found["tasks"]
    assert task["training"]["simulations"] == 20
    assert task["training"]["settings"]["layers"] == 1
    assert task["goal"] == 0.52
    assert 0.3 < task["c2st"]["forest"] <= 1
    assert "| gaussian_mixture | 20 | 2 |" in capsys.readouterr().out
    assert (tmp_path / "models" / "gaussian_mixture" / "config.json").exists()


def test_the_benchmarks_of_exact_posteriors_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "figures.json"
    common = [*TINY, "--json", str(out)]
    found = run(closed_form, ["--programs", "coins", "tree", "--queries", "3", *common], out, monkeypatch)
    assert [p["program"] for p in found["programs"]] == ["coins", "tree"]
    assert all(p["queries"] == 3 and 0 <= p["close"] <= 1 for p in found["programs"])
    found = run(masked_joint, ["--programs", "dice", *common], out, monkeypatch)
    (dice,) = found["programs"]
    assert dice["variables"] == 5
    assert 0 < dice["total"] <= 1 + 1e-6
    assert dice["nats"] > 0


def run(module: Any, arguments: list[str], out: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Run a benchmark's main, and read what it wrote."""
    monkeypatch.setattr(sys, "argv", [module.__file__, *arguments])
    module.main()
    written: dict[str, Any] = json.loads(out.read_text())
    assert written["machine"]["torch"]
    assert written["packages"]["numpy"]
    return written
