"""The bundled programs, by name: `bcmf`, and `sbi/two_moons` for one in a folder; models trained on some."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

SUFFIX = ".clj"
TRAINED = "trained"
"""The folder of the model folders that come along."""


def names() -> list[str]:
    """Every bundled program's name, sorted, those in folders last."""
    return sorted(_names(files(__name__), ""), key=lambda name: ("/" in name, name))


def text(name: str) -> str:
    """The text of the bundled program of a name that `names` gives."""
    return files(__name__).joinpath(*(name + SUFFIX).split("/")).read_text(encoding="utf-8")


def trained_names() -> list[str]:
    """Names of the models that come along, sorted."""
    folder = files(__name__).joinpath(TRAINED)
    return sorted(entry.name for entry in folder.iterdir() if entry.is_dir()) if folder.is_dir() else []


def trained_folder(name: str) -> Path | None:
    """The folder of the model of this name; None where none comes along."""
    return Path(str(files(__name__).joinpath(TRAINED, name))) if name in trained_names() else None


def _names(folder: Traversable, prefix: str) -> Iterator[str]:
    for entry in folder.iterdir():
        if entry.name.endswith(SUFFIX):
            yield prefix + entry.name.removesuffix(SUFFIX)
        elif entry.is_dir() and not entry.name.startswith("_") and entry.name != TRAINED:
            yield from _names(entry, f"{prefix}{entry.name}/")
