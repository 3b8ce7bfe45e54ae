"""What a run of a figure is asked to do: its size, where it writes, and how networks are trained."""

from __future__ import annotations

import argparse
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

from peers.report import ROOT

from gsdmc.compiler import Problem
from gsdmc.training.config import TrainingConfig
from gsdmc.training.overrides import override
from gsdmc.training.presets import PRESETS, preset

SCALES = {
    "toy": "seconds: shows that it runs, says nothing of the method",
    "quick": "minutes on two cores: small problems, short training",
    "full": "the paper's sizes: hours, or a GPU",
}
TINY = ("width=16", "heads=2", "layers=1", "reach=false", "batch=4", "sampler.steps=2")
"""Settings of the networks at toy size."""

T = TypeVar("T")


@dataclass(frozen=True)
class Settings:
    """The options of a run.

    Attributes:
        scale: `toy`, `quick` or `full`.
        out: folder of data and pictures.
        models: folder of the networks that several figures use; those that are there are taken.
        model: one network's folder, in place of training it.
        preset: of training.
        changes: training settings in place of the preset's, as `batch=64`.
        minutes: of training each network, in place of the figure's own budget.
        parts: what Table 3 measures.
        resume: keep the rows that are there.
        seed: of training, problems and samples.
        device: where networks run.
    """

    scale: str
    out: Path
    models: Path
    model: Path | None = None
    preset: str = "default"
    changes: tuple[str, ...] = ()
    minutes: float | None = None
    parts: tuple[str, ...] = ("entries", "time")
    resume: bool = False
    seed: int = 0
    device: str = "auto"

    def pick(self, toy: T, quick: T, full: T) -> T:
        """What this run's size takes of three."""
        return {"toy": toy, "quick": quick, "full": full}[self.scale]

    def config(self, problem: Problem) -> TrainingConfig:
        """Settings of a network for a problem."""
        tiny = TINY if self.scale == "toy" else ()
        return override(preset(self.preset, problem), (*tiny, *self.changes))

    def to_json(self) -> dict[str, Any]:
        """Plain values, for the record; where files are is none of it."""
        plain = asdict(self)
        del plain["out"], plain["models"]
        return plain | {"model": None if self.model is None else str(self.model)}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    scale = parser.add_mutually_exclusive_group(required=True)
    for name, text in SCALES.items():
        scale.add_argument(f"--{name}", dest="scale", action="store_const", const=name, help=text)
    parser.add_argument("--out", type=Path, help="folder (default benchmarks/results/paper/SCALE)")
    parser.add_argument("--models", type=Path, help="folder of networks (default runs/paper/SCALE)")
    parser.add_argument("--model", type=Path, help="a model folder, for figures 5, 6, 8, 13 and 16")
    parser.add_argument("--preset", choices=PRESETS, default=PRESETS[0])
    parser.add_argument("--set", dest="changes", action="append", default=[], metavar="FIELD=VALUE")
    parser.add_argument("--minutes", type=float, help="of training each network")
    parser.add_argument("--parts", nargs="+", choices=("entries", "time"), default=["entries", "time"])
    parser.add_argument("--resume", action="store_true", help="keep rows that are there, measure the others")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="auto")


def read(options: argparse.Namespace) -> Settings:
    """The settings that options say."""
    return Settings(
        scale=options.scale,
        out=options.out or ROOT / "benchmarks" / "results" / "paper" / options.scale,
        models=options.models or ROOT / "runs" / "paper" / options.scale,
        model=options.model,
        preset=options.preset,
        changes=tuple(options.changes),
        minutes=options.minutes,
        parts=tuple(options.parts),
        resume=options.resume,
        seed=options.seed,
        device=options.device,
    )
