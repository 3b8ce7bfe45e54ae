"""Figures 7c, 9 and 15: sorting in the course of training.

7c ablates structure, intermediates and embeddings; 9 draws other graphs for s; 15 adds array embeddings to
each of these graphs, and a mask that is not symmetrised. `lists` is the share of lists whose permutation is
exactly right, `rows` that of the permutations' rows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from paper import pictures
from paper.figure import Figure
from paper.questions import ask, permutations_right
from paper.settings import Settings
from paper.table import Row, Table
from paper.training import budget, course
from paper.variants import (
    EMBEDDINGS,
    GRAPHS,
    NEITHER,
    NO_INTERMEDIATES,
    NOT_SYMMETRISED,
    Variant,
    with_arrays,
)

POINTS = {"toy": 1, "quick": 6, "full": 20}


def measure(variants: Sequence[Variant]) -> Callable[[Settings, Table], None]:
    """The measurement of one of the figures."""

    def measure(settings: Settings, table: Table) -> None:
        points, count = POINTS[settings.scale], settings.pick(2, 64, 256)
        n = settings.pick(4, 8, 20)
        limit = budget(settings, quick=1.5, full=120)
        for variant in variants:
            if sum(row["variant"] == variant.name for row in table.rows) == points:
                continue
            table.drop(variant=variant.name)
            problem = variant.compile("sorting", n=n)
            for point in course(problem, settings, limit, points):
                lists, rows = permutations_right(ask(problem, point.model, count, settings.seed))
                table.add(
                    variant=variant.name,
                    n=n,
                    entries=problem.metrics.entries,
                    step=point.step,
                    seconds=point.seconds,
                    lists=lists,
                    rows=rows,
                    problems=count,
                )

    return measure


def draw(title: str) -> Callable[[list[Row], Path], None]:
    """Both shares against time and steps."""

    def draw(rows: list[Row], path: Path) -> None:
        pictures.course(rows, path, (("rows", "rows of P right"), ("lists", "lists right")), title)

    return draw


def renamed(variant: Variant, suffix: str) -> Variant:
    """The variant under a longer name."""
    return Variant(f"{variant.name}, {suffix}", variant.options, variant.program)


BOTH_EMBEDDINGS = (
    *(renamed(variant, "EE") for variant in (*GRAPHS, NOT_SYMMETRISED)),
    *(renamed(with_arrays(variant), "AE") for variant in (*GRAPHS, NOT_SYMMETRISED)),
)

FIGURES = (
    Figure(
        "fig7c",
        "sorting: structure, intermediates and embeddings",
        measure((*EMBEDDINGS, NO_INTERMEDIATES, NEITHER)),
        draw("Sorting in the course of training"),
    ),
    Figure("fig9", "sorting: choices of the graph", measure(GRAPHS), draw("Sorting by graphs")),
    Figure(
        "fig15",
        "sorting: choices of the graph, both embeddings, not symmetrised",
        measure(BOTH_EMBEDDINGS),
        draw("Sorting by graphs and embeddings"),
    ),
)
