from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis.extra import numpy as hnp

from gsdmc.inference.evidence.cells import read_cells
from gsdmc.inference.evidence.read_evidence import read_evidence
from gsdmc.language.source import GsdmcError

MATRIX = np.array([[1.5, np.nan, 0.0], [2.0, -3.25, np.nan]])


def write(folder: Path, name: str, content: str | bytes) -> str:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return str(path)


def test_every_format_reads_the_same_array(tmp_path: Path) -> None:
    np.save(tmp_path / "E.npy", MATRIX)
    np.savez(tmp_path / "all.npz", E=MATRIX)
    csv = write(tmp_path, "E.csv", "1.5,,0\n2.0, -3.25 ,\n")
    rows = [[1.5, None, 0.0], [2.0, -3.25, None]]
    alone = write(tmp_path, "E.json", json.dumps(rows))
    named = write(tmp_path, "all.json", json.dumps({"E": rows}))
    specs = [
        f"E={tmp_path / 'E.npy'}",
        str(tmp_path / "all.npz"),
        f"E={tmp_path / 'all.npz'}",
        f"E={csv}",
        f"E={alone}",
        named,
        f"E={named}",
    ]
    for spec in specs:
        (data,) = read_evidence([spec]).values()
        cells = read_cells("E", data)
        np.testing.assert_array_equal(np.where(cells.missing, np.nan, cells.values), MATRIX)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20)
@given(hnp.arrays(np.float64, hnp.array_shapes(min_dims=2, max_dims=2, min_side=2)))
def test_csv_keeps_every_number(tmp_path: Path, matrix: np.ndarray) -> None:
    matrix[np.isinf(matrix)] = np.nan
    rows = (",".join("" if np.isnan(v) else repr(float(v)) for v in row) for row in matrix)
    path = write(tmp_path, "x.csv", "\r\n".join(rows))
    cells = read_cells("x", read_evidence([f"x={path}"])["x"])
    np.testing.assert_array_equal(np.where(cells.missing, np.nan, cells.values), matrix)


def test_a_column_may_have_blank_lines(tmp_path: Path) -> None:
    path = write(tmp_path, "x.csv", "1\n\n3\n")
    assert read_cells("x", read_evidence([f"x={path}"])["x"]).missing.tolist() == [[False], [True], [False]]


def test_several_files_together(tmp_path: Path) -> None:
    a, b = write(tmp_path, "a.json", "[1]"), write(tmp_path, "b.json", '{"y": [2], "z": [null, true]}')
    assert read_evidence([f"x={a}", b]) == {"x": [1], "y": [2], "z": [None, True]}


def test_a_file_whose_name_has_an_equals_sign(tmp_path: Path) -> None:
    path = write(tmp_path, "run=3.json", '{"y": [2]}')
    assert read_evidence([path]) == {"y": [2]}
    assert read_evidence([f"y={path}"]) == {"y": [2]}


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("x.json", "[1, 2", "is no readable JSON file"),
        ("x.json", "[" * 100_000, "is no readable JSON file"),
        ("x.json", b"\xff\xfe\x00", "is no readable JSON file"),
        ("x.json", '{"x": 1, "x": 2}', "gives 'x' twice"),
        ("x.npy", b"not numpy", "is no readable .npy file"),
        ("x.npy", b"", "is no readable .npy file"),
        ("x.npz", b"PK not a zip", "is no readable .npz file"),
        ("x.csv", "1,2\n3\n", "row 2 has 1 cells; others have 2"),
        ("x.csv", "", "is empty"),
        ("x.csv", b"\xff\xfe1", "is no readable .csv file"),
        ("x.txt", "1", "has an unknown format"),
        ("x.json", '{"y": 1, "z": 2}', 'has no array "x"'),
    ],
)
def test_unreadable_files_say_why(tmp_path: Path, name: str, content: str | bytes, says: str) -> None:
    with pytest.raises(GsdmcError, match=says) as error:
        read_evidence([f"x={write(tmp_path, name, content)}"])
    assert name in str(error.value)


def test_pickles_are_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.array([None, {}], dtype=object), allow_pickle=True)
    np.savez(tmp_path / "x.npz", x=np.array([None], dtype=object))
    for name in ("x.npy", "x.npz"):
        with pytest.raises(GsdmcError, match="no readable"):
            read_evidence([f"x={tmp_path / name}"])


def test_missing_files_folders_and_nameless_arrays(tmp_path: Path) -> None:
    with pytest.raises(GsdmcError, match="does not exist"):
        read_evidence([f"x={tmp_path / 'none.npy'}"])
    with pytest.raises(GsdmcError, match="is a folder"):
        read_evidence([str(tmp_path)])
    path = write(tmp_path, "x.json", "[1]")
    with pytest.raises(GsdmcError, match=f"NAME={path}"):
        read_evidence([path])
    with pytest.raises(GsdmcError, match='"x" is given twice'):
        read_evidence([f"x={path}", f"x={path}"])


def test_standard_input_is_json_and_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO('{"x": [1, null], "y": 2}'))
    assert read_evidence(["-"]) == {"x": [1, None], "y": 2}
    monkeypatch.setattr(sys, "stdin", io.StringIO("[[1, 2]]"))
    assert read_evidence(["x=-"]) == {"x": [[1, 2]]}
    with pytest.raises(GsdmcError, match="named twice"):
        read_evidence(["x=-", "-"])
    for text in ("", "{", '{"x": 1, "x": 2}'):
        monkeypatch.setattr(sys, "stdin", io.StringIO(text))
        with pytest.raises(GsdmcError, match="standard input is no readable JSON: "):
            read_evidence(["-"])
