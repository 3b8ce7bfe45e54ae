"""Training steps of the `paper` preset against the paper's network in plain torch, in the same run.

    python benchmarks/step.py [--problems bcmf-10 sudoku] [--seconds 20] [--threads 2]
        [--growth] [--large] [--json FILE]

`plain` is the same network with the same weights, written as the paper's code does it: padded gather, group
norm with channels first, Adam parameter by parameter (`peers/paper_network.py`). It has the mask ready, where
the authors' code builds it anew for every batch. `linears` are the network's linear layers alone, forward and
backward: what no attention can save. The authors' own step, as measured on another day, is listed beside
(the project's evidence page). A step whose first loss differs from the plain one's gets no figure.

`--growth` times BCMF steps at batch 1 from 10×10×10 to 100×100×10 and fits the exponent of time in mask
entries; `--large` takes two steps on BCMF 200×200×10 in a process of its own and reads its peak memory.
"""

from __future__ import annotations

import argparse
import json
import math
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from peers import report, timing
from peers.paper_network import linear_layers, plain

import gsdmc
from gsdmc.training.loop import Run
from gsdmc.training.presets import preset

# name: program, sizes, batch, the authors' step in seconds, the wanted ratio to it
PROBLEMS: dict[str, tuple[str, dict[str, Any], int, float, float]] = {
    "bcmf-10": ("bcmf", {"m": 10, "n": 10, "k": 10}, 8, 1.06, 4),
    "sorting-20": ("sorting", {"n": 20}, 16, 3.5, 4),
    "inversion-5": ("inversion", {"n": 5}, 16, 0.35, 4),
    "sudoku": ("sudoku", {}, 32, 0.62, 3),
    "boolean-4": ("boolean", {"n": 4}, 16, 0.056, 3),
}
GROWTH = [(10, 10, 10), (20, 20, 10), (50, 50, 10), (100, 100, 10)]
LARGE = (200, 200, 10)
MEMORY = 16.0  # GB


def make(program: str, sizes: dict[str, Any], batch: int) -> Run:
    """A run of the `paper` preset, ready for its first step."""
    problem = gsdmc.compile(program, **sizes)
    return Run(problem, preset("paper", problem).with_changes(batch=batch), 0, ())


def clocked(run: Run) -> timing.Sampler:
    """A training step, its batch drawn and put aside before: data cost both sides the same."""

    def sample() -> float:
        run.batches(run.step)
        start = time.perf_counter()
        run.advance(0.0)
        return time.perf_counter() - start

    return sample


def floor(run: Run) -> Callable[[], None]:
    """Forward and backward of the linear layers alone."""
    layers, x = linear_layers(run.denoiser, run.problem.layout.nodes, run.config.batch)
    x.requires_grad_()

    def pass_through() -> None:
        h = x
        for layer in layers:
            h = layer(h)
        torch.autograd.grad(h.sum(), [x, *(p for layer in layers for p in layer.parameters())])

    return pass_through


def compare(name: str, seconds: float) -> dict[str, Any] | None:
    program, sizes, batch, authors, wanted = PROBLEMS[name]
    ours, theirs = make(program, sizes, batch), plain(make(program, sizes, batch))
    first = [float(run.advance(0.0)) for run in (ours, theirs)]
    if not math.isclose(*first, rel_tol=1e-4):
        print(f"{name}: the first losses differ, {first[0]:g} and {first[1]:g}; not timed")
        return None
    samplers = {"ours": clocked(ours), "plain": clocked(theirs)}
    samplers["linears"] = timing.sampler(floor(ours), time.perf_counter, 0.0)
    found = timing.interleaved(samplers, seconds / len(samplers), least=5, most=200)
    ours_ms = timing.spread(found["ours"])
    row: dict[str, Any] = {
        "problem": name,
        "nodes": ours.problem.layout.nodes,
        "entries": ours.problem.layout.structure.entries,
        "batch": batch,
        "ms": {key: timing.spread(samples).json() for key, samples in found.items()},
        "plain_over_ours": timing.ratio(found["plain"], found["ours"]).json(),
        "ours_over_linears": timing.ratio(found["ours"], found["linears"]).json(),
        "authors_ms": 1e3 * authors,
        "authors_over_ours": float(f"{1e3 * authors / ours_ms.median:.4g}"),
        "wanted_over_authors": wanted,
    }
    cells = [timing.spread(found[key]) for key in ("ours", "plain", "linears")]
    shown = "  ".join(f"{c.median:8.1f} ({c.low:.0f}-{c.high:.0f})" for c in cells)
    ratio = row["plain_over_ours"]["median"]
    print(
        f"{name:12} {shown}   plain/ours {ratio:5.2f}   authors/ours {row['authors_over_ours']:5.2f}",
        flush=True,
    )
    return row


def growth(seconds: float) -> dict[str, Any]:
    """Seconds per step at batch 1 over sizes, and the exponent in mask entries."""
    points: list[dict[str, Any]] = []
    for m, n, k in GROWTH:
        run = make("bcmf", {"m": m, "n": n, "k": k}, 1)
        step = clocked(run)
        step()
        begun = time.perf_counter()
        samples: list[float] = []
        while len(samples) < 3 or (time.perf_counter() - begun < seconds and len(samples) < 100):
            samples.append(step())
        entries = run.problem.layout.structure.entries
        points.append({"size": [m, n, k], "entries": entries, "ms": timing.spread(samples).json()})
        print(f"BCMF {m}x{n}x{k}: {entries} entries, {points[-1]['ms']['median']:.0f} ms a step", flush=True)
    logs = np.log([[p["entries"], p["ms"]["median"]] for p in points])
    exponent = float(np.polyfit(logs[:, 0], logs[:, 1], 1)[0])
    last = float((logs[-1, 1] - logs[0, 1]) / (logs[-1, 0] - logs[0, 0]))
    return {"points": points, "exponent": exponent, "end_to_end": last}


def large() -> dict[str, Any]:
    """Two steps on a large graph in a process of its own."""
    command = [sys.executable, __file__, "--large-worker", "--threads", str(torch.get_num_threads())]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def large_worker() -> None:
    m, n, k = LARGE
    run = make("bcmf", {"m": m, "n": n, "k": k}, 1)
    seconds = []
    for _ in range(2):
        start = time.perf_counter()
        run.advance(0.0)
        seconds.append(round(time.perf_counter() - start, 2))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9
    layout = run.problem.layout
    found = {
        "size": LARGE,
        "nodes": layout.nodes,
        "entries": layout.structure.entries,
        "seconds": seconds,
        "recompute": run.denoiser.recompute,
        "peak_gb": round(peak, 2),
    }
    print(json.dumps(found))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--problems", nargs="*", choices=PROBLEMS, default=list(PROBLEMS))
    parser.add_argument("--seconds", type=float, default=20, help="spent on each problem, roughly")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--growth", action="store_true", help="time against size")
    parser.add_argument("--large", action="store_true", help="memory of a step on BCMF 200x200x10")
    parser.add_argument("--large-worker", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--json", type=Path, help="write figures, machine and versions here")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    if arguments.large_worker:
        large_worker()
        return
    print(f"a training step of the paper preset, median ms (20-80 % quantiles), {arguments.threads} threads")
    print(f"{'':12} {'ours':>16}  {'plain':>16}  {'linears':>16}")
    rows = [row for name in arguments.problems if (row := compare(name, arguments.seconds))]
    result: dict[str, Any] = {**report.provenance(), "threads": arguments.threads, "steps": rows}
    print("targets (the authors' steps were measured on another day; plain torch in this run):")
    targets = []
    for row in rows:
        for key in ("authors_over_ours", "plain_over_ours"):
            have = row[key] if isinstance(row[key], float) else row[key]["median"]
            targets.append(report.verdict(f"{row['problem']} {key}", have, row["wanted_over_authors"]))
    if arguments.growth:
        result["growth"] = growth(arguments.seconds)
        targets.append(report.verdict("growth", result["growth"]["exponent"], 1.1, least=False))
    if arguments.large:
        result["large"] = large()
        print(f"BCMF 200x200x10: {result['large']}")
        targets.append(report.verdict("peak GB", result["large"]["peak_gb"], MEMORY, least=False))
    result["targets"] = targets
    if arguments.json:
        report.write(arguments.json, result)


if __name__ == "__main__":
    main()
