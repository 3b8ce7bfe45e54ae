"""Samples as an xarray dataset whose dimensions are the program's plates."""

from __future__ import annotations

from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from gsdmc.inference.formats.optional import optional

if TYPE_CHECKING:
    import xarray

    from gsdmc.inference.samples import Samples


def to_dataset(samples: Samples) -> xarray.Dataset:
    """Samples as a dataset: a variable per array, its dimensions those of `Samples.dims`.

    Labels that the evidence had, such as the names of rows, are coordinates. Attributes are numbers and
    strings, so that the dataset can be written as netCDF or Zarr.

    Raises:
        GsdmcError: xarray isn't installed.
    """
    xr = optional("xarray", "xarray")
    arrays = {name: (samples.dims[name], array, _about(samples, name)) for name, array in samples.items()}
    sizes = {d: n for dims, array, _ in arrays.values() for d, n in zip(dims, array.shape, strict=True)}
    labels = {d: (d, own) for d, own in samples.labels.items() if sizes.get(d) == len(own)}
    found: xarray.Dataset = xr.Dataset(arrays, coords=labels, attrs=about_program(samples))
    return found


def about_program(samples: Samples) -> dict[str, str]:
    """Attributes of a data set, under the names that ArviZ has for them where it has any."""
    found = {
        "program": samples.problem.name,
        "sizes": ", ".join(f"{name}={size}" for name, size in samples.problem.sizes.items()),
        "restored": "yes" if samples.is_restored else "no",
        "inference_library": "gsdmc",
    }
    with suppress(PackageNotFoundError):
        found["inference_library_version"] = version("gsdmc")
    return found


def _about(samples: Samples, name: str) -> dict[str, Any]:
    array, seen = samples.problem.graph.by_name[name], samples.observed[name]
    return {
        "distribution": array.distribution,
        "kind": str(array.kind),
        "given": f"{int(seen.sum())} of {seen.numel()}",
    }
