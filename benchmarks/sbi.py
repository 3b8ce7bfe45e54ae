"""C2ST against the reference posteriors of sbibm (Lueckmann et al. 2021), by random forest and by MLP.

    python benchmarks/sbi.py --sbibm sbibm-1.1.0-py2.py3-none-any.whl --simulations 10000 --minutes 20
    python benchmarks/sbi.py --sbibm WHEEL --minutes 30 --tasks slcp --set process.prediction=v

Each task is one of our programs, from which the network's structure comes. A network is trained for the
query of the task, on a fixed set of `--simulations` or on fresh draws without it; for each of sbibm's
observations 1 to 5, as many posterior draws are taken as there are in the reference, and a classifier is
asked to tell them apart: 0.5 is perfect. `goal` is what the project asks of the random forest, with at most
10 000 simulations or without limit.
Get the wheel with `pip download --no-deps sbibm==1.1.0`; its files are read as data.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np
from posteriors import budget
from posteriors.sbibm import TASKS, Files

from gsdmc.inference.diagnostics.c2st import CLASSIFIERS, c2st
from gsdmc.training.seeds import derive

GOALS = {
    "gaussian_linear": (0.515, 0.505),
    "gaussian_linear_uniform": (0.53, 0.51),
    "gaussian_mixture": (0.52, 0.51),
    "two_moons": (0.53, 0.51),
    "slcp": (0.65, 0.58),
    "bernoulli_glm": (0.62, 0.55),
}
"""Largest C2ST (forest, mean over observations 1 to 5) with 10 000 simulations, and with fresh ones."""

MOST = 10_000
"""Simulations up to which the first goal is the one to reach."""

SMALL_GRAPHS = ["batch=256", "layers=4", "width=64", "reach=false"]
"""A graph of ten or twenty nodes wants a large batch and no deep network. `--set` has the last word."""

LARGE_GRAPHS = {"bernoulli_glm": ["batch=64", "layers=3", "width=48"]}
"""What differs for tasks of a hundred nodes."""

INCOMPLETE = {"slcp", "bernoulli_glm"}
"""Tasks that learn incomplete evidence too from a limited number of simulations: over so many epochs the
network would learn them by heart, and parts of the same draws keep it from that."""


def measure(name: str, files: Files, options: argparse.Namespace) -> dict[str, Any]:
    """Train for a task, sample for every observation, and compare."""
    task = TASKS[name]
    limited = options.simulations is not None and options.simulations <= MOST
    problem = task.problem()
    incomplete = ["missing=0.7"] if limited and name in INCOMPLETE else []
    recipe = [*SMALL_GRAPHS, *LARGE_GRAPHS.get(name, []), *incomplete, *options.settings]
    model = budget.trained(argparse.Namespace(**{**vars(options), "settings": recipe}), problem, name)
    found: dict[str, Any] = {
        "task": name,
        "training": budget.training_record(model),
        "observations": [],
    }
    for number in options.observations:
        reference = task.reference(files, number)[: options.samples]
        start = time.perf_counter()
        samples = model.sample(
            task.observed(files, number), num_samples=len(reference), seed=derive(options.seed, number)
        )
        seconds = time.perf_counter() - start
        drawn = task.parameters(samples)
        accuracy = {c: c2st(reference, drawn, c) for c in options.classifiers}
        found["observations"].append(
            {
                "number": number,
                "c2st": accuracy,
                "sampling_seconds": round(seconds, 2),
                "mean_error": (np.abs(drawn.mean(0) - reference.mean(0)) / reference.std(0)).max(),
                "std_ratio": [float(r) for r in drawn.std(0) / reference.std(0)],
            }
        )
        shown = ", ".join(f"{c} {a:.4f}" for c, a in accuracy.items())
        print(f"  {name} {number}: {shown} ({seconds:.1f} s to sample)", flush=True)
    found["c2st"] = {
        c: float(np.mean([o["c2st"][c] for o in found["observations"]])) for c in options.classifiers
    }
    found["goal"] = GOALS[name][0 if limited else 1]
    found["reached"] = "forest" in found["c2st"] and found["c2st"]["forest"] <= found["goal"]
    return found


def table(rows: list[dict[str, Any]], classifiers: list[str]) -> str:
    """The result as a table."""
    head = ["task", "simulations", "steps", "minutes", *(f"C2ST {c}" for c in classifiers), "goal"]
    lines = []
    for row in rows:
        t = row["training"]
        lines.append(
            [
                row["task"],
                "fresh" if t["simulations"] is None else f"{t['simulations']}",
                f"{t['steps']}",
                f"{t['seconds'] / 60:.1f}",
                *(f"{row['c2st'][c]:.4f}" for c in classifiers),
                f"{row['goal']}{'' if row['reached'] else ' (missed)'}",
            ]
        )
    return budget.markdown(head, lines)


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sbibm", type=Path, required=True, help="sbibm's wheel, or the folder of its files")
    parser.add_argument("--tasks", nargs="+", choices=TASKS, default=list(TASKS))
    parser.add_argument("--observations", nargs="+", type=int, default=[1, 2, 3, 4, 5])
    parser.add_argument("--classifiers", nargs="+", choices=CLASSIFIERS, default=list(CLASSIFIERS))
    budget.add_arguments(parser, minutes=30)
    options = parser.parse_args()
    budget.use_threads(options)
    files = Files(options.sbibm)
    result: dict[str, Any] = {**budget.header(options), "tasks": []}
    for name in options.tasks:
        result["tasks"].append(measure(name, files, options))
        budget.write(result, options.json)  # what is measured stays, whatever comes next
    print(table(result["tasks"], options.classifiers))


if __name__ == "__main__":
    main()
