"""Compile a generative program into a neural solver for it.

`compile` turns a program into a `Problem`, `train` a problem into a `Model`, `load` reads a model
back, and `Model.sample` draws posterior `Samples`. A user's mistake raises `GsdmcError`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gsdmc.compiler import Problem
    from gsdmc.compiler import bundled as programs
    from gsdmc.compiler import compile_problem as compile
    from gsdmc.inference.fit import train
    from gsdmc.inference.folder import load
    from gsdmc.inference.model import Model
    from gsdmc.inference.samples import Samples
    from gsdmc.language.source import GsdmcError

__all__ = ["GsdmcError", "Model", "Problem", "Samples", "compile", "load", "programs", "train"]

# Each name's module is imported when the name is first used: torch takes seconds.
_HOME = {
    "GsdmcError": ("gsdmc.language.source", "GsdmcError"),
    "Model": ("gsdmc.inference.model", "Model"),
    "Problem": ("gsdmc.compiler", "Problem"),
    "Samples": ("gsdmc.inference.samples", "Samples"),
    "compile": ("gsdmc.compiler", "compile_problem"),
    "load": ("gsdmc.inference.folder", "load"),
    "programs": ("gsdmc.compiler", "bundled"),
    "train": ("gsdmc.inference.fit", "train"),
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'gsdmc' has no attribute {name!r}")
    module, attribute = _HOME[name]
    value = globals()[name] = getattr(import_module(module), attribute)
    return value


def __dir__() -> list[str]:
    return sorted({*__all__, *globals()})
