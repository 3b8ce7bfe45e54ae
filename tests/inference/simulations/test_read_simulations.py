"""Files, datasets and frames of simulations become the same arrays."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from gsdmc.inference.formats import optional as optional_module
from gsdmc.inference.simulations import read_simulations
from gsdmc.inference.simulations.read_simulations import read_data
from gsdmc.language.source import GsdmcError


def dataset() -> xr.Dataset:
    dice = np.random.default_rng(0)
    return xr.Dataset(
        {
            "a": (("run", "i"), dice.normal(size=(6, 3)).astype(np.float32)),
            "b": (("run",), dice.random(6) < 0.5),
            "c": (("run",), np.arange(6)),
        },
        coords={"i": [2, 4, 8], "when": ("run", np.arange(6.0))},
        attrs={"title": "six runs"},
    )


def write(path: Path) -> Path:
    data = dataset()
    if path.suffix == ".npz":
        np.savez(path, **{name: data[name].values for name in data})
    elif path.stem == "old":
        data.to_netcdf(path, engine="scipy", format="NETCDF3_64BIT")
    elif path.suffix == ".nc":
        data.to_netcdf(path, engine="h5netcdf")
    elif path.suffix == ".zarr":
        data.to_zarr(path, zarr_format=2 if path.stem == "second" else 3, consolidated=False)
    else:
        frame().to_parquet(path)
    return path


def frame() -> pd.DataFrame:
    data = dataset()
    return pd.DataFrame({"a": list(data["a"].values), "b": data["b"].values, "c": data["c"].values})


@pytest.mark.parametrize(
    "name", ["sims.npz", "sims.nc", "old.nc", "sims.zarr", "second.zarr", "SIMS.PARQUET"]
)
def test_every_format_gives_the_arrays_and_nothing_else(tmp_path: Path, name: str) -> None:
    found, what = read_data(str(write(tmp_path / name)))
    assert what == f"the simulations of {name}"
    assert set(found) == {"a", "b", "c"}
    for own, expected in dataset().items():
        assert np.array_equal(np.asarray(found[own]), expected.values)
    if name.endswith(("nc", "zarr")):
        assert found["a"].dims == ("run", "i")


def test_values_in_memory_are_taken_as_they_are() -> None:
    data = dataset()
    assert read_data(data)[0] is data
    found, _ = read_data(frame().assign(d="text", e=[[1], [1, 2], [1], [1], [1], [1]]))
    assert np.array_equal(found["a"], data["a"].values)
    assert found["e"].dtype == found["d"].dtype == object or found["e"].dtype == object
    with pytest.raises(GsdmcError, match="simulations are a file, arrays by name") as error:
        read_data([1, 2])
    assert "not list" in error.value.message


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("junk.npz", b"k", "no readable .npz file: it is no zip archive"),
        ("junk.nc", b"k", "no readable netCDF file"),
        ("cut.nc", b"\x89HDF\r\n", "no readable netCDF file"),
        ("junk.parquet", b"k", "no readable Parquet file"),
        ("file.zarr", b"k", "is no folder, as Zarr stores are"),
        ("sims.csv", b"1,2", "has no format of simulations"),
    ],
)
def test_what_is_no_such_file_says_so(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(GsdmcError) as error:
        read_data(tmp_path / name)
    assert message in error.value.message
    assert name in error.value.message


def test_folders_and_absent_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "sims.nc").mkdir()
    (tmp_path / "empty.zarr").mkdir()
    for name, message in (
        ("sims.nc", "is a folder, and only Zarr stores are"),
        ("empty.zarr", "no readable Zarr file"),
        ("none.nc", "there is no file"),
    ):
        with pytest.raises(GsdmcError, match=message):
            read_data(tmp_path / name)


def test_objects_in_an_archive_are_not_unpickled(tmp_path: Path) -> None:
    np.savez(tmp_path / "sims.npz", a=np.array([{}], dtype=object))
    with pytest.raises(GsdmcError, match="Object arrays cannot be loaded"):
        read_data(tmp_path / "sims.npz")


@pytest.mark.parametrize(
    ("name", "package", "extra"),
    [
        ("sims.nc", "xarray", "xarray"),
        ("sims.nc", "h5netcdf", "netcdf"),
        ("sims.zarr", "zarr", "zarr"),
        ("sims.parquet", "pyarrow", "parquet"),
    ],
)
def test_a_package_that_is_missing_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, package: str, extra: str
) -> None:
    def without(wanted: str) -> Any:
        if wanted == package:
            raise ModuleNotFoundError(f"No module named '{package}'", name=package)
        return import_module(wanted)

    path = write(tmp_path / name)
    monkeypatch.setattr(optional_module, "import_module", without)
    monkeypatch.setattr(read_simulations, "find_spec", lambda wanted: None)
    with pytest.raises(GsdmcError, match=f"needs the package {package}, which isn't installed") as error:
        read_data(path)
    assert error.value.hint == f"install it: pip install 'gsdmc[{extra}]'"
