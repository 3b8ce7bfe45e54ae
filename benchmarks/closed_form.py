"""Posteriors of programs with a closed form, over random queries, against plain linear algebra.

    python benchmarks/closed_form.py --minutes 10 --json benchmarks/results/closed_form.json

The programs: a linear-Gaussian chain and tree, a coin of unknown bias, a mixture. A network is trained for
any query; queries are drawn as in training, the evidence from the program. Of what is not given, means and
standard deviations of reals and probabilities of discrete values are compared. Errors are in posterior
standard deviations, those of a probability in its indicator's (0.1 at least, as at 1 %); `close` is the
share of (query, statistic) pairs within three Monte-Carlo errors plus 0.03, `largest` the largest error. The
project asks for 95 % and for 0.1.
"""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from posteriors import budget
from posteriors.exact import MOST, Deviation, Posterior, deviations
from posteriors.families import FAMILIES

from gsdmc.compiler import Problem
from gsdmc.inference.model import Model
from gsdmc.training.masks import draw_masks
from gsdmc.training.seeds import derive, generator

SHARE = 0.95
PROBLEMS, QUERIES = 401, 402
"""Streams of random numbers."""

Evidence = dict[str, NDArray[np.float64]]


def queries(problem: Problem, count: int, seed: int) -> list[Evidence]:
    """Random queries: values drawn by the program, NaN where they are not given."""
    values = problem.simulate(count, derive(seed, PROBLEMS), torch.float64)
    masks = draw_masks(problem.layout, problem.givens, count, generator(seed, QUERIES))
    return [
        {
            name: np.where(masks[name][i].numpy(), value[i].double().numpy(), np.nan)
            for name, value in values.items()
        }
        for i in range(count)
    ]


def compare(
    model: Model, posterior: Posterior, asked: list[Evidence], options: argparse.Namespace
) -> list[list[Deviation]]:
    """Deviations of a model's draws, for each query."""
    found = []
    for number, evidence in enumerate(asked):
        samples = model.sample(evidence, num_samples=options.samples, seed=derive(options.seed, number))
        found.append(deviations(posterior(evidence), samples))
    return found


def summary(name: str, model: Model, found: list[list[Deviation]]) -> dict[str, Any]:
    """Figures over all queries and statistics."""
    pairs = [d for query in found for d in query]
    share = float(np.mean([d.close for d in pairs]))
    largest = max(pairs, key=lambda d: abs(d.error))
    z = np.abs([d.z for d in pairs])
    return {
        "program": name,
        "training": budget.training_record(model),
        "queries": len(found),
        "pairs": len(pairs),
        "close": share,
        "largest": abs(largest.error),
        "largest_statistic": largest.statistic,
        "z_quantiles": {q: float(np.quantile(z, float(q))) for q in ("0.5", "0.9", "0.95", "0.99", "1")},
        "reached": share >= SHARE and abs(largest.error) <= MOST,
        "deviations": [
            {d.statistic: [round(d.error, 5), round(d.chance, 5)] for d in query} for query in found
        ],
    }


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--programs", nargs="+", choices=FAMILIES, default=list(FAMILIES))
    parser.add_argument("--queries", type=int, default=50)
    budget.add_arguments(parser, minutes=10)
    options = parser.parse_args()
    budget.use_threads(options)
    result: dict[str, Any] = {**budget.header(options), "programs": []}
    for name in options.programs:
        problem = FAMILIES[name].problem()
        model = budget.trained(options, problem, name)
        asked = queries(problem, options.queries, options.seed)
        found = compare(model, FAMILIES[name].posterior(), asked, options)
        result["programs"].append(summary(name, model, found))
        budget.write(result, options.json)
    head = ["program", "minutes", "pairs", "close", "largest", "median z", "99 % z", "reached"]
    rows = [
        [
            row["program"],
            f"{row['training']['seconds'] / 60:.1f}",
            f"{row['pairs']}",
            f"{row['close']:.1%}",
            f"{row['largest']:.3f} ({row['largest_statistic']})",
            f"{row['z_quantiles']['0.5']:.2f}",
            f"{row['z_quantiles']['0.99']:.2f}",
            "yes" if row["reached"] else "no",
        ]
        for row in result["programs"]
    ]
    print(budget.markdown(head, rows))


if __name__ == "__main__":
    main()
