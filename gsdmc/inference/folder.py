"""Model folders: where a trained model and its program are kept."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from gsdmc.compiler import CompileOptions, compile_text, read_problem, write_problem
from gsdmc.compiler.options import FORMS as OPTIONS
from gsdmc.compiler.problem import Problem
from gsdmc.compiler.simulator import Kept, Simulator
from gsdmc.inference.model import Model
from gsdmc.inference.simulations.keep import check_same_source, read_kept, with_data, with_kept
from gsdmc.inference.simulations.read_simulations import Data
from gsdmc.language.source import GsdmcError
from gsdmc.program.outside import UnregisteredError
from gsdmc.programs import trained_folder, trained_names
from gsdmc.training import checkpoint
from gsdmc.training.files import WRITING, WRITTEN, find_file, write_files
from gsdmc.training.lock import LOCK
from gsdmc.training.logs import LOGS

PROBLEM = "problem.gsdm"
"""The compiled problem beside the weights: sizes as they were set, and data, given or drawn."""

OURS = {LOCK, LOGS, WRITING, WRITTEN}
"""What a run that was killed before its first checkpoint leaves in its folder."""


def load(
    folder: str | Path,
    device: str | torch.device = "cpu",
    dtype: str | torch.dtype = "float32",
    *,
    simulator: Simulator | None = None,
    data: Data | None = None,
) -> Model:
    """Load a model that `train` wrote, or one that comes along.

    A model that was trained on simulations or on a simulator brings some that training has not seen, for
    `evaluate` and `calibrate`.

    Args:
        folder: where it is; or the name of a model that comes along, where there is no such folder.
        device: where its network is to run, see `Model.to`.
        dtype: what it is to compute with, see there too.
        simulator: a function as `compile` takes it, which makes the joint draws from then on.
        data: simulations as `train` takes them, in place of those that the folder keeps.

    Raises:
        GsdmcError: no such folder, no model in it, no such device, or one that doesn't compute so; a program
            that calls a function which is not registered; simulations that don't fit the program.
    """
    folder = _find(Path(folder))
    if all(path.name in OURS - {WRITTEN} for path in folder.iterdir()):
        raise GsdmcError(
            f"{folder} is not a model folder: no checkpoint has been written there yet",
            hint="wait for its trainer; if there is none, train it anew, without --resume",
        )
    if simulator is not None and data is not None:
        raise GsdmcError("a simulator and data are two sources", hint="leave out one of the two")
    trained = checkpoint.load(folder)
    try:
        problem = _problem(folder, trained, simulator)
    except UnregisteredError as error:
        raise GsdmcError(
            f"the program of {folder} calls the function `{error.function}`, which is not registered",
            error.span,
            hint=f'import the Python in which gsdmc.register("{error.function}", ...) stands, then load the '
            "model; commands have the functions of gsdmc alone",
        ) from None
    if data is not None:
        problem = with_data(problem, data)
    return Model(problem, trained).to(device, dtype)


def keep_problem(problem: Problem, folder: Path) -> None:
    """Add the compiled problem to a model folder."""
    write_files(folder, {PROBLEM: packed(problem)}, add=True)


def packed(problem: Problem) -> bytes:
    """The content of the file `PROBLEM` in a model folder."""
    with tempfile.TemporaryDirectory() as folder:
        write_problem(problem, Path(folder) / PROBLEM)
        return (Path(folder) / PROBLEM).read_bytes()


def check_folder(folder: Path) -> None:
    """Make sure, before hours of training, that a model can be written, and that nothing else is lost.

    Raises:
        GsdmcError: the folder holds something else, or can't be written.
    """
    if folder.exists() and not folder.is_dir():
        raise GsdmcError(f"{folder} is a file; a model is a folder", hint="choose another --out")
    try:
        names = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
        if not names <= OURS and checkpoint.CONFIG not in names:
            raise GsdmcError(
                f"{folder} holds files but no model, and a model takes a folder of its own",
                hint="choose another --out, or empty the folder",
            )
        place = folder if folder.is_dir() else folder.absolute().parent
        place.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=place, prefix=".probe."):
            pass
    except OSError as error:
        raise GsdmcError(
            f"{folder} can't be written: {os.strerror(error.errno or 0)}",
            hint="make it writable, or choose another --out",
        ) from None


def check_same(problem: Problem, folder: Path, simulated: Mapping[str, Any] | None = None) -> None:
    """Refuse to resume the run of another program.

    Args:
        problem: the program.
        folder: of the run.
        simulated: what the record of the run is to say of its simulations, None for the program's own draws.

    Raises:
        GsdmcError: the folder's program, its sizes, its options or its simulations differ.
    """
    model = load(folder)
    kept = model.problem
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
    check_same_source(folder, model.trained.run, simulated)


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


def _find(folder: Path) -> Path:
    if folder.is_dir():
        return folder
    ours = trained_folder(str(folder))
    if ours is not None:
        return ours
    names = trained_names()
    shipped = f"; models that come along: {', '.join(names)}" if names else ""
    raise GsdmcError(
        f"there is no model folder {folder}",
        hint=f"train one: gsdmc train PROGRAM --out {folder}{shipped}",
    )


def _problem(folder: Path, trained: checkpoint.Model, simulator: Simulator | None = None) -> Problem:
    """A folder's program, with a simulator of the user's, or the simulations that the folder keeps."""
    kept = read_kept(folder, trained.run) if simulator is None else None
    problem = _compiled(folder, trained, simulator or kept)
    return problem if kept is None else with_kept(problem, kept, folder)


def _compiled(folder: Path, trained: checkpoint.Model, simulator: Simulator | Kept | None) -> Problem:
    compiled = find_file(folder, PROBLEM)
    if compiled is not None:
        return read_problem(compiled, simulator=simulator)
    path = find_file(folder, checkpoint.PROGRAM) or folder / checkpoint.PROGRAM
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise GsdmcError(f"{folder} has no readable program: {error}") from None
    try:
        options = CompileOptions.from_json(trained.run.get("options", {}))
    except ValueError as error:
        raise GsdmcError(f"{folder / checkpoint.CONFIG} is damaged: {error}") from None
    return compile_text(text, f"{trained.run['name']}.clj", trained.run["sizes"], options, simulator)
