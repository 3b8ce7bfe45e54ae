"""Table 3: what a layer costs, against the size of the problem, with fitted exponents beside claimed orders.

Size is 2^n, the inputs, for Boolean circuits, n for sorting, and n = m = k for BCMF. `gsdm` is the network
with structure and intermediate variables, `naive` one with neither. `nodes` are what the paper calls the cost
of ResNets; `entries` those of the mask, which our attention costs; `padded` nodes times the largest degree,
which the paper's packed attention costs. `seconds` is the median training step, batch 4, where a mask has at
most `LARGEST` entries: measure it on a quiet machine, or leave it out (`--parts entries`).
"""

from __future__ import annotations

import statistics
import time
from pathlib import Path
from typing import Any

from gsdmc.compiler import Problem
from gsdmc.inference.fit import TrainingProblem
from gsdmc.training.devices import choose_device
from gsdmc.training.loop import Run
from paper import pictures
from paper.figure import Figure
from paper.growth import exponent
from paper.settings import Settings
from paper.table import Row, Table
from paper.variants import NEITHER, OUTPUT_ONLY, STRUCTURED, Variant

LARGEST = 4_000_000
BATCH = 4

# (nodes, attention, both) of the paper's Table 3, as exponents of the size.
CLAIMED = {
    ("boolean", "naive"): (1, 2, 2),
    ("boolean", "gsdm"): (1, 1, 1),
    ("sorting", "naive"): (2, 4, 4),
    ("sorting", "gsdm"): (2, 3, 3),
    ("bcmf", "naive"): (2, 4, 4),
    ("bcmf", "gsdm"): (3, 4, 4),
}
SIZES = {
    "boolean": ((4, 8), (16, 32, 64, 128, 256), (16, 32, 64, 128, 256, 512, 1024)),
    "sorting": ((3, 4), (10, 20, 40), (10, 20, 40, 60, 80, 100)),
    "bcmf": ((2, 3), (4, 8, 16), (4, 8, 16, 32, 48, 64)),
}


def variant(program: str, network: str) -> Variant:
    """The problem of a row; a naive mask is all of nodes², so its graph is compiled for the nodes alone."""
    if network == "gsdm":
        return STRUCTURED
    if program == "boolean":
        return Variant("naive", program=OUTPUT_ONLY)
    return Variant("naive", {"intermediates": False})


def overrides(program: str, size: int) -> dict[str, Any]:
    """A size as the program's own."""
    if program == "boolean":
        return {"n": size.bit_length() - 1}
    return {"n": size} if program == "sorting" else {"m": size, "n": size, "k": size}


def measure(settings: Settings, table: Table) -> None:
    """Compile every size, and time steps where that is asked for."""
    rounds = settings.pick(1, 5, 11)
    for program, sizes in SIZES.items():
        for network in ("naive", "gsdm"):
            for size in settings.pick(*sizes):
                if table.has(program=program, network=network, size=size):
                    continue
                problem = variant(program, network).compile(program, **overrides(program, size))
                nodes = problem.graph.nodes
                dense = network == "naive"
                entries = nodes**2 if dense else problem.mask.nnz
                widest = nodes if dense else int((problem.mask.indptr[1:] - problem.mask.indptr[:-1]).max())
                seconds = None
                if "time" in settings.parts and entries <= LARGEST:
                    if dense:
                        own = Variant("naive", NEITHER.options, OUTPUT_ONLY if program == "boolean" else None)
                        problem = own.compile(program, **overrides(program, size))
                    seconds = step_seconds(problem, settings, rounds)
                table.add(
                    program=program,
                    network=network,
                    size=size,
                    nodes=nodes,
                    entries=entries,
                    padded=nodes * widest,
                    seconds=seconds,
                )


def step_seconds(problem: Problem, settings: Settings, rounds: int) -> float:
    """The median training step, its batch drawn before."""
    device, why = choose_device(settings.device)
    config = settings.config(problem).with_changes(batch=BATCH, reach=False)
    run = Run(TrainingProblem(problem, {}), config, settings.seed, (), None, device, why)
    found = []
    for _ in range(rounds + 1):  # the first one warms up
        run.batches(run.step)
        begun = time.perf_counter()
        float(run.advance(0.0))  # reading the loss waits for a GPU
        found.append(time.perf_counter() - begun)
    return statistics.median(found[1:])


def summary(rows: list[Row]) -> list[Row]:
    """Fitted exponents beside the claimed ones."""
    found = []
    for (program, network), (nodes, attention, both) in CLAIMED.items():
        own = [r for r in rows if (r["program"], r["network"]) == (program, network)]
        row: Row = {"program": program, "network": network, "largest_size": max(r["size"] for r in own)}
        for name, claimed in (("nodes", nodes), ("padded", attention), ("entries", None), ("seconds", both)):
            kept = [r for r in own if r[name] is not None]
            row[f"{name}_exponent"] = exponent([r["size"] for r in kept], [r[name] for r in kept])
            if claimed is not None:
                row[f"{name}_claimed"] = claimed
        found.append(row)
    return found


def draw(rows: list[Row], path: Path) -> None:
    """Entries and, where measured, seconds against size."""
    shown = ["entries"] + (["seconds"] if any(r["seconds"] is not None for r in rows) else [])
    figure, axes = pictures.panels(len(shown), len(SIZES), width=2.6, height=2.3)
    for line, column in zip(axes, shown, strict=True):
        for axis, program in zip(line, SIZES, strict=True):
            own = [r for r in rows if r["program"] == program]
            pictures.lines(axis, own, "size", column, "network")
            axis.set(xscale="log", yscale="log", title=program)
            sizes = sorted({r["size"] for r in own})
            axis.set_xticks(sizes, [str(size) for size in sizes], fontsize=6)
            axis.set_xticks([], minor=True)
    axes[0][0].legend()
    pictures.save(figure, path)


FIGURES = (Figure("table3", "entries and time of a step against size", measure, draw, summary),)
