"""Figure 6: two factorisations of a given E, with m = 5, n = 10 and k = 7."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from paper import arrays, bcmf, pictures
from paper.figure import Figure
from paper.settings import Settings
from paper.table import Row, Table, write

EXAMPLES, SAMPLES = 2, 2


def measure(settings: Settings, table: Table) -> None:
    """Sample; values are the network's own."""
    sizes = {"m": 3, "n": 3, "k": 2} if settings.scale == "toy" else {"m": 5, "n": 10, "k": 7}
    model = bcmf.conditional(settings).resized(**sizes)
    table.rows.clear()
    drawn = model.problem.simulate(EXAMPLES, settings.seed + 1)["E"].numpy()
    for example, given in enumerate(drawn):
        arrays.add(table, given, example=example, sample="given", array="E")
        samples = model.sample({"E": given}, num_samples=SAMPLES, seed=settings.seed + example, restore=False)
        for number in range(SAMPLES):
            for name in "AR":
                arrays.add(table, samples[name][number], example=example, sample=number, array=name)
    write(table.path, table.rows)


def draw(rows: list[Row], path: Path) -> None:
    """A row for each sample: A, R, their product, and the E that was given."""
    shown = [key for key in arrays.keys(rows, "example", "sample") if key[1] != "given"]
    figure, axes = pictures.panels(len(shown), 4, width=1.7, height=1.3)
    for line, (example, sample) in zip(axes, shown, strict=True):
        given = arrays.get(rows, example=example, sample="given", array="E")
        a, r = (arrays.get(rows, example=example, sample=sample, array=name) for name in "AR")
        high = max(1.0, float(given.max()))
        for axis, values, top in zip(line, (a, r, a @ r, given), (1.0, 1.0, high, high), strict=True):
            pictures.matrix(axis, values, 0.0, top)
        line[2].set_xlabel(f"RMSE {np.sqrt(np.mean((a @ r - given) ** 2)):.3f}")
    for axis, title in zip(axes[0], ("A", "R", "A R", "E, given"), strict=True):
        axis.set_title(title)
    pictures.save(figure, path)


FIGURES = (Figure("fig6", "BCMF: two factorisations of a given E", measure, draw),)
