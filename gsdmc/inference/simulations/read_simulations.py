"""Simulations in any form that a user has: a file, arrays by name, an xarray dataset, a pandas frame."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from gsdmc.inference.evidence.labelled import is_frame
from gsdmc.inference.formats.optional import optional
from gsdmc.inference.simulations.parquet import read_parquet
from gsdmc.inference.simulations.zarr_store import check_store
from gsdmc.language.source import GsdmcError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas

Data: TypeAlias = "str | Path | Mapping[str, Any] | pandas.DataFrame"
"""A file; arrays by name, `[simulations, *shape]`, as an xarray dataset has them; or a frame with a row per
simulation, and a column per single variable or per element, as `x[0]`."""

FORMS = "a file, arrays by name, an xarray Dataset, or a pandas DataFrame with a row per simulation"

HDF5 = b"\x89HDF"
"""How a netCDF 4 file begins; scipy, which gsdmc needs anyway, reads older ones."""


def read_data(data: object) -> tuple[Mapping[Any, Any], str]:
    """Simulations as arrays by name, and what errors call them.

    Raises:
        GsdmcError: a file that can't be read, a package that isn't installed, or no simulations at all.
    """
    if isinstance(data, str | Path):
        path = Path(data)
        return read_simulations(path), f"the simulations of {path.name}"
    if is_frame(data):
        return {name: _column(data[name]) for name in data.columns}, "the simulations of the frame"  # type: ignore[index,attr-defined]
    if isinstance(data, Mapping):
        return data, "the simulations"
    kind = f"{type(data).__module__}.{type(data).__name__}".removeprefix("builtins.")
    raise GsdmcError(f"simulations are {FORMS}, not {kind}")


def read_simulations(path: Path) -> Mapping[Any, Any]:
    """The arrays of a file, or of a folder that is a Zarr store.

    Raises:
        GsdmcError: it isn't there, has another format, can't be read, or needs a package that is missing.
    """
    if not path.exists():
        raise GsdmcError(f"there is no file {path}", hint=f"simulations come from {', '.join(READERS)}")
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise GsdmcError(f"{path} has no format of simulations", hint=f"use one of {', '.join(READERS)}")
    if path.is_dir() != (reader is _read_zarr):
        what = (
            "is a folder, and only Zarr stores are" if path.is_dir() else "is no folder, as Zarr stores are"
        )
        raise GsdmcError(f"{path} {what}")
    return reader(path)


def _read_npz(path: Path) -> Mapping[Any, Any]:
    with _readable(path, ".npz"):
        if not zipfile.is_zipfile(path):
            raise ValueError("it is no zip archive")
        with np.load(path, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}


def _read_netcdf(path: Path) -> Mapping[Any, Any]:
    xarray = optional("xarray", "xarray")
    with _readable(path, "netCDF"):
        with path.open("rb") as file:
            modern = file.read(len(HDF5)) == HDF5
        engine = "scipy"
        if modern:
            package = "netCDF4" if find_spec("netCDF4") else "h5netcdf"
            optional(package, "netcdf")
            engine = package.lower()
        with xarray.open_dataset(path, engine=engine, decode_times=False) as opened:
            return _loaded(opened)


def _read_zarr(path: Path) -> Mapping[Any, Any]:
    xarray = optional("xarray", "xarray")
    optional("zarr", "zarr")
    with _readable(path, "Zarr"):
        check_store(path)
        with xarray.open_zarr(path, decode_times=False, chunks=None, consolidated=False) as opened:
            return _loaded(opened)


def _read_table(path: Path) -> Mapping[Any, Any]:
    optional("pyarrow", "parquet")
    with _readable(path, "Parquet"):
        return read_parquet(path)


READERS: dict[str, Callable[[Path], Mapping[Any, Any]]] = {
    ".npz": _read_npz,
    ".nc": _read_netcdf,
    ".nc4": _read_netcdf,
    ".zarr": _read_zarr,
    ".parquet": _read_table,
}
"""How files are read, by their suffixes."""


def _loaded(dataset: Any) -> Mapping[Any, Any]:
    """A dataset's variables in memory, without its coordinates."""
    found = dataset.reset_coords(drop=True).load()
    return {name: found[name].drop_vars(list(found[name].coords)) for name in found.data_vars}


def _column(series: Any) -> Any:
    """A column of numbers, or of lists of one shape."""
    values = series.to_numpy()
    if values.dtype != object or not len(values):
        return values
    try:
        return np.stack([np.asarray(value) for value in values])
    except ValueError:
        return values  # of no one shape: the report names it


@contextmanager
def _readable(path: Path, form: str) -> Iterator[None]:
    """Turn whatever goes wrong with a file into an error that names it."""
    try:
        yield
    except GsdmcError:
        raise
    except (
        OSError,
        ValueError,
        EOFError,
        KeyError,
        TypeError,
        AttributeError,
        RuntimeError,
        ArithmeticError,
        zipfile.BadZipFile,
        NotImplementedError,
    ) as error:
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise GsdmcError(f"{path} is no readable {form} file: {reason}") from None
