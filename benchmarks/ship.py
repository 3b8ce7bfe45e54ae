"""Train, evaluate and keep a model that comes along with gsdmc, in `programs/trained/NAME`.

    python benchmarks/ship.py boolean --seed 0                # as its recipe says, on the CPU
    python benchmarks/ship.py bcmf --device cuda --minutes 60
    python benchmarks/ship.py sudoku --resume                 # go on after an interruption

Training works in `runs/shipped/NAME`, with checkpoints. What is kept has no training state; its
`metrics.json` has the command, machine, versions, seed and scores beside the record of training. A model
larger than 4 MB is refused. Replace a model rarely: history keeps every copy.
"""

from __future__ import annotations

import argparse
import datetime
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch

import gsdmc
from gsdmc.compiler import Problem
from gsdmc.inference.folder import PROBLEM, packed
from gsdmc.inference.model import Model
from gsdmc.training import checkpoint, hardware
from gsdmc.training.overrides import override
from gsdmc.training.presets import preset

HOME = Path(__file__).resolve().parent.parent / "programs" / "trained"
WORK = Path("runs/shipped")
LARGEST = 4_000_000
"""Bytes of a model's folder."""

Query = str | list[str] | None


@dataclass(frozen=True)
class Recipe:
    """How a model is made.

    Attributes:
        minutes: of training on two CPU cores.
        sizes: of the program.
        given: the queries to train for; None for the program's own.
        vary: sizes drawn anew for every batch, with their ranges.
        settings: what differs from the default preset.
    """

    minutes: float
    sizes: dict[str, Any] = field(default_factory=dict)
    given: Query = None
    vary: dict[str, tuple[int, int]] = field(default_factory=dict)
    settings: tuple[str, ...] = ()

    def problem(self, program: str) -> Problem:
        """The compiled program."""
        return gsdmc.compile(program, given=self.given, **self.sizes)


RECIPES = {
    "bcmf": Recipe(
        240,
        {"m": 10, "n": 10, "k": 10},
        None,
        {"m": (1, 10), "n": (1, 10), "k": (1, 10)},
        ("missing=0.5",),  # queries with E partly missing, or all of it
    ),
    "boolean": Recipe(30, {"n": 8}, "any"),
    "hbmf": Recipe(120),
    "inversion": Recipe(180),
    "sorting": Recipe(180, {"n": 20}, None, {"n": (2, 40)}),
    "sudoku": Recipe(240, {}, None, {}, ("width=96", "layers=12")),
}


def make(name: str, options: argparse.Namespace) -> Model:
    """Train a model as its recipe says, or go on with it."""
    recipe = RECIPES[name]
    problem = recipe.problem(name)
    return gsdmc.train(
        problem,
        steps=options.steps,
        minutes=None if options.steps else options.minutes or recipe.minutes,
        seed=options.seed,
        preset=override(preset("default", problem), [*recipe.settings, *options.settings]),
        vary=recipe.vary,
        device=options.device,
        out=WORK / name,
        resume=options.resume,
    )


def keep(model: Model, record: dict[str, Any], folder: Path) -> int:
    """Write a model without its training state; the bytes that it takes.

    Raises:
        ValueError: they are too many.
    """
    trained = replace(model.trained, metrics={**model.metrics, "shipped": record})
    program = model.problem.source.encode()
    checkpoint.save(folder, trained, {checkpoint.PROGRAM: program, PROBLEM: packed(model.problem)})
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    if size > LARGEST:
        raise ValueError(f"{folder} takes {size} bytes; a model that comes along takes at most {LARGEST}")
    return size


def main() -> None:
    """Train, evaluate, keep."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("name", choices=RECIPES)
    budget = parser.add_mutually_exclusive_group()
    budget.add_argument("--minutes", type=float, help="of training (default: the recipe's)")
    budget.add_argument("--steps", type=int, help="of training, in place of minutes")
    parser.add_argument("--set", dest="settings", nargs="+", default=[], metavar="FIELD=VALUE")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--threads", type=int, help="of torch (default: its own choice)")
    parser.add_argument("--problems", type=int, default=1000, help="fresh ones to evaluate on")
    parser.add_argument("--resume", action="store_true", help="go on from the last checkpoint")
    parser.add_argument("--to", type=Path, default=HOME, help="folder of the models")
    options = parser.parse_args()
    if options.threads:
        torch.set_num_threads(options.threads)
    model = make(options.name, options)
    evaluation = model.evaluate(options.problems, seed=options.seed + 1)
    record = {
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "command": " ".join(["python", *sys.argv]),
        "machine": hardware.describe(),
        "seed": options.seed,
        "evaluation": evaluation.to_json(),
    }
    size = keep(model, record, options.to / options.name)
    for score in evaluation.scores:
        print(f"{score.name}: {score.raw:.4f}")
    print(f"{options.to / options.name}: {size} bytes")


if __name__ == "__main__":
    main()
