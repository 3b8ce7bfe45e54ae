from __future__ import annotations

import warnings

import numpy as np
import pytest

import gsdmc
from gsdmc.inference.formats.to_arviz import groups
from gsdmc.inference.samples import Samples
from tests.inference.formats.drawn import drawn


def test_evidence_and_posterior_are_apart(kinds: gsdmc.Problem) -> None:
    samples = drawn(kinds, labels=True)
    found = groups(samples)
    assert set(found) == {"posterior", "observed_data", "sample_stats"}
    assert set(found["observed_data"]) == {"real"}
    assert found["observed_data"]["real"].dims == ("i",)
    assert set(found["posterior"]) == set(samples) - {"real"}
    assert found["posterior"]["vector"].dims == ("chain", "draw", "i", "channel")
    assert found["posterior"]["simplex"].sizes["chain"] == 1
    np.testing.assert_array_equal(found["posterior"]["count"][0], samples["count"])
    np.testing.assert_array_equal(found["sample_stats"]["valid"][0], samples.valid)
    assert found["posterior"].attrs["inference_library"] == "gsdmc"


def test_without_evidence_there_is_no_group_of_it(kinds: gsdmc.Problem) -> None:
    samples = drawn(kinds)
    samples.observed["real"][0] = False
    assert set(groups(samples)) == {"posterior", "sample_stats"}


def test_data_sets_are_a_dimension_of_their_own(kinds: gsdmc.Problem) -> None:
    found = groups(drawn(kinds, num_datasets=2))
    assert found["posterior"]["count"].dims == ("chain", "draw", "dataset", "i")
    assert found["observed_data"]["real"].dims == ("dataset", "i")
    assert found["sample_stats"]["valid"].dims == ("chain", "draw", "dataset")


def test_a_plate_named_like_arviz_s_dimensions_is_renamed() -> None:
    from gsdmc.compiler import compile_text

    problem = compile_text('(foreach 2 [draw (range 2)] (sample "x" (normal 0 1)))', "draws.clj")
    values = problem.simulate(3, seed=0)
    found = groups(Samples(problem, values, {"x": values["x"][0].bool() & False}))
    assert found["posterior"]["x"].dims == ("chain", "draw", "draw_plate")


@pytest.mark.slow
def test_arviz_takes_it(kinds: gsdmc.Problem) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what ArviZ and what it imports warn of is theirs
        data = drawn(kinds).to_arviz()
        import arviz

        summary = arviz.summary(data, var_names=["positive"], kind="stats")
    assert type(data).__name__ in ("InferenceData", "DataTree")
    assert {"posterior", "observed_data", "sample_stats"} <= set(
        data.children if hasattr(data, "children") else data
    )
    np.testing.assert_allclose(summary["mean"], drawn(kinds)["positive"].mean(0), atol=2e-3)
