"""Simulations from elsewhere, checked against a program and put into its arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
import xarray as xr

import gsdmc
from gsdmc.compiler import compile_text
from gsdmc.compiler.simulations import bind_simulations, computed
from gsdmc.language.source import GsdmcError

KINDS = """
(def n 4)
(def m 2)
(foreach n [i (range n)]
  (let [x (sample "real" (normal 0 1))
        p (sample "positive" (exponential 1))
        u (sample "interval" (uniform 0 2))
        b (sample "boolean" (bernoulli 0.3))
        c (sample "category" (categorical [0.2 0.3 0.5]))
        k (sample "count" (poisson 3))
        v (sample "vector" (multivariate-normal [1.0 0.0] [[1.0 0.5] [0.5 1.0]]))
        s (sample "simplex" (dirichlet [1.0 2.0 3.0]))
        g (sample "hidden" (dirac (untracked x)))]
    (sample "sum" (dirac (+ x p u)))
    (foreach m [j (range m)]
      (sample "grid" (normal x 1)))))
"""


@pytest.fixture(scope="module")
def problem() -> gsdmc.Problem:
    return compile_text(KINDS, "kinds.clj")


@pytest.fixture(scope="module")
def data(problem: gsdmc.Problem) -> dict[str, Any]:
    return {name: value.numpy() for name, value in problem.simulate(20, 0).items()}


def complaints(problem: gsdmc.Problem, data: Any) -> GsdmcError:
    with pytest.raises(GsdmcError) as error:
        bind_simulations(problem, data, what="the simulations of sims.nc")
    return error.value


def test_the_programs_own_draws_come_back(problem: gsdmc.Problem, data: dict[str, Any]) -> None:
    expected = problem.simulate(20, 0)
    for given in (data, {name: torch.from_numpy(value) for name, value in reversed(data.items())}):
        found = bind_simulations(problem, given)
        assert list(found) == list(expected)
        for name, value in found.items():
            assert value.dtype == expected[name].dtype
            assert torch.allclose(value.double(), expected[name].double())


def test_numbers_of_any_type_become_those_of_the_kind(problem: gsdmc.Problem, data: dict[str, Any]) -> None:
    other = {
        **data,
        "boolean": data["boolean"].astype(np.uint8),
        "category": data["category"].astype(np.float32),
        "count": data["count"].astype(">i2"),
        "real": torch.from_numpy(data["real"]).half(),
        "hidden": data["hidden"].tolist(),
    }
    found = bind_simulations(problem, other, check=False)
    for name, value in bind_simulations(problem, data).items():
        assert found[name].dtype == value.dtype
        assert torch.allclose(found[name].double(), value.double(), atol=0 if name != "real" else 1e-2)


def test_what_the_program_computes_may_be_left_out(problem: gsdmc.Problem, data: dict[str, Any]) -> None:
    assert computed(problem) == {"sum"}
    rest = {name: value for name, value in data.items() if name != "sum"}
    found = bind_simulations(problem, rest)
    assert torch.allclose(found["sum"], torch.from_numpy(data["sum"]))
    error = complaints(problem, {name: value for name, value in rest.items() if name != "hidden"})
    assert '"hidden" is missing, and can\'t be computed' in error.message
    assert error.hint == "add hidden to the data"


def test_one_report_names_everything(problem: gsdmc.Problem, data: dict[str, Any]) -> None:
    bad = {**data, "reel": data["real"], "vector": data["vector"][:, :, :1], "count": data["count"] - 100}
    bad["category"] = data["category"] + 1
    bad["boolean"] = np.full((20, 4), "yes")
    bad["simplex"] = data["simplex"] * 2
    del bad["real"]
    error = complaints(problem, bad)
    assert error.message.splitlines() == [
        "the simulations of sims.nc don't fit the program kinds:",
        '  "reel" is no variable of the program; did you mean `real`?',
        '  "real" is missing',
        '  "boolean" holds text, not numbers',
        *[line for line in error.message.splitlines() if '"category"' in line],
        *[line for line in error.message.splitlines() if '"count"' in line],
        '  "vector" has shape (20, 4, 1), expected (simulations, i=4, channel=2)',
        *[line for line in error.message.splitlines() if '"simplex"' in line],
    ]
    assert "; a category of 3 is a whole number from 0 to 2 (" in error.message
    assert "; a count is a whole number, 0 or more (20 of 20 simulations" in error.message
    assert "; a simplex is 0 or more and sums to 1 (20 of 20" in error.message
    for cure in ("add real to the data", "leave reel out", "give boolean as an array of numbers"):
        assert cure in (error.hint or "")


@pytest.mark.parametrize(
    ("name", "value", "rule"),
    [
        ("positive", -1.0, "the positive reals"),
        ("interval", 2.1, "[0, 2]"),
        ("boolean", 2, "a boolean is 0 or 1"),
        ("category", 0.5, "a whole number"),
        ("count", 1.5, "a whole number"),
        ("real", np.nan, "values are finite"),
        ("real", 1e300, "values are finite"),
        ("vector", -np.inf, "values are finite"),
    ],
)
def test_a_value_that_can_not_be_is_found(
    problem: gsdmc.Problem, data: dict[str, Any], name: str, value: float, rule: str
) -> None:
    changed = data[name].astype(np.float64)
    changed[7, 2] = value
    message = complaints(problem, {**data, name: changed}).message
    assert f'"{name}"[2' in message
    assert "in simulation 7;" in message
    assert rule in message
    assert "(1 of 20 simulations" in message


def test_other_sizes_are_named(problem: gsdmc.Problem) -> None:
    larger = problem.resized(n=6, m=3).simulate(5, 0)
    error = complaints(problem, larger)
    assert error.hint == (
        "compile the program at the sizes of the data: --set n=6 m=3, or compile(..., n=6, m=3)"
    )


def test_arrays_have_one_number_of_simulations(problem: gsdmc.Problem, data: dict[str, Any]) -> None:
    error = complaints(problem, {**data, "real": data["real"][:7]})
    assert "different numbers of simulations: real 7, positive 20" in error.message
    empty = complaints(problem, {name: value[:0] for name, value in data.items()})
    assert "there are no simulations" in empty.message


def test_few_differences_are_rounding_and_many_are_not(problem: gsdmc.Problem, data: dict[str, Any]) -> None:
    many = {name: np.concatenate([value] * 10) for name, value in data.items()}
    many["sum"][3, 1] += 1
    bind_simulations(problem, many)
    many["sum"][::20, 1] += 1
    error = complaints(problem, many)
    assert '"sum" is not what the program computes in 5' in error.message
    assert "leave sum out" in (error.hint or "")


def test_dimensions_go_by_name(problem: gsdmc.Problem, data: dict[str, Any]) -> None:
    dims = {"grid": ("run", "i", "j"), "vector": ("run", "i", "xyz"), "simplex": ("run", "i", "channel")}
    named = xr.Dataset({name: (dims.get(name, ("run", "i")), value) for name, value in data.items()})
    found = bind_simulations(problem, named.transpose("j", "channel", "i", "run", "xyz"))
    for name, value in bind_simulations(problem, data).items():
        assert torch.equal(found[name], value)
    by_place = bind_simulations(problem, named.rename(i="row", j="column"))
    assert torch.equal(by_place["grid"], found["grid"])
    error = complaints(problem, {**data, "grid": named["grid"].rename(j="k")})
    assert '"grid" has the dimensions (run, i, k), expected (simulations, i, j)' in error.message


def test_arrays_may_come_element_by_element(problem: gsdmc.Problem, data: dict[str, Any]) -> None:
    flat: dict[str, Any] = {}
    for name, value in data.items():
        for index in np.ndindex(*value.shape[1:]):
            flat[f"{name}[{', '.join(map(str, index))}]"] = value[(slice(None), *index)]
    found = bind_simulations(problem, flat)
    for name, value in bind_simulations(problem, data).items():
        assert torch.equal(found[name], value)
    lacking = complaints(problem, {k: v for k, v in flat.items() if k != "grid[1, 0]"})
    assert '"grid"[1, 0] is nan in simulation 0' in lacking.message
    stray = complaints(problem, {**flat, "count[99999999]": flat["count[0]"]})
    assert '"count[99999999]" is no variable of the program' in stray.message


def test_one_entry_dimensions_may_come_and_go() -> None:
    line = compile_text('(let [a (sample "a" (normal 0 1))] (sample "b" (normal a 1)))', "line.clj")
    found = bind_simulations(line, {"a": np.ones((5, 1)), "b": np.ones(5)})
    assert found["a"].shape == found["b"].shape == (5,)
    assert "(5, 2)" in complaints(line, {"a": np.ones((5, 2)), "b": np.ones(5)}).message
    masked = np.ma.masked_equal(np.arange(5.0), 3)
    assert '"a" has masked entries' in complaints(line, {"a": masked, "b": np.ones(5)}).message
