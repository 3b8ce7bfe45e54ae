"""What compiling checks of a whole problem: its queries, and that its factors hold."""

from __future__ import annotations

from gsdmc.compiler.problem import Problem
from gsdmc.language.scope import did_you_mean
from gsdmc.language.source import GsdmcError

CHECK_BATCH = 64
"""Joint samples on which compiling checks every factor."""

CHECK_NUMBERS = 4_000_000
"""Most numbers that these samples may hold; large graphs are checked on fewer."""


def check_problem(problem: Problem) -> None:
    """Refuse a problem that contradicts itself.

    Raises:
        GsdmcError: a query about nothing, or a factor that doesn't hold.
    """
    check_givens(problem)
    check_factors(problem)


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


def check_factors(problem: Problem) -> None:
    """Draw a batch and refuse factors that don't hold: a factor states what is always so.

    Raises:
        GsdmcError: naming the factor and how often it failed.
    """
    if not problem.tape.factors:
        return
    batch = max(1, min(CHECK_BATCH, CHECK_NUMBERS // max(problem.graph.nodes, 1)))
    holds = problem.verify(problem.simulate(batch, seed=0)).factors
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
