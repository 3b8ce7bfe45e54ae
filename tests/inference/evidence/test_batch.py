from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
import xarray as xr

import gsdmc
from gsdmc.compiler import compile_text
from gsdmc.inference.evidence.batch import bind_batch

LINE = """
(def n 3)
(let [mu (sample "mu" (normal 0 1))]
  (foreach n [i (range n)]
    (let [x (sample "x" (normal mu 1))] (sample "y" (dirac (* 2 x))))))
"""
X = np.arange(6.0).reshape(2, 3)


@pytest.fixture(scope="module")
def line() -> gsdmc.Problem:
    return compile_text(LINE, "line.clj")


def test_every_form_of_many_data_sets_is_the_same_batch(line: gsdmc.Problem) -> None:
    shared = np.array([0.5, 0.5])
    rows = pd.MultiIndex.from_product([range(2), range(3)], names=["dataset", "i"])
    forms: list[tuple[Any, bool]] = [
        ([{"x": X[0], "mu": 0.5}, {"x": X[1], "mu": 0.5}], False),
        (({"x": X[0], "mu": 0.5}, xr.Dataset({"x": ("i", X[1]), "mu": 0.5})), False),
        ({"x": X, "mu": shared}, True),
        ({"x": X.tolist(), "mu": torch.tensor(shared)}, True),
        ({"x": xr.DataArray(X, dims=("dataset", "i")), "mu": 0.5}, False),
        (xr.Dataset({"x": (("i", "dataset"), X.T), "mu": 0.5}), False),
        (pd.Series(X.ravel(), index=rows).to_frame("x"), False),
    ]
    for evidence, batched in forms:
        found = bind_batch(line, evidence, batched=batched)
        assert found.num_datasets == 2
        assert found.values["x"].tolist() == X.tolist()
        assert found.observed["x"].shape == (2, 3)
        assert bool(found.mask["x"].all())
        if "mu" in evidence:
            assert found.values["mu"].tolist() == [0.5, 0.5]


def test_a_single_data_set_has_no_dimension_for_it(line: gsdmc.Problem) -> None:
    found = bind_batch(line, {"x": X[0]})
    assert found.num_datasets is None
    assert found.observed["x"].shape == (3,)
    values, mask, exact = found.rows(4)
    assert values["x"].tolist() == exact["x"].tolist() == [[0, 1, 2]] * 4
    assert mask["mu"].tolist() == [False] * 4


def test_rows_are_the_samples_of_one_data_set_after_the_other(line: gsdmc.Problem) -> None:
    values, _, _ = bind_batch(line, {"x": X}, batched=True).rows(2)
    assert values["x"].tolist() == [*[[0, 1, 2]] * 2, *[[3, 4, 5]] * 2]


def test_data_sets_lack_different_entries(line: gsdmc.Problem) -> None:
    x = X.copy()
    x[0, 0] = x[1, 2] = np.nan
    found = bind_batch(line, {"x": x}, batched=True)
    assert found.mask["x"].tolist() == [[False, True, True], [True, True, False]]


def test_labels_of_all_data_sets_and_of_each(line: gsdmc.Problem) -> None:
    data = xr.Dataset(
        {"x": (("dataset", "i"), X)}, coords={"dataset": ["first", "second"], "i": ["a", "b", "c"]}
    )
    found = bind_batch(line, data)
    assert {dim: list(own) for dim, own in found.labels.items()} == {
        "dataset": ["first", "second"],
        "i": ["a", "b", "c"],
    }
    frame = pd.DataFrame({"mu": [1.0, 2.0]}, index=pd.Index(["first", "second"], name="dataset"))
    found = bind_batch(line, frame)
    assert found.values["mu"].tolist() == [1, 2]
    assert list(found.labels["dataset"]) == ["first", "second"]
    others = [pd.DataFrame({"x": X[0]}, ["a", "b", "c"]), pd.DataFrame({"x": X[1]}, ["d", "e", "f"])]
    assert not bind_batch(line, others).labels


def test_sizes_follow_all_data_sets(line: gsdmc.Problem) -> None:
    assert bind_batch(line, {"x": np.zeros((2, 7))}, batched=True).problem.sizes == {"n": 7}
    with pytest.raises(gsdmc.GsdmcError, match="data set 1 has the sizes n=4, but data set 0 has n=7"):
        bind_batch(line, [{"x": np.zeros(7)}, {"x": np.zeros(4)}])


@pytest.mark.parametrize(
    ("evidence", "batched", "says"),
    [
        ([], False, "there are no data sets"),
        ({"x": np.zeros((0, 3))}, True, "there are no data sets"),
        ({"x": np.zeros((2, 3)), "mu": np.zeros(3)}, True, "disagrees about how many .* x has 2, mu has 3"),
        ({"x": 1.0}, True, 'evidence "x" is a single number'),
        (
            {"x": xr.DataArray(np.zeros(3), dims="i")},
            True,
            "no array of the evidence has the dimension dataset",
        ),
        (None, True, "batched evidence has arrays"),
        (
            [{"x": X[0]}, {"x": ["a", 1, 2]}],
            False,
            'data set 1: evidence "x" at .* is .a., which is no number',
        ),
        ([{"x": X[0]}, 3], False, "data set 1: evidence is a dict"),
        (
            pd.DataFrame({"mu": ["a"]}, index=pd.Index(["one"], name="dataset")),
            False,
            r"data set 0 \(one\): evidence",
        ),
    ],
)
def test_mistakes(evidence: Any, batched: bool, says: str, line: gsdmc.Problem) -> None:
    with pytest.raises(gsdmc.GsdmcError, match=says):
        bind_batch(line, evidence, batched=batched)


def test_what_was_let_pass_names_its_data_set(line: gsdmc.Problem) -> None:
    evidence = [{"x": X[0], "y": 2 * X[0]}, {"x": X[0], "y": X[1]}]
    with pytest.raises(gsdmc.GsdmcError, match=r'data set 1: evidence "y" at .* but the program makes it'):
        bind_batch(line, evidence)
    (warning,) = bind_batch(line, evidence, strict=False).warnings
    assert warning.message.startswith('data set 1: evidence "y"')
