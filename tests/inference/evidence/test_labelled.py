from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
import xarray as xr

import gsdmc
from gsdmc.compiler import compile_text
from gsdmc.inference.evidence.bind import bind_evidence
from gsdmc.inference.evidence.labelled import plain_evidence

GRID = """
(def m 3) (def n 2)
(let [mu (sample "mu" (normal 0 1))
      z (foreach n [l (range n)] (sample "z" (normal 0 1)))]
  (foreach m [i (range m)]
    (let [x (sample "x" (normal mu 1))
          b (sample "b" (bernoulli 0.5))
          v (sample "v" (multivariate-normal [0.0 0.0] [[1.0 0.5] [0.5 1.0]]))]
      (foreach n [j (range n)] (sample "y" (normal x 1))))))
"""
TABLE = np.arange(6.0).reshape(3, 2)


@pytest.fixture(scope="module")
def grid() -> gsdmc.Problem:
    return compile_text(GRID, "grid.clj")


def bound(problem: gsdmc.Problem, evidence: Any, name: str) -> tuple[np.ndarray, np.ndarray]:
    found = bind_evidence(problem, evidence)
    return found.values[name].numpy(), found.mask[name].numpy()


def test_dimensions_go_by_name(grid: gsdmc.Problem) -> None:
    turned = xr.DataArray(TABLE.T, dims=("j", "i"))
    for evidence in ({"y": turned}, xr.Dataset({"y": turned}), {"y": pd.DataFrame(TABLE)}):
        np.testing.assert_array_equal(bound(grid, evidence, "y")[0], TABLE)
    vectors = xr.DataArray(TABLE.T, dims=("channel", "i"))
    np.testing.assert_array_equal(bound(grid, {"v": vectors}, "v")[0], TABLE)


def test_names_that_the_program_lacks_mean_nothing(grid: gsdmc.Problem) -> None:
    np.testing.assert_array_equal(bound(grid, {"y": xr.DataArray(TABLE)}, "y")[0], TABLE)
    series = pd.Series([1.0, 2.0, 3.0], index=pd.Index(["a", "b", "c"], name="school"))
    assert bound(grid, {"x": series}, "x")[0].tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    ("name", "dims"), [("y", ("i", "k")), ("y", ("i", "x")), ("x", ("j",)), ("z", ("i",)), ("mu", ("i",))]
)
def test_dimensions_of_another_array_are_refused(
    name: str, dims: tuple[str, ...], grid: gsdmc.Problem
) -> None:
    data = xr.DataArray(np.zeros((2,) * len(dims)), dims=dims)
    with pytest.raises(gsdmc.GsdmcError, match=f'evidence "{name}" has the dimensions .*but the array spans'):
        bind_evidence(grid, {name: data})


def test_a_frame_has_a_column_per_array(grid: gsdmc.Problem) -> None:
    frame = pd.DataFrame(
        {
            "x": [0.5, np.nan, 1.5],
            "b": pd.array([True, None, False], dtype="boolean"),
            "v[1]": [1.0, 3.0, 5.0],
            "v[0]": [0.0, 2.0, 4.0],
        }
    )
    for index in (frame.index, pd.RangeIndex(3, name="i"), pd.Index(["a", "b", "c"])):
        found = bind_evidence(grid, frame.set_index(index))
        assert found.mask["x"].tolist() == found.mask["b"].tolist() == [True, False, True]
        assert found.values["b"].tolist() == [True, False, False]
        assert found.values["v"].tolist() == TABLE.tolist()
        assert bool(found.mask["v"].all())
        assert not bool(found.mask["y"].any())


def test_a_longer_frame_makes_the_plate_longer(grid: gsdmc.Problem) -> None:
    found = bind_evidence(grid, pd.DataFrame({"x": np.zeros(7)}))
    assert found.problem.sizes == {"m": 7, "n": 2}


def test_two_levels_of_an_index_are_two_plates(grid: gsdmc.Problem) -> None:
    index = pd.MultiIndex.from_product([range(3), range(2)], names=["i", "j"])
    series = pd.Series(TABLE.ravel(), index=index)
    for given in (series, series.swaplevel(), series.to_frame("y")):
        evidence = given if isinstance(given, pd.DataFrame) else {"y": given}
        np.testing.assert_array_equal(bound(grid, evidence, "y")[0], TABLE)
    values, seen = bound(grid, {"y": series.drop((1, 1))}, "y")
    assert seen.tolist() == [[True, True], [True, False], [True, True]]
    assert values[seen].tolist() == [0, 1, 2, 4, 5]


def test_labels_are_kept_and_numbers_from_0_are_none(grid: gsdmc.Problem) -> None:
    names = ["a", "b", "c"]
    data = xr.Dataset({"y": (("i", "j"), TABLE), "x": ("i", TABLE[:, 0])}, coords={"i": names, "j": [0, 1]})
    for evidence in (
        data,
        {"x": data["x"]},
        data[["x"]].to_dataframe(),
        pd.DataFrame({"x": data["x"]}, names),
    ):
        found = bind_evidence(grid, evidence).labels
        assert {dim: list(own) for dim, own in found.items()} == {"i": names}
    assert plain_evidence(grid.graph, {"x": [1, 2, 3]}).labels == {}


def test_arrays_that_name_a_plate_s_elements_differently_are_refused(grid: gsdmc.Problem) -> None:
    first = pd.Series([1.0, 2.0, 3.0], index=["a", "b", "c"])
    for other in (first[::-1], first.reset_index(drop=True)):
        with pytest.raises(gsdmc.GsdmcError, match='evidence "b" has other labels along i') as caught:
            bind_evidence(grid, {"x": first, "b": other > 1.5})
        assert "plain numpy" in str(caught.value.hint)


@pytest.mark.parametrize(
    ("evidence", "says"),
    [
        (pd.DataFrame({"v[0]": [1.0, 2.0, 3.0]}), r"lacks v\[1\]: a vector \"v\" has 2 numbers"),
        (pd.DataFrame({f"v[{k}]": [1.0, 2.0, 3.0] for k in range(3)}), r"has v\[2\] beyond them"),
        (pd.DataFrame(TABLE), "a column 0, which is no array's name"),
        (pd.DataFrame(TABLE, columns=["x", "x"]), "several columns x"),
        (pd.DataFrame({"q": [1.0, 2.0, 3.0]}), 'no array "q"'),
        (pd.DataFrame({"x": ["a", "b", "c"]}), "'a', which is no number"),
        (np.zeros(3), "not numpy.ndarray"),
        ("x", "not str"),
        ({0: 1.0}, "a name that is no text: 0"),
        (pd.DataFrame({"mu": [1.0]}, index=pd.RangeIndex(1, name="i")), "the array spans no plate"),
    ],
)
def test_mistakes(evidence: Any, says: str, grid: gsdmc.Problem) -> None:
    with pytest.raises(gsdmc.GsdmcError, match=says):
        bind_evidence(grid, evidence)


def test_a_frame_of_one_row_has_the_variables_in_no_plate(grid: gsdmc.Problem) -> None:
    values, seen = bound(grid, pd.DataFrame({"mu": [0.5]}), "mu")
    assert (values.item(), seen.item()) == (0.5, True)
    assert torch.equal(bind_evidence(grid, xr.Dataset({"mu": 0.5})).exact["mu"], torch.tensor(0.5).double())
