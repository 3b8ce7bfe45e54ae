"""Figures 7a and 14: the error of BCMF against each dimension, for ablations and for embeddings.

A network of its own for every size and variant, all for the same time. While m varies, n = 16 and k = 8;
while n varies, m = 16 and k = 8; while k varies, m = n = 16. `constant` is the error of the best constant
estimate of A and R.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from paper import bcmf, pictures
from paper.figure import Figure
from paper.questions import ask, factorisation_error
from paper.settings import Settings
from paper.table import Row, Table
from paper.training import budget, last
from paper.variants import EMBEDDINGS, NEITHER, NO_INTERMEDIATES, STRUCTURED, Variant

DIMENSIONS = ("m", "n", "k")
BATCH = 8
"""Of the paper's ablations (Table 2)."""


def measure(variants: Sequence[Variant]) -> Callable[[Settings, Table], None]:
    """The measurement of one of the two figures."""

    def measure(settings: Settings, table: Table) -> None:
        base = settings.pick({"m": 2, "n": 2, "k": 2}, {"m": 8, "n": 8, "k": 4}, {"m": 16, "n": 16, "k": 8})
        sides = settings.pick((1, 2), (4, 8), (4, 8, 16, 24, 32))
        ranks = settings.pick((1, 2), (2, 4, 8), (2, 4, 8, 12, 16))
        count = settings.pick(4, 64, 128)
        limit = budget(settings, quick=1 / 3, full=60)
        changed = settings.changes if settings.scale == "toy" else (f"batch={BATCH}", *settings.changes)
        for variant in variants:
            for varied in DIMENSIONS:
                for value in ranks if varied == "k" else sides:
                    sizes = {**base, varied: value}
                    if table.has(variant=variant.name, varied=varied, **sizes):
                        continue
                    known = [r for r in table.rows if same(r, variant.name, sizes)]
                    if known:  # the base is a point of all three curves
                        table.add(**{**known[0], "varied": varied, "value": value})
                        continue
                    problem = variant.compile("bcmf", **sizes)
                    point = last(problem, replace(settings, changes=changed), limit)
                    answer = ask(problem, point.model, count, settings.seed)
                    own, prior = factorisation_error(problem, answer, settings.seed)
                    table.add(
                        variant=variant.name,
                        varied=varied,
                        value=value,
                        **sizes,
                        rmse=own,
                        constant=bcmf.spread(sizes["k"]),
                        prior=prior,
                        steps=point.step,
                        seconds=point.seconds,
                        problems=count,
                    )

    return measure


def same(row: Row, variant: str, sizes: dict[str, int]) -> bool:
    """Whether a row is of this network."""
    return row["variant"] == variant and all(row[k] == v for k, v in sizes.items())


def draw(title: str) -> Callable[[list[Row], Path], None]:
    """A panel for each dimension."""

    def draw(rows: list[Row], path: Path) -> None:
        figure, axes = pictures.panels(1, 3, width=2.8, height=2.6)
        for axis, varied in zip(axes[0], DIMENSIONS, strict=True):
            own = [row for row in rows if row["varied"] == varied]
            pictures.lines(axis, own, "value", "rmse", "variant")
            constant = sorted({(row["value"], row["constant"]) for row in own})
            axis.plot(*zip(*constant, strict=True), "k--", linewidth=1, label="best constant")
            axis.set(xlabel=varied, ylabel="RMSE(E, A R)", ylim=(0, None))
        axes[0][0].legend(fontsize=6)
        pictures.save(figure, path, title)

    return draw


FIGURES = (
    Figure(
        "fig7a",
        "BCMF: structure and intermediates",
        measure((STRUCTURED, NO_INTERMEDIATES, NEITHER)),
        draw("BCMF: error against m, n and k"),
    ),
    Figure(
        "fig14",
        "BCMF: embeddings",
        measure(EMBEDDINGS),
        draw("BCMF: error by embeddings"),
    ),
)
