"""What compiling checks of a whole problem: its queries, its draws, and that its factors hold."""

from __future__ import annotations

from gsdmc.compiler.problem import Problem
from gsdmc.compiler.simulator import check_simulator
from gsdmc.language.limits import Limits, cure, within
from gsdmc.language.scope import did_you_mean
from gsdmc.language.source import GsdmcError
from gsdmc.language.syntax import Literal
from gsdmc.program.cost import Cost, cost_of
from gsdmc.program.meter import WORK_OF_STEP
from gsdmc.program.readings import MAX_REDRAWS, run
from gsdmc.program.trial import Trial

CHECK_BATCH = 64
"""Joint samples on which compiling checks every parameter, value and factor."""

CHECK_NUMBERS, CHECK_WORK = 8_000_000, 64_000_000
"""Most numbers that these samples may take, and most work; large programs are checked on fewer of them."""


def check_problem(problem: Problem) -> None:
    """Refuse a problem that contradicts itself.

    Raises:
        GsdmcError: a query about nothing, a default outside its range, a draw that can't be, or a factor
            that doesn't hold.
    """
    check_givens(problem)
    check_ranges(problem)
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


def check_ranges(problem: Problem) -> None:
    """Refuse a size whose own default is none that training would draw; values set by the user may be.

    Raises:
        GsdmcError: at the default.
    """
    for d in problem.syntax.defs:
        # A computed default follows what the user set.
        theirs = d.name in problem.overrides or (problem.overrides and not isinstance(d.value, Literal))
        if d.range is None or theirs or d.name not in problem.sizes:
            continue
        (low, high), size = d.range, problem.sizes[d.name]
        if not low <= size <= high:
            raise GsdmcError(
                f"the default of `{d.name}`, {size}, is outside its training range [{low} {high}]",
                d.value.span,
                hint=f"write a default from {low} to {high}, or widen the range, "
                f"`:in [{min(low, size)} {max(high, size)}]`",
            )


def check_cost(cost: Cost, limits: Limits) -> None:
    """Refuse a program of which not even one joint sample can be drawn within the limits.

    Raises:
        GsdmcError: at the expression that makes most numbers.
    """
    if cost.most is None:
        return
    numbers, steps = cost.numbers + cost.each, (cost.work + cost.each_work) // WORK_OF_STEP
    with within(limits):
        for what, needed, limit, most in (
            ("makes {} numbers", numbers, "table", limits.table),
            ("takes the time of {} steps", steps, "steps", limits.steps),
        ):
            if needed > most:
                raise GsdmcError(
                    f"drawing this program once {what.format(needed)}, most of them here; at most {most} are "
                    "allowed",
                    cost.most.span,
                    hint="make the sizes smaller, or " + cure(limit, needed),
                )


def check_draws(problem: Problem) -> None:
    """Draw a batch and refuse what goes wrong: parameters, values, and factors, which must always hold.

    A simulator is tried instead, where there is one: nobody draws from the program then.

    Raises:
        GsdmcError: naming the parameter, the array or the factor, and how often it failed; or that even one
            joint sample takes too much.
    """
    cost = cost_of(problem.interpreter.order)
    check_cost(cost, problem.options.limits)
    if problem.simulator is not None:
        check_simulator(problem, problem.simulator)
        return
    batch = max(1, min(CHECK_BATCH, cost.members(CHECK_NUMBERS, CHECK_WORK)))
    redraws = min(MAX_REDRAWS, 2 + CHECK_WORK // (cost.work + batch * cost.each_work + 1))
    drawn = run(problem.interpreter, batch, seed=0, reading_type=Trial, redraws=redraws)
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
