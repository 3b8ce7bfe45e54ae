"""Speed of the triton attention on a CUDA device, peers in the same run; sizes of tiles, tried.

    python benchmarks/attention_gpu.py [--quick] [--sections tests copy peers sweep]
        [--masks bcmf-10 sorting-20 sudoku bcmf-200] [--batches 1 8 64] [--types bf16 fp32] [--peers sdpa]
        [--heads 2] [--width 32] [--minutes 9] [--json FILE]
    python benchmarks/attention_gpu.py --interpret    # no GPU: toy sizes, to try the script; no figures

`tests` runs tests/kernels on the device, compiled; when they fail, nothing is timed. `copy` measures what
device memory gives. `peers` times forward + backward of `sparse_attention(..., backend="triton")` without and
with role biases and of what `auto` picks, against the paper's padded gather, SDPA with a mask, FlexAttention
with a block mask and PyTorch Geometric's edge list (benchmarks/peers): `eager` is the wall time of a call,
`graph` the device's time for a captured one, whose tensors were in no cache. Everyone is compared with
float64 at the shape that is timed, gradients included. Rates are those of the fewest bytes possible, four
tensors forward and eight backward. `sweep` tries other tile sizes than those of kernels/triton/configs.py and
PART of plan.py, and prints the best.

Whole training steps on a device: `python benchmarks/step_gpu.py`. Tests on one: `pytest -m gpu tests`.

A first look: `--quick`. Sections can run in calls of their own; whatever is done when `--minutes` are over
is written. The package must be importable: `pip install --no-deps --no-build-isolation -e .` is enough.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch
from peers import check, flex, masks, report, timing
from peers.admit import Candidate, admit
from peers.attentions import Attention, Maker, edges, ours, padded, peak_bytes, sdpa
from peers.cuda import Device, floor_bytes, significant
from torch import Tensor

from gsdmc.kernels.attention import sparse_attention
from gsdmc.kernels.structure import Structure

SECTIONS = ("tests", "copy", "peers", "sweep")
MASKS = ["bcmf-10", "sorting-20", "sudoku", "bcmf-200"]
TOYS = ["bcmf-2", "sorting-3", "sudoku-2"]
TYPES = {"bf16": torch.bfloat16, "fp16": torch.float16, "fp32": torch.float32}
TOLERANCE = {"bf16": 2e-2, "fp16": 4e-3, "fp32": 1e-5}
PEER_TOLERANCE = {"bf16": 1e-1, "fp16": 2e-2, "fp32": 1e-4}  # the same function; how well is their own affair
PEERS: dict[str, Maker] = {"padded": padded, "sdpa": sdpa, "edges": edges, "flex": flex.make}
ROLES = "triton+roles"
KINDS = {"both": "graph", "forward": "graph_forward"}


class Clock:
    """The call's time, of which some is kept for writing results."""

    def __init__(self, minutes: float) -> None:
        self.end = time.monotonic() + 60 * minutes

    @property
    def left(self) -> float:
        """Seconds."""
        return self.end - time.monotonic()


def tests(options: argparse.Namespace, clock: Clock) -> bool:
    """Whether the kernels' tests pass on the device."""
    where = ["tests/kernels"]
    if options.quick or options.interpret:
        slowest = "not reference_in_float64" if options.quick else "no_examples"
        where = ["tests/kernels/triton/test_launch.py", "-m", "not slow", "-k", slowest]
    # -P keeps the repository off the path: `kernels` would be imported twice.
    command = [sys.executable, "-P", "-m", "pytest", "-q", "-p", "no:cacheprovider", *where]
    if options.workers > 1:
        command += ["-n", str(options.workers)]
    environment = {k: v for k, v in os.environ.items() if options.interpret or k != "TRITON_INTERPRET"}
    print("tests:", " ".join(command[1:]), flush=True)
    try:
        done = subprocess.run(command, cwd=report.ROOT, env=environment, timeout=max(1, clock.left))
    except subprocess.TimeoutExpired:
        print("tests: not done in time; give them a call of their own (--sections tests)")
        return False
    return done.returncode == 0


def with_roles(bias: Tensor) -> Maker:
    """Ours with a learned bias per head and role."""

    def make(s: Structure, batch: int) -> Attention:
        return lambda q, k, v: sparse_attention(q, k, v, s, bias, backend="triton")

    return make


def role_bias(s: Structure, heads: int) -> Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.randn(heads, s.roles, generator=generator).to(s.indptr.device).requires_grad_()


def candidates(
    s: Structure, batch: int, kind: str, tensors: list[Tensor], bias: Tensor, device: Device, options: Any
) -> dict[str, Candidate]:
    """Whoever fits and is right, warm; others with the reason."""
    exact, found = check.oracle(s, tensors), {}
    for name in ("triton", "auto"):
        found[name] = admit(ours(name), s, tensors, exact, TOLERANCE[kind])
    right = check.oracle_with_roles(s, tensors, bias)
    found[ROLES] = admit(with_roles(bias), s, tensors, right, TOLERANCE[kind], bias=bias)
    del right
    for name in options.peers:
        device.tidy()
        need = peak_bytes(name, s, batch, options.heads, options.width, tensors[0].element_size())
        if need > 0.8 * device.free():
            found[name] = Candidate(reason=f"needs about {need / 2**30:.0f} GiB")
            continue
        backward = name != "flex" or not device.interpreted
        found[name] = admit(PEERS[name], s, tensors, exact, PEER_TOLERANCE[kind], backward=backward)
    return found


def samplers(
    found: dict[str, Candidate], tensors: list[Tensor], bias: Tensor, device: Device
) -> dict[str, dict[str, timing.Sampler]]:
    """By clock and implementation; a capture that fails is noted and leaves the eager figure."""
    made: dict[str, dict[str, timing.Sampler]] = {"graph": {}, "graph_forward": {}, "eager": {}}
    for name, candidate in found.items():
        attend = candidate.attend
        if attend is None:
            continue
        parameter = bias if name == ROLES else None
        runs: dict[str, tuple[Callable[[Callable[[], object]], timing.Sampler], Callable[[], object]]] = {}
        if candidate.backward:
            both = partial(check.forward_backward, attend, tensors, parameter)
            runs = {"eager": (device.eager, both), "graph": (device.graph, both)}
        runs["graph_forward"] = (device.graph, partial(check.forward, attend, tensors))
        for clock, (start, run) in runs.items():
            try:
                made[clock][name] = start(run)
            except RuntimeError as problem:
                candidate.reason = f"{clock}: {type(problem).__name__}: {str(problem).splitlines()[0][:120]}"
    return made


def cell(
    mask: str, s: Structure, batch: int, kind: str, rate: float, device: Device, options: argparse.Namespace
) -> dict[str, Any]:
    """Time one mask, batch and dtype."""
    tensors = [x.detach() for x in check.inputs(s, batch, options.heads, options.width, TYPES[kind])]
    for x in tensors[:3]:
        x.requires_grad_()
    bias = role_bias(s, options.heads)
    found = candidates(s, batch, kind, tensors, bias, device, options)
    ms: dict[str, dict[str, Any]] = {name: c.json() for name, c in found.items()}
    for clock, group in samplers(found, tensors, bias, device).items():
        samples = timing.interleaved(group, 0.0, options.rounds, options.rounds)
        for name, taken in samples.items() if not device.interpreted else ():
            ms[name][clock] = timing.spread(taken).json()
            for base in ("triton", "auto"):
                if base in samples:
                    ms[name][f"{clock}_of_{base}"] = timing.ratio(taken, samples[base]).json()
    row = {"mask": mask, "nodes": s.nodes, "entries": s.entries, "batch": batch, "type": kind, "ms": ms}
    size = tensors[0].element_size()
    row["floor_ms"] = {
        k: significant(1e3 * floor_bytes(batch, s.nodes, options.heads, options.width, size, k) / rate)
        for k in ("both", "forward", "backward")
    }
    show(row, rate)
    return row


def show(row: dict[str, Any], rate: float) -> None:
    """A line each: times in µs, share of the rate of a copy, ratio to ours."""
    sizes = f"{row['nodes']:,} nodes, {row['entries']:,} entries"
    print(f"\n{row['mask']}, {sizes}, batch {row['batch']}, {row['type']}")
    floor = row["floor_ms"]
    print(f"  {'':14}{'graph µs':>10} {'20–80 %':>17}{'× triton':>9}{'× floor':>9}{'TB/s':>7}", end="")
    print(f"{'forward µs':>12}{'× floor':>9}{'eager µs':>10}{'× triton':>9}   error")
    for name, found in row["ms"].items():
        line = f"  {name:14}"
        graph, ahead, eager = (found.get(k) for k in ("graph", "graph_forward", "eager"))
        if graph:
            between = f"{1e3 * graph['low']:.4g}–{1e3 * graph['high']:.4g}"
            times = found.get("graph_of_triton", {}).get("median", float("nan"))
            excess = graph["median"] / floor["both"]
            line += f"{1e3 * graph['median']:10.1f} {between:>17}{times:9.2f}"
            line += f"{excess:9.2f}{rate / excess / 1e12:7.2f}"
        else:
            line += f"{'–':>10} {'':17}{'':9}{'':9}{'':7}"
        if ahead:
            line += f"{1e3 * ahead['median']:12.1f}{ahead['median'] / floor['forward']:9.2f}"
        else:
            line += f"{'–':>12}{'':9}"
        if eager:
            times = found.get("eager_of_triton", {}).get("median", float("nan"))
            line += f"{1e3 * eager['median']:10.1f}{times:9.2f}"
        else:
            line += f"{'–':>10}{'':9}"
        error = f"{found['error']:.0e}" if "error" in found else "–"
        print(f"{line}   {error}  {found.get('reason', '')}", flush=True)


def sweep_cell(
    mask: str, s: Structure, batch: int, kind: str, device: Device, options: argparse.Namespace
) -> dict[str, Any]:
    """The best sizes for one mask, batch and dtype: forward, backward, then where rows are cut."""
    from peers import sweep  # imports triton

    from gsdmc.kernels.triton import configs

    tensors = [x.detach() for x in check.inputs(s, batch, options.heads, options.width, TYPES[kind])]
    for x in tensors[:3]:
        x.requires_grad_()
    bias = role_bias(s, options.heads)
    exact = check.oracle_with_roles(s, tensors, bias)
    fits = s.nodes <= configs.TILE_NODES and kind != "fp32" and options.width <= configs.TILE_WIDTH
    result: dict[str, Any] = {"mask": mask, "batch": batch, "type": kind}
    for tile in (True, False) if fits else (False,):
        now = sweep.current(tile, options.heads, options.width, s, batch)
        print(
            f"  {mask}, batch {batch}, {kind}, {'one tile' if tile else 'row by row'}; backward: both passes"
        )
        measure = partial(
            sweep.best_of,
            s=s, tensors=tensors, bias=bias, exact=exact, tolerance=TOLERANCE[kind],
            device=device, rounds=options.rounds,
        )  # fmt: skip
        for pass_, settings in sweep.variants(now, options.quick or options.interpret).items():
            if options.interpret:
                settings = settings[:2]
            ranked = measure(settings, pass_)
            device.tidy()
            if ranked and not tile:
                cut = measure(sweep.parts(ranked[0][0], s), pass_)
                device.tidy()
                ranked = sorted([*ranked, *cut[1:]], key=lambda pair: pair[1].median)
            if not device.interpreted:
                key = f"{'tile' if tile else 'rows'}_{pass_}"
                result[key] = sweep.ranking(pass_, ranked, now, options.shown)
    return result


def batches(s: Structure, options: argparse.Namespace) -> list[int]:
    """Those whose tensors have at most so many numbers: more would take longer and say no more."""
    return [b for b in options.batches if b * s.nodes * options.heads * options.width <= options.numbers]


def targets(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The wanted ratios of what was measured; nothing is asserted."""
    results: list[dict[str, Any]] = []
    if rows:
        print("\ntargets, forward + backward on the device, batch 64 or the largest measured")
    largest: dict[tuple[str, str], dict[str, Any]] = {}
    for row in rows:
        key = (row["mask"], row["type"])
        if key not in largest or row["batch"] > largest[key]["batch"]:
            largest[key] = row
    for (mask, kind), row in largest.items():
        ms, title = row["ms"], f"{mask}, batch {row['batch']}, {kind}"

        def times(name: str, base: str = "triton", ms: dict[str, Any] = ms) -> float | None:
            p = ms.get(name, {}).get(f"graph_of_{base}") or ms.get(name, {}).get(f"eager_of_{base}")
            return None if p is None else float(p["median"])

        slow = times("padded")
        if mask in ("bcmf-10", "sorting-20") and slow is not None:
            results.append(report.verdict(f"{title}: padded gather over triton", slow, 10.0))
        dense = [t for t in (times("sdpa"), times("flex")) if t is not None]
        if mask in ("bcmf-10", "sorting-20") and dense:
            need = 3.0 if mask == "bcmf-10" else 1.0
            results.append(
                report.verdict(f"{title}: best of SDPA and FlexAttention over triton", min(dense), need)
            )
        picked = times("sdpa", "auto")
        if mask == "sudoku" and picked is not None:
            results.append(report.verdict(f"{title}: SDPA over auto", picked, 1.0))
        if mask == "bcmf-200" and "graph" in ms["triton"]:
            excess = ms["triton"]["graph"]["median"] / row["floor_ms"]["both"]
            results.append(report.verdict(f"{title}: triton over the floor", excess, 3.0, least=False))
    return results


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sections", nargs="+", choices=SECTIONS)
    parser.add_argument("--quick", action="store_true", help="a first look, within two minutes")
    parser.add_argument("--interpret", action="store_true", help="in triton's interpreter; no figures")
    parser.add_argument("--masks", nargs="+", choices=masks.MASKS)
    parser.add_argument("--batches", nargs="+", type=int)
    parser.add_argument("--peers", nargs="*", choices=PEERS, default=list(PEERS))
    parser.add_argument("--types", nargs="+", choices=TYPES)
    parser.add_argument("--heads", type=int, default=2)
    parser.add_argument("--width", type=int, default=32, help="numbers per head")
    parser.add_argument("--rounds", type=int, default=0, help="samples of each")
    parser.add_argument("--numbers", type=float, default=2**29, help="of a tensor, at most")
    parser.add_argument("--shown", type=int, default=3, help="settings of a sweep to print")
    parser.add_argument("--workers", type=int, default=1, help="processes for the tests (pytest-xdist)")
    parser.add_argument("--minutes", type=float, default=9.0, help="start nothing new after these")
    parser.add_argument("--json", type=Path, help="write figures, device and versions here")
    options = parser.parse_args()
    small = options.quick or options.interpret
    options.sections = options.sections or (["copy", "peers"] if options.quick else list(SECTIONS))
    options.masks = options.masks or (TOYS if options.interpret else MASKS[: 3 if options.quick else 4])
    options.batches = options.batches or (
        [1, 2] if options.interpret else [64] if options.quick else [1, 8, 64]
    )
    options.types = options.types or (["bf16"] if options.quick else ["bf16", "fp32"])
    options.rounds = options.rounds or (1 if options.interpret else 20 if small else 50)
    return options


def prepare(interpret: bool) -> None:
    """Leave with a sentence where the script can't run; choose the interpreter before triton is imported."""
    chosen = os.environ.get("TRITON_INTERPRET", "0") not in ("", "0")
    if interpret and not chosen:
        os.environ["TRITON_INTERPRET"] = "1"
        os.execv(sys.executable, [sys.executable, *sys.argv])
    if not interpret and chosen:
        sys.exit("attention_gpu.py: TRITON_INTERPRET is set, so kernels would not be compiled; unset it")
    if not interpret and not torch.cuda.is_available():
        sys.exit(
            "attention_gpu.py: no CUDA device here, so there is nothing to time; "
            "--interpret runs the script at toy size in triton's interpreter, without figures"
        )


def main() -> int:
    options = parse()
    prepare(options.interpret)
    clock, device = Clock(options.minutes), Device(options.interpret)
    result = {**report.provenance(), "device": device.facts(), "heads": options.heads, "width": options.width}
    result |= {"unit": "ms", "tests": None, "copy_bytes_per_second": None, "peers": [], "sweep": []}
    print(f"{device.facts()['name']}, torch {torch.__version__}, triton {report.triton_version()}")

    def save() -> None:
        if options.json and not options.interpret:
            report.write(options.json, result)

    if "tests" in options.sections:
        result["tests"] = "passed" if tests(options, clock) else "failed"
        save()
        if result["tests"] == "failed":
            print("the tests of the kernels fail on this device: no speeds")
            return 1
    rate = device.copy_rate()  # floors need it, whatever the sections
    result["copy_bytes_per_second"] = significant(rate)
    if not options.interpret:
        print(f"copy: {rate / 1e12:.2f} TB/s, bytes read and written")
    skipped = []
    for section in ("peers", "sweep"):
        for mask in options.masks if section in options.sections else ():
            s = masks.MASKS[mask]().to(device.name)
            for batch in batches(s, options):
                for kind in options.types:
                    if clock.left < 20:
                        skipped.append(f"{section} {mask} {batch} {kind}")
                        continue
                    if section == "peers":
                        result["peers"].append(cell(mask, s, batch, kind, rate, device, options))
                    else:
                        result["sweep"].append(sweep_cell(mask, s, batch, kind, device, options))
                    device.tidy()
                    save()
    result["skipped"] = skipped
    if skipped:
        print("\nno time left for:", ", ".join(skipped))
    if options.interpret:
        print("\nthe script runs; an interpreter says nothing of speed")
        wrong = [
            n for row in result["peers"] for n, c in row["ms"].items() if "disagrees" in c.get("reason", "")
        ]
        return 1 if wrong else 0
    result["targets"] = targets(result["peers"])
    save()
    return 0


if __name__ == "__main__":
    sys.exit(main())
