"""Joint values that a user hands over: kinds and dtypes."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gsdmc.compiler import Problem, compile_text
from gsdmc.compiler.joint_values import joint_values
from gsdmc.language.source import GsdmcError

TEXT = """
(foreach 2 [i (range 2)]
  (let [b (sample "b" (bernoulli 0.3))
        c (sample "c" (categorical [0.2 0.3 0.5]))
        n (sample "n" (poisson 2.0))]
    (sample "x" (normal (if b c n) 1))))"""
GOOD = {"b": [[0, 1]], "c": [[2, 0]], "n": [[7, 0]], "x": [[0.5, -1.0]]}


@pytest.fixture(scope="module")
def problem() -> Problem:
    return compile_text(TEXT, "kinds.clj")


def test_lists_of_numbers_take_the_dtypes_of_their_kinds(problem: Problem) -> None:
    for number in (int, float, np.uint8, np.float32):
        given = {
            n: [[number(v) for v in row] for row in rows] if n != "x" else rows for n, rows in GOOD.items()
        }
        found = joint_values(problem.graph, given)
        assert found["b"].dtype == torch.bool
        assert found["c"].dtype == found["n"].dtype == torch.int64
        assert found["x"].dtype == torch.float64
        assert {name: value.tolist() for name, value in found.items()} == GOOD


def test_what_is_of_the_kind_already_is_not_copied(problem: Problem) -> None:
    values = problem.simulate(4, 0)
    assert all(value is values[name] for name, value in joint_values(problem.graph, values).items())


@pytest.mark.parametrize(
    ("name", "value", "says", "cure"),
    [
        ("b", 2, r'"b" is 2 at \[0, 1\], which is no boolean', "a boolean is 0, 1, true or false"),
        ("b", -1.0, r'"b" is -1 at \[0, 1\], which is no boolean', "a boolean is 0, 1, true or false"),
        ("b", float("nan"), r'"b" is nan at \[0, 1\]', "a boolean is 0, 1, true or false"),
        ("c", 0.5, r'"c" is 0.5 at \[0, 1\], which is no category', "a category is a whole number"),
        ("n", float("inf"), r'"n" is inf at \[0, 1\], which is no count', "a count is a whole number"),
    ],
)
def test_numbers_of_another_kind_are_refused(
    problem: Problem, name: str, value: float, says: str, cure: str
) -> None:
    with pytest.raises(GsdmcError, match=says) as error:
        problem.score({**GOOD, name: [[0, value]]})
    assert error.value.hint == cure
