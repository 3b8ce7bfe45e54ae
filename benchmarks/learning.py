"""How fast the presets learn: the default and the paper's, equal time of one core each, in one run.

    python benchmarks/learning.py [--problems bcmf boolean] [--minutes 5] [--json FILE] [--picture FILE]

For each problem three networks are trained, each in a process of its own on one thread, its processor time
counted and evaluation left out: the `paper` preset and the default for `--minutes`, and the default once more
for a fifth of it, its learning rate falling over that time. Scores are of network samples on fresh problems,
nothing restored; the paper's preset samples with its 1000 steps. The question is whether the default reaches
the paper preset's last score in a fifth of its time.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from peers import report

import gsdmc
from gsdmc.compiler import Problem
from gsdmc.inference.draw import draw
from gsdmc.inference.evaluate import evaluate
from gsdmc.inference.scores import valid_grids
from gsdmc.training.checkpoint import Model as TrainedModel
from gsdmc.training.loop import Run
from gsdmc.training.presets import preset
from gsdmc.training.seeds import generator

SHARE = 5
POINTS = (0.1, 0.25, 0.5, 1.0)
EVALUATION = 1_000_003  # the seed of the problems that networks are scored on
GIVEN = 64
"""Cells of a Sudoku that are given: the easiest of the paper's queries, since training is short."""

Measure = Callable[[Problem, TrainedModel, int], float]


def own(number: int) -> Measure:
    """The program's own score of this number."""
    return lambda problem, model, count: evaluate(problem, model, count, seed=EVALUATION).scores[number].raw


def grids(problem: Problem, model: TrainedModel, count: int) -> float:
    """Share of Sudokus with `GIVEN` cells that come out valid."""
    truth = problem.simulate(count, EVALUATION)
    shape = truth["cell"].shape[1:]
    order = torch.rand(count, shape.numel(), generator=generator(EVALUATION)).argsort(1).argsort(1)
    mask = {"cell": (order < GIVEN).view(count, *shape)}
    cell = draw(model, problem.layout, truth, mask, seed=EVALUATION)["cell"]
    return valid_grids(cell).double().mean().item()


@dataclass(frozen=True)
class Task:
    """A problem, what of its samples is scored, and whether a larger score is better."""

    program: str
    sizes: dict[str, Any]
    score: str
    measure: Measure
    larger: bool = True


PROBLEMS = {
    "bcmf-5-5-3": Task("bcmf", {"m": 5, "n": 5, "k": 3}, "RMSE(E, A R)", own(0), False),
    "sorting-8": Task("sorting", {"n": 8}, "lists with the exact permutation", own(0)),
    "sudoku": Task("sudoku", {}, f"valid grids, {GIVEN} cells given", grids),
    "boolean-4": Task("boolean", {"n": 4}, "gates right", own(1)),
}


def work(name: str, kind: str, seconds: float, options: argparse.Namespace) -> None:
    """Train one network, printing its score at some points as JSON lines."""
    torch.set_num_threads(1)
    task = PROBLEMS[name]
    problem = gsdmc.compile(task.program, **task.sizes)
    run = Run(problem, preset(kind, problem), options.seed, ())
    spent = 0.0
    for point in options.points:
        while spent < point * seconds:
            start = time.process_time()
            run.advance(spent / seconds)
            spent += time.process_time() - start
        score = task.measure(problem, run.model(None), options.count)
        print(json.dumps({"seconds": round(spent, 2), "steps": run.step, "score": score}), flush=True)


def train(name: str, kind: str, seconds: float, options: argparse.Namespace) -> subprocess.Popen[str]:
    command = [sys.executable, __file__, "--worker", name, kind, str(seconds)]
    command += ["--count", str(options.count), "--seed", str(options.seed)]
    command += ["--points", *map(str, options.points)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def collect(process: subprocess.Popen[str]) -> list[dict[str, Any]]:
    out, _ = process.communicate()
    if process.returncode:
        raise SystemExit(f"a worker failed: {process.args!r}")
    return [json.loads(line) for line in out.splitlines()]


def measure(name: str, options: argparse.Namespace) -> dict[str, Any]:
    """Both presets side by side, then the default in a fifth of the time."""
    seconds = 60 * options.minutes
    pair = [train(name, "paper", seconds, options), train(name, "default", seconds, options)]
    curves = dict(zip(("paper", "default"), map(collect, pair), strict=True))
    curves["default, a fifth"] = collect(train(name, "default", seconds / SHARE, options))
    paper, fifth = curves["paper"][-1]["score"], curves["default, a fifth"][-1]["score"]
    task = PROBLEMS[name]
    learnt = fifth > 0 if task.larger else True  # where neither has learnt anything, nothing is shown
    return {
        "problem": name,
        "score": task.score,
        "larger_is_better": task.larger,
        "curves": curves,
        "reached": learnt and (fifth >= paper if task.larger else fifth <= paper),
    }


def table(rows: Sequence[dict[str, Any]]) -> str:
    """Last scores, as Markdown."""
    lines = [
        "| problem | score | paper preset | default, a fifth of the time | default, the same time |",
        "|---|---|---|---|---|",
    ]
    for row in rows:
        cells = [row["curves"][k][-1] for k in ("paper", "default, a fifth", "default")]
        shown = [f"{c['score']:.4g} ({c['seconds']:.0f} s, {c['steps']} steps)" for c in cells]
        lines.append("| " + " | ".join([row["problem"], row["score"], *shown]) + " |")
    return "\n".join(lines)


def picture(rows: Sequence[dict[str, Any]], path: Path) -> None:
    """Scores against processor time, a panel for each problem."""
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, len(rows), figsize=(3.2 * len(rows), 3.0), squeeze=False)
    for axis, row in zip(axes[0], rows, strict=True):
        for label, curve in row["curves"].items():
            axis.plot([p["seconds"] for p in curve], [p["score"] for p in curve], marker="o", label=label)
        axis.set_title(row["problem"], fontsize=9)
        axis.set_xscale("log")
        axis.set_xlabel("seconds of one core", fontsize=8)
        axis.set_ylabel(row["score"], fontsize=8)
        axis.tick_params(labelsize=7)
    axes[0][0].legend(fontsize=7)
    figure.tight_layout()
    figure.savefig(path)
    plt.close(figure)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--problems", nargs="*", choices=PROBLEMS, default=list(PROBLEMS), help="none: draw what is there"
    )
    parser.add_argument("--minutes", type=float, default=5, help="of one core, for each preset")
    parser.add_argument("--count", type=int, default=64, help="fresh problems that a score is taken on")
    parser.add_argument(
        "--points", nargs="+", type=float, default=POINTS, help="shares of the time at which to score"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, help="write figures, machine and versions here")
    parser.add_argument("--add", action="store_true", help="keep what the file has of other problems")
    parser.add_argument("--picture", type=Path, help="draw the curves into this SVG or PNG")
    parser.add_argument("--worker", nargs=3, metavar=("PROBLEM", "PRESET", "SECONDS"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        name, kind, seconds = options.worker
        work(name, kind, float(seconds), options)
        return
    result: dict[str, Any] = {
        **report.provenance(),
        "minutes": options.minutes,
        "count": options.count,
        "problems": [],
    }
    if options.add and options.json and options.json.exists():
        held = json.loads(options.json.read_text())["problems"]
        result["problems"] = [row for row in held if row["problem"] not in options.problems]
    for name in options.problems:
        result["problems"].append(measure(name, options) | {"minutes": options.minutes})
        print(table(result["problems"][-1:]), flush=True)
        if options.json:
            report.write(options.json, result)
    for row in result["problems"]:
        print(f"  {'pass' if row['reached'] else 'FAIL'}  {row['problem']}: a fifth of the time is enough")
    if not options.problems:
        print(table(result["problems"]))
    if options.picture:
        picture(result["problems"], options.picture)


if __name__ == "__main__":
    main()
