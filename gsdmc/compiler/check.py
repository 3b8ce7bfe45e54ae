"""What compiling checks of a whole problem: its queries, its draws, and that its factors hold."""

from __future__ import annotations

from gsdmc.compiler.problem import Problem
from gsdmc.language.scope import did_you_mean
from gsdmc.language.source import GsdmcError
from gsdmc.program.readings import run
from gsdmc.program.trial import Trial

CHECK_BATCH = 64
"""Joint samples on which compiling checks every parameter, value and factor."""

CHECK_NUMBERS = 4_000_000
"""Most numbers that these samples may hold; large graphs are checked on fewer."""


def check_problem(problem: Problem) -> None:
    """Refuse a problem that contradicts itself.

    Raises:
        GsdmcError: a query about nothing, a draw that can't be, or a factor that doesn't hold.
    """
    check_givens(problem)
    check_draws(problem)


def check_givens(problem: Problem) -> None:
    """Refuse a query about arrays that the program doesn't sample.

    Raises:
        GsdmcError: with the nearest name.
    """
    known = [a.name for a in problem.graph.arrays]
    for given in problem.givens:
        for name in (*given.targets, *given.subset):
            if name not in known:
                near = did_you_mean(name, known)
                if name in (d.name for d in problem.syntax.defs):
                    near = f"`{name}` is a def, whose value is always known"
                listed = ", ".join(known[:10]) + (", ..." if len(known) > 10 else "")
                raise GsdmcError(
                    f'the program samples no "{name}"',
                    given.places.get(name, given.span),
                    hint=near or f"it samples {listed}",
                )


def check_draws(problem: Problem) -> None:
    """Draw a batch and refuse what goes wrong: parameters, values, and factors, which must always hold.

    Raises:
        GsdmcError: naming the parameter, the array or the factor, and how often it failed.
    """
    batch = max(1, min(CHECK_BATCH, CHECK_NUMBERS // max(problem.graph.nodes, 1)))
    drawn = run(problem.interpreter, batch, seed=0, reading_type=Trial)
    if not problem.tape.factors:
        return
    holds = problem.verify(drawn).factors
    for factor in problem.tape.factors:
        truth = holds[factor.name]
        if not truth.all():
            share = 1 - truth.float().mean().item()
            raise GsdmcError(
                f'the factor "{factor.name}" does not hold for what the program draws '
                f"({share:.1%} of {truth.numel()} checks fail)",
                factor.span,
                hint="a factor states what is always so; to condition on an event, use `given` or `observe`",
            )
