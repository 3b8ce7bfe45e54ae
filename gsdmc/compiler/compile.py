"""From a path, a name or a text to a compiled problem, with the checks that need a draw."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gsdmc.compiler.archive import SUFFIX, read_problem
from gsdmc.compiler.check import check_problem
from gsdmc.compiler.options import CompileOptions, Embedding, Queries
from gsdmc.compiler.problem import Problem
from gsdmc.compiler.simulator import Kept, Simulator
from gsdmc.language import parse
from gsdmc.language.scope import did_you_mean
from gsdmc.language.source import GsdmcError
from gsdmc.programs import names as program_names
from gsdmc.programs import text as program_text


def bundled() -> list[str]:
    """Names of the programs that come with gsdmc."""
    return program_names()


def compile_problem(
    program: str | Path | io.TextIOBase,
    /,
    *,
    given: Queries | None = None,
    embedding: Embedding | None = None,
    mask: str | None = None,
    symmetrise: bool | None = None,
    intermediates: bool | None = None,
    limits: Mapping[str, int] | None = None,
    simulator: Simulator | None = None,
    **overrides: Any,
) -> Problem:
    """Compile a program.

    Options stay with the problem wherever it goes: to other sizes, into files and into models. Those of a
    compiled problem that is given hold where none of these replace them.

    Args:
        program: a path to a program or a compiled problem (`.gsdm`), the name of a bundled program,
            or an open text file.
        given: what training draws queries from, in place of the program's `given` forms: `"E"` or `"A,E"`
            for arrays that are always observed, `"subset:A,R"` for a random subset of arrays, several of
            these in a list; `"any"` or an empty list for every subset, `"program"` for the program's own.
        embedding: for ablations, what tells the replicas of plates apart: `"exchangeable"`, `"array"` or
            `"independent"` for all plates, `{"i": "array"}` for some, `"derived"` for what the program says.
        mask: for ablations, what the network attends along: `"program"`, `"dense"`, or `"random:20"` for
            20 nodes drawn at random, with a seed `"random:20:1"`.
        symmetrise: for ablations, False lets children attend to their parents, but not the reverse.
        intermediates: for ablations, False makes `dirac` variables mere computation, where they are neither
            generated, observed, given, nor part of the program's value.
        limits: limits to raise, such as `{"nodes": 20_000_000}`; see `gsdmc.language.limits`.
        simulator: a function `(rng, count)` that makes the joint draws in place of the program, which then is
            structure alone: arrays by name, `[count, *shape]` of numpy or torch, every random number from the
            numpy generator `rng`. Sizes of the program that it has parameters for come by keyword. What the
            program computes (`dirac`) may be left out. It stays with the problem, but not with its files.
        **overrides: values for its `def`s: sizes, or arrays for data.

    Raises:
        GsdmcError: no such program, or anything that is wrong with it.
    """
    changes = {
        "given": given,
        "embedding": embedding,
        "mask": mask,
        "symmetrise": symmetrise,
        "intermediates": intermediates,
        "limits": limits,
    }
    return compile_with(program, overrides, changes, simulator)


def compile_with(
    program: str | Path | io.TextIOBase,
    overrides: Mapping[str, Any],
    changes: Mapping[str, Any],
    simulator: Simulator | Kept | None = None,
) -> Problem:
    """Compile a program; `overrides` may have names that options have too.

    Args:
        program: see `compile_problem`.
        overrides: values for its `def`s.
        changes: options, as `CompileOptions.changed` takes them.
        simulator: what makes the joint draws, None for the program.

    Raises:
        GsdmcError: no such program, or anything that is wrong with it.
    """
    options = CompileOptions().changed(**changes)
    if isinstance(program, io.TextIOBase):
        return compile_text(program.read(), "<stdin>", overrides, options, simulator)
    path = Path(program)
    if path.suffix == SUFFIX:
        return read_problem(path, overrides, changes, simulator)
    if path.is_file():
        return compile_text(read_text(path), str(path), overrides, options, simulator)
    if str(program) in bundled():
        return compile_text(program_text(str(program)), f"{program}.clj", overrides, options, simulator)
    if path.is_dir():
        raise GsdmcError(f"{path} is a folder, not a program", hint="give the .clj file in it")
    known = bundled()
    whole = [name for name in known if name.endswith(f"/{program}")]
    near = f"did you mean `{whole[0]}`?" if whole else did_you_mean(str(program), known)
    raise GsdmcError(
        f"there is no program `{program}`: no such file, and no bundled program of that name",
        hint=near or f"bundled programs: {', '.join(known)}",
    )


def read_text(path: Path) -> str:
    """A program's text.

    Raises:
        GsdmcError: the file can't be read, or is no text.
    """
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise GsdmcError(f"{path} is no text in UTF-8 (byte {error.start})") from None
    except OSError as error:
        raise GsdmcError(f"{path} can't be read: {error.strerror}") from None


def compile_text(
    text: str,
    source_name: str,
    overrides: Mapping[str, Any] | None = None,
    options: CompileOptions | None = None,
    simulator: Simulator | Kept | None = None,
) -> Problem:
    """Compile a program's text; `source_name` is what errors call it.

    Raises:
        GsdmcError: anything that is wrong with it.
    """
    options = options or CompileOptions()
    syntax = parse(text, source_name, limits=options.limits)
    problem = Problem(
        short_name(source_name), syntax, dict(overrides or {}), {}, options, simulator=simulator
    )
    try:
        check_problem(problem)
    except GsdmcError as error:  # what the program was warned of may well be the cause
        doubts = tuple((w.message, w.span) for w in syntax.warnings if w.span is not None)
        error.related = (*error.related, *doubts)
        raise
    return problem


def short_name(source_name: str) -> str:
    """What a program is called after its file."""
    return Path(source_name).stem.strip("<>") or "program"
