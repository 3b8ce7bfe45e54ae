from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import gsdmc
from gsdmc.compiler import compile_text
from gsdmc.inference.evidence.bind import bind_evidence
from gsdmc.inference.model import EvidenceWarning, Model

NAMES = ("real", "positive", "interval", "boolean", "category", "count", "vector", "simplex", "sum")


@settings(max_examples=25)
@given(seed=st.integers(0, 1000), data=st.data())
def test_partly_observed_arrays_of_every_kind(kinds: gsdmc.Problem, seed: int, data: st.DataObject) -> None:
    drawn = kinds.simulate(1, seed)
    evidence, masks = {}, {}
    for name in data.draw(st.sets(st.sampled_from(NAMES))):
        value = drawn[name][0].numpy()
        masks[name] = data.draw(hnp.arrays(bool, 4))
        hidden = np.broadcast_to(~masks[name].reshape(4, *[1] * (value.ndim - 1)), value.shape)
        entries = [v if seen else None for v, seen in zip(value.tolist(), masks[name], strict=True)]
        evidence[name] = data.draw(
            st.sampled_from(
                [entries, np.where(hidden, None, value.astype(object)), np.ma.array(value, mask=hidden)]
            )
        )
    bound = bind_evidence(kinds, evidence)
    assert bound.problem is kinds
    for name in NAMES:
        seen = masks.get(name, np.zeros(4, dtype=bool))
        np.testing.assert_array_equal(bound.mask[name], seen)
        assert bound.values[name].dtype == drawn[name].dtype
        torch.testing.assert_close(bound.values[name][seen], drawn[name][0][seen], rtol=0, atol=0)


def test_single_variables_are_numbers_and_vectors_one_row() -> None:
    text = """
(let [p (sample "p" (beta 2 2))
      pi (sample "pi" (dirichlet [1 1 1]))]
  (sample "z" (categorical pi))
  (observe "y" (normal p 1) 0.5))"""
    problem = compile_text(text, "single.clj")
    bound = bind_evidence(problem, {"p": 0.25, "pi": [0.2, 0.3, 0.5], "z": None})
    assert {n: (v.shape, bool(bound.mask[n])) for n, v in bound.values.items()} == {
        "p": ((), True), "pi": ((3,), True), "z": ((), False), "y": ((), True),
    }  # fmt: skip
    assert bound.values["p"].item() == 0.25
    assert bound.values["y"].item() == 0.5


def test_values_keep_their_place_when_dimensions_are_merged() -> None:
    problem = gsdmc.compile("sudoku")
    cell = problem.simulate(1, seed=0)["cell"][0]
    grid = [[None if (r + c) % 2 else int(cell.reshape(9, 9)[r, c]) for c in range(9)] for r in range(9)]
    bound = bind_evidence(problem, {"cell": grid})
    assert bound.mask["cell"].sum() == 41
    assert torch.equal(bound.values["cell"] * bound.mask["cell"], cell * bound.mask["cell"])


def test_an_unknown_array_suggests_the_nearest(kinds: gsdmc.Problem) -> None:
    with pytest.raises(gsdmc.GsdmcError, match=r'no array "boolaen"') as error:
        bind_evidence(kinds, {"boolaen": [1, 0, 0, 1]})
    assert "did you mean `boolean`?" in str(error.value)
    with pytest.raises(gsdmc.GsdmcError, match="its arrays are real, positive"):
        bind_evidence(kinds, {"zzz": 1})


def test_a_wrong_value_is_named_by_its_place_in_what_the_user_gave() -> None:
    problem = gsdmc.compile("sudoku")
    grid = np.zeros((9, 9))
    grid[4, 7] = 9
    with pytest.raises(gsdmc.GsdmcError, match=r'"cell" at \[4, 7\] is 9; a category of 9 is .* 0 to 8'):
        bind_evidence(problem, {"cell": grid})


def test_rounding_at_the_edge_of_a_support_is_forgiven(kinds: gsdmc.Problem) -> None:
    bound = bind_evidence(kinds, {"interval": [1 + 1e-9, -1e-9, 0.5, None]})
    assert bound.values["interval"].tolist() == [1.0, 0.0, 0.5, 0.0]


def test_rounding_off_the_simplex_is_forgiven(kinds: gsdmc.Problem) -> None:
    thirds = [0.333, 0.333, 0.333]
    exact = [0.25, 0.75 + 1e-8, -1e-8]
    bound = bind_evidence(kinds, {"simplex": [thirds, exact, None, [0.0, 1.0, 0.0]]})
    found = bound.values["simplex"]
    torch.testing.assert_close(found[0], torch.full((3,), 1 / 3))
    assert found[1].tolist() == [0.25, 0.75, 0.0]
    assert found[2].tolist() == [0.0] * 3
    assert found[3].tolist() == [0.0, 1.0, 0.0]
    assert bound.mask["simplex"].tolist() == [True, True, False, True]


def test_what_the_program_observes_is_evidence_unless_the_user_says_otherwise() -> None:
    text = """(let [mu (sample "mu" (normal 0 1))]
      (foreach 3 [i (range 3) x [1.0 2.0 3.0]] (observe "y" (normal mu 1) x)))"""
    problem = compile_text(text, "observed.clj")
    bound = bind_evidence(problem, None)
    assert bound.values["y"].tolist() == [1.0, 2.0, 3.0]
    assert bound.mask["y"].all()
    assert not bound.mask["mu"].any()
    bound = bind_evidence(problem, {"y": [5.0, None, None]})
    assert bound.values["y"][0] == 5.0
    assert bound.mask["y"].tolist() == [True, False, False]


def test_sizes_come_with_the_evidence() -> None:
    bound = bind_evidence(gsdmc.compile("bcmf"), {"E": np.zeros((7, 4))})
    assert bound.problem.sizes == {"m": 7, "n": 4, "k": 3}
    assert bound.values["A"].shape == (7, 3)


OUTSIDE = [
    ("interval", [1.5, None, -2, 0.5], [1, 0, 0, 0.5]),
    ("positive", [-3, 2, None, 0], [0, 2, 0, 0]),
    (
        "simplex",
        [[2, 1, 1], [-1, 0, 0], None, [0, 0, 1]],
        [[0.5, 0.25, 0.25], [1 / 3] * 3, [0] * 3, [0, 0, 1]],
    ),
]


@pytest.mark.parametrize(("name", "given", "taken"), OUTSIDE, ids=[case[0] for case in OUTSIDE])
def test_reals_outside_their_support_are_refused_or_moved_and_told(
    kinds: gsdmc.Problem, name: str, given: list[Any], taken: list[Any]
) -> None:
    place = rf'evidence "{name}" at \[0\] is .*; '
    with pytest.raises(gsdmc.GsdmcError, match=place):
        bind_evidence(kinds, {name: given})
    bound = bind_evidence(kinds, {name: given}, strict=False)
    torch.testing.assert_close(bound.values[name], torch.tensor(taken, dtype=torch.float32))
    assert bound.mask[name].tolist() == [g is not None for g in given]
    (warning,) = bound.warnings
    assert re.match(place, warning.message)


@pytest.mark.parametrize(
    ("name", "value"), [("boolean", 0.5), ("category", 4), ("category", 1.5), ("count", 0.5)]
)
def test_what_has_no_nearest_value_is_always_refused(kinds: gsdmc.Problem, name: str, value: float) -> None:
    for strict in (True, False):
        with pytest.raises(gsdmc.GsdmcError, match=rf'"{name}" at \[2\] is {value:g}'):
            bind_evidence(kinds, {name: [None, 1, value, None]}, strict=strict)


def test_computed_variables_can_be_evidence_alone_or_with_what_they_are_computed_from(
    any_query: Model,
) -> None:
    total = np.array([1.5, np.nan, 40.0, -3.0], dtype=np.float32)
    samples = any_query.sample({"sum": total}, steps=1)
    np.testing.assert_array_equal(samples["sum"][0][[0, 2, 3]], total[[0, 2, 3]])
    drawn = {n: v[0].numpy() for n, v in any_query.problem.simulate(1, seed=3).items()}
    agreeing = {name: drawn[name] for name in ("sum", "real", "positive", "interval")}
    samples = any_query.sample(agreeing, steps=1)
    for name, value in agreeing.items():
        np.testing.assert_array_equal(samples[name][0], value)


def test_sampling_tells_what_it_let_pass(any_query: Model) -> None:
    with pytest.warns(EvidenceWarning, match=r'"interval" at \[0\] is 1.5; its support is \[0, 1\]'):
        samples = any_query.sample({"interval": [1.5, None, None, None]}, steps=1, strict=False)
    assert samples["interval"][0, 0] == 1
    for values in samples.values():
        assert np.isfinite(values.astype(float)).all()
