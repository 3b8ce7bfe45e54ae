"""Programs beyond the paper's: posteriors of trained networks against references, and their calibration.

    python benchmarks/beyond.py --minutes 30 --json benchmarks/results/beyond.json

`noisy_bcmf` (4 × 4, k = 2) is compared with enumeration and quadrature, `diagnosis` with enumeration, both
exact; `epidemic` with long chains of elliptical slice sampling. Their largest R-hat stands beside: where it
is well above 1, the reference needs more steps. Queries are drawn as in training: some entries of E, any of a
patient's variables, some weeks. Deviations are those of `closed_form.py`: `close` is the share of (query,
statistic) pairs within three Monte-Carlo errors plus 0.03 posterior standard deviations, `largest` the
largest error. `ranks` is the p-value of uniform ranks over all quantities, as `gsdmc calibrate` has it; the
file holds all of its figures.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from closed_form import compare, queries, summary
from posteriors import budget, clinic
from posteriors.exact import Posterior
from posteriors.noisy_factors import NoisyFactors
from posteriors.outbreak import Outbreak

import gsdmc
from gsdmc.compiler import Problem


@dataclass(frozen=True)
class Case:
    """A program at a size, and the reference of its posteriors."""

    sizes: dict[str, Any]
    reference: Callable[[], Posterior]

    def problem(self, name: str) -> Problem:
        """The program, compiled."""
        return gsdmc.compile(name, **self.sizes)


CASES = {
    "noisy_bcmf": Case({"m": 4, "n": 4, "k": 2}, lambda: NoisyFactors(4, 4, 2)),
    "diagnosis": Case({}, lambda: clinic.posterior),
    "epidemic": Case({"weeks": 15}, lambda: Outbreak(15)),
}


def measure(name: str, options: argparse.Namespace) -> dict[str, Any]:
    """Train or load, compare, calibrate."""
    case = CASES[name]
    problem = case.problem(name)
    model = budget.trained(options, problem, name)
    reference = case.reference()
    disagreement: list[float] = []

    def posterior(given: Any) -> Any:
        found = reference(given)
        if isinstance(reference, Outbreak):
            disagreement.append(reference.disagreement)
        return found

    asked = queries(problem, options.queries, options.seed)
    result = summary(name, model, compare(model, posterior, asked, options))
    result["r_hat"] = max(disagreement, default=None)
    calibration = model.calibrate(options.problems, num_draws=99, seed=options.seed)
    result["calibration"] = calibration.to_json()
    return result


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--programs", nargs="+", choices=CASES, default=list(CASES))
    parser.add_argument("--queries", type=int, default=50)
    parser.add_argument("--problems", type=int, default=1000, help="that calibration looks at")
    budget.add_arguments(parser, minutes=20)
    options = parser.parse_args()
    budget.use_threads(options)
    result: dict[str, Any] = {**budget.header(options), "programs": []}
    for name in options.programs:
        result["programs"].append(measure(name, options))
        budget.write(result, options.json)
    head = ["program", "minutes", "pairs", "close", "largest", "median z", "R-hat", "ranks"]
    rows = [
        [
            row["program"],
            f"{row['training']['seconds'] / 60:.1f}",
            f"{row['pairs']}",
            f"{row['close']:.1%}",
            f"{row['largest']:.3f} ({row['largest_statistic']})",
            f"{row['z_quantiles']['0.5']:.2f}",
            "exact" if row["r_hat"] is None else f"{row['r_hat']:.3f}",
            f"{row['calibration']['p']:.3g}",
        ]
        for row in result["programs"]
    ]
    print(budget.markdown(head, rows))


if __name__ == "__main__":
    main()
