"""The bundled programs, by name: `bcmf`, and `sbi/two_moons` for one in a folder."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable

SUFFIX = ".clj"


def names() -> list[str]:
    """Every bundled program's name, sorted, those in folders last."""
    return sorted(_names(files(__name__), ""), key=lambda name: ("/" in name, name))


def text(name: str) -> str:
    """The text of the bundled program of a name that `names` gives."""
    return files(__name__).joinpath(*(name + SUFFIX).split("/")).read_text(encoding="utf-8")


def _names(folder: Traversable, prefix: str) -> Iterator[str]:
    for entry in folder.iterdir():
        if entry.name.endswith(SUFFIX):
            yield prefix + entry.name.removesuffix(SUFFIX)
        elif entry.is_dir() and not entry.name.startswith("_"):
            yield from _names(entry, f"{prefix}{entry.name}/")
