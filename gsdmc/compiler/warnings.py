"""What is likely to go wrong with a problem that compiles: warnings, as data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gsdmc.language.source import GsdmcWarning

if TYPE_CHECKING:
    from gsdmc.compiler.problem import Problem

THEOREM = (
    'Theorem 1 of the GSDM paper (Weilbach et al. 2022): given "a connected graphical model [...] there are '
    "no pairs i, j such that x_0^i can be assumed independent of x_t^j after conditioning on all other "
    'dimensions of x_t"'
)


def warnings(problem: Problem, layers: int | None = None, loops: int = 1) -> tuple[GsdmcWarning, ...]:
    """What may be wrong with a program, its graph and, given its attention layers, a network for it."""
    found = (
        all_given(problem),
        disconnected(problem),
        one_way(problem),
        shallow(problem, layers, loops),
    )
    return (*problem.syntax.warnings, *(warning for warning in found if warning is not None))


def all_given(problem: Problem) -> GsdmcWarning | None:
    """Queries that leave nothing to infer; training refuses them."""
    given = {name for statement in problem.givens for name in statement.targets}
    if not given or any(array.name not in given for array in problem.graph.arrays if array.size):
        return None
    return GsdmcWarning(
        "every variable is given, so there is nothing to infer, and no network to train",
        problem.givens[-1].span,
        hint="leave out of `given` what the model is to sample",
    )


def disconnected(problem: Problem) -> GsdmcWarning | None:
    """A graph that falls apart."""
    parts = problem.metrics.components
    if parts < 2:
        return None
    return GsdmcWarning(
        f"the graph has {parts:,} components, and no information passes from one to another. {THEOREM}. "
        "Across components the network assumes just that",
        hint="if variables of different components depend on each other, name what relates them (a dirac "
        "or a factor)",
    )


def one_way(problem: Problem) -> GsdmcWarning | None:
    """A mask of the program's own edges that information follows in their direction only."""
    figures = problem.metrics
    if problem.options.symmetrise or figures.entries == figures.nodes + 2 * figures.edges:
        return None
    return GsdmcWarning(
        "without symmetrising, no information passes from children to their parents. The GSDM paper "
        '(section 3.2): "if the graphical model is directed and acyclic there will not be a path between '
        'every pair of nodes. This would cause GSDM to make false independence assumptions"',
        hint="leave out --no-symmetrise, unless it is what you compare with",
    )


def shallow(problem: Problem, layers: int | None, loops: int = 1) -> GsdmcWarning | None:
    """A network in which information can't cross the graph."""
    figures = problem.metrics
    bounded = not figures.diameter_exact
    if layers is None or layers * loops >= figures.diameter or (bounded and not problem.options.symmetric):
        return None
    return GsdmcWarning(
        f"the network has {layers:,} attention layer{'s' if layers > 1 else ''}"
        f"{f', looped {loops:,} times' if loops > 1 else ''}, and the graph's diameter is "
        f'{"at most " if bounded else ""}{figures.diameter:,}. The GSDM paper (section 3.2): "Since messages '
        "are only passed along one edge per transformer layer, the number of transformer layers should be "
        'chosen to be at least as great as the maximum path length in the symmetrized graphical model"',
        hint="variables further apart than that can't bear on each other: take more layers (--layers), loop "
        "them (--loops), or relate the variables more directly, as through a factor",
    )
