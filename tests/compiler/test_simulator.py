"""Simulators in place of a program's own draws, and simulations that were kept."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import gsdmc
from gsdmc.compiler import compile_text
from gsdmc.compiler.simulator import Kept, accepted, full_name
from gsdmc.language.source import GsdmcError
from tests.structure_alone import SHAPE


def draws(rng: np.random.Generator, count: int, n: int) -> dict[str, Any]:
    a = rng.uniform(-3, -2, count)
    return {"a": a, "x": torch.from_numpy(rng.normal(size=(count, n)))}


def structure(simulator: Any = draws, **sizes: int) -> gsdmc.Problem:
    return compile_text(SHAPE, "shape.clj", sizes, simulator=simulator)


def test_a_program_may_be_structure_alone() -> None:
    with pytest.raises(GsdmcError):
        structure(None)
    problem = structure()
    drawn = problem.simulate(5, seed=4)
    wanted = draws(np.random.default_rng(4), 5, 3)
    assert torch.equal(drawn["a"], torch.from_numpy(wanted["a"]).float())
    assert torch.equal(drawn["x"], wanted["x"].float())
    assert torch.allclose(drawn["y"], 2 * drawn["x"])
    assert problem.simulate(5, seed=4, dtype=torch.float64)["x"].dtype == torch.float64


def test_sizes_come_by_name_and_stay_with_other_sizes() -> None:
    assert structure().resized(n=7).simulate(2, 0)["x"].shape == (2, 7)
    assert accepted(lambda rng, count, **sizes: {}, {"n": 3, "m": 2}) == {"n": 3, "m": 2}
    assert accepted(lambda rng, count, *, m=1, q=None: {}, {"n": 3, "m": 2}) == {"m": 2}
    assert accepted(lambda *both: {}, {"n": 3}) == {}
    fixed = structure(lambda rng, count: draws(rng, count, 3))
    with pytest.raises(GsdmcError, match=r'"x" has shape \(2, 3\), expected \(simulations, i=7\)') as error:
        fixed.resized(n=7).simulate(2, 0)
    assert "--set n=3" in (error.value.hint or "")


def test_compile_takes_a_simulator() -> None:
    theirs = gsdmc.compile("sbi/gaussian_linear", d=2).simulate(30, 3)
    made: list[int] = []

    def simulator(rng: np.random.Generator, count: int) -> dict[str, Any]:
        made.append(count)
        return {name: value[rng.integers(30, size=count)] for name, value in theirs.items()}

    problem = gsdmc.compile("sbi/gaussian_linear", d=2, simulator=simulator)
    assert made == [16, 4, 4]
    assert set(problem.simulate(9, 0)) == set(theirs)
    assert made[3:] == [9]


def failing(rng: np.random.Generator, count: int) -> dict[str, Any]:
    raise ZeroDivisionError("no orbit")


@pytest.mark.parametrize(
    ("simulator", "message", "cure"),
    [
        (failing, "`failing` failed: no orbit", "test_simulator.py:"),
        (lambda rng: {}, "does not take a generator and a number", "(rng, count)"),
        (lambda rng, count, noise: {}, "needs `noise`, no size", "its sizes are n"),
        (lambda rng, count: [1, 2], "should be arrays by name, but are list", '{"x": x'),
        (lambda rng, count: draws(rng, 3, 3), "asked for 16 draws and made 3", "(rng, count)"),
        (lambda rng, count: draws(np.random.default_rng(), count, 3), "draws another a", "torch.Generator"),
        (lambda rng, count: {"a": -rng.random(count) - 1}, '"x" is missing', "add x to the data"),
        (
            lambda rng, count: {**draws(rng, count, 3), "a": np.ones(count)},
            'factor "small" does not hold in 100.0% of the simulations',
            "take the factor small out",
        ),
        (
            lambda rng, count: {**draws(rng, count, 3), "y": np.ones((count, 3))},
            '"y" is not what the program computes',
            "leave y out",
        ),
        ("sims.npz", "'sims.npz' is no simulator", "(rng, count)"),
    ],
)
def test_simulators_that_can_not_be_say_why(simulator: Any, message: str, cure: str) -> None:
    with pytest.raises(GsdmcError) as error:
        structure(simulator)
    assert message in error.value.message
    assert cure in (error.value.hint or "")


def test_what_was_kept_is_drawn_once_each_and_no_more_than_there_is() -> None:
    values = structure().simulate(10, 0)
    kept = Kept(values, {"n": 3}, held_out=6, source="sims.npz")
    problem = structure(kept)
    drawn = problem.simulate(6, seed=1)
    assert torch.equal(drawn["a"].sort().values, values["a"][:6].sort().values)
    order = [values["a"][:6].tolist().index(a) for a in drawn["a"].tolist()]
    assert torch.equal(drawn["x"], values["x"][order])
    assert not torch.equal(problem.simulate(6, seed=2)["a"], drawn["a"])
    with pytest.raises(GsdmcError, match="that training has not seen, not 7") as e:
        problem.simulate(7, seed=1)
    assert "take 6" in (e.value.hint or "")
    with pytest.raises(GsdmcError, match="at n=3 alone"):
        problem.resized(n=4).simulate(1, seed=1)


def test_yardsticks_may_be_seen_and_repeat() -> None:
    values = structure().simulate(4, 0)
    problem = structure(Kept(values, {"n": 3}, held_out=0, source="sims.npz"))
    typical = problem.typical(40, seed=0, dtype=torch.float64)
    assert typical["a"].dtype == torch.float64
    assert set(typical["a"].float().tolist()) == set(values["a"].tolist())
    with pytest.raises(GsdmcError, match="no simulations of"):
        problem.simulate(1, seed=0)


def test_a_problem_with_another_simulator_keeps_its_graph() -> None:
    problem = gsdmc.compile("sbi/gaussian_linear", d=2)
    other = problem.with_simulator(lambda rng, count: problem.simulate(count, 0))
    assert other.graph is problem.graph
    assert problem.simulator is None
    assert torch.equal(other.simulate(3, 9)["x"], problem.simulate(3, 0)["x"])
    assert full_name(failing).endswith("test_simulator.failing")
