"""Figure 4: steps until every output of a Boolean circuit is right, against its number of levels.

A network is checked at regular steps on fresh inputs and has arrived when all outputs are right. The paper
checks on 16 inputs; a guess of the likelier value passes such a check now and then (`chance` is its
probability per input), so `quick` and `full` take 64. A network that never arrives has no `steps`.
"""

from __future__ import annotations

from pathlib import Path

from paper import pictures
from paper.circuit import balanced_gates
from paper.figure import Figure
from paper.questions import ask, outputs_right
from paper.settings import Settings
from paper.table import Row, Table
from paper.training import Budget, course
from paper.variants import CIRCUITS


def measure(settings: Settings, table: Table) -> None:
    """Train every variant at every size."""
    sizes = settings.pick((2,), (2, 3, 4, 5), (2, 3, 4, 5, 6, 7, 8))
    every, most, count = settings.pick((2, 4, 8), (25, 500, 64), (50, 20_000, 64))
    for n in sizes:
        gates, chance = balanced_gates(2**n, settings.seed)
        for variant in CIRCUITS:
            if table.has(variant=variant.name, n=n):
                continue
            problem = variant.compile("boolean", n=n, gates=gates)
            steps: int | None = None
            right = 0.0
            for point in course(problem, settings, Budget(steps=most), most // every):
                right = outputs_right(ask(problem, point.model, count, settings.seed + point.step))
                if right == 1:
                    steps = point.step
                    break
            table.add(
                variant=variant.name,
                n=n,
                inputs=2**n,
                nodes=problem.metrics.nodes,
                entries=problem.metrics.entries,
                chance=max(chance, 1 - chance),
                steps=steps,
                steps_taken=point.step,
                seconds=point.seconds,
                last_share_right=right,
                checked_every=every,
                checked_on=count,
            )


def draw(rows: list[Row], path: Path) -> None:
    """Steps against n, both as the paper has them; what never arrived is missing."""
    figure, axes = pictures.panels(1, 1, width=4.5, height=3.2)
    axis = axes[0][0]
    pictures.lines(axis, rows, "n", "steps", "variant")
    axis.set(yscale="log", xlabel="n, of $2^n$ inputs", ylabel="steps to 100 %")
    axis.legend(fontsize=7)
    pictures.save(figure, path, "Boolean circuits: steps until every output is right")


FIGURES = (Figure("fig4", "Boolean: steps to 100 % against n", measure, draw),)
