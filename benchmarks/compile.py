"""Compile time and memory over problems and sizes, with their growth; simulation against hand-written torch.

    python benchmarks/compile.py [--problems bcmf sorting] [--repeats 3] [--json FILE]

Every size is compiled in a process of its own, imports and a first tiny program not counted: from text to
tape, factor graph, role table, mask, layout and metrics. `peak` is the process's largest resident memory, of
which `start` was there before compiling began. `growth` is the exponent p of time ~ (nodes + entries)^p, over
the larger half of the sizes: 1 is linear, and what does not depend on the size makes it less.

Then, in one process and in turn: 256 joint draws of BCMF 10 × 10 × 10 by gsdmc and by the same thing written
by hand in torch; and what varying m, n, k per batch costs a training step, from empty caches on.
"""

from __future__ import annotations

import argparse
import datetime
import io
import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

import gsdmc
from gsdmc.training import hardware
from gsdmc.training.data import SIZES, Batches

CONVOLUTION = Path(__file__).parent.parent / "tests" / "programs" / "daphne" / "deep.clj"
CASES: dict[str, list[dict[str, int]]] = {
    "bcmf": [{"m": n, "n": n, "k": 10} for n in (10, 25, 50, 100, 200)],
    "hbmf": [{"m": n, "n": n, "k": 10} for n in (10, 25, 50, 100)],
    "sorting": [{"n": n} for n in (10, 20, 40, 70, 100)],
    "sudoku": [{"n": n} for n in (2, 3, 4, 5)],
    "boolean": [{"n": n} for n in (4, 6, 8, 10, 11)],
    "inversion": [{"n": n} for n in (5, 10, 20, 40)],
}
STAGES = ("tape", "graph", "edges", "mask", "layout", "metrics")


def megabytes() -> float:
    """The largest resident memory so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def one_case(program: str, sizes: dict[str, Any]) -> dict[str, Any]:
    """Compile once: seconds by stage, memory, nodes and entries; a tiny program warms the process up."""
    _ = gsdmc.compile(io.StringIO('(sample "x" (normal 0 1))')).metrics
    start = megabytes()
    seconds: dict[str, float] = {}
    begun = time.perf_counter()
    problem = gsdmc.compile(program, **sizes)  # its checks draw, so they need tape and graph
    seconds["checked"] = time.perf_counter() - begun
    for stage in STAGES:
        before = time.perf_counter()
        getattr(problem, stage)
        seconds[stage] = time.perf_counter() - before
    total = time.perf_counter() - begun
    nodes, entries = problem.metrics.nodes, problem.metrics.entries
    return {
        "seconds": total, "stages": seconds, "start_mb": start, "peak_mb": megabytes(),
        "nodes": nodes, "entries": entries,
    }  # fmt: skip


def in_its_own_process(program: str, sizes: dict[str, int], repeats: int) -> dict[str, Any]:
    """The fastest of several runs."""
    command = [sys.executable, __file__, "--case", program, json.dumps(sizes)]
    runs = [
        json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        for _ in range(repeats)
    ]
    best: dict[str, Any] = min(runs, key=lambda run: float(run["seconds"]))
    return {"program": Path(program).stem, "sizes": sizes, **best}


def growth(rows: list[dict[str, Any]]) -> float | None:
    """The exponent of time in nodes + entries over the larger half of the sizes."""
    larger = rows[-max(2, (len(rows) + 1) // 2) :]
    if len(larger) < 2:
        return None
    size = np.log([r["nodes"] + r["entries"] for r in larger])
    return float(np.polyfit(size, np.log([r["seconds"] for r in larger]), 1)[0])


def by_hand(
    batch: int, generator: torch.Generator, m: int = 10, n: int = 10, k: int = 10
) -> dict[str, Tensor]:
    """What bcmf.clj draws, in torch."""
    a = torch.rand(batch, m, k, generator=generator)
    r = torch.rand(batch, k, n, generator=generator) < 0.3
    c = a[:, :, None, :] * r.transpose(1, 2)[:, None]  # [B, m, n, k]
    return {"A": a, "R": r, "C": c, "E": c.sum(-1)}


def simulation(rounds: int = 400) -> dict[str, float]:
    """Milliseconds for a batch of 256, in turn; medians."""
    problem = gsdmc.compile("bcmf", m=10, n=10, k=10)
    generator = torch.Generator().manual_seed(0)
    calls: dict[str, Callable[[int], object]] = {
        "gsdmc": lambda seed: problem.simulate(256, seed),
        "by_hand": lambda _: by_hand(256, generator),
    }
    times: dict[str, list[float]] = {name: [] for name in calls}
    for seed in range(rounds + 20):
        for name, call in calls.items():
            start = time.perf_counter()
            call(seed)
            if seed >= 20:
                times[name].append(time.perf_counter() - start)
    found = {name: 1e3 * statistics.median(t) for name, t in times.items()}
    return {**found, "ratio": found["gsdmc"] / found["by_hand"]}


def varying(steps: int) -> dict[str, float]:
    """What new sizes cost a training run with m, n, k from 1..10, as shares of its time."""
    start = time.perf_counter()
    gsdmc.train("bcmf", steps=steps, vary=("m", "n", "k"), out=None)
    trained = time.perf_counter() - start
    batches = Batches(gsdmc.compile("bcmf"), 32, 0, ("m", "n", "k"))
    passes = []
    for _ in range(2):
        start = time.perf_counter()
        for step in range(steps):
            problem = batches.sized(step, SIZES)
            assert isinstance(problem, gsdmc.Problem)
            _ = problem.layout, problem.interpreter
        passes.append(time.perf_counter() - start)
    return {
        "steps": steps, "training_seconds": trained, "first_pass_seconds": passes[0],
        "later_pass_seconds": passes[1], "first_pass_share": passes[0] / trained,
        "later_pass_share": passes[1] / trained,
    }  # fmt: skip


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--problems", nargs="+", default=[*CASES, "convolution"])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--vary-steps", type=int, default=400, help="0 leaves this measurement out")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--case", nargs=2, metavar=("PROGRAM", "SIZES"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.case:
        print(json.dumps(one_case(options.case[0], json.loads(options.case[1]))))
        return
    result: dict[str, Any] = {
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "machine": hardware.describe(),
        "rows": [],
        "growth": {},
    }
    print(
        f"{'program':12} {'sizes':22} {'nodes':>9} {'entries':>10} {'seconds':>8} {'start':>7} {'peak MB':>8}"
    )
    for name in options.problems:
        convolution = name == "convolution"
        program = str(CONVOLUTION) if convolution else name
        rows = [
            in_its_own_process(program, s, options.repeats) for s in ([{}] if convolution else CASES[name])
        ]
        for row in rows:
            sizes = ", ".join(f"{k}={v}" for k, v in row["sizes"].items())
            print(
                f"{row['program']:12} {sizes:22} {row['nodes']:9,} {row['entries']:10,} "
                f"{row['seconds']:8.2f} {row['start_mb']:7.0f} {row['peak_mb']:8.0f}",
                flush=True,
            )
        exponent = growth(rows)
        if exponent is not None:
            print(f"{name:12} growth {exponent:.2f}")
        result["rows"] += rows
        result["growth"][name] = exponent
    result["simulation"] = simulation()
    shown = result["simulation"]
    print(
        f"256 draws of BCMF 10 × 10 × 10: gsdmc {shown['gsdmc']:.3f} ms, by hand {shown['by_hand']:.3f} ms, "
        f"ratio {shown['ratio']:.2f}"
    )
    if options.vary_steps:
        result["varying"] = shown = varying(options.vary_steps)
        print(
            f"varying sizes, {shown['steps']} steps in {shown['training_seconds']:.1f} s: new sizes take "
            f"{shown['first_pass_share']:.1%} from empty caches, {shown['later_pass_share']:.2%} afterwards"
        )
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
