"""Figure 16: matrices inverted: A and E = I given, two samples of R for each of five A."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import gsdmc
from paper import arrays, pictures
from paper.figure import Figure
from paper.settings import Settings
from paper.table import Row, Table, write
from paper.training import budget, network

SAMPLES = 2


def measure(settings: Settings, table: Table) -> None:
    """Sample; values are the network's own."""
    n, examples = settings.pick(2, 5, 5), settings.pick(1, 5, 5)
    problem = gsdmc.compile("inversion", n=n)
    model = network(settings, problem, "inversion", budget(settings, quick=5, full=240))
    drawn = problem.simulate(examples, settings.seed + 1)["A"].numpy()
    table.rows.clear()
    for example, a in enumerate(drawn):
        arrays.add(table, a, example=example, sample="given", array="A")
        evidence = {"A": a, "E": np.eye(n)}
        samples = model.sample(evidence, num_samples=SAMPLES, seed=settings.seed + example, restore=False)
        for number in range(SAMPLES):
            arrays.add(table, samples["R"][number], example=example, sample=number, array="R")
    write(table.path, table.rows)


def draw(rows: list[Row], path: Path) -> None:
    """A row for each sample: A, R and their product."""
    shown = [key for key in arrays.keys(rows, "example", "sample") if key[1] != "given"]
    figure, axes = pictures.panels(len(shown), 3, width=1.3, height=1.2)
    for line, (example, sample) in zip(axes, shown, strict=True):
        a = arrays.get(rows, example=example, sample="given", array="A")
        r = arrays.get(rows, example=example, sample=sample, array="R")
        product = a @ r
        for axis, values, top in zip(line, (a, r, product), (2.5, 2.5, 1.0), strict=True):
            pictures.matrix(axis, values, -top, top)
        error = np.linalg.norm(product - np.eye(len(a))) / len(a)
        line[2].set_xlabel(f"|A R - I| / n = {error:.2f}", fontsize=6)
    for axis, title in zip(axes[0], ("A, given", "R", "A R"), strict=True):
        axis.set_title(title)
    pictures.save(figure, path)


FIGURES = (Figure("fig16", "inversion: two samples for each of five A", measure, draw),)
