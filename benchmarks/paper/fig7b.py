"""Figure 7b: valid Sudoku grids in the course of training, for embeddings and without structure.

The paper draws grids with nothing given; its text says that grids with cells given go on improving, so the
share of valid grids with 40 cells given stands beside. Rows, columns and boxes are checked.
"""

from __future__ import annotations

from pathlib import Path

from paper import pictures
from paper.figure import Figure
from paper.questions import ask, cells, grids_valid
from paper.settings import Settings
from paper.table import Row, Table
from paper.training import budget, course
from paper.variants import EMBEDDINGS, UNSTRUCTURED

POINTS = {"toy": 1, "quick": 6, "full": 20}
GIVEN = 40


def measure(settings: Settings, table: Table) -> None:
    """Train every variant for the same time."""
    points, count = POINTS[settings.scale], settings.pick(2, 64, 256)
    n = settings.pick(2, 3, 3)
    given = GIVEN if n == 3 else n**4 // 2
    limit = budget(settings, quick=2, full=240)
    for variant in (*EMBEDDINGS, UNSTRUCTURED):
        if sum(row["variant"] == variant.name for row in table.rows) == points:
            continue
        table.drop(variant=variant.name)
        problem = variant.compile("sudoku", n=n)
        for point in course(problem, settings, limit, points):
            valid = [
                grids_valid(
                    ask(problem, point.model, count, settings.seed, cells(problem, count, c, settings.seed))
                )
                for c in (0, given)
            ]
            table.add(
                variant=variant.name,
                step=point.step,
                seconds=point.seconds,
                valid_unconditional=valid[0],
                valid_given=valid[1],
                given=given,
                grids=count,
            )


def draw(rows: list[Row], path: Path) -> None:
    """Both shares against time and steps."""
    given = rows[0]["given"]
    scores = (("valid_unconditional", "valid, 0 cells given"), ("valid_given", f"valid, {given} cells given"))
    pictures.course(rows, path, scores, "Sudoku in the course of training")


FIGURES = (Figure("fig7b", "Sudoku: valid grids in the course of training", measure, draw),)
