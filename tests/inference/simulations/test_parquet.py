"""Columns of a Parquet table as arrays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from gsdmc.inference.simulations.parquet import read_parquet

pa = pytest.importorskip("pyarrow", reason="an optional dependency")
pq = pytest.importorskip("pyarrow.parquet", reason="an optional dependency")


def read(path: Path, columns: dict[str, Any]) -> dict[str, Any]:
    pq.write_table(pa.table(columns), path / "t.parquet")
    return dict(read_parquet(path / "t.parquet"))


def test_columns_hold_numbers_or_lists_of_one_shape(tmp_path: Path) -> None:
    matrix = np.arange(12.0).reshape(2, 3, 2)
    found = read(
        tmp_path,
        {
            "x": [1.5, None],
            "b": [True, False],
            "k": pa.array([1, 2], pa.uint8()),
            "m": matrix.tolist(),
            "f": pa.FixedSizeListArray.from_arrays(pa.array([1, 2, 3, 4]), 2),
        },
    )
    assert found["x"][0] == 1.5
    assert np.isnan(found["x"][1])
    assert found["b"].tolist() == [True, False]
    assert found["k"].dtype == np.uint8
    assert np.array_equal(found["m"], matrix)
    assert found["f"].tolist() == [[1, 2], [3, 4]]


def test_a_slice_keeps_its_own_rows(tmp_path: Path) -> None:
    rows = [[float(i), i + 0.5] for i in range(10)]
    pq.write_table(pa.table({"v": rows}).slice(3, 4), tmp_path / "t.parquet", row_group_size=2)
    assert read_parquet(tmp_path / "t.parquet")["v"].tolist() == rows[3:7]


def test_the_index_of_a_frame_is_no_column(tmp_path: Path) -> None:
    pd.DataFrame({"x": [1.0, 2.0]}, index=pd.Index([7, 9], name="run")).to_parquet(tmp_path / "t.parquet")
    assert list(read_parquet(tmp_path / "t.parquet")) == ["x"]


@pytest.mark.parametrize(
    ("column", "message"),
    [
        ([[1.0], [1.0, 2.0]], "have several lengths"),
        ([[1.0, 2.0], [1.0], [1.0, 2.0, 3.0]], "have several lengths"),
        ([[1.0], None], "lacks a list"),
        (["a", "b"], "holds string, not numbers"),
        ([{"a": 1}], "holds struct<a: int64>, not numbers"),
    ],
)
def test_anything_else_is_refused(tmp_path: Path, column: list[Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read(tmp_path, {"x": column})
