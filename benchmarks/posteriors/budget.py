"""How long to train, with what settings, and what to write of it."""

from __future__ import annotations

import argparse
import datetime
import json
import os
import sys
import tempfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch

import gsdmc
from gsdmc.compiler import Problem
from gsdmc.inference.model import Model
from gsdmc.training import hardware
from gsdmc.training.config import TrainingConfig
from gsdmc.training.overrides import override
from gsdmc.training.presets import PRESETS, preset

PACKAGES = ("numpy", "scipy", "scikit-learn", "torch")


def add_arguments(parser: argparse.ArgumentParser, *, minutes: float) -> None:
    """Options of training, sampling and writing that the benchmarks share."""
    budget = parser.add_mutually_exclusive_group()
    budget.add_argument("--minutes", type=float, help=f"of training each (default {minutes:g})")
    budget.add_argument("--steps", type=int, help="of training each, in place of minutes")
    parser.set_defaults(usual=minutes)
    parser.add_argument(
        "--simulations", type=int, help="train on this many joint draws, over and over, not on fresh ones"
    )
    parser.add_argument("--preset", choices=PRESETS, default=PRESETS[0])
    parser.add_argument(
        "--set",
        dest="settings",
        action="extend",
        nargs="+",
        default=[],
        metavar="FIELD=VALUE",
        help="training settings, as batch=64 process.prediction=v sampler.steps=50; may be repeated",
    )
    parser.add_argument(
        "--samples", type=int, default=10_000, help="posterior draws per query (default 10000)"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, help="of torch (default: its own choice)")
    parser.add_argument("--models", type=Path, help="keep models here, and take those that are there")
    parser.add_argument("--json", type=Path, help="write the figures here")


def settings(options: argparse.Namespace, problem: Problem) -> TrainingConfig:
    """The preset's settings for a problem, with what `--set` changes."""
    return override(preset(options.preset, problem), options.settings)


def trained(options: argparse.Namespace, problem: Problem, name: str) -> Model:
    """A model trained as the options say, or the one that `--models` holds under this name."""
    folder = None if options.models is None else options.models / name
    if folder is not None and folder.is_dir():
        return gsdmc.load(folder)
    minutes = options.minutes or options.usual
    return gsdmc.train(
        problem,
        steps=options.steps,
        minutes=None if options.steps else minutes,
        simulations=options.simulations,
        preset=settings(options, problem),
        seed=options.seed,
        out=folder,
    )


def training_record(model: Model) -> dict[str, Any]:
    """What a figure needs said of its network."""
    run, metrics = model.trained.run, model.metrics
    return {
        "steps": run["steps"],
        "simulations": run.get("simulations"),
        "draws_seen": run["steps"] * model.trained.config.batch,
        "seconds": metrics["seconds"],
        "threads": metrics["hardware"]["threads"],
        "parameters": model.parameters,
        "last_loss": metrics["loss"][-1][1] if metrics["loss"] else None,
        "settings": model.trained.config.to_json(),
    }


def header(options: argparse.Namespace) -> dict[str, Any]:
    """When, where and with what, and the command."""
    return {
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "command": " ".join(["python", *sys.argv]),
        "machine": hardware.describe(),
        "packages": {name: installed(name) for name in PACKAGES},
        "seed": options.seed,
        "samples": options.samples,
    }


def installed(package: str) -> str | None:
    """A package's version; None where it is missing."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def use_threads(options: argparse.Namespace) -> None:
    """Set torch's threads."""
    if options.threads:
        torch.set_num_threads(options.threads)


def write(result: dict[str, Any], path: Path | None) -> None:
    """Write figures, the file whole or not at all."""
    if path is None:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False, encoding="utf-8") as file:
        file.write(json.dumps(result, indent=1) + "\n")
    os.chmod(file.name, 0o644)
    os.replace(file.name, path)


def markdown(header: list[str], rows: list[list[str]]) -> str:
    """A table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
