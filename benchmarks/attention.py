"""Speed of attention on the masks of the five problems, on the CPU, all implementations in one run.

    python benchmarks/attention.py [--masks bcmf-10 sudoku] [--batches 1 8 64] [--peers sdpa] [--heads 2]
        [--width 32] [--curve 2 5 10] [--curve-batch 8] [--threads 1] [--seconds 1] [--cpu-time] [--memory 8]
        [--json FILE] [--svg FILE]

Ours are `auto`, what `sparse_attention` picks, and each backend by itself; the peers (benchmarks/peers) are
`padded`, the paper's gather; `sdpa`, dense with a mask; `edges`, PyTorch Geometric's edge list; `flex`,
FlexAttention with a block mask, which has no backward pass on a CPU and needs a C++ compiler.
`linears` is a yardstick: the seven linear layers of the paper's block, each over all nodes, and
`own linears` those of gsdmc's block, of which one takes an example's time and one a node's embedding.

First every implementation runs at every shape and is compared with float64, in value and all gradients, on
the first and the last example; one that is wrong, doesn't fit or takes too long gets no figure but a reason.
Then all are timed in turn, round after round; shown are medians and 20 and 80 % quantiles of the rounds, and
each one's time over that of `auto` in the same round. Last come the growth over BCMF of m = n = 2..50 and
k = 10, also drawn, and the ratios that are wanted, passed or failed. Measure on a quiet machine.
"""

from __future__ import annotations

import argparse
import gc
import sys
import time
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from peers import check, flex, masks, picture, report, timing
from peers.admit import Candidate, admit
from peers.attentions import Maker, edges, ours, padded, peak_bytes, sdpa
from torch import nn

from gsdmc.kernels.attention import BACKENDS
from gsdmc.kernels.structure import Structure

DEFAULT_MASKS = ["bcmf-10", "sorting-20", "sudoku", "bcmf-50-50-10", "boolean-8", "bcmf-5-5-3"]
CURVE = [2, 3, 5, 7, 10, 14, 20, 28, 40, 50]
TOLERANCE = 1e-5  # float32 against float64
DENSE = ("sdpa", "dense", "flex")
PAIR_SECONDS = 4e-9  # less than any dense product here takes for one pair of nodes of one head and example

PEERS: dict[str, Maker] = {"padded": padded, "sdpa": sdpa, "edges": edges, "flex": flex.make}
OURS: dict[str, Maker] = {
    name: ours(name) for name in ("auto", *(b for b in BACKENDS if b not in ("reference", "triton")))
}
YARDSTICKS = ("linears", "own linears")
LABELS = {
    **{name: f"gsdmc, {name}" for name in OURS},
    "padded": "padded gather (paper)",
    "sdpa": "SDPA, dense mask",
    "edges": "edge list (PyG style)",
    "flex": "FlexAttention",
    "linears": "seven linear layers",
}


@dataclass
class Cell:
    """One mask and batch size, and who was admitted there."""

    mask: str
    batch: int
    structure: Structure
    curve: bool = False
    candidates: dict[str, Candidate] = field(default_factory=dict)


def unfit(name: str, cell: Cell, options: argparse.Namespace) -> str | None:
    """Why an implementation isn't even tried."""
    need = peak_bytes(name, cell.structure, cell.batch, options.heads, options.width) / 2**30
    if need > options.memory:
        return f"needs about {need:.0f} GiB, {options.memory:.0f} are allowed"
    passes = 0.3 if name == "flex" else 1.0
    least = PAIR_SECONDS * passes * cell.batch * options.heads * cell.structure.nodes**2
    if name in DENSE and least > options.longest:
        return f"one run would take more than {least:.0f} s"
    return None


def warm(cell: Cell, options: argparse.Namespace) -> None:
    """Admit whoever runs and is right."""
    tensors = check.inputs(cell.structure, cell.batch, options.heads, options.width)
    exact = check.oracle(cell.structure, tensors)
    for name, make in {**OURS, **{name: PEERS[name] for name in options.peers}}.items():
        reason = unfit(name, cell, options)
        if reason:
            cell.candidates[name] = Candidate(reason=reason)
            continue
        backward = name != "flex"
        cell.candidates[name] = found = admit(
            make, cell.structure, tensors, exact, TOLERANCE, backward=backward, longest=options.longest
        )
        if name == "flex" and found.attend is not None:
            found.reason = "forward only: FlexAttention has no backward pass on a CPU"
        gc.collect()
    worst = max((c.error for c in cell.candidates.values() if c.error is not None), default=0.0)
    missing = [f"{n}: {c.reason}" for n, c in cell.candidates.items() if c.attend is None]
    print(
        f"  {cell.mask}, batch {cell.batch}: errors up to {worst:.0e}", *missing, sep="\n      ", flush=True
    )


class Linears:
    """Forward and backward of linear layers of the block's width: weights, biases and inputs."""

    def __init__(self, rows: list[int], width: int) -> None:
        generator = torch.Generator().manual_seed(0)
        self.layers = [nn.Linear(width, width) for _ in rows]
        longest = torch.randn(max(rows), width, generator=generator)
        self.inputs = [longest[:count].detach().requires_grad_() for count in rows]
        self.upstream = torch.randn(max(rows), width, generator=generator)

    def __call__(self) -> None:
        for layer, x in zip(self.layers, self.inputs, strict=True):
            out = layer(x)
            torch.autograd.grad(out, [x, *layer.parameters()], self.upstream[: len(x)])


def yardsticks(cell: Cell, options: argparse.Namespace) -> dict[str, Linears]:
    """The seven layers of the paper's block, and the eight of gsdmc's, in their shapes."""
    nodes, batch = cell.structure.nodes, cell.batch
    shapes = ([batch * nodes] * 7, [*[batch * nodes] * 6, nodes, batch])
    made = (Linears(rows, options.heads * options.width) for rows in shapes)
    return dict(zip(YARDSTICKS, made, strict=True))


def measure(cell: Cell, options: argparse.Namespace) -> dict[str, Any]:
    """Time whoever was admitted."""
    clock = time.thread_time if options.cpu_time else time.perf_counter
    tensors = check.inputs(cell.structure, cell.batch, options.heads, options.width)
    ms: dict[str, dict[str, Any]] = {name: c.json() for name, c in cell.candidates.items()}
    for kind, run in (("both", check.forward_backward), ("forward", check.forward)):
        samplers = {
            name: timing.sampler(partial(run, c.attend, tensors), clock, options.burst)
            for name, c in cell.candidates.items()
            if c.attend is not None and (c.backward or kind == "forward")
        }
        if kind == "both":
            for name, linears in yardsticks(cell, options).items():
                samplers[name] = timing.sampler(linears, clock, options.burst)
        samples = timing.interleaved(samplers, options.seconds, options.rounds)
        for name, taken in samples.items():
            found = ms.setdefault(name, {})
            found[kind] = timing.spread(taken).json()
            if "auto" in samples:
                found[f"{kind}_of_auto"] = timing.ratio(taken, samples["auto"]).json()
        del samplers
        gc.collect()
    s = cell.structure
    return {"mask": cell.mask, "nodes": s.nodes, "entries": s.entries, "batch": cell.batch, "ms": ms}


def show(row: dict[str, Any]) -> None:
    """A cell's figures, a line each."""
    print(f"\n{row['mask']}, {row['nodes']:,} nodes, {row['entries']:,} entries, batch {row['batch']}")
    print(
        f"  {'':14}{'both ms':>9}  {'20–80 %':>17}{'× auto':>8}"
        f"{'forward ms':>12}  {'20–80 %':>17}{'× auto':>8}"
    )
    for name, found in row["ms"].items():
        line = f"  {name:14}"
        for kind, width in (("both", 9), ("forward", 12)):
            if kind in found:
                p, times = found[kind], found.get(f"{kind}_of_auto")
                between = f"{p['low']:.3g}–{p['high']:.3g}"
                line += f"{p['median']:{width}.3g}  {between:>17}"
                line += f"{times['median']:8.2f}" if times else " " * 8
            else:
                line += f"{'–':>{width}}  {'':17}{'':8}"
        print(line, f"  {found['reason']}" if found.get("reason") else "", flush=True)


def summary(rows: list[dict[str, Any]]) -> None:
    """Medians of forward and backward, a line a cell."""
    names = list(dict.fromkeys(name for row in rows for name in row["ms"]))
    print("\nforward and backward, medians in ms")
    print(f"{'mask':15}{'nodes':>8}{'entries':>9}{'batch':>6}", *(f"{n:>11}" for n in names))
    for row in rows:
        found = [row["ms"].get(name, {}).get("both") for name in names]
        shown = (f"{'–':>11}" if p is None else f"{p['median']:11.4g}" for p in found)
        print(f"{row['mask']:15}{row['nodes']:8}{row['entries']:9}{row['batch']:6}", *shown)


def growth(rows: list[dict[str, Any]]) -> dict[str, float]:
    """The exponent of time in entries, from m = n = 10 on, of who has three sizes or more."""
    large = [row for row in rows if row["entries"] >= masks.bcmf(10, 10, 10).entries]
    found = {}
    for name in (*OURS, *PEERS, *YARDSTICKS[:1]):
        points = [
            (r["entries"], r["ms"][name]["both"]["median"]) for r in large if "both" in r["ms"].get(name, {})
        ]
        if len(points) >= 3:
            sizes, times = np.log(np.array(points)).T
            found[name] = float(np.polyfit(sizes, times, 1)[0])
    return found


def targets(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The wanted ratios of what was measured; nothing is asserted."""
    found = {(row["mask"], row["batch"]): row["ms"] for row in rows}
    results = []

    def times(mask: str, batch: int, name: str) -> float | None:
        p = found.get((mask, batch), {}).get(name, {}).get("both_of_auto")
        return None if p is None else float(p["median"])

    print("\ntargets, batch 8")
    for mask, need in (("bcmf-10", 15.0), ("sorting-20", 8.0), ("sudoku", 4.0)):
        have = times(mask, 8, "padded")
        if have is not None:
            results.append(report.verdict(f"{mask}: padded gather over auto", have, need))
    for name, what in zip(YARDSTICKS, ("the seven linear layers", "gsdmc's own linear layers"), strict=True):
        have = times("bcmf-10", 8, name)
        if have is not None:
            results.append(report.verdict(f"bcmf-10: {what} over auto", have, 3.0))
    print("never slower than dense SDPA")
    for mask, batch in found:
        have = times(mask, batch, "sdpa")
        if have is not None:
            results.append(report.verdict(f"{mask}, batch {batch}: sdpa over auto", have, 1.0))
        elif "sdpa" in found[mask, batch]:
            print(
                f"  –     {mask}, batch {batch}: sdpa not timed, {found[mask, batch]['sdpa'].get('reason')}"
            )
    return results


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--masks", nargs="*", choices=masks.MASKS, default=DEFAULT_MASKS)
    parser.add_argument("--batches", nargs="+", type=int, default=[1, 8, 64])
    parser.add_argument("--peers", nargs="*", choices=PEERS, default=list(PEERS))
    parser.add_argument("--heads", type=int, default=2)
    parser.add_argument("--width", type=int, default=32, help="numbers per head")
    parser.add_argument("--curve", nargs="*", type=int, default=CURVE, help="m = n of BCMF with k = 10")
    parser.add_argument("--curve-batch", type=int, default=8)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=1.0, help="for each figure, roughly")
    parser.add_argument("--rounds", type=int, default=5, help="at least so many")
    parser.add_argument("--burst", type=float, default=0.02, help="seconds a round for each, or one run")
    parser.add_argument("--longest", type=float, default=5.0, help="seconds that one run may take")
    parser.add_argument("--memory", type=float, default=0.6 * report.memory() / 2**30, help="GiB for a peer")
    parser.add_argument("--cpu-time", action="store_true", help="this thread's CPU time: for busy machines")
    parser.add_argument("--json", type=Path, help="write figures, machine and versions here")
    parser.add_argument("--svg", type=Path, help="draw time against nodes here; beside FILE.json otherwise")
    options = parser.parse_args()
    if options.cpu_time and options.threads != 1:
        parser.error("--cpu-time counts one thread only: use it with --threads 1")
    if options.json and not options.svg:
        options.svg = options.json.with_suffix(".svg")
    return options


def main() -> int:
    options = parse()
    torch.set_num_threads(options.threads)
    cells = [
        Cell(mask, batch, s)
        for mask in options.masks
        for s in [masks.MASKS[mask]()]
        for batch in options.batches
    ]
    for n in options.curve:
        cells.append(Cell(f"bcmf-{n}-{n}-10", options.curve_batch, masks.bcmf(n, n, 10), curve=True))
    clock = "CPU time" if options.cpu_time else "wall time"
    print(f"{clock}, float32, {options.threads} threads, {options.heads} heads of {options.width}")
    print("warming and checking every shape")
    for cell in cells:
        warm(cell, options)
    rows: list[dict[str, Any]] = []
    curve: list[dict[str, Any]] = []
    for cell in cells:
        row = measure(cell, options)
        (curve if cell.curve else rows).append(row)
        show(row)
        cell.candidates.clear()
    summary(rows + curve)
    slopes = growth(curve)
    if slopes:
        print("\ngrowth of forward and backward with entries, BCMF from 10 × 10 × 10 on:")
        print(" ", ", ".join(f"{name} {slope:.2f}" for name, slope in slopes.items()))
    met = targets(rows)
    if options.json:
        names = ("heads", "width", "threads", "cpu_time", "seconds", "rounds", "burst", "longest", "memory")
        settings = {name: getattr(options, name) for name in names}
        result = {**report.provenance(), "settings": settings, "tolerance": TOLERANCE, "unit": "ms"}
        result |= {"rows": rows, "curve": curve, "growth": slopes, "targets": met}
        report.write(options.json, result)
    if options.svg and curve:
        title = f"attention on BCMF m = n, k = 10; batch {options.curve_batch}, "
        title += f"{options.heads} heads of {options.width}, float32, {options.threads} thread(s), CPU"
        picture.draw(options.svg, title, curve, LABELS)
    errors = (found.get("error", 0.0) for row in rows + curve for found in row["ms"].values())
    return 1 if any(error > TOLERANCE for error in errors) else 0


if __name__ == "__main__":
    sys.exit(main())
