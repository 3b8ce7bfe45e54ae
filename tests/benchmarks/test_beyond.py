"""The references of the programs beyond the paper are right, and the benchmark runs."""

from __future__ import annotations

import json
import sys
from itertools import product
from pathlib import Path

import beyond
import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from posteriors import clinic
from posteriors.exact import Choice, Real
from posteriors.noisy_factors import NoisyFactors
from posteriors.outbreak import FIRST, Outbreak, split_r_hat
from scipy import stats

import gsdmc

NAN = float("nan")
Array = NDArray[np.float64]


def test_factors_of_one_entry_have_their_own_formulas() -> None:
    """1 × 1 × 1: with R = 0, E is noise; with R = 1, A is the entry with noise, between 0 and 1."""
    exact = NoisyFactors(1, 1, 1, points=80)
    found = exact({"E": np.array([[0.25]])})
    off = 0.7 * stats.norm.pdf(0.25, 0, 0.1)
    on = 0.3 * (stats.norm.cdf(0.75 / 0.1) - stats.norm.cdf(-0.25 / 0.1))
    one = on / (on + off)
    assert found["R", (0, 0)] == Choice((pytest.approx(1 - one), pytest.approx(one)))
    inside = stats.truncnorm(-2.5, 7.5, 0.25, 0.1)
    a = found["A", (0, 0)]
    assert isinstance(a, Real)
    assert a.mean == pytest.approx((1 - one) * 0.5 + one * inside.mean())
    second = (1 - one) / 3 + one * (inside.var() + inside.mean() ** 2)
    assert a.std**2 == pytest.approx(second - a.mean**2)


def test_factors_agree_with_weighted_draws_of_the_program() -> None:
    """Draws of the prior, weighted by the likelihood that the program's score gives."""
    problem = gsdmc.compile("noisy_bcmf", m=2, n=2, k=2)
    draws = problem.simulate(400_000, seed=0)
    known = np.array([[0.7, NAN], [0.3, 0.1]])
    mean = draws["C"].sum(-1)
    seen = torch.from_numpy(~np.isnan(known))
    away = (torch.from_numpy(np.nan_to_num(known)) - mean.double()) / 0.1
    weights = (-0.5 * away.square() * seen).sum((1, 2)).exp().numpy()
    chance = weights / weights.sum()
    spread = float(np.sqrt((chance**2).sum()))  # of an average of numbers of unit variance
    found = NoisyFactors(2, 2, 2)({"E": known})
    assert set(found) == {("A", i) for i in product((0, 1), repeat=2)} | {
        ("R", i) for i in product((0, 1), repeat=2)
    } | {("E", (0, 1))}
    for (name, index), marginal in found.items():
        values = (mean if name == "E" else draws[name])[(slice(None), *index)].double().numpy()
        if isinstance(marginal, Choice):
            assert marginal.probabilities[1] == pytest.approx(chance @ values, abs=5 * spread)
        else:
            noise = 0.1 if name == "E" else 0.0
            own = chance @ (values - chance @ values) ** 2 + noise**2
            assert marginal.mean == pytest.approx(chance @ values, abs=5 * spread)
            assert marginal.std**2 == pytest.approx(own, abs=5 * spread)


def test_factors_refuse_what_they_do_not_know() -> None:
    with pytest.raises(ValueError, match="R is given"):
        NoisyFactors(1, 1, 1)({"E": np.array([[NAN]]), "R": np.array([[1.0]])})
    with pytest.raises(ValueError, match="too many"):
        NoisyFactors(5, 7, 2)


def test_the_clinics_joint_is_the_programs() -> None:
    """The log density of draws, by the program's score and by the tables."""
    problem = gsdmc.compile("diagnosis")
    draws = problem.simulate(300, seed=0, dtype=torch.float64)
    scores = problem.score(draws)
    for i, score in enumerate(scores.tolist()):
        state = {name: int(draws[name][i]) for name in clinic.OPTIONS}
        reals = np.array([float(draws[name][i]) for name in clinic.REALS])
        density = clinic.log_density(clinic.measurements(state), reals, np.ones(3, dtype=bool))
        assert np.log(clinic.chance(state)) + density == pytest.approx(score, abs=1e-5)


def test_the_clinic_agrees_with_draws_that_have_the_evidence() -> None:
    draws = {n: v.numpy() for n, v in gsdmc.compile("diagnosis").simulate(400_000, seed=1).items()}
    like = draws["cough"] & (draws["season"] == 2) & (np.abs(draws["temperature"] - 38) < 0.1)
    assert like.sum() > 1000
    found = clinic.posterior({"cough": np.array(1.0), "season": np.array(2.0), "temperature": np.array(38.0)})
    assert len(found) == 8
    for (name, _), marginal in found.items():
        values = draws[name][like].astype(float)
        error = 5 * values.std() / len(values) ** 0.5
        if isinstance(marginal, Choice):
            shares = [(values == option).mean() for option in range(len(marginal.probabilities))]
            assert marginal.probabilities == pytest.approx(shares, abs=5 * 0.5 / len(values) ** 0.5)
        else:
            assert marginal.mean == pytest.approx(values.mean(), abs=error)
            assert marginal.std == pytest.approx(values.std(), rel=0.1)


def test_an_outbreak_runs_like_the_program() -> None:
    """Normal numbers read off draws of the program give the program's own weeks."""
    problem = gsdmc.compile("epidemic", weeks=6)
    draws = {n: v.numpy() for n, v in problem.simulate(100, seed=0, dtype=torch.float64).items()}
    rates = np.concatenate([draws["before"][:, None], draws["log-rate"]], axis=1)
    first = [(draws["start"] + 4.5) / 0.5, (draws["recovery"] + 0.2) / 0.4, draws["before"] / 0.3]
    z = np.concatenate([np.stack(first, axis=1), np.diff(rates, axis=1) / 0.15], axis=1)
    course = Outbreak(6).course(z)
    for name in ("log_rate", "new", "susceptible", "infected"):
        assert getattr(course, name) == pytest.approx(draws[name.replace("_", "-")], abs=1e-9)
    whole = Outbreak(6).log_likelihood(z[:1], draws["cases"][0].astype(float))
    prior = stats.norm.logpdf(z[0]).sum() - np.log([0.5, 0.4, 0.3, *[0.15] * 6]).sum()
    score = problem.score({n: torch.from_numpy(v[:1]) for n, v in draws.items()}).item()
    assert whole[0] + prior == pytest.approx(score, abs=1e-6)


def test_chains_without_evidence_have_the_prior() -> None:
    exact = Outbreak(4, chains=200, steps=120)
    z = exact.chain(np.full(4, NAN)).reshape(-1, FIRST + 4)
    assert np.abs(z.mean(0)).max() < 0.05
    assert np.abs(z.std(0) - 1).max() < 0.05


def test_chains_agree_with_weighted_draws() -> None:
    exact = Outbreak(3, chains=200, steps=400)
    cases = np.array([12.0, NAN, 20.0])
    z = np.random.default_rng(1).standard_normal((200_000, FIRST + 3))
    logs = exact.log_likelihood(z, cases)
    chance = np.exp(logs - logs.max())
    chance /= chance.sum()
    course = exact.course(z)
    found = exact({"cases": cases})
    assert exact.disagreement < 1.05
    assert ("cases", (0,)) not in found
    for key, values in {
        ("start", ()): course.start,
        ("recovery", ()): course.recovery,
        ("new", (1,)): course.new[:, 1],
        ("cases", (1,)): exact.expected(course)[:, 1],
    }.items():
        marginal = found[key]
        assert isinstance(marginal, Real)
        assert marginal.mean == pytest.approx(chance @ values, abs=0.08 * marginal.std)
    with pytest.raises(ValueError, match="start is given"):
        exact({"cases": cases, "start": np.array(-4.0)})


def test_chains_that_disagree_are_seen() -> None:
    draws = np.random.default_rng(0).standard_normal((200, 8, 2))
    assert split_r_hat(draws).max() < 1.05
    draws[:, 0, 1] += 3
    assert split_r_hat(draws)[0] < 1.05
    assert split_r_hat(draws)[1] > 1.2


def test_the_benchmark_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "beyond.json"
    tiny = ["--set", "layers=1", "--set", "reach=false", "--set", "batch=4", "--set", "sampler.steps=2"]
    counts = ["--steps", "2", "--samples", "20", "--queries", "2", "--problems", "10"]
    monkeypatch.setattr(sys, "argv", ["beyond.py", *counts, *tiny, "--json", str(out)])
    short = {"noisy_bcmf": {"m": 2, "n": 2, "k": 1}, "diagnosis": {}, "epidemic": {"weeks": 5}}
    references = {
        "noisy_bcmf": lambda: NoisyFactors(2, 2, 1),
        "diagnosis": lambda: clinic.posterior,
        "epidemic": lambda: Outbreak(5, chains=20, steps=20),
    }
    cases = {name: beyond.Case(short[name], references[name]) for name in short}
    monkeypatch.setattr(beyond, "CASES", cases)
    beyond.main()
    found = json.loads(out.read_text())["programs"]
    assert [row["program"] for row in found] == list(cases)
    assert [row["r_hat"] is None for row in found] == [True, True, False]
    for row in found:
        assert 0 <= row["close"] <= 1
        assert 0 <= row["calibration"]["p"] <= 1
