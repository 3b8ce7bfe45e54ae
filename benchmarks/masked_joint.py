"""Masked diffusion on programs of a few discrete variables: likelihoods and samples against enumeration.

    python benchmarks/masked_joint.py --minutes 3 --json benchmarks/results/masked_joint.json

For every state with a probability, the any-order log probability of the network, exact for that network, is
compared with the program's. `nats` is the Kullback-Leibler divergence of the network from the program, per
variable; the project asks for 0.01. `worst` is the largest difference of log probabilities, per variable,
among states of probability 0.001 or more. `p` is of a χ² test between frequencies of sampled states and the
exact probabilities, states that are expected less than five times taken together; `outside` is the share of
samples that are no state of the program.
"""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np
from numpy.typing import NDArray
from posteriors import budget
from posteriors.enumerable import PROGRAMS, compiled, joint, numbers
from scipy.stats import chi2

from gsdmc.training.seeds import derive

RARE, NATS, LEAST_P, EXPECTED = 1e-3, 0.01, 0.01, 5


def chi_square(found: NDArray[np.int64], probabilities: NDArray[np.float64], samples: int) -> float:
    """The p-value of counts under probabilities, rare states taken together."""
    expected = samples * probabilities
    rare = expected < EXPECTED
    pooled = [(found[~rare], expected[~rare])]
    if expected[rare].sum() >= EXPECTED:
        pooled.append((found[rare].sum(keepdims=True), expected[rare].sum(keepdims=True)))
    counts, means = (np.concatenate([pair[i] for pair in pooled]) for i in (0, 1))
    return float(chi2.sf(((counts - means) ** 2 / means).sum(), len(counts) - 1))


def measure(name: str, options: argparse.Namespace) -> dict[str, Any]:
    """Train, then compare likelihoods and frequencies."""
    problem = compiled(name)
    model = budget.trained(options, problem, name)
    states, logs = joint(problem)
    chance = np.exp(logs)
    assert abs(chance.sum() - 1) < 1e-9, chance.sum()
    found = model.log_prob(
        {n: v.numpy() for n, v in states.items()},
        method="any-order",
        orders=options.orders,
        seed=options.seed,
    )
    free = problem.graph.nodes
    gap = (logs - found.value) / free
    samples = model.sample(num_samples=options.samples, seed=derive(options.seed, 1), restore=options.restore)
    place = numbers(states, dict(samples))
    counts = np.bincount(place[place >= 0], minlength=len(logs))
    result = {
        "program": name,
        "training": budget.training_record(model),
        "variables": free,
        "states": len(logs),
        "orders": options.orders,
        "nats": float(chance @ gap),
        "worst": float(np.abs(gap[chance >= RARE]).max()),
        "total": float(np.exp(found.value).sum()),
        "outside": float((place < 0).mean()),
        "p": chi_square(counts, chance, options.samples),
    }
    result["reached"] = result["nats"] <= NATS and result["p"] > LEAST_P and result["outside"] == 0
    return result


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--programs", nargs="+", choices=PROGRAMS, default=list(PROGRAMS))
    parser.add_argument("--orders", type=int, default=8, help="orders of reveal to average over")
    parser.add_argument(
        "--restore",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="dirac variables computed from their sampled parents (default on)",
    )
    budget.add_arguments(parser, minutes=3)
    options = parser.parse_args()
    budget.use_threads(options)
    result: dict[str, Any] = {**budget.header(options), "programs": []}
    for name in options.programs:
        result["programs"].append(measure(name, options))
        budget.write(result, options.json)
    head = ["program", "variables", "states", "minutes", "nats", "worst", "p", "outside", "reached"]
    rows = [
        [
            row["program"],
            f"{row['variables']}",
            f"{row['states']}",
            f"{row['training']['seconds'] / 60:.1f}",
            f"{row['nats']:.4f}",
            f"{row['worst']:.4f}",
            f"{row['p']:.3g}",
            f"{row['outside']:.2%}",
            "yes" if row["reached"] else "no",
        ]
        for row in result["programs"]
    ]
    print(budget.markdown(head, rows))


if __name__ == "__main__":
    main()
