"""Training steps of both presets on a CUDA device, as `auto` runs them and with less and less of it.

    python benchmarks/step_gpu.py [--problems bcmf-10 sudoku] [--presets default paper] [--seconds 10]
        [--json FILE]
    python benchmarks/step_gpu.py --device cpu    # to try the script

`auto` takes what gsdmc.training.acceleration finds for the device. `no graphs` launches kernels one by one,
`eager` compiles no blocks either, and `float32` is eager in full precision. A figure is the wall time of a
step, the mean over a burst of 16 whose simulations were drawn before; batches, masks and their way to the
device are part of it, as nothing waits for the device within a burst. Ways are timed in turn. One whose third
loss, after two updates, is not that of `float32`, up to bfloat16's rounding, gets no figure.

The tests on a device come first: `pytest -m gpu tests`.
"""

from __future__ import annotations

import argparse
import math
import time
from pathlib import Path
from typing import Any

import torch
from peers import report, timing
from step import PROBLEMS

import gsdmc
from gsdmc.inference.fit import TrainingProblem
from gsdmc.training.data import CHUNK
from gsdmc.training.devices import choose_device
from gsdmc.training.loop import Run
from gsdmc.training.presets import PRESETS, preset

WAYS: dict[str, dict[str, str]] = {
    "auto": {},
    "no graphs": {"graphs": "off"},
    "eager": {"graphs": "off", "compile": "off"},
    "float32": {"graphs": "off", "compile": "off", "precision": "float32"},
}
TOLERANCE = 0.05
"""Of losses, relative; bfloat16 keeps 8 bits."""

BEFORE = 2
"""Updates before losses are compared: new networks of the default preset all predict zeros."""


def wait(device: torch.device) -> None:
    """Until the device has done its work."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def clocked(run: Run) -> timing.Sampler:
    """Seconds per step of the next burst."""

    def sample() -> float:
        run.batches.draws(run.step, run.problem)  # simulates all of the burst
        wait(run.acceleration.device)
        start = time.perf_counter()
        for _ in range(CHUNK):
            run.advance(0.0)
        wait(run.acceleration.device)
        return (time.perf_counter() - start) / CHUNK

    return sample


def measure(name: str, chosen: str, device: torch.device, seconds: float) -> dict[str, Any]:
    """Every way of one problem and preset."""
    program, sizes, batch, *_ = PROBLEMS[name]
    problem = TrainingProblem(gsdmc.compile(program, **sizes), {})
    samplers: dict[str, timing.Sampler] = {}
    losses: dict[str, float] = {}
    settled: dict[str, Any] = {}
    for way, changes in WAYS.items():
        run = Run(
            problem,
            preset(chosen, problem).with_changes(batch=batch, **changes),
            0,
            (),
            None,
            device,
        )
        for _ in range(BEFORE):
            run.advance(0.0)
        losses[way] = float(run.advance(0.0))
        settled[way] = run.acceleration.to_json()
        for _ in range(CHUNK - BEFORE - 1):  # warms up, and ends the first burst
            run.advance(0.0)
        samplers[way] = clocked(run)
    for way, loss in losses.items():
        if not math.isclose(loss, losses["float32"], rel_tol=TOLERANCE):
            print(f"{name} {chosen}: {way} has the loss {loss:g}, not {losses['float32']:g}; not timed")
            del samplers[way]
    found = timing.interleaved(samplers, seconds / len(samplers), least=3)
    spreads = {way: timing.spread(samples) for way, samples in found.items()}
    shown = "  ".join(
        f"{s.median:8.2f} ({s.low:.2f}-{s.high:.2f})" if (s := spreads.get(way)) else f"{'-':>8}"
        for way in WAYS
    )
    print(f"{name:12} {chosen:8} {shown}", flush=True)
    return {
        "problem": name,
        "preset": chosen,
        "batch": batch,
        "nodes": problem.layout.nodes,
        "entries": problem.layout.structure.entries,
        "ms": {way: s.json() for way, s in spreads.items()},
        "settled": settled,
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--problems", nargs="*", choices=PROBLEMS, default=list(PROBLEMS))
    parser.add_argument("--presets", nargs="*", choices=PRESETS, default=list(PRESETS))
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--seconds", type=float, default=10, help="spent on each row, roughly")
    parser.add_argument("--json", type=Path, help="write figures, machine and versions here")
    arguments = parser.parse_args()
    try:
        device, _ = choose_device(arguments.device)
    except gsdmc.GsdmcError as error:
        parser.exit(1, f"step_gpu.py: {error.message}\n")
    title = torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU"
    print(f"a training step on {title}, mean ms of {CHUNK}: median over bursts (20-80 % quantiles)")
    print(f"{'':21} " + "  ".join(f"{way:>8}" for way in WAYS))
    rows = [
        measure(name, chosen, device, arguments.seconds)
        for name in arguments.problems
        for chosen in arguments.presets
    ]
    if arguments.json:
        report.write(arguments.json, {**report.provenance(), "device": title, "steps": rows})


if __name__ == "__main__":
    main()
