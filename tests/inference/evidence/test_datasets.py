from __future__ import annotations

import numpy as np
import xarray as xr

import gsdmc
from gsdmc.compiler import compile_text
from gsdmc.inference.evidence.datasets import data_sets, numbered

PLATE = '(foreach 2 [dataset (range 2)] (sample "x" (normal 0 1)))'


def test_evidence_of_one_data_set_is_no_batch() -> None:
    graph = gsdmc.compile("bcmf").graph
    for evidence in (None, {}, {"E": np.zeros((5, 5))}, xr.Dataset({"E": (("i", "j"), np.zeros((5, 5)))})):
        assert data_sets(graph, evidence, batched=False) is None


def test_a_plate_of_that_name_is_a_plate() -> None:
    graph = compile_text(PLATE, "plate.clj").graph
    assert [p.name for p in graph.plates] == ["dataset"]
    assert data_sets(graph, xr.Dataset({"x": ("dataset", [1.0, 2.0])}), batched=False) is None


def test_data_sets_are_called_by_number_and_label() -> None:
    graph = gsdmc.compile("bcmf").graph
    data = xr.Dataset({"E": (("dataset", "i", "j"), np.zeros((2, 5, 5)))}, coords={"dataset": ["a", "b"]})
    for evidence, called in (
        (data, ["data set 0 (a)", "data set 1 (b)"]),
        ([{}, {}], ["data set 0", "data set 1"]),
    ):
        found = data_sets(graph, evidence, batched=False)
        assert found is not None
        assert [name for name, _ in numbered(found)] == called
