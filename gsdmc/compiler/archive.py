"""Compiled problems as files: a zip of the program, its sizes and its data."""

from __future__ import annotations

import json
import os
import tempfile
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from gsdmc.compiler.check import check_problem
from gsdmc.compiler.options import CompileOptions
from gsdmc.compiler.problem import Problem
from gsdmc.compiler.simulator import Kept, Simulator
from gsdmc.language import parse
from gsdmc.language.source import GsdmcError

SUFFIX = ".gsdm"
FORMAT = 2
READABLE = (1, 2)
"""Formats that are read; the first knew no options."""

PROGRAM, META, DATA = "program.clj", "problem.json", "data.safetensors"
MAX_BYTES = {PROGRAM: 1 << 24, META: 1 << 20, DATA: 1 << 30}
"""Largest unpacked size of each part that is read."""

BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    SafetensorError,
    OSError,
    EOFError,
    KeyError,
    ValueError,
    TypeError,
    AttributeError,
    RuntimeError,
)
"""What reading a file that is no compiled problem may raise; RuntimeError for an encrypted one."""


def write_problem(problem: Problem, path: str | Path) -> None:
    """Write a compiled problem, whole or not at all. Equal problems make equal files.

    Raises:
        GsdmcError: the file can't be written.
    """
    path = Path(path)
    frozen = problem.tape.frozen
    given = {name: np.asarray(value) for name, value in problem.overrides.items()}
    data = {name: value for name, value in {**frozen, **given}.items() if value.ndim or name in frozen}
    meta = {
        "format": FORMAT,
        "name": problem.name,
        "source": problem.syntax.source.name,
        "sizes": {name: value.item() for name, value in given.items() if name not in data},
        "frozen": sorted(frozen),
        "options": problem.options.to_json(),
    }
    parts = {
        PROGRAM: problem.source.encode(),
        META: json.dumps(meta, indent=2, sort_keys=True).encode(),
        DATA: save({name: np.ascontiguousarray(data[name]) for name in sorted(data)}),
    }
    try:
        write_parts(parts, path)
    except OSError as error:
        raise GsdmcError(f"{path} can't be written: {error.strerror}") from None


def write_parts(parts: Mapping[str, bytes], path: Path) -> None:
    """Write a zip beside its place, then move it there."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file, zipfile.ZipFile(file, "w") as archive:
            for name, content in parts.items():
                info = zipfile.ZipInfo(name)  # no time stamp
                info.compress_type = zipfile.ZIP_DEFLATED
                info.create_system = 3  # the same on every system
                archive.writestr(info, content)
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(temporary, 0o666 & ~umask)  # as if opened here: temporary files are private
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def read_problem(
    path: str | Path,
    overrides: Mapping[str, Any] | None = None,
    changes: Mapping[str, Any] | None = None,
    simulator: Simulator | Kept | None = None,
) -> Problem:
    """Read a compiled problem.

    Args:
        path: the file.
        overrides: values that replace its sizes and data, and draw anew what `def`s drew.
        changes: options that replace its own, as `CompileOptions.changed` takes them.
        simulator: what makes its joint draws, None for the program; files don't keep it.

    Raises:
        GsdmcError: no such file, or one that `compile -o` did not write.
    """
    path = Path(path)
    if not path.exists():
        raise GsdmcError(f"there is no file {path}")
    try:
        parts = read_parts(path)
        meta = json.loads(parts[META])
        if meta["format"] not in READABLE:
            raise GsdmcError(f"{path} has format {meta['format']!r}; this gsdmc reads format {FORMAT}")
        options = CompileOptions.from_json(meta["options"] if meta["format"] == FORMAT else {})
        arrays = load(parts[DATA])
        frozen = {str(name): arrays.pop(name) for name in meta["frozen"]}
        stored: dict[str, Any] = {**{str(k): float_or_int(v) for k, v in meta["sizes"].items()}, **arrays}
        name, source, text = str(meta["name"]), str(meta["source"]), parts[PROGRAM].decode()
    except (*BROKEN, RecursionError) as error:
        reason = " ".join(str(error).split())[:100] or type(error).__name__
        raise GsdmcError(
            f"{path} is no compiled problem ({reason})",
            hint="write one with gsdmc compile PROGRAM -o FILE.gsdm",
        ) from None
    options = options.changed(**(changes or {}))
    problem = Problem(
        name,
        parse(text, source, limits=options.limits),
        {**stored, **(overrides or {})},
        {} if overrides else frozen,
        options,
        simulator=simulator,
    )
    check_problem(problem)
    return problem


def read_parts(path: Path) -> dict[str, bytes]:
    """The parts of an archive, none of them larger than it may be."""
    with zipfile.ZipFile(path) as archive:
        parts: dict[str, bytes] = {}
        for name, most in MAX_BYTES.items():
            with archive.open(name) as file:
                parts[name] = file.read(most + 1)
            if len(parts[name]) > most:
                raise ValueError(f"its part {name} has more than {most} bytes")
    return parts


def float_or_int(value: object) -> bool | int | float:
    """A stored size.

    Raises:
        TypeError: it is no number.
    """
    if not isinstance(value, bool | int | float):
        raise TypeError(f"a size is no number: {value!r:.50}")
    return value
