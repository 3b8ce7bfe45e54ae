from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import gsdmc
from gsdmc.cli.main import main


def test_draws_are_those_of_the_api(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "draws.npz"
    assert main(["simulate", "bcmf", "-n", "3", "--seed", "5", "-o", str(path)]) == 0
    drawn = gsdmc.compile("bcmf").simulate(3, seed=5)
    with np.load(path) as archive:
        assert set(archive.files) == set(drawn)
        for name, value in drawn.items():
            np.testing.assert_array_equal(archive[name], value.numpy())
            assert archive[name].dtype == value.numpy().dtype
    assert capsys.readouterr().out == ""
    first = path.read_bytes()
    assert main(["simulate", "bcmf", "-n", "3", "--seed", "5", "-o", str(path)]) == 0
    assert path.read_bytes() == first


def test_json_and_the_summary(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", "boolean", "--set", "n=1", "-n", "2", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["dims"] == {"x": ["sample", "i"], "y": ["sample", "g"]}
    assert np.shape(found["arrays"]["x"]) == (2, 2)
    assert main(["simulate", "sudoku", "-n", "2"]) == 0
    out = capsys.readouterr().out
    assert "sample=2, band=3, row=3, stack=3, column=3" in out
    assert main(["simulate", "bcmf", "-o", str(tmp_path / "draws.mat")]) == 1
    assert "write to FILE.npz, FILE.nc or FILE.json" in capsys.readouterr().err


def test_options_decide_what_is_drawn(tmp_path: Path) -> None:
    out = tmp_path / "draws.npz"
    assert main(["simulate", "bcmf", "-n", "3", "--no-intermediates", "-o", str(out)]) == 0
    with np.load(out) as draws:
        assert sorted(draws) == ["A", "E", "R"]


def test_netcdf_has_the_plates_for_dimensions(tmp_path: Path) -> None:
    xr = pytest.importorskip("xarray")
    pytest.importorskip("h5netcdf")
    out = tmp_path / "draws.nc"
    assert main(["simulate", "bcmf", "-n", "3", "--seed", "2", "--set", "m=2", "-o", str(out)]) == 0
    expected = gsdmc.compile("bcmf", m=2).simulate(3, 2)
    with xr.open_dataset(out, engine="h5netcdf") as data:
        assert data["A"].dims == ("sample", "i", "t")
        assert data.attrs == {"program": "bcmf", "sizes": "m=2, n=5, k=3", "seed": "2"}
        for name, tensor in expected.items():
            np.testing.assert_array_equal(data[name], tensor.numpy())
            assert data[name].dtype == tensor.numpy().dtype
