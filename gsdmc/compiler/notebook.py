"""What a notebook shows of a compiled problem."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gsdmc.graph.html import code, folded, frame, text
from gsdmc.graph.notebook import arrays_html, drawing_html, mask_html, plates_html
from gsdmc.graph.text import counted

if TYPE_CHECKING:
    from gsdmc.compiler.problem import Problem

MOST_LINES = 30
"""Lines of the longest program that is shown before it is asked for."""


def problem_html(problem: Problem) -> str:
    """A problem's program, arrays, plates, drawing and mask."""
    sizes = ", ".join(f"{k}={v}" for k, v in problem.sizes.items())
    title = f"gsdmc problem <code>{text(problem.name)}</code>" + (f" ({text(sizes)})" if sizes else "")
    return frame(title, *problem_parts(problem, is_open=True))


def problem_parts(problem: Problem, is_open: bool) -> list[str]:
    """The parts of it, each to be opened at a click; the important ones are open where asked for."""
    lines = problem.source.count("\n")
    given = {name for statement in problem.givens for name in statement.targets}
    partly = {name for statement in problem.givens for name in statement.subset}
    graph = problem.graph
    return [
        folded("program", code(problem.source), is_open and lines <= MOST_LINES),
        folded(f"arrays, {counted(graph.nodes, 'variable')}", arrays_html(graph), is_open),
        folded("plates", plates_html(graph)) if graph.plates else "",
        folded("graph", drawing_html(graph, given, partly)),
        folded("mask", mask_html(graph, problem.edges), is_open),
    ]
