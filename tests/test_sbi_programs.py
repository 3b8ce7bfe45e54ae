"""The tasks of `programs/sbi/` draw what their papers define: moments agree with numpy, written by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import gsdmc

Draws = dict[str, NDArray[Any]]
COUNT = 40_000
SIGMAS = 5.0
"""Standard errors that two estimates of one moment may differ by."""


def gaussian_linear(rng: np.random.Generator, n: int) -> Draws:
    theta = np.sqrt(0.1) * rng.standard_normal((n, 10))
    return {"theta": theta, "x": theta + np.sqrt(0.1) * rng.standard_normal((n, 10))}


def gaussian_linear_uniform(rng: np.random.Generator, n: int) -> Draws:
    theta = rng.uniform(-1, 1, (n, 10))
    return {"theta": theta, "x": theta + np.sqrt(0.1) * rng.standard_normal((n, 10))}


def gaussian_mixture(rng: np.random.Generator, n: int) -> Draws:
    theta = rng.uniform(-10, 10, (n, 2))
    broad = rng.integers(2, size=n).astype(bool)
    x = theta + np.where(broad, 1.0, 0.1)[:, None] * rng.standard_normal((n, 2))
    return {"theta": theta, "broad": broad, "x": x}


def two_moons(rng: np.random.Generator, n: int) -> Draws:
    theta = rng.uniform(-1, 1, (n, 2))
    a, r = rng.uniform(-np.pi / 2, np.pi / 2, n), rng.normal(0.1, 0.01, n)
    turned = np.stack([-np.abs(theta[:, 0] + theta[:, 1]), theta[:, 1] - theta[:, 0]], axis=1) / np.sqrt(2)
    moon = np.stack([r * np.cos(a) + 0.25, r * np.sin(a)], axis=1)
    return {"theta": theta, "a": a, "r": r, "x": moon + turned}


def slcp(rng: np.random.Generator, n: int) -> Draws:
    theta = rng.uniform(-3, 3, (n, 5))
    s1, s2, rho = theta[:, 2] ** 2, theta[:, 3] ** 2, np.tanh(theta[:, 4])
    u, v = rng.standard_normal((2, n, 4))
    first = theta[:, [0]] + s1[:, None] * u
    second = theta[:, [1]] + s2[:, None] * (rho[:, None] * u + np.sqrt(1 - rho[:, None] ** 2) * v)
    return {"theta": theta, "x": np.stack([first, second], axis=-1)}


def bernoulli_glm(rng: np.random.Generator, n: int) -> Draws:
    """The prior by its precision and the design as a matrix, as the paper has them."""
    stimulus, m = STIMULUS, 9
    difference = np.eye(m) - np.eye(m, k=-1)
    factor = difference @ difference + np.diag(np.sqrt(np.arange(m) / m))
    offset = np.sqrt(2) * rng.standard_normal(n)
    f = np.linalg.solve(factor, rng.standard_normal((m, n))).T
    design = np.stack(
        [np.concatenate([np.zeros(j), stimulus[: len(stimulus) - j]]) for j in range(m)], axis=1
    )
    odds = offset[:, None] + f @ design.T
    return {"offset": offset, "f": f, "x": rng.random(odds.shape) < 1 / (1 + np.exp(-odds))}


def tree(rng: np.random.Generator, n: int) -> Draws:
    one = rng.standard_normal(n)
    two, three = one + rng.standard_normal(n), one + rng.standard_normal(n)
    means = np.sin(two) ** 2, 0.1 * two**2, 0.1 * three**2, np.cos(three) ** 2
    seen = [mean + s * rng.standard_normal(n) for mean, s in zip(means, (0.2, 0.2, 0.6, 0.1), strict=True)]
    return {"theta1": one, "theta2": two, "theta3": three} | {f"x{i}": x for i, x in enumerate(seen, 1)}


def hmm(rng: np.random.Generator, n: int) -> Draws:
    theta = 0.5 * rng.standard_normal((n, 10)).cumsum(1)
    return {"theta": theta, "x": theta**2 + 0.5 * rng.standard_normal((n, 10))}


def eight_schools(rng: np.random.Generator, n: int) -> Draws:
    mu, tau = 10 * rng.standard_normal(n), rng.exponential(10, n)
    theta = mu[:, None] + tau[:, None] * rng.standard_normal((n, 8))
    errors = np.array([15, 10, 16, 11, 9, 11, 10, 18])
    return {"mu": mu, "tau": tau, "theta": theta, "y": theta + errors * rng.standard_normal((n, 8))}


STIMULUS = np.random.default_rng(5).standard_normal(100)
TASKS: dict[str, Callable[[np.random.Generator, int], Draws]] = {
    f.__name__: f
    for f in (
        bernoulli_glm, eight_schools, gaussian_linear, gaussian_linear_uniform, gaussian_mixture, hmm, slcp,
        tree, two_moons,
    )
}  # fmt: skip


def columns(draws: Draws) -> NDArray[np.float64]:
    """Every element of every array, by name: `[n, elements]`."""
    return np.concatenate([draws[k].reshape(len(draws[k]), -1).astype(float) for k in sorted(draws)], axis=1)


def features(draws: Draws) -> NDArray[np.float64]:
    """Values squashed, so that their moments are all finite and well estimated, with all their products."""
    values = np.tanh(columns(draws) / 3)
    rows, others = np.triu_indices(values.shape[1])
    return np.concatenate([values, values[:, rows] * values[:, others], np.abs(columns(draws)) < 0.5], axis=1)


def test_every_task_is_bundled() -> None:
    assert [f"sbi/{name}" for name in sorted(TASKS)] == [n for n in gsdmc.bundled() if n.startswith("sbi/")]


@pytest.mark.parametrize("name", TASKS)
def test_moments_agree_with_an_independent_simulation(name: str) -> None:
    data = {"stimulus": STIMULUS} if name == "bernoulli_glm" else {}
    problem = gsdmc.compile(f"sbi/{name}", **data)
    count = COUNT // 16 if name == "bernoulli_glm" else COUNT
    mine = {k: v.numpy() for k, v in problem.simulate(count, seed=1).items()}
    theirs = TASKS[name](np.random.default_rng(2), count)
    assert {k: v.shape for k, v in mine.items()} == {k: v.shape for k, v in theirs.items()}
    one, two = features(mine), features(theirs)
    error = np.sqrt((one.var(0) + two.var(0)) / count) + 1e-9
    assert (np.abs(one.mean(0) - two.mean(0)) / error).max() < SIGMAS


def test_programs_are_short() -> None:
    for name in TASKS:
        text = gsdmc.compile(f"sbi/{name}").source
        assert 5 <= len([line for line in text.splitlines() if line.strip() and line[0] != ";"]) <= 20


def test_queries_are_the_tasks_own() -> None:
    for name in TASKS:
        problem = gsdmc.compile(f"sbi/{name}")
        wanted = {"tree": [], "hmm": [], "eight_schools": [("y",)]}.get(name, [("x",)])
        assert [g.targets for g in problem.givens] == wanted


def test_eight_schools_observes_rubins_data() -> None:
    """Rubin 1981, Table 1: estimated effects of coaching in schools A to H."""
    values, given = gsdmc.compile("sbi/eight_schools").evidence["y"]
    assert values.tolist() == [28, 8, -3, 7, -1, 1, 18, 12]
    assert given.all()


def test_slcps_covariance_has_the_jitter_of_the_benchmark() -> None:
    problem = gsdmc.compile("sbi/slcp")
    values = problem.simulate(1, seed=0)
    values["theta"][0, 2:4] = 0.0  # no variance but the jitter's: 1e-6 in each direction
    values["x"] = values["theta"][:, None, :2].expand(1, 4, 2) + 1e-3
    wanted = 5 * np.log(1 / 6) + 4 * (-np.log(2 * np.pi) + np.log(1e6) - 1)
    assert problem.score(values).item() == pytest.approx(wanted, rel=1e-3)


def test_the_bundled_stimulus_is_one_draw_of_white_noise() -> None:
    stimulus = gsdmc.compile("sbi/bernoulli_glm").tape.frozen["stimulus"].astype(float)
    assert stimulus.shape == (100,)
    assert (stimulus == gsdmc.compile("sbi/bernoulli_glm").tape.frozen["stimulus"]).all()
    assert abs(stimulus.mean()) < 0.4
    assert 0.7 < stimulus.std() < 1.3
