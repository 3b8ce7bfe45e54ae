"""What commands print and write: tables, figures, and files that appear whole or not at all."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import xarray
    from numpy.typing import NDArray

NETCDF = ".nc"
"""How names of netCDF files end."""

WIDEST = 56
"""Columns of a table that a program's own text may take."""


def table(header: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> str:
    """Text in columns; those in `right` are set flush right."""
    lines = [list(row) for row in (header, *rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(header))]

    def laid(line: list[str]) -> str:
        cells = (
            cell.rjust(w) if i in right else cell.ljust(w)
            for i, (cell, w) in enumerate(zip(line, widths, strict=True))
        )
        return "  ".join(cells).rstrip()

    rule = "  ".join("-" * w for w in widths)
    return "\n".join([laid(lines[0]), rule, *map(laid, lines[1:])])


def shorten(text: str, limit: int = WIDEST) -> str:
    """The text, cut to a limit."""
    return text if len(text) <= limit else text[: limit - 3] + "..."


def print_json(value: Any) -> None:
    """Print JSON to standard output."""
    json.dump(value, sys.stdout, indent=2)
    print()


def check_writable(*paths: str | None) -> None:
    """Refuse, before any work, files whose folder is missing or that are folders themselves.

    Raises:
        GsdmcError: naming the path.
    """
    from gsdmc.language.source import GsdmcError

    for path in (Path(p) for p in paths if p is not None):
        parent = path.absolute().parent
        if not parent.is_dir():
            raise GsdmcError(f"there is no folder {path.parent} for {path.name}", hint="make it first")
        if path.is_dir():
            raise GsdmcError(f"{path} is a folder", hint="name a file in it")
        if not os.access(parent, os.W_OK):
            raise GsdmcError(f"the folder {path.parent} can't be written to")


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """A path to write to that takes the place of `path` once it is whole."""
    path = Path(path)
    with tempfile.TemporaryDirectory(dir=path.absolute().parent, prefix=f".{path.name}.") as folder:
        scratch = Path(folder) / path.name
        yield scratch
        os.replace(scratch, path)


def write_arrays(path: str, arrays: Mapping[str, NDArray[Any]], about: Mapping[str, Any]) -> None:
    """Write named arrays as `.npz`, or as JSON together with `about`.

    Raises:
        GsdmcError: another suffix.
    """
    check_arrays_path(path)
    with replacing(path) as scratch:
        if path.endswith(".json"):
            text = json.dumps({**about, "arrays": {name: as_lists(a) for name, a in arrays.items()}})
            scratch.write_text(text + "\n", encoding="utf-8")
            return
        import numpy as np

        with zipfile.ZipFile(scratch, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, array in arrays.items():
                info = zipfile.ZipInfo(f"{name}.npy")  # no time stamp: equal arrays, equal files
                info.compress_type = zipfile.ZIP_DEFLATED
                with archive.open(info, "w", force_zip64=True) as file:
                    np.lib.format.write_array(file, np.asarray(array, order="C"), allow_pickle=False)


def check_arrays_path(path: str | None) -> None:
    """Refuse a file of arrays whose name says no known format, or that can't be written here.

    Raises:
        GsdmcError: naming the formats, or the package that isn't installed.
    """
    from gsdmc.language.source import GsdmcError

    if path is not None and not path.endswith((".npz", ".json", NETCDF)):
        raise GsdmcError(f"{path} has an unknown format", hint="write to FILE.npz, FILE.nc or FILE.json")
    check_writable(path)
    if path is not None and path.endswith(NETCDF):
        from gsdmc.inference.formats.netcdf import check_netcdf

        check_netcdf()


def write_dataset(path: str, dataset: xarray.Dataset) -> None:
    """Write a dataset as netCDF.

    Raises:
        GsdmcError: netCDF doesn't have one of its names.
    """
    from gsdmc.inference.formats.netcdf import write_netcdf

    with replacing(path) as scratch:
        write_netcdf(dataset, scratch)


def as_lists(array: NDArray[Any]) -> Any:
    """Nested lists that JSON can hold: null stands for what is no finite number."""
    import numpy as np

    if array.dtype.kind != "f" or np.isfinite(array).all():
        return array.tolist()
    entries = array.astype(object)
    entries[~np.isfinite(array)] = None
    return entries.tolist()


def count(number: int, noun: str) -> str:
    """`1 component`, `2 components`, `1,300 nodes`."""
    plural = {"entry": "entries", "process": "processes"}.get(noun, noun + "s")
    return f"{number:,} {noun if number == 1 else plural}"
