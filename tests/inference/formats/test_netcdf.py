from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import gsdmc
from gsdmc.inference.formats.netcdf import as_dataset, write_netcdf
from tests.inference.formats.drawn import drawn


def test_every_kind_survives(kinds: gsdmc.Problem, tmp_path: Path) -> None:
    data = drawn(kinds, labels=True).to_xarray()
    write_netcdf(data, tmp_path / "samples.nc")
    with xr.open_dataset(tmp_path / "samples.nc", engine="h5netcdf") as read:
        xr.testing.assert_identical(read.load(), data)


@pytest.mark.parametrize("name", ["a/b", "..", ".", " a", "a\nb", ""])
def test_names_that_netcdf_lacks_are_refused(name: str, tmp_path: Path) -> None:
    data = as_dataset({name: np.zeros(2)}, {name: ("i",)}, {})
    with pytest.raises(gsdmc.GsdmcError, match="netCDF has no name"):
        write_netcdf(data, tmp_path / "x.nc")
    assert not list(tmp_path.iterdir())
