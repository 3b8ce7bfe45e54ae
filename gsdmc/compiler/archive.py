"""Compiled problems as files: a zip of the program, its sizes and its frozen data."""

from __future__ import annotations

import json
import os
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from gsdmc.compiler.problem import Problem, check_overrides
from gsdmc.language import parse
from gsdmc.language.source import GsdmcError

SUFFIX = ".gsdm"
FORMAT = 1
MAX_BYTES = 1 << 30
"""Largest unpacked part that is read."""


def write_problem(problem: Problem, path: str | Path) -> None:
    """Write a compiled problem, whole or not at all."""
    path = Path(path)
    arrays = {k: np.asarray(v) for k, v in {**problem.tape.frozen, **problem.overrides}.items()}
    sizes = {k: v.item() for k, v in arrays.items() if v.ndim == 0}
    data = {k: np.ascontiguousarray(v) for k, v in arrays.items() if v.ndim > 0}
    meta = {
        "format": FORMAT,
        "name": problem.name,
        "source": problem.syntax.source.name,
        "sizes": sizes,
        "frozen": sorted(problem.tape.frozen),
    }
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in (
                ("program.clj", problem.source.encode()),
                ("problem.json", json.dumps(meta, indent=2).encode()),
                ("data.safetensors", save(data)),
            ):
                archive.writestr(zipfile.ZipInfo(name), content)  # no time stamp: equal problems, equal files
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def read_problem(path: str | Path, overrides: dict[str, Any] | None = None) -> Problem:
    """Read a compiled problem; `overrides` replace its sizes and data.

    Raises:
        GsdmcError: no such file, or one that `compile -o` did not write.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            if any(i.file_size > MAX_BYTES for i in archive.infolist()):
                raise GsdmcError(f"{path} has a part of more than {MAX_BYTES} bytes.")
            text = archive.read("program.clj").decode()
            meta = json.loads(archive.read("problem.json"))
            data = load(archive.read("data.safetensors"))
        if meta["format"] != FORMAT:
            raise GsdmcError(f"{path} has format {meta['format']}; this gsdmc reads format {FORMAT}.")
        stored: dict[str, Any] = {**meta["sizes"], **data}
        name, source, frozen = str(meta["name"]), str(meta["source"]), set(meta["frozen"])
    except FileNotFoundError:
        raise GsdmcError(f"There is no file {path}.") from None
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError, SafetensorError, OSError) as error:
        raise GsdmcError(
            f"{path} is no compiled problem ({error}).",
            hint="write one with gsdmc compile PROGRAM -o FILE.gsdm",
        ) from None
    changed = overrides or {}
    if changed:
        stored = {k: v for k, v in stored.items() if k not in frozen}
    syntax = parse(text, source)
    problem = Problem(name, syntax, {**stored, **changed})
    check_overrides(syntax, problem.overrides)
    return problem
