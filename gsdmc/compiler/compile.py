"""From a path, a name or a text to a compiled problem, with the checks that need a draw."""

from __future__ import annotations

import io
from importlib.resources import files
from pathlib import Path
from typing import Any

from gsdmc.compiler.archive import SUFFIX, read_problem
from gsdmc.compiler.problem import Problem, check_overrides
from gsdmc.language import parse
from gsdmc.language.scope import did_you_mean
from gsdmc.language.source import GsdmcError
from gsdmc.language.syntax import Syntax

CHECK_BATCH = 64
"""Joint samples on which compiling checks every factor."""


def bundled() -> list[str]:
    """Names of the programs that come with gsdmc."""
    return sorted(p.name[:-4] for p in files("gsdmc.programs").iterdir() if p.name.endswith(".clj"))


def compile_problem(program: str | Path | io.TextIOBase, **overrides: Any) -> Problem:
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
        try:
            return compile_text(path.read_text(encoding="utf-8"), str(path), overrides)
        except UnicodeDecodeError as error:
            raise GsdmcError(f"{path} is no text in UTF-8 (byte {error.start}).") from None
    if str(program) in bundled():
        text = files("gsdmc.programs").joinpath(f"{program}.clj").read_text(encoding="utf-8")
        return compile_text(text, f"{program}.clj", overrides)
    near = did_you_mean(str(program), bundled())
    raise GsdmcError(
        f"There is no program `{program}`: no such file, and no bundled program of that name.",
        hint=near or f"bundled programs: {', '.join(bundled())}",
    )


def compile_text(text: str, source_name: str, overrides: dict[str, Any] | None = None) -> Problem:
    """Compile a program's text; `source_name` is what errors call it."""
    syntax = parse(text, source_name)
    problem = Problem(Path(source_name).stem.strip("<>"), syntax, dict(overrides or {}))
    check_overrides(syntax, problem.overrides)
    check_givens(syntax, problem)
    check_factors(problem)
    return problem


def check_givens(syntax: Syntax, problem: Problem) -> None:
    """Refuse a query about arrays that the program doesn't sample.

    Raises:
        GsdmcError: with the nearest name.
    """
    known = [a.name for a in problem.graph.arrays]
    for given in syntax.givens:
        for name in (*given.targets, *given.subset):
            if name not in known:
                near = did_you_mean(name, known)
                raise GsdmcError(
                    f'The program samples no "{name}".',
                    given.span,
                    hint=near or f"it samples {', '.join(known)}",
                )


def check_factors(problem: Problem) -> None:
    """Draw a batch and refuse factors that don't hold: a factor states what is always so.

    Raises:
        GsdmcError: naming the factor and how often it failed.
    """
    if not problem.tape.factors:
        return
    batch = max(1, min(CHECK_BATCH, 4_000_000 // max(problem.graph.nodes, 1)))
    holds = problem.verify(problem.simulate(batch, seed=0)).factors
    for factor in problem.tape.factors:
        truth = holds[factor.name]
        if not truth.all():
            share = 1 - truth.float().mean().item()
            raise GsdmcError(
                f'The factor "{factor.name}" does not hold for what the program draws '
                f"({share:.1%} of {truth.numel()} instances fail).",
                factor.span,
                hint="a factor states what is always so; to condition on an event, use given or observe",
            )
