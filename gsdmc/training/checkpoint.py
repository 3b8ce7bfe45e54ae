"""The model folder: program, configuration, weights, metrics, and what a resumed run needs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save as pack
from torch import Tensor

from gsdmc.diffusion.process import Process
from gsdmc.diffusion.standardise import Standardiser
from gsdmc.language.source import GsdmcError
from gsdmc.model.config import ModelConfig
from gsdmc.model.denoiser import Denoiser
from gsdmc.model.initialise import empty_denoiser
from gsdmc.training import hardware
from gsdmc.training.config import TrainingConfig
from gsdmc.training.files import SUMS, Contents, read_files, write_files
from gsdmc.training.reading import check_tensors, checked, damage, read_json, read_tensors

PROGRAM, CONFIG, WEIGHTS, METRICS, STATE = (
    "program.clj",
    "config.json",
    "weights.safetensors",
    "metrics.json",
    "state/training.safetensors",
)
FORMAT = 3
READABLE = (2, 3)
"""Formats that are read; the second had no checksums."""

SCALES = "standardiser."
TRAIN = "name a folder that train wrote"
RUN: dict[str, Any] = {"name": str, "sizes": dict[str, int], "seed": int, "steps": int}
"""What is relied on of a run's record, and its type."""

DEEPEST = 1 << 16
"""Rounds of attention beyond which a configuration is a slip or a trap, not a network."""


@dataclass(frozen=True, eq=False)
class Model:
    """A trained network with all that sampling needs, bar the compiled problem.

    Attributes:
        denoiser: the network, with averaged weights.
        process: its diffusion process and scales.
        config: how it was trained.
        run: program name, sizes, varied sizes, seed and steps of the training run, and why it ended.
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

    @property
    def dtype(self) -> torch.dtype:
        """The type of weights and of samples."""
        return next(self.denoiser.parameters()).dtype

    @property
    def autocast(self) -> torch.dtype | None:
        """The type of matrix products in the network's blocks, None for that of the weights."""
        return self.denoiser.autocast

    def to(
        self, device: torch.device, dtype: torch.dtype | None = None, autocast: torch.dtype | None = None
    ) -> Model:
        """The model with a copy of its network on a device, itself where the network is so already.

        Args:
            device: where.
            dtype: the type of weights and of samples; with None it stays, and so does `autocast`.
            autocast: the type of matrix products in the blocks, None for that of the weights.
        """
        if dtype is None:
            dtype, autocast = self.dtype, self.autocast
        if (self.device, self.dtype, self.autocast) == (device, dtype, autocast):
            return self
        denoiser = deepcopy(self.denoiser).to(device, dtype)
        denoiser.autocast = autocast
        return replace(self, denoiser=denoiser)


def save(
    folder: Path, model: Model, files: Mapping[str, bytes], state: Mapping[str, Tensor] | None = None
) -> None:
    """Write a model folder; a reader sees the old files or the new ones, never a mixture.

    Args:
        folder: where; the model there is replaced, and what else lies there stays.
        model: what to write.
        files: what else to keep with it, contents by name.
        state: tensors that resuming needs.

    Raises:
        OSError: the folder can't be written to, or the disk is full; it holds what it held.
    """
    standardiser = model.process.standardiser
    configuration = {
        "format": FORMAT,
        "gsdmc": hardware.release(),
        "run": model.run,
        "training": model.config.to_json(),
        "model": model.denoiser.config.to_json(),
        "scale_keys": list(standardiser.keys),
    }
    weights = {name: p.detach().contiguous() for name, p in model.denoiser.state_dict().items()}
    weights |= {SCALES + "mean": standardiser.mean, SCALES + "std": standardiser.std}
    contents = {
        **files,
        CONFIG: _json(configuration),
        METRICS: _json(model.metrics),
        WEIGHTS: pack(weights),
    }
    if state is not None:
        contents[STATE] = pack({name: t.detach().contiguous() for name, t in state.items()})
    write_files(Path(folder), contents)


def load(folder: Path) -> Model:
    """Read a model folder.

    Raises:
        GsdmcError: the folder is not a model, one of another format, or damaged.
    """
    return _model(Path(folder), read_files(Path(folder), (CONFIG, METRICS, WEIGHTS)))


def load_with_state(folder: Path) -> tuple[Model, dict[str, Tensor]]:
    """Read a model folder, and what a resumed run needs, of the same moment.

    Raises:
        GsdmcError: the folder is not a model, one of another format, or damaged, or keeps no training state.
    """
    folder = Path(folder)
    contents = read_files(folder, (CONFIG, METRICS, WEIGHTS, STATE))
    model = _model(folder, contents)
    if STATE not in contents.files:
        raise GsdmcError(f"{folder} keeps no training state to resume from", hint="train into a new folder")
    with damage(folder / STATE):
        return model, read_tensors(contents.files[STATE])


def _model(folder: Path, contents: Contents) -> Model:
    for name in (CONFIG, METRICS, WEIGHTS):
        if name not in contents.files:
            raise GsdmcError(f"{folder} is not a model folder: it has no {name}", hint=TRAIN)
    with damage(folder / CONFIG):
        configuration = read_json(contents.files[CONFIG], dict[str, Any])
        _check_format(folder, configuration, contents.checked)
        checked(configuration["training"], TrainingConfig, "training")
        checked(configuration["model"], ModelConfig, "model")
        training = TrainingConfig.from_json(configuration["training"])
        shape = ModelConfig.from_json(configuration["model"])
        if shape.depth > DEEPEST:
            raise ValueError(f"a network of {shape.depth} rounds of attention")
        keys = checked(configuration["scale_keys"], list[str], "scale_keys")
        run = checked(configuration["run"], dict[str, Any], "run")
        for name, hint in RUN.items():
            checked(run[name], hint, f"run.{name}")
    with damage(folder / METRICS):
        metrics = read_json(contents.files[METRICS], dict[str, Any])
    with damage(folder / WEIGHTS):
        weights = read_tensors(contents.files[WEIGHTS])
        mean, std = weights.pop(SCALES + "mean"), weights.pop(SCALES + "std")
        scale = torch.empty(len(keys), mean.shape[-1], dtype=torch.float64)
        check_tensors({"mean": mean, "std": std}, {"mean": scale, "std": scale})
        if not (std > 0).all():
            raise ValueError("a variable's scale is not positive")
        if shape.layers > len(weights):  # building them would take for ever
            raise ValueError(f"it has fewer tensors than the network has layers, {shape.layers}")
        with torch.device("meta"):  # shapes without memory: none is taken for what the file doesn't hold
            expected = Denoiser(shape).state_dict()
        check_tensors(weights, expected)
        denoiser = empty_denoiser(shape)
        denoiser.load_state_dict(weights)
    denoiser.eval()
    process = Process(training.process, Standardiser(tuple(keys), mean, std))
    return Model(denoiser, process, training, run, metrics)


def _check_format(folder: Path, configuration: dict[str, Any], checked: bool) -> None:
    kept = configuration.get("format")
    if kept not in READABLE:
        newer = isinstance(kept, int) and kept > FORMAT
        raise GsdmcError(
            f"{folder} has model format {kept}; this version reads {' and '.join(map(str, READABLE))}",
            hint=f"gsdmc {configuration.get('gsdmc', 'of a later version')} wrote it: "
            "pip install --upgrade gsdmc"
            if newer
            else "train the program again, or use the gsdmc that wrote it",
        )
    if kept == FORMAT and not checked:
        raise GsdmcError(
            f"{folder} has no checksums: its {SUMS} is missing",
            hint="copy the whole folder; if you changed a file, write them anew (docs/training.md)",
        )


def _json(data: Any) -> bytes:
    return (json.dumps(data, indent=1) + "\n").encode()
