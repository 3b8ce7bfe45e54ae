"""Model folders: where a trained model and its program are kept."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import torch

from gsdmc.compiler import CompileOptions, compile_text, read_problem, write_problem
from gsdmc.compiler.options import FORMS as OPTIONS
from gsdmc.compiler.problem import Problem
from gsdmc.inference.model import Model
from gsdmc.language.source import GsdmcError
from gsdmc.training import checkpoint

PROBLEM = "problem.gsdm"
"""The compiled problem beside the weights: sizes as they were set, and data, given or drawn."""


def load(folder: str | Path, device: str | torch.device = "cpu") -> Model:
    """Load a model that `train` wrote.

    Args:
        folder: where it is.
        device: where its network is to run, see `Model.to`.

    Raises:
        GsdmcError: no such folder, no model in it, or no such device.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise GsdmcError(
            f"there is no model folder {folder}", hint="train one: gsdmc train PROGRAM --out " + str(folder)
        )
    trained = checkpoint.load(folder)
    return Model(_problem(folder, trained), trained).to(device)


def keep_problem(problem: Problem, folder: Path) -> None:
    """Add the compiled problem to a model folder."""
    write_problem(problem, folder / PROBLEM)


def check_folder(folder: Path) -> None:
    """Make sure, before hours of training, that a model can be written, and that nothing else is lost.

    Raises:
        GsdmcError: the folder holds something else, or can't be written.
    """
    if folder.exists() and not folder.is_dir():
        raise GsdmcError(f"{folder} is a file; a model is a folder", hint="choose another --out")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / checkpoint.CONFIG).is_file():
        raise GsdmcError(
            f"{folder} holds files but no model, and a model replaces the whole folder",
            hint="choose another --out, or empty the folder",
        )
    try:
        folder.absolute().parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.absolute().parent, prefix=f".{folder.name}."):
            pass
    except OSError as error:
        raise GsdmcError(f"{folder} can't be written: {os.strerror(error.errno or 0)}") from None


def check_same(problem: Problem, folder: Path) -> None:
    """Refuse to resume the run of another program.

    Raises:
        GsdmcError: the folder's program, its sizes or its options differ.
    """
    kept = load(folder).problem
    if kept.source != problem.source:
        raise GsdmcError(
            f"{folder} was trained for another text of {kept.name}",
            hint="resume with the same program, or train into a new folder",
        )
    if kept.sizes != problem.sizes:
        sizes = ", ".join(f"{k}={v}" for k, v in kept.sizes.items())
        raise GsdmcError(f"{folder} was trained at other sizes: {sizes}", hint="set the same ones to resume")
    for name in OPTIONS:
        ours, theirs = _choice(problem, name), _choice(kept, name)
        if ours != theirs:
            chosen = " ".join(kept.options.words()) or "none"
            raise GsdmcError(
                f"{folder} was trained with another choice of `{name}`; its options: {chosen}",
                hint="resume with the same ones, or train into a new folder",
            )


def _choice(problem: Problem, name: str) -> object:
    """What an option comes to in a problem: one thing can be said in several ways, and limits change none."""
    match name:
        case "limits":
            return None
        case "given":
            return problem.givens
        case "embedding":
            return {plate.name: plate.cls for plate in problem.graph.plates}
    return getattr(problem.options, name)


def _problem(folder: Path, trained: checkpoint.Model) -> Problem:
    if (folder / PROBLEM).is_file():
        return read_problem(folder / PROBLEM)
    path = folder / checkpoint.PROGRAM
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise GsdmcError(f"{folder} has no readable program: {error}") from None
    try:
        options = CompileOptions.from_json(trained.run.get("options", {}))
    except ValueError as error:
        raise GsdmcError(f"{folder / checkpoint.CONFIG} is damaged: {error}") from None
    return compile_text(text, f"{trained.run['name']}.clj", trained.run["sizes"], options)
