"""The model folder: program, configuration, weights, metrics, and what a resumed run needs."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from gsdmc.diffusion.process import Process
from gsdmc.diffusion.standardise import Standardiser
from gsdmc.language.source import GsdmcError
from gsdmc.model.config import ModelConfig
from gsdmc.model.denoiser import Denoiser
from gsdmc.model.initialise import empty_denoiser
from gsdmc.training.config import TrainingConfig

PROGRAM, CONFIG, WEIGHTS, METRICS, STATE = (
    "program.clj",
    "config.json",
    "weights.safetensors",
    "metrics.json",
    "state/training.safetensors",
)
FORMAT = 2
SCALES = "standardiser."


@dataclass(frozen=True, eq=False)
class Model:
    """A trained network with all that sampling needs, bar the compiled problem.

    Attributes:
        denoiser: the network, with averaged weights.
        process: its diffusion process and scales.
        config: how it was trained.
        run: program name, sizes, varied sizes, seed and steps of the training run.
        metrics: loss curve, speed, hardware and versions, and how steps were run and why.
    """

    denoiser: Denoiser
    process: Process
    config: TrainingConfig
    run: dict[str, Any]
    metrics: dict[str, Any]

    @property
    def device(self) -> torch.device:
        """Where the network is."""
        return next(self.denoiser.parameters()).device

    def to(self, device: torch.device) -> Model:
        """The model with a copy of its network on a device, itself where the network is there already."""
        if self.device == device:
            return self
        return replace(self, denoiser=deepcopy(self.denoiser).to(device))


def save(folder: Path, model: Model, program: str | None, state: dict[str, Tensor] | None = None) -> None:
    """Write a model folder; a reader sees the old folder or the new one, never a mixture.

    Args:
        folder: where; what is there is replaced.
        model: what to write.
        program: the program's text, if there is one.
        state: tensors that resuming needs.
    """
    folder = Path(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        scratch.chmod(0o755)
        if program is not None:
            (scratch / PROGRAM).write_text(program, encoding="utf-8")
        standardiser = model.process.standardiser
        configuration = {
            "format": FORMAT,
            "run": model.run,
            "training": model.config.to_json(),
            "model": model.denoiser.config.to_json(),
            "scale_keys": list(standardiser.keys),
        }
        _write_json(scratch / CONFIG, configuration)
        _write_json(scratch / METRICS, model.metrics)
        weights = {name: p.detach().contiguous() for name, p in model.denoiser.state_dict().items()}
        weights |= {SCALES + "mean": standardiser.mean, SCALES + "std": standardiser.std}
        save_file(weights, scratch / WEIGHTS)
        if state is not None:
            (scratch / STATE).parent.mkdir()
            save_file({k: v.detach().contiguous() for k, v in state.items()}, scratch / STATE)
        _exchange(scratch, folder)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def load(folder: Path) -> Model:
    """Read a model folder.

    Raises:
        GsdmcError: the folder is not a model, or one of another format.
    """
    folder = Path(folder)
    try:
        configuration = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
        metrics = json.loads((folder / METRICS).read_text(encoding="utf-8"))
        weights = load_file(folder / WEIGHTS)
    except (OSError, ValueError) as error:
        raise GsdmcError(
            f"{folder} is not a model folder: {error}", hint="name a folder that train wrote"
        ) from error
    if configuration.get("format") != FORMAT:
        raise GsdmcError(
            f"{folder} has model format {configuration.get('format')}; this version reads {FORMAT}"
        )
    training = TrainingConfig.from_json(configuration["training"])
    mean, std = weights.pop(SCALES + "mean"), weights.pop(SCALES + "std")
    process = Process(training.process, Standardiser(tuple(configuration["scale_keys"]), mean, std))
    denoiser = empty_denoiser(ModelConfig.from_json(configuration["model"]))
    denoiser.load_state_dict(weights)
    denoiser.eval()
    return Model(denoiser, process, training, configuration["run"], metrics)


def load_state(folder: Path) -> dict[str, Tensor]:
    """Read what a resumed run needs.

    Raises:
        GsdmcError: the folder keeps no training state.
    """
    path = Path(folder) / STATE
    if not path.exists():
        raise GsdmcError(f"{folder} keeps no training state to resume from", hint="train into a new folder")
    tensors: dict[str, Tensor] = load_file(path)
    return tensors


def _write_json(path: Path, data: Any) -> None:
    path.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")


def _exchange(scratch: Path, folder: Path) -> None:
    if not folder.exists():
        os.replace(scratch, folder)
        return
    aside = Path(tempfile.mkdtemp(prefix=f".{folder.name}.old.", dir=folder.parent))
    os.replace(folder, aside / "old")
    os.replace(scratch, folder)
    shutil.rmtree(aside, ignore_errors=True)
