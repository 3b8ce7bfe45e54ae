"""Time and memory that hostile programs take before they are refused, or compiled after all.

    python benchmarks/hostile.py [--only NAME ...] [--full] [--list 20] [--json FILE]

The programs are those of `tests/compiler/hostile`, of up to 100 kB: texts that are hard to read, values
that double with every line, tables, graphs and draws up to the limits, numbers at the ends of their ranges.
Each is compiled in a process of its own, imports not counted; `--full` makes mask, layout and metrics as
well. Every one must take at most 2 seconds of processor time and 500 MB; the exit status is 1 where one takes
more, or ends in anything but a problem or a `GsdmcError`.

CPython's stack of frames grows in chunks, and a call that crosses the end of one again and again takes
several times as long: what takes too long is measured again from another depth, and the shorter time counts.
"""

from __future__ import annotations

import argparse
import datetime
import gc
import json
import os
import platform
import resource
import select
import signal
import sys
import time
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import torch

from gsdmc.compiler import compile_problem, compile_text
from gsdmc.compiler.problem import Problem
from gsdmc.language import GsdmcError, render

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests.compiler.hostile import graphs, growth, laws, sizes, texts

LENGTH, SIZE = 100_000, 990_000
SECONDS, MEGABYTES = 2.0, 500.0
LIMIT = 10
"""Seconds of processor time after which a program is given up."""


class Taken(NamedTuple):
    """What compiling took, and how it ended."""

    seconds: float
    megabytes: float
    end: str
    wrong: bool

    @property
    def bad(self) -> bool:
        """Whether it took too much, or went wrong."""
        return self.wrong or self.seconds > SECONDS or self.megabytes > MEGABYTES


def programs() -> dict[str, str]:
    """Every hostile program, by group and name."""
    groups = {
        "text": texts.texts(LENGTH),
        "growth": growth.texts(),
        "size": sizes.texts(SIZE),
        "graph": graphs.texts(SIZE),
        "law": laws.texts(SIZE),
    }
    return {f"{group}/{name}": text for group, found in groups.items() for name, text in found.items()}


def work(text: str, full: bool) -> Problem:
    """Compile; `full`, to the end."""
    problem = compile_text(text, "hostile.clj")
    if full:
        _ = problem.mask, problem.layout, problem.metrics, problem.warnings
    return problem


def resident() -> float:
    """Megabytes of this process."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


def deeper(depth: int, what: Callable[[], Problem]) -> Problem:
    """Do something with more frames below."""
    return what() if depth == 0 else deeper(depth - 1, what)


def child(text: str, full: bool, depth: int) -> Taken:
    """Compile and measure, in a process that ends afterwards."""
    before = resident()
    resource.setrlimit(resource.RLIMIT_CPU, (LIMIT, LIMIT + 1))
    start, wrong = time.process_time(), False
    try:
        problem = deeper(depth, lambda: work(text, full))
        end = f"{problem.graph.nodes} nodes"
    except GsdmcError as error:
        end = render(error).splitlines()[0][:100]
    except BaseException as error:
        end, wrong = "".join(traceback.format_exception_only(error)).strip()[:200], True
    seconds = time.process_time() - start
    return Taken(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 - before, end, wrong)


def once(text: str, full: bool, depth: int) -> Taken:
    """Measure in a forked process."""
    read, write = os.pipe()
    process = os.fork()
    if process == 0:
        os.close(read)
        os.write(write, json.dumps(child(text, full, depth)).encode())
        os._exit(0)
    os.close(write)
    data, end = b"", time.monotonic() + 6 * LIMIT
    while time.monotonic() < end:
        if select.select([read], [], [], 1)[0]:
            chunk = os.read(read, 1 << 16)
            if not chunk:
                break
            data += chunk
    else:
        os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)
    os.close(read)
    return Taken(*json.loads(data)) if data else Taken(LIMIT, 0, "given up, or killed", True)


def measure(text: str, full: bool) -> Taken:
    """Measure, again from another depth where it took long."""
    first = once(text, full, 0)
    if first.seconds < 0.9 * SECONDS:
        return first
    return min(first, once(text, full, 9), key=lambda taken: taken.seconds)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--only", nargs="*", default=[""], help="parts of names")
    parser.add_argument("--full", action="store_true", help="mask, layout and metrics too")
    parser.add_argument("--list", type=int, default=20, help="how many of the largest to show")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("error")
    for name in ("bcmf", "boolean", "sorting", "sudoku"):  # what is imported late is no part of the figures
        _ = compile_problem(name).metrics
    gc.collect()
    gc.freeze()
    chosen = {n: t for n, t in programs().items() if any(part in n for part in options.only)}
    taken: dict[str, Taken] = {}
    for name, text in chosen.items():
        assert len(text.encode("utf-8", "surrogatepass")) <= LENGTH, name
        taken[name] = measure(text, options.full)
        if taken[name].bad:
            show(name, taken[name])
    bad = [name for name, found in taken.items() if found.bad]
    by_time = sorted(taken.items(), key=lambda item: -item[1].seconds)
    by_memory = sorted(taken.items(), key=lambda item: -item[1].megabytes)
    for title, ranked in (("longest", by_time), ("largest", by_memory)):
        print(f"-- {title}")
        for name, found in ranked[: options.list]:
            show(name, found)
    print(f"{len(bad)} of {len(taken)} take too much or go wrong")
    if options.json is not None:
        options.json.write_text(json.dumps(report(taken, by_time, by_memory, bad), indent=1) + "\n")
    return 1 if bad else 0


def show(name: str, taken: Taken) -> None:
    """One line."""
    figures = f"{taken.seconds:6.2f} s {taken.megabytes:6.0f} MB"
    print(f"{'!!' if taken.bad else '  '} {name:44} {figures}  {taken.end}", flush=True)


def report(
    taken: dict[str, Taken],
    by_time: list[tuple[str, Taken]],
    by_memory: list[tuple[str, Taken]],
    bad: list[str],
) -> dict[str, Any]:
    """What was measured, and where."""
    return {
        "command": " ".join(["python", "benchmarks/hostile.py", *sys.argv[1:]]),
        "date": datetime.date.today().isoformat(),
        "machine": f"{os.cpu_count()} cores, {platform.machine()}",
        "versions": {"python": platform.python_version(), "torch": torch.__version__},
        "programs": len(taken),
        "refused": sum(found.end.startswith("error") for found in taken.values()),
        "bounds": {"seconds": SECONDS, "megabytes": MEGABYTES},
        "bad": bad,
        "longest": {name: round(found.seconds, 2) for name, found in by_time[:10]},
        "largest": {name: round(found.megabytes) for name, found in by_memory[:10]},
    }


if __name__ == "__main__":
    sys.exit(main())
