"""Evidence from files: `.npy`, `.npz`, `.csv` and JSON; and JSON from standard input."""

from __future__ import annotations

import csv
import json
import sys
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from gsdmc.language.source import GsdmcError

SUFFIXES = (".npy", ".npz", ".csv", ".json")

STANDARD_INPUT = "-"
"""What stands for standard input in place of a file's name."""


def read_evidence(specs: Iterable[str]) -> dict[str, Any]:
    """Evidence by array name from files, each `FILE` (`.npz` or `.json`, by name) or `NAME=FILE`.

    `-` for a file is JSON from standard input, which can be read once.

    Raises:
        GsdmcError: a file that can't be read, an array that two files give, or standard input twice.
    """
    evidence: dict[str, Any] = {}
    specs = list(specs)
    if sum(spec.rpartition("=")[2] == STANDARD_INPUT for spec in specs) > 1:
        raise GsdmcError("standard input is named twice, but can be read once", hint="put one in a file")
    for spec in specs:
        name, found, file = spec.partition("=")
        named = found and not Path(spec).exists()
        arrays = {name: read_array(file, name)} if named else read_arrays(spec)
        for twice in evidence.keys() & arrays.keys():
            raise GsdmcError(f'evidence "{twice}" is given twice', hint="name each array once")
        evidence |= arrays
    return evidence


def read_arrays(path: str | Path) -> dict[str, Any]:
    """All named arrays of an `.npz` or a JSON file.

    Raises:
        GsdmcError: the file can't be read, or holds no names.
    """
    if path == STANDARD_INPUT:
        data = _read_standard_input()
        if isinstance(data, dict):
            return data
        raise GsdmcError("standard input holds an array without a name", hint="say which it is: NAME=-")
    path = Path(path)
    suffix = _suffix(path)
    if suffix == ".npz":
        return _read_npz(path)
    if suffix == ".json":
        data = _read_json(path)
        if isinstance(data, dict):
            return data
    raise GsdmcError(f"{path} holds an array without a name", hint=f"say which array it is: NAME={path}")


def read_array(path: str | Path, name: str) -> Any:
    """The array that a file holds; `name` picks one where it holds several by name.

    Raises:
        GsdmcError: the file can't be read, or which array is meant stays open.
    """
    if path == STANDARD_INPUT:
        data, path = _read_standard_input(), "standard input"
    else:
        path = Path(path)
        suffix = _suffix(path)
        if suffix == ".npy":
            return _read_npy(path)
        if suffix == ".csv":
            return _read_csv(path)
        data = _read_npz(path) if suffix == ".npz" else _read_json(path)
    if not isinstance(data, dict):
        return data
    if name in data:
        return data[name]
    if len(data) == 1:
        return next(iter(data.values()))
    raise GsdmcError(f'{path} has no array "{name}"', hint=f"it has {', '.join(data) or 'none'}")


def _suffix(path: Path) -> str:
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "does not exist"
        raise GsdmcError(f"evidence file {path} {what}", hint="give FILE, or NAME=FILE")
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise GsdmcError(
            f"evidence file {path} has an unknown format", hint=f"use one of {', '.join(SUFFIXES)}"
        )
    return suffix


def _read_npy(path: Path) -> Any:
    try:
        return np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise _unreadable(path, ".npy", error) from None


def _read_npz(path: Path) -> dict[str, Any]:
    try:
        with np.load(path, allow_pickle=False) as archive:
            if not isinstance(archive, np.lib.npyio.NpzFile):
                raise ValueError("it holds a single array without a name")
            return {name: archive[name] for name in archive.files}
    except (OSError, ValueError, EOFError, TypeError, AttributeError, zipfile.BadZipFile) as error:
        raise _unreadable(path, ".npz", error) from None


def _read_csv(path: Path) -> list[list[str]]:
    """A matrix of cells; empty ones are missing, and so is a blank line of a one-column file."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.reader(file, strict=True))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise _unreadable(path, ".csv", error) from None
    width = max((len(row) for row in rows), default=0)
    if width == 0:
        raise GsdmcError(f"{path} is empty")
    rows = [row or [""] for row in rows] if width == 1 else [row for row in rows if row]
    for number, row in enumerate(rows, start=1):
        if len(row) != width:
            raise GsdmcError(
                f"{path}, row {number} has {len(row)} cells; others have {width}",
                hint="an empty cell between commas is a missing entry",
            )
    return rows


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=_object)
    except (OSError, ValueError, RecursionError) as error:
        raise _unreadable(path, "JSON", error) from None


def _read_standard_input() -> Any:
    try:
        return json.loads(sys.stdin.read(), object_pairs_hook=_object)
    except (OSError, ValueError, RecursionError) as error:
        raise _unreadable("standard input", "JSON", error) from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f"it gives {name!r} twice")
        found[name] = value
    return found


def _unreadable(path: Path | str, form: str, error: Exception) -> GsdmcError:
    reason = str(error).splitlines()[0].removesuffix(".") if str(error) else type(error).__name__
    kind = f"{form} file" if isinstance(path, Path) else form
    return GsdmcError(f"{path} is no readable {kind}: {reason}")
