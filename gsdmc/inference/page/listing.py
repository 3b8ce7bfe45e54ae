"""A program as the page shows it: what runs over a plate in the plate's colour."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from html import escape

from gsdmc.compiler.problem import Problem
from gsdmc.graph.html import text
from gsdmc.graph.text import printable
from gsdmc.inference.page.plates import Iteration, iterations, plate_colours
from gsdmc.inference.page.tags import chip, note

MOST_LINES = 2000
"""Lines of the longest program that is shown whole."""

MOST_BARS = 12
"""Plates that get a bar beside the lines that run over them."""

_TOKEN = re.compile(r'(?P<string>"(?:\\.|[^"\\])*")|(?P<comment>;[^\n]*)', re.DOTALL)


def listing(problem: Problem) -> str:
    """The text of a program line by line, with a bar per plate beside the lines that run over it."""
    colours = plate_colours(problem)
    runs = iterations(problem)
    barred = list(colours)[:MOST_BARS]
    source = problem.source
    marks = _marks(source, runs, colours)
    lines, start = [], 0
    for number, line in enumerate(source.split("\n")[:MOST_LINES], start=1):
        end = start + len(line)
        shown = line.rstrip("\r")
        if number > 1 and end == len(source) and not shown:
            break  # the end of the last line
        over = {p for r in runs if r.start < max(end, start + 1) and r.end > start for p in r.plates}
        bars = "".join(_bar(colours[p] if p in over else None) for p in barred)
        indent = len(shown) - len(shown.lstrip(" "))
        lines.append(
            f'<div class="line"><span class="bars" aria-hidden="true">{bars}</span>'
            f'<code style="--in:{indent}ch"><span class="indent">{" " * indent}</span>'
            f"{_coloured(shown[indent:], start + indent, marks)}</code></div>"
        )
        start = end + 1
    more = source.count("\n") + 1 - MOST_LINES
    legend = "".join(
        chip(colours[p.name], f"{p.name} = {p.size:,}, {p.cls}", p.reason) for p in problem.graph.plates
    )
    return (
        (f'<ul class="legend" aria-label="plates">{legend}</ul>' if legend else "")
        + f'<div class="listing" role="group" aria-label="program text">{"".join(lines)}</div>'
        + (note(f"and {more:,} more lines") if more > 0 else "")
    )


Mark = tuple[int, int, str]
"""Start, end and the attributes of the tag around a part of the source."""


def _marks(source: str, runs: Sequence[Iteration], colours: Mapping[str, str]) -> list[Mark]:
    """Marks that don't overlap, ascending: heads of iterations first, then strings and comments."""
    found: list[Mark] = []
    for run in runs:
        tint = colours[run.plates[0]]
        words = "runs over " + ", ".join(run.plates)
        found.append((run.start, run.head, f'class="over" style="--plate:{tint}" title="{text(words)}"'))
    found += [(m.start(), m.end(), f'class="{m.lastgroup}"') for m in _TOKEN.finditer(source)]
    kept: list[Mark] = []
    for mark in sorted(found, key=lambda mark: mark[:2]):
        if not kept or mark[0] >= kept[-1][1]:
            kept.append(mark)
    return kept


def _coloured(line: str, start: int, marks: Sequence[Mark]) -> str:
    parts, place = [], start
    end = start + len(line)
    for begin, stop, attributes in marks[bisect_right(marks, start, key=lambda mark: mark[1]) :]:
        if begin >= end:
            break
        begin, stop = max(begin, start), min(stop, end)
        parts.append(_plain(line[place - start : begin - start]))
        parts.append(f"<span {attributes}>{_plain(line[begin - start : stop - start])}</span>")
        place = stop
    return "".join([*parts, _plain(line[place - start :])])


def _plain(part: str) -> str:
    return escape(printable(part.replace("\t", "    ")))


def _bar(colour: str | None) -> str:
    return f'<i style="background:{colour}"></i>' if colour else "<i></i>"
