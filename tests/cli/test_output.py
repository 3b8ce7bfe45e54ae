from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from gsdmc.cli.output import as_lists, count, replacing, shorten, table, write_arrays


def test_tables_line_up() -> None:
    text = table(("Name", "Count"), [("a", "1"), ("longer", "1,300")], right=(1,))
    assert text.splitlines() == ["Name    Count", "------  -----", "a           1", "longer  1,300"]
    assert shorten("x" * 60) == "x" * 53 + "..."
    assert [count(1, "entry"), count(2, "entry"), count(1300, "node")] == [
        "1 entry",
        "2 entries",
        "1,300 nodes",
    ]


def test_a_file_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "x.txt"
    path.write_text("old")

    def fail() -> None:
        with replacing(path) as scratch:
            scratch.write_text("half")
            raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011
        fail()
    assert path.read_text() == "old"
    with replacing(path) as scratch:
        scratch.write_text("new")
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


def test_arrays_keep_their_types_names_and_gaps(tmp_path: Path) -> None:
    arrays = {
        "file": np.array([True, False]),
        "a/b": np.arange(3),
        "x": np.array([[1.5, np.nan], [np.inf, 0.0]], dtype=np.float32),
    }
    write_arrays(str(tmp_path / "x.npz"), arrays, {})
    with np.load(tmp_path / "x.npz", allow_pickle=False) as archive:
        for name, array in arrays.items():
            np.testing.assert_array_equal(archive[name], array)
            assert archive[name].dtype == array.dtype
    write_arrays(str(tmp_path / "x.json"), arrays, {"seed": 3})
    found = json.loads((tmp_path / "x.json").read_text())
    assert found == {
        "seed": 3,
        "arrays": {"file": [True, False], "a/b": [0, 1, 2], "x": [[1.5, None], [None, 0.0]]},
    }
    assert as_lists(np.array([1.5])) == [1.5]
