"""Trains small models in two processes, as `torchrun` would start them, and says what each of them saw.

`python crew.py FOLDER` writes `said.json` there: by scenario a list with what each process has to tell. All
are forks of one process, so that torch is imported once.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
import torch.distributed as dist

from gsdmc.cli import main as cli
from gsdmc.language.source import GsdmcError
from gsdmc.training import distributed, loop
from gsdmc.training.config import TrainingConfig
from gsdmc.training.data import CHUNK, Batches
from gsdmc.training.distributed import joined
from gsdmc.training.launched import launched
from gsdmc.training.lock import locked
from gsdmc.training.loop import Progress, train
from gsdmc.training.presets import preset
from gsdmc.training.run import Run
from gsdmc.training.shards import Shards
from tests.model.problems import HandProblem, bcmf, chain, clusters

SMALL = TrainingConfig(width=16, layers=1, heads=2, batch=4, reach=False, warmup=2)
PAPER = replace(preset("paper", "bcmf"), width=32, layers=1, heads=2, batch=4, learning_rate=1e-3)
STEPS = 4
SECOND = 1
"""The process that things happen to."""

Told = dict[str, Any]


def crew(task: Callable[[], Told], size: int = 2) -> list[Told]:
    """What each of so many processes tells that do a task together; this one keeps the store, as torchrun."""
    store = dist.TCPStore("127.0.0.1", 0, is_master=True, wait_for_workers=False)  # type: ignore[attr-defined]
    with TemporaryDirectory() as scratch:
        words = [Path(scratch) / str(rank) for rank in range(size)]
        for rank in range(size):
            if os.fork():
                continue
            place = {"RANK": rank, "WORLD_SIZE": size, "LOCAL_RANK": rank, "MASTER_PORT": store.port}
            os.environ.update({name: str(number) for name, number in place.items()}, MASTER_ADDR="127.0.0.1")
            os.environ["TORCHELASTIC_USE_AGENT_STORE"] = "True"
            signal.alarm(200)  # a process that hangs is killed, and tells nothing
            words[rank].write_text(json.dumps(tell(task)))
            os._exit(0)
        for _ in range(size):
            os.wait()
        return [json.loads(w.read_text()) if w.exists() else {"killed": True} for w in words]


def tell(task: Callable[[], Told]) -> Told:
    """What a task tells, or its error."""
    try:
        return task()
    except GsdmcError as error:
        return {"error": error.message, "hint": error.hint, "kind": type(error).__name__}
    except Exception as error:
        return {"error": repr(error), "hint": None, "kind": type(error).__name__}


def trained(problem: HandProblem, config: TrainingConfig, folder: Path | None = None, **rest: Any) -> Told:
    """Train; the losses of all steps, and a digest of the weights."""
    losses: list[float] = []
    rows: list[list[float]] = []
    shown: list[int] = []
    advance = Run.advance

    def followed(self: Run, done: float) -> torch.Tensor:
        shards = self.shards(self.step)
        rows.append([v.double().sum().item() for s in shards for v in s.batch.values.values()])
        loss = advance(self, done)
        losses.append(loss.item())
        return loss

    def progress(now: Progress) -> None:
        shown.append(now.step)

    Run.advance = followed  # type: ignore[method-assign]
    try:
        rest = {"steps": STEPS, "seed": 3, "progress": progress, **rest}
        model = train(problem, config, folder=folder, **rest)
    finally:
        Run.advance = advance  # type: ignore[method-assign]
    weights = [p.detach().double().flatten() for p in model.denoiser.parameters()]
    return {
        "losses": losses,
        "rows": rows,
        "shown": shown,
        "weights": torch.cat(weights)[::7].tolist(),
        "run": model.run,
        "seconds": model.metrics["seconds"],
    }


def at_step(step: int, act: Callable[[], None]) -> None:
    """Have the second process do something before a step."""
    advance = Run.advance

    def acting(self: Run, done: float) -> torch.Tensor:
        if self.step == step and launched().rank == SECOND:
            act()
        return advance(self, done)

    Run.advance = acting  # type: ignore[method-assign]


def fail() -> None:
    raise GsdmcError("the simulator fell over", hint="mend it")


def broken() -> HandProblem:
    """A program that draws what is no number, in the second process's rows of the second step."""
    problem = bcmf(2, 2, 2)
    drawn = problem.simulate

    def simulate(batch: int, seed: int) -> dict[str, torch.Tensor]:
        values = drawn(batch, seed)
        if batch == 2 * SMALL.batch * CHUNK:
            values["C"][3 * SMALL.batch] = torch.nan
        return values

    problem.simulate = simulate
    return problem


def dealt(problem: HandProblem, vary: tuple[str, ...] = ()) -> Told:
    """How often a process simulates for 40 steps, and at which of them its rows aren't those of the whole."""
    own = torch.device("cpu")
    drawn, calls = problem.simulate, 0

    def simulate(batch: int, seed: int) -> dict[str, torch.Tensor]:
        nonlocal calls
        calls += 1
        return drawn(batch, seed)

    wrong = []
    with joined(own) as ranks:
        whole = Batches(problem, 6, 0, vary)
        problem.simulate = simulate
        shards = Shards(Batches(problem, 6, 0, vary), ranks, 3, 1)
        found = [shards(step)[0] for step in range(40)]
        problem.simulate = drawn
    for step, shard in enumerate(found):
        every = whole(step)
        for mine, all_of_it in ((shard.batch.values, every.values), (shard.batch.observed, every.observed)):
            for name, value in mine.items():
                rows = all_of_it[name][3 * ranks.place.rank : 3 * ranks.place.rank + 3]
                if value.dtype != rows.dtype or not value.equal(rows):
                    wrong.append([step, name])
    return {"calls": calls, "wrong": wrong}


def spoken(arguments: list[str]) -> Told:
    """The exit code of the command line, and what it prints."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        try:
            code = cli.main(arguments)
        except SystemExit as exit:
            code = int(str(exit.code))
    return {"code": code, "out": out.getvalue(), "err": err.getvalue()}


def alone() -> Told:
    """A mistake that the second process makes and the first doesn't."""
    distributed.HEARD = timedelta(seconds=1)
    if launched().rank != SECOND:
        time.sleep(2)
        return {"code": 0}
    return spoken(["train", "nowhere.clj", "--steps", "1"])


class Fast:
    """A clock that runs fast."""

    def perf_counter(self) -> float:
        return 50 * time.perf_counter()


def minutes() -> Told:
    """A run of a second, in a process whose clock would end it at once."""
    if launched().rank == SECOND:
        loop.time = Fast()  # type: ignore[assignment, attr-defined]
    return trained(bcmf(2, 2, 2), SMALL, steps=None, minutes=0.02)


def eventful(folder: Path, step: int, act: Callable[[], None], **rest: Any) -> Told:
    """A run in which something happens to the second process."""
    at_step(step, act)
    return trained(bcmf(2, 2, 2), SMALL, folder, save_every=0, **rest)


def main() -> None:
    folder = Path(sys.argv[1])
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it
    torch.set_num_threads(1)
    problem = bcmf(2, 2, 2)
    twice, split = replace(SMALL, batch=8), replace(SMALL, batch=2, accumulate=2)
    flat = replace(SMALL, learning_rate=0.0, matrix_rate=0.0, plateau=2)
    said: dict[str, list[Told]] = {}

    for name, config, arguments in (
        ("fresh", SMALL, {}),
        ("paper", PAPER, {}),
        ("fixed", SMALL, {"simulations": 10}),
        ("varied", SMALL, {"vary": ("length",)}),
    ):
        which = chain() if name == "varied" else problem
        large = replace(config, batch=2 * config.batch)
        said[name] = [
            trained(which, large, **arguments),
            *crew(lambda w=which, c=config, a=arguments: trained(w, c, **a)),  # type: ignore[misc]
        ]
    said["accumulated"] = [trained(problem, twice), trained(problem, replace(SMALL, accumulate=2))]
    said["both"] = crew(lambda: trained(problem, split))

    kept = folder / "kept"
    said["stopped"] = crew(lambda: trained(problem, SMALL, kept, stop_after=2))
    shutil.copytree(kept, folder / "other")
    said["resumed"] = crew(lambda: trained(problem, SMALL, kept, resume=True))
    said["alone"] = [trained(problem, twice, folder / "other", resume=True)]
    said["elsewise"] = [tell(lambda: trained(problem, SMALL, kept, resume=True))]

    said["interrupted"] = crew(
        lambda: eventful(folder / "i", 2, lambda: signal.raise_signal(signal.SIGINT), steps=1000)
    )
    said["failed"] = crew(lambda: eventful(folder / "f", 2, fail))
    said["killed"] = crew(lambda: eventful(folder / "k", 2, lambda: os.kill(os.getpid(), signal.SIGKILL)))
    with locked(folder / "l"):
        said["locked"] = crew(lambda: trained(problem, SMALL, folder / "l"))
    said["minutes"] = crew(minutes)
    said["level"] = crew(lambda: trained(problem, flat, steps=1000))
    said["diverged"] = crew(lambda: trained(broken(), SMALL, folder / "d", steps=1000))
    said["dealt"] = crew(lambda: dealt(clusters(3)))
    said["dealt varied"] = crew(lambda: dealt(chain(), ("length",)))
    said["mistaken"] = crew(lambda: spoken(["train", "nowhere.clj", "--steps", "1"]))
    said["misused"] = crew(lambda: spoken(["train", "boolean", "--steps", "x"]))
    said["sampled"] = crew(lambda: spoken(["sample", "nowhere"]))
    said["mistaken alone"] = crew(alone)
    command = ["train", "boolean", "--set", "n=2", "--steps", "2", "--batch", "2", "--device", "cpu"]
    said["commanded"] = crew(lambda: spoken([*command, "--out", str(folder / "c")]))
    said["unlike"] = crew(lambda: trained(problem, SMALL, seed=launched().rank))
    (folder / "said.json").write_text(json.dumps(said))


if __name__ == "__main__":
    main()
