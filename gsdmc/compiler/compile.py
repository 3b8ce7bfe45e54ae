"""From a path, a name or a text to a compiled problem, with the checks that need a draw."""

from __future__ import annotations

import io
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from gsdmc.compiler.archive import SUFFIX, read_problem
from gsdmc.compiler.check import check_problem
from gsdmc.compiler.problem import Problem
from gsdmc.language import parse
from gsdmc.language.scope import did_you_mean
from gsdmc.language.source import GsdmcError


def bundled() -> list[str]:
    """Names of the programs that come with gsdmc."""
    return sorted(p.name[:-4] for p in files("gsdmc.programs").iterdir() if p.name.endswith(".clj"))


def compile_problem(program: str | Path | io.TextIOBase, /, **overrides: Any) -> Problem:
    """Compile a program.

    Args:
        program: a path to a program or a compiled problem (`.gsdm`), the name of a bundled program,
            or an open text file.
        **overrides: values for its `def`s: sizes, or arrays for data.

    Raises:
        GsdmcError: no such program, or anything that is wrong with it.
    """
    if isinstance(program, io.TextIOBase):
        return compile_text(program.read(), "<stdin>", overrides)
    path = Path(program)
    if path.suffix == SUFFIX:
        return read_problem(path, overrides)
    if path.is_file():
        return compile_text(read_text(path), str(path), overrides)
    if str(program) in bundled():
        text = files("gsdmc.programs").joinpath(f"{program}.clj").read_text(encoding="utf-8")
        return compile_text(text, f"{program}.clj", overrides)
    if path.is_dir():
        raise GsdmcError(f"{path} is a folder, not a program.", hint="give the .clj file in it")
    near = did_you_mean(str(program), bundled())
    raise GsdmcError(
        f"There is no program `{program}`: no such file, and no bundled program of that name.",
        hint=near or f"bundled programs: {', '.join(bundled())}",
    )


def read_text(path: Path) -> str:
    """A program's text.

    Raises:
        GsdmcError: the file can't be read, or is no text.
    """
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise GsdmcError(f"{path} is no text in UTF-8 (byte {error.start}).") from None
    except OSError as error:
        raise GsdmcError(f"{path} can't be read: {error.strerror}.") from None


def compile_text(text: str, source_name: str, overrides: Mapping[str, Any] | None = None) -> Problem:
    """Compile a program's text; `source_name` is what errors call it.

    Raises:
        GsdmcError: anything that is wrong with it.
    """
    problem = Problem(short_name(source_name), parse(text, source_name), dict(overrides or {}))
    check_problem(problem)
    return problem


def short_name(source_name: str) -> str:
    """What a program is called after its file."""
    return Path(source_name).stem.strip("<>") or "program"
