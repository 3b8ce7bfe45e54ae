"""The programs beyond the paper draw what their comments say: moments agree with numpy, written by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import gsdmc

Draws = dict[str, NDArray[Any]]
COUNT = 5_000
SIGMAS = 5.0
"""Standard errors that two estimates of one moment may differ by."""


def noisy_bcmf(rng: np.random.Generator, n: int) -> Draws:
    a, r = rng.random((n, 5, 2)), rng.random((n, 2, 5)) < 0.3
    c = a[:, :, None, :] * r.transpose(0, 2, 1)[:, None]
    return {"A": a, "R": r, "C": c, "E": c.sum(-1) + 0.1 * rng.standard_normal((n, 5, 5))}


def diagnosis(rng: np.random.Generator, n: int) -> Draws:
    def happens(p: Any) -> NDArray[np.bool_]:
        return rng.random(n) < p

    smoker, season = happens(0.3), rng.choice(3, n, p=[0.5, 0.3, 0.2])
    flu = happens(np.array([0.02, 0.1, 0.3])[season])
    bronchitis = happens(np.where(smoker, 0.25, 0.06))
    pneumonia = happens(np.select([flu, smoker], [0.2, 0.06], 0.02))
    quiet = 0.95 * 0.4**flu * 0.2**bronchitis * 0.3**pneumonia
    temperature = rng.normal(36.8 + 1.6 * flu + 1.4 * pneumonia, 0.5)
    pictures = np.array([[0.92, 0.03, 0.05], [0.6, 0.1, 0.3], [0.15, 0.7, 0.15]])
    rows = pictures[np.select([pneumonia, bronchitis], [2, 1], 0)]
    return {
        "smoker": smoker,
        "season": season,
        "flu": flu,
        "bronchitis": bronchitis,
        "pneumonia": pneumonia,
        "temperature": temperature,
        "cough": happens(1 - quiet),
        "breathless": happens(np.select([pneumonia, bronchitis], [0.7, 0.3], 0.05)),
        "xray": (rng.random(n)[:, None] > rows.cumsum(1)).sum(1),
        "oxygen": rng.normal(97.5 - 5 * pneumonia - 2 * bronchitis, 1.2),
        "pulse": rng.normal(72 + 9 * (temperature - 36.8) + 8 * pneumonia, 8),
    }


def epidemic(rng: np.random.Generator, n: int) -> Draws:
    start, recovery = rng.normal(-4.5, 0.5, n), rng.normal(-0.2, 0.4, n)
    before = rng.normal(0, 0.3, n)
    rates = before[:, None] + rng.normal(0, 0.15, (n, 15)).cumsum(1)
    ill = np.exp(start)
    well, columns = 1 - ill, []
    for t in range(15):
        new = well * (1 - np.exp(-np.exp(rates[:, t]) * ill))
        well, ill = well - new, ill - ill / (1 + np.exp(-recovery)) + new
        columns.append((new, rng.poisson(0.1 + 1000 * new), well, ill))
    names = ("new", "cases", "susceptible", "infected")
    weeks = {name: np.stack(v, axis=1) for name, v in zip(names, zip(*columns, strict=True), strict=True)}
    return {"start": start, "recovery": recovery, "before": before, "log-rate": rates, **weeks}


PROGRAMS: dict[str, Callable[[np.random.Generator, int], Draws]] = {
    f.__name__: f for f in (noisy_bcmf, diagnosis, epidemic)
}


def features(draws: Draws, scale: Draws) -> NDArray[np.float64]:
    """Values squashed to similar sizes, with all their products."""
    parts = []
    for name in sorted(draws):
        flat = draws[name].reshape(len(draws[name]), -1).astype(float)
        own = scale[name].reshape(len(scale[name]), -1).astype(float)
        parts.append(np.tanh((flat - own.mean(0)) / (own.std(0) + 1e-9)))
    values = np.concatenate(parts, axis=1)
    rows, others = np.triu_indices(values.shape[1])
    return np.concatenate([values, values[:, rows] * values[:, others]], axis=1)


@pytest.mark.parametrize("name", PROGRAMS)
def test_moments_agree_with_an_independent_simulation(name: str) -> None:
    count = COUNT
    mine = {k: v.numpy() for k, v in gsdmc.compile(name).simulate(count, seed=1).items()}
    theirs = PROGRAMS[name](np.random.default_rng(2), count)
    assert {k: v.shape for k, v in mine.items()} == {k: v.shape for k, v in theirs.items()}
    one, two = features(mine, theirs), features(theirs, theirs)
    error = np.sqrt((one.var(0) + two.var(0)) / count) + 1e-6
    assert (np.abs(one.mean(0) - two.mean(0)) / error).max() < SIGMAS


@pytest.mark.parametrize("name", PROGRAMS)
def test_programs_are_short(name: str) -> None:
    assert len(gsdmc.compile(name).source.splitlines()) < 40


def test_queries() -> None:
    givens = {name: [g.subset for g in gsdmc.compile(name).givens] for name in PROGRAMS}
    assert givens == {"noisy_bcmf": [("E",)], "diagnosis": [], "epidemic": [("cases",)]}


def test_sizes_are_free_where_they_can_be() -> None:
    problem = gsdmc.compile("noisy_bcmf")
    assert {plate.name: plate.cls for plate in problem.graph.plates} == dict.fromkeys("itj", "exchangeable")
    assert gsdmc.compile("epidemic", weeks=30).graph.by_name["cases"].shape == (30,)


def test_an_epidemic_loses_nobody() -> None:
    draws = gsdmc.compile("epidemic").simulate(500, seed=3)
    first = 1 - draws["start"].double().exp()
    caught = first - draws["new"].double().cumsum(1)[:, -1]
    assert (caught - draws["susceptible"][:, -1]).abs().max() < 1e-4
    for name in ("susceptible", "infected", "new"):
        assert draws[name].min() >= 0
        assert draws[name].max() <= 1
