"""Where a program runs over its plates."""

from __future__ import annotations

from dataclasses import dataclass

from gsdmc.compiler.problem import Problem
from gsdmc.graph.draw_shapes import colour, hue
from gsdmc.graph.symmetry import find_plates
from gsdmc.language.shadowing import walk
from gsdmc.language.syntax import Call, Expr, Foreach, Loop

LIGHTNESS = 0.62
"""Of a plate's colour on the page, which must be seen on light and on dark."""


@dataclass(frozen=True)
class Iteration:
    """A form that runs over plates: more than one where a function is called for several.

    Attributes:
        start: its first character in the source.
        head: the end of what says over what it runs, `(foreach n [i (range n)]`.
        end: its end.
        plates: names.
    """

    start: int
    head: int
    end: int
    plates: tuple[str, ...]


def plate_colours(problem: Problem) -> dict[str, str]:
    """A colour for every plate, of the hue that it has in the graph's picture."""
    return {plate.name: colour(hue(n), LIGHTNESS) for n, plate in enumerate(problem.graph.plates)}


def iterations(problem: Problem) -> list[Iteration]:
    """The forms of a program that run over a plate, in the order of the text."""
    named: dict[tuple[int, int], dict[str, None]] = {}
    for axis, plate in find_plates(problem.tape).of_axis.items():
        named.setdefault((axis.span.start, axis.span.end), {})[plate] = None
    text = problem.source
    syntax = problem.syntax
    roots: list[Expr] = [*syntax.functions.values(), *(d.value for d in syntax.defs), *syntax.body]
    found: dict[tuple[int, int], Iteration] = {}
    for expr in walk(roots):
        span = expr.span
        if isinstance(expr, Foreach):
            place, head = expr.count.span, expr.bindings[-1][1].span.end if expr.bindings else 0
            head = text.find("]", max(head, place.end)) + 1
        elif isinstance(expr, Loop):
            place, head = expr.count.span, expr.count.span.end
        elif isinstance(expr, Call):
            place, head = span, expr.function.span.end
        else:
            continue
        plates = tuple(named.get((place.start, place.end), ()))
        if plates:
            head = head if span.start < head <= span.end else span.end
            found.setdefault((span.start, span.end), Iteration(span.start, head, span.end, plates))
    return sorted(found.values(), key=lambda i: (i.start, -i.end))
