"""What could compute attention on a CPU, forward and backward, all candidates in one run.

    python benchmarks/attention_candidates.py [--masks bcmf-10 sudoku] [--batches 1 8 64] [--threads 1]
        [--candidates cpu dense numba plates] [--seconds 1] [--cache FOLDER] [--json FILE]

`cpu`, the sparse path, and `dense` are ours; `numba` is a row-wise kernel (peers/numba_rows.py), and `plates`
broadcasts without indices, from a description of each mask, compiled by `torch.compile` (peers/plates.py).
gsdmc depends neither on numba nor on a C++ compiler, which `plates` needs; without them they get no figure.

Each candidate is compared with float64 first, in value and all gradients; one that is wrong gets no figure.
`ready` is what its first call takes beyond a later one: index arrays of ours, or compilation, from an empty
cache. With `--cache`, torch.compile's is in FOLDER, and what an earlier run left there is used: figures are
the same, but sooner there. None has role biases.

FILE keeps the rows of other masks, batches and thread counts that the same machine and versions measured, so
that a quiet minute is enough for a part. Threads are a process's: run the script once for each count.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from peers import check, masks, numba_rows, plates, report, timing
from peers.attentions import Attention, ours, peak_bytes
from torch import Tensor

from gsdmc.kernels.choice import choose
from gsdmc.kernels.structure import Structure

Builder = Callable[[str, Structure, int], Attention]
"""From a mask's name, its structure and the batch size."""

MASKS = ["bcmf-10", "sorting-20", "sudoku", "bcmf-50-50-10"]
TOLERANCE = 1e-5  # float32 against float64
PAIR_SECONDS = 3.5e-9  # what dense products take here for one pair of nodes of one head and example, at least
MUCH = 1.5  # so many times as fast as `cpu` would be a reason to change it


def compiled_plates(mask: str, s: Structure, batch: int) -> Attention:
    """Broadcasting over the plates of that mask, for these shapes alone."""
    attend = plates.make(plates.PLANS[mask](), s)
    torch.compiler.reset()  # torch gives up on a function that it has compiled for eight shapes
    found: Attention = torch.compile(attend, dynamic=False, fullgraph=True)
    return found


CANDIDATES: dict[str, Builder] = {
    "cpu": lambda _, s, batch: ours("cpu")(s, batch),
    "dense": lambda _, s, batch: ours("dense")(s, batch),
    "numba": lambda _, s, batch: numba_rows.make(s, batch),
    "plates": compiled_plates,
}


@dataclass
class Prepared:
    """A candidate at one shape, or why there is none."""

    attend: Attention | None
    found: dict[str, Any]


def timed(attend: Attention, tensors: list[Tensor]) -> tuple[float, list[Tensor]]:
    """Seconds of both passes, and what they give."""
    start = time.perf_counter()
    got = check.forward_backward(attend, tensors)
    return time.perf_counter() - start, got


def prepare(build: Callable[[], Attention], tensors: list[Tensor], exact: list[Tensor]) -> Prepared:
    """Run, check and warm."""
    try:
        attend = build()
        first, got = timed(attend, tensors)
        error = check.error(check.examples(got), exact)
        found: dict[str, Any] = {"error": float(f"{error:.2g}")}
        if not error <= TOLERANCE:
            return Prepared(None, found | {"reason": f"disagrees with float64: {error:.1e}"})
        later = min(timed(attend, tensors)[0] for _ in range(3))
        found["ready_seconds"] = round(max(0.0, first - later), 3)
        return Prepared(attend, found)
    except Exception as problem:  # compilers raise errors of many kinds; each is a reason to have no figure
        lines = str(problem).strip().splitlines()
        return Prepared(None, {"reason": f"{type(problem).__name__}: {lines[0][:160] if lines else ''}"})


def unfit(name: str, s: Structure, batch: int, options: argparse.Namespace) -> str | None:
    """Why a candidate isn't even tried."""
    least = PAIR_SECONDS * batch * options.heads * s.nodes**2
    need = peak_bytes(name, s, batch, options.heads, options.width) / 2**30
    if name == "dense" and least > options.longest:
        return f"one run would take {least:.0f} s"
    if need > 0.6 * report.memory() / 2**30:
        return f"needs about {need:.0f} GiB"
    return None


def measure(mask: str, batch: int, options: argparse.Namespace) -> dict[str, Any]:
    """Every candidate's figures at one shape."""
    s = masks.MASKS[mask]()
    tensors = check.inputs(s, batch, options.heads, options.width)
    exact = check.oracle(s, tensors)
    ms: dict[str, dict[str, Any]] = {}
    samplers: dict[str, timing.Sampler] = {}
    for name in options.candidates:
        reason = unfit(name, s, batch, options)
        if reason:
            ms[name] = {"reason": reason}
            continue
        build = partial(CANDIDATES[name], mask, s, batch)
        prepared = prepare(build, tensors, exact)
        ms[name] = prepared.found
        if name == "plates" and options.cache and "ready_seconds" in ms[name]:
            ms[name]["cached_seconds"] = ms[name].pop("ready_seconds")
        if prepared.attend is not None:
            run = partial(check.forward_backward, prepared.attend, tensors)
            samplers[name] = timing.sampler(run, time.perf_counter, options.burst)
    heads = batch * options.heads
    auto = choose("cpu", s.nodes, s.entries, True, options.width, batch_heads=heads, biased=False).backend
    samples = timing.interleaved(samplers, options.seconds, options.rounds)
    for name, taken in samples.items():
        ms[name]["both"] = timing.spread(taken).json()
        for what, base in (("of_cpu", "cpu"), ("of_auto", auto)):
            if base in samples:
                ms[name][what] = timing.ratio(taken, samples[base]).json()
    del samplers
    gc.collect()
    shape = {"mask": mask, "nodes": s.nodes, "entries": s.entries, "batch": batch, "threads": options.threads}
    return {**shape, "auto": auto, "ms": ms}


def show(row: dict[str, Any]) -> None:
    """A shape's figures, a line each."""
    print(f"\n{row['mask']}, {row['entries']:,} entries, batch {row['batch']}, {row['threads']} thread(s)")
    print(f"  {'':8}{'ms':>9}  {'20–80 %':>15}{'× cpu':>8}{'× auto':>8}{'ready s':>9}{'error':>9}")
    for name, found in row["ms"].items():
        if "both" not in found:
            print(f"  {name:8}{'–':>9}  {found['reason']}")
            continue
        p, ready = found["both"], found.get("ready_seconds", found.get("cached_seconds"))
        between = f"{p['low']:.3g}–{p['high']:.3g}"
        line = f"  {name:8}{p['median']:9.3g}  {between:>15}"
        for base in ("of_cpu", "of_auto"):
            line += f"{found[base]['median']:8.2f}" if base in found else " " * 8
        note = "  from the cache" if "cached_seconds" in found else ""
        print(f"{line}{ready:9.2f}{found['error']:9.0e}{note}", flush=True)


def verdicts(rows: list[dict[str, Any]]) -> None:
    """At how many shapes a candidate that isn't ours beats `cpu`, and what the dispatcher picks."""
    print()
    for name in ("numba", "plates"):
        for what, base in (("of_cpu", "cpu"), ("of_auto", "what auto picks")):
            ratios = [r["ms"][name][what]["median"] for r in rows if what in r["ms"].get(name, {})]
            count = len(ratios)
            faster, much = (sum(1 / r > least for r in ratios) for least in (1.0, MUCH))
            doubt = ": MOST, so the choice is in doubt" if 2 * much > count else ""
            if ratios:
                print(f"{name}: faster than {base} at {faster} of {count}, {MUCH} times at {much}{doubt}")


def merged(path: Path, rows: list[dict[str, Any]], result: dict[str, Any]) -> list[dict[str, Any]]:
    """These rows, and those that the file has of other shapes from the same machine and versions."""
    old = json.loads(path.read_text()) if path.exists() else {}
    same = all(old.get(key) == result[key] for key in ("machine", "settings", "versions"))
    mine = {(r["mask"], r["batch"], r["threads"]) for r in rows}
    kept = [r for r in old.get("rows", []) if (r["mask"], r["batch"], r["threads"]) not in mine]
    if kept and not same:
        print(f"\n{len(kept)} rows of another machine, settings or versions are dropped from {path}")
        kept = []
    order = list(masks.MASKS)
    return sorted(kept + rows, key=lambda r: (r["threads"], order.index(r["mask"]), r["batch"]))


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--masks", nargs="+", choices=plates.PLANS, default=MASKS)
    parser.add_argument("--batches", nargs="+", type=int, default=[1, 8, 64])
    parser.add_argument("--candidates", nargs="+", choices=CANDIDATES, default=list(CANDIDATES))
    parser.add_argument("--heads", type=int, default=2)
    parser.add_argument("--width", type=int, default=32, help="numbers per head")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=1.0, help="for each figure, roughly")
    parser.add_argument("--rounds", type=int, default=7, help="at least so many")
    parser.add_argument("--burst", type=float, default=0.02, help="seconds a round for each, or one run")
    parser.add_argument("--longest", type=float, default=5.0, help="seconds that one run may take")
    parser.add_argument("--cache", type=Path, help="torch.compile's, filled by an earlier run")
    parser.add_argument("--json", type=Path, help="write figures, machine and versions here")
    return parser.parse_args()


def main() -> int:
    options = parse()
    torch.set_num_threads(options.threads)
    print(f"wall time, float32, {options.threads} thread(s), {options.heads} heads of {options.width}")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as cache:
        if "plates" in options.candidates:  # or it would find what some earlier run compiled
            os.environ["TORCHINDUCTOR_CACHE_DIR"] = str(options.cache or cache)
        result = report.provenance()
        rows = []
        for mask in options.masks:
            for batch in options.batches:
                rows.append(measure(mask, batch, options) | {"date": result["date"]})
                show(rows[-1])
    names = ("heads", "width", "seconds", "rounds", "burst", "longest")
    result |= {"settings": {name: getattr(options, name) for name in names}, "tolerance": TOLERANCE}
    result["versions"]["numba"] = numba_rows.version()
    if options.json:
        rows = merged(options.json, rows, result)
        report.write(options.json, result | {"unit": "ms", "rows": rows})
    verdicts(rows)
    return 1 if any(f.get("error", 0.0) > TOLERANCE for row in rows for f in row["ms"].values()) else 0


if __name__ == "__main__":
    sys.exit(main())
