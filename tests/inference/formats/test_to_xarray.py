from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray as xr

import gsdmc
from tests.inference.formats.drawn import drawn


def test_dimensions_are_the_plates(kinds: gsdmc.Problem) -> None:
    samples = drawn(kinds)
    data = samples.to_xarray()
    assert dict(data.sizes) == {"sample": 3, "i": 4, "channel": 2, "channel_2": 3}
    for name, array in samples.items():
        assert data[name].dims == samples.dims[name]
        np.testing.assert_array_equal(data[name], array)
        assert data[name].dtype == array.dtype
    assert data["boolean"].attrs == {"distribution": "(bernoulli 0.3)", "kind": "boolean", "given": "2 of 4"}
    assert (data.attrs["program"], data.attrs["sizes"], data.attrs["restored"]) == ("kinds", "n=4", "no")
    assert not data.coords


def test_labels_are_coordinates(kinds: gsdmc.Problem) -> None:
    data = drawn(kinds, labels=True).to_xarray()
    assert data["real"].sel(i="c").shape == (3,)
    assert list(data.coords) == ["i"]


def test_data_sets_come_first(kinds: gsdmc.Problem) -> None:
    samples = drawn(kinds, num_datasets=2)
    data = samples.to_xarray()
    assert data["vector"].dims == ("dataset", "sample", "i", "channel")
    alone = samples.dataset(1).to_xarray()
    xr.testing.assert_equal(data.isel(dataset=1), alone)


def test_a_dataset_survives_a_file(kinds: gsdmc.Problem, tmp_path: Path) -> None:
    data = drawn(kinds, labels=True).to_xarray()
    data.to_netcdf(tmp_path / "samples.nc", engine="h5netcdf")
    with xr.open_dataset(tmp_path / "samples.nc", engine="h5netcdf") as read:
        xr.testing.assert_identical(read.load(), data)
