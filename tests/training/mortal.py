"""Trains a small model twice: whole, and killed by `kill -9` at random moments and resumed each time.

`python mortal.py FOLDER` leaves FOLDER/whole and FOLDER/killed, and prints the step that the latter was at
after each kill, and at the end. Every life is a fork of one process, so that torch is imported once.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from pathlib import Path

import torch

import gsdmc
from gsdmc.training.config import TrainingConfig
from gsdmc.training.files import SUMS
from gsdmc.training.run import Run

KILLS, LIFE = 20, 3
STEPS = KILLS * LIFE + 5
CONFIG = TrainingConfig(width=16, layers=1, heads=2, batch=2, reach=False, warmup=2)


def train(problem: gsdmc.Problem, folder: Path, *, resume: bool = False) -> None:
    """Train to the end, with a checkpoint after every step."""
    gsdmc.train(problem, steps=STEPS, preset=CONFIG, out=folder, device="cpu", save_every=0, resume=resume)


def live(problem: gsdmc.Problem, folder: Path, life: int | None) -> int:
    """Train on in a process of its own, which comes to rest after a few steps; its id."""
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        if life is not None:
            rest_after(life)
        train(problem, folder, resume=(folder / SUMS).exists() or (folder / ".written").exists())
        code = 0
    finally:
        os._exit(code)


def rest_after(steps: int) -> None:
    """Let a process wait to be killed, rather than take more steps than so many."""
    advance, taken = Run.advance, 0

    def mortal(self: Run, done: float) -> torch.Tensor:
        nonlocal taken
        taken += 1
        if taken > steps:
            time.sleep(600)
        return advance(self, done)

    Run.advance = mortal  # type: ignore[method-assign]


def step(folder: Path) -> int:
    """The step that a folder's model is of, 0 without one."""
    try:
        steps: int = gsdmc.load(folder).trained.run["steps"]
    except gsdmc.GsdmcError as error:
        if "no checkpoint has been written" not in error.message and "no model folder" not in error.message:
            raise
        return 0
    return steps


def seen(folder: Path) -> int:
    """The same, as far as a glance tells."""
    try:
        return int(json.loads((folder / "config.json").read_text())["run"]["steps"])
    except (OSError, ValueError):
        return 0


def ends_well(pid: int) -> None:
    """Wait for a process.

    Raises:
        SystemExit: it failed.
    """
    if os.waitpid(pid, 0)[1] != 0:
        raise SystemExit("training failed")


def main() -> None:
    folder, chance = Path(sys.argv[1]), random.Random(0)
    torch.set_num_threads(1)
    problem = gsdmc.compile("boolean", n=2)
    train(problem, folder / "whole")  # here, so that what torch imports on the way is imported for all lives
    killed = folder / "killed"
    for kill in range(KILLS):
        before = step(killed)
        pid = live(problem, killed, LIFE)
        while kill % 4 and seen(killed) <= before:  # every fourth is killed early, with luck at its start
            if os.waitpid(pid, os.WNOHANG)[0]:
                raise SystemExit("training failed")
            time.sleep(0.001)
        time.sleep(chance.uniform(0, 0.05))
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        print(step(killed))
    ends_well(live(problem, killed, None))
    print(step(killed))


if __name__ == "__main__":
    main()
