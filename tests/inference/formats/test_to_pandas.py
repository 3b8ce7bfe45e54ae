from __future__ import annotations

import numpy as np
import pytest

import gsdmc
from gsdmc.inference.evidence.bind import bind_evidence
from tests.inference.formats.drawn import drawn


def test_a_row_per_sample_and_element(kinds: gsdmc.Problem) -> None:
    samples = drawn(kinds)
    frame = samples.to_pandas("i")
    assert frame.shape == (12, 12)
    assert frame.index.names == ["sample", "i"]
    assert list(frame.columns[-6:]) == [
        "vector[0]",
        "vector[1]",
        "simplex[0]",
        "simplex[1]",
        "simplex[2]",
        "sum",
    ]
    np.testing.assert_array_equal(frame.loc[2, "real"], samples["real"][2])
    np.testing.assert_array_equal(frame["simplex[1]"], samples["simplex"][..., 1].ravel())
    assert frame.dtypes["boolean"] == np.bool_
    assert frame.dtypes["count"] == np.int64


def test_labels_and_data_sets_are_levels(kinds: gsdmc.Problem) -> None:
    samples = drawn(kinds, num_datasets=2, labels=True)
    frame = samples.to_pandas("i")
    assert frame.index.names == ["dataset", "sample", "i"]
    assert frame.loc[(1, 2, "b"), "real"] == samples["real"][1, 2, 1]


def test_variables_in_no_plate_have_a_row_per_sample() -> None:
    problem = gsdmc.compile("sbi/eight_schools")
    samples = drawn_all(problem)
    frame = samples.to_pandas()
    assert frame.index.name == "sample"
    assert list(frame.columns) == ["mu", "tau"]
    np.testing.assert_array_equal(frame["mu"], samples["mu"])
    assert samples.to_pandas("school").shape[0] == 3 * 8


def test_what_a_frame_can_t_hold_is_refused(kinds: gsdmc.Problem) -> None:
    with pytest.raises(gsdmc.GsdmcError, match="every array spans a plate") as caught:
        drawn(kinds).to_pandas()
    assert caught.value.hint == 'to_pandas("i")'
    with pytest.raises(gsdmc.GsdmcError, match="no array spans the plate q alone"):
        drawn(kinds).to_pandas("q")
    with pytest.raises(gsdmc.GsdmcError, match="no array spans the plate row alone") as caught:
        drawn_all(gsdmc.compile("bcmf")).to_pandas("row")
    assert caught.value.hint == "to_xarray() has all arrays"


def test_what_comes_out_goes_in(kinds: gsdmc.Problem) -> None:
    samples = drawn(kinds, labels=True)
    found = bind_evidence(kinds, samples.to_pandas("i").loc[1])
    for name, array in samples.items():
        np.testing.assert_array_equal(found.values[name], array[1])
        assert bool(found.mask[name].all())
    assert list(found.labels["i"]) == ["a", "b", "c", "d"]


def drawn_all(problem: gsdmc.Problem) -> gsdmc.Samples:
    values = problem.simulate(3, seed=0)
    seen = {a.name: values[a.name][0].bool() & False for a in problem.graph.arrays}
    return gsdmc.Samples(problem, values, seen)
