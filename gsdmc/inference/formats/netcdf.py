"""Named arrays as a netCDF file, which xarray, ArviZ, R and Julia read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gsdmc.inference.formats.optional import optional
from gsdmc.language.source import GsdmcError

if TYPE_CHECKING:
    import xarray
    from numpy.typing import NDArray

EXTRA = "netcdf"


def check_netcdf() -> None:
    """Refuse, before any work, to write a file that can't be written here.

    Raises:
        GsdmcError: a package isn't installed.
    """
    for package in ("xarray", "h5netcdf"):
        optional(package, EXTRA)


def as_dataset(
    arrays: Mapping[str, NDArray[Any]], dims: Mapping[str, tuple[str, ...]], about: Mapping[str, str]
) -> xarray.Dataset:
    """Arrays under their names, with names for their dimensions.

    Args:
        arrays: by name.
        dims: a name for every dimension of each.
        about: attributes of the whole.

    Raises:
        GsdmcError: xarray isn't installed.
    """
    xr = optional("xarray", EXTRA)
    variables = {name: (dims[name], array) for name, array in arrays.items()}
    found: xarray.Dataset = xr.Dataset(variables, attrs=dict(about))
    return found


def write_netcdf(dataset: xarray.Dataset, path: str | Path) -> None:
    """Write a dataset as netCDF 4, compressed.

    Raises:
        GsdmcError: a package isn't installed, or a name is one that netCDF doesn't have.
    """
    check_netcdf()
    for name in (*dataset.variables, *dataset.dims):
        text = str(name)
        # No part of a path: netCDF's rule is that of HDF5's groups.
        if "/" in text or not text.isprintable() or text != text.strip() or text in ("", ".", ".."):
            raise GsdmcError(
                f"netCDF has no name {text!r}", hint="write .npz or .json, or rename it in the program"
            )
    encoding = {
        name: {"zlib": True, "complevel": 4}
        for name, variable in dataset.variables.items()
        if variable.ndim and variable.dtype.kind in "biuf"
    }
    dataset.to_netcdf(path, engine="h5netcdf", encoding=encoding)
