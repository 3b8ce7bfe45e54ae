"""Compile a generative program into a neural solver for it.

`compile` turns a program into a `Problem`, `train` a problem into a `Model`, `load` reads a model
back, and `Model.sample` draws posterior `Samples`. `bundled` names the programs that come along.
`register` makes a function of yours one that programs may call by `extern`; `kinds` says what it draws.
A user's mistake raises `GsdmcError`.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gsdmc.compiler import Problem, bundled
    from gsdmc.compiler import compile_problem as compile
    from gsdmc.inference.fit import train
    from gsdmc.inference.folder import load
    from gsdmc.inference.model import Model
    from gsdmc.inference.samples import Samples
    from gsdmc.language import kinds
    from gsdmc.language.source import GsdmcError
    from gsdmc.program.externs import register
    from gsdmc.training.loop import Progress

__all__ = [
    "GsdmcError",
    "Model",
    "Problem",
    "Progress",
    "Samples",
    "bundled",
    "compile",
    "kinds",
    "load",
    "register",
    "train",
]

# Torch's threads spin between loops, which makes steps fifty times as long where other work shares the cores
# (docs/decisions/0010). OpenMP reads this once, when torch is imported.
if "OMP_WAIT_POLICY" not in os.environ:
    os.environ.setdefault("GOMP_SPINCOUNT", "10000")

# Each name's module is imported when the name is first used: torch takes seconds.
_HOME: dict[str, tuple[str, str | None]] = {
    "GsdmcError": ("gsdmc.language.source", "GsdmcError"),
    "Model": ("gsdmc.inference.model", "Model"),
    "Problem": ("gsdmc.compiler", "Problem"),
    "Progress": ("gsdmc.training.loop", "Progress"),
    "Samples": ("gsdmc.inference.samples", "Samples"),
    "bundled": ("gsdmc.compiler", "bundled"),
    "compile": ("gsdmc.compiler", "compile_problem"),
    "kinds": ("gsdmc.language.kinds", None),
    "load": ("gsdmc.inference.folder", "load"),
    "register": ("gsdmc.program.externs", "register"),
    "train": ("gsdmc.inference.fit", "train"),
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'gsdmc' has no attribute {name!r}")
    module, attribute = _HOME[name]
    home = import_module(module)
    value = globals()[name] = home if attribute is None else getattr(home, attribute)
    return value


def __dir__() -> list[str]:
    return sorted({*__all__, *globals()})
