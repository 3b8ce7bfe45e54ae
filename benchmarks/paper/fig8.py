"""Figure 8: two solutions of a Sudoku with 16 cells given."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

import gsdmc
from gsdmc.inference.scores import valid_grids
from paper import arrays, pictures
from paper.figure import Figure
from paper.questions import cells
from paper.settings import Settings
from paper.table import Row, Table, write
from paper.training import budget, network

SAMPLES, GIVEN = 2, 16


def measure(settings: Settings, table: Table) -> None:
    """Sample twice; values are the network's own, valid or not."""
    n = settings.pick(2, 3, 3)
    problem = gsdmc.compile("sudoku", n=n)
    model = network(settings, problem, "sudoku", budget(settings, quick=5, full=240))
    given = cells(problem, 1, GIVEN if n == 3 else 4, settings.seed)["cell"][0].numpy()
    grid = problem.simulate(1, settings.seed + 1)["cell"][0].numpy()
    found = model.sample({"cell": np.where(given, grid, np.nan)}, num_samples=SAMPLES, seed=settings.seed)
    drawn = found["cell"]
    table.rows.clear()
    side = n * n
    arrays.add(table, given.reshape(side, side), sample="given", valid=None)
    for number, own in enumerate(drawn):
        right = bool(valid_grids(torch.from_numpy(own[None])).item())
        arrays.add(table, 1 + own.reshape(side, side), sample=number, valid=right)
    write(table.path, table.rows)


def draw(rows: list[Row], path: Path) -> None:
    """The grids side by side, given cells bold."""
    samples = [key[0] for key in arrays.keys(rows, "sample") if key[0] != "given"]
    given = arrays.get(rows, sample="given").astype(bool)
    side = len(given)
    box = int(side**0.5)
    figure, axes = pictures.panels(1, len(samples), width=2.6, height=2.6)
    for axis, sample in zip(axes[0], samples, strict=True):
        grid = arrays.get(rows, sample=sample).astype(int)
        for (i, j), digit in np.ndenumerate(grid):
            weight = "bold" if given[i, j] else "normal"
            axis.text(j + 0.5, side - i - 0.5, str(digit), ha="center", va="center", weight=weight)
        for edge in range(side + 1):
            width = 1.5 if edge % box == 0 else 0.4
            axis.axhline(edge, color="black", linewidth=width)
            axis.axvline(edge, color="black", linewidth=width)
        valid = next(row["valid"] for row in rows if row["sample"] == sample)
        axis.set(xlim=(0, side), ylim=(0, side), xticks=[], yticks=[], aspect="equal")
        axis.set_xlabel("valid" if valid else "not valid")
    first, second = (arrays.get(rows, sample=s) for s in samples[:2])
    differ = int((first != second).sum())
    pictures.save(figure, path, f"{int(given.sum())} cells given; {differ} cells differ")


FIGURES = (Figure("fig8", "Sudoku: two solutions with the same 16 cells given", measure, draw),)
