"""The reference posteriors of the package sbibm 1.1.0: its files, read as data from a wheel or a folder.

Get them with `pip download --no-deps sbibm==1.1.0`. Nothing of the package is run.
"""

from __future__ import annotations

import bz2
import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import gsdmc
from gsdmc.compiler import Problem
from gsdmc.language.source import GsdmcError

Array = NDArray[np.float64]
ROOTS = ("sbibm/tasks", "tasks", "")


class Files:
    """The tasks' files, by path under `sbibm/tasks/`."""

    def __init__(self, path: Path) -> None:
        self.archive = zipfile.ZipFile(path) if path.is_file() else None
        self.folder = path
        if self.archive is None and not path.is_dir():
            raise GsdmcError(
                f"there is no {path}",
                hint="get it with: pip download --no-deps sbibm==1.1.0, and name the wheel",
            )

    def read(self, name: str) -> bytes:
        """A file's bytes."""
        for root in ROOTS:
            whole = f"{root}/{name}".lstrip("/")
            if self.archive is not None and whole in self.archive.NameToInfo:
                return self.archive.read(whole)
            if self.archive is None and (self.folder / whole).is_file():
                return (self.folder / whole).read_bytes()
        raise GsdmcError(
            f"{self.folder} holds no {name}", hint="it should be sbibm's wheel, or what it unpacks to"
        )

    def table(self, name: str) -> Array:
        """A CSV file with one line of names, packed or not: `[rows, columns]`."""
        data = self.read(name)
        text = (bz2.decompress(data) if name.endswith(".bz2") else data).decode()
        return np.loadtxt(io.StringIO(text), delimiter=",", skiprows=1, ndmin=2)


@dataclass(frozen=True)
class Task:
    """A task of sbibm as one of our programs.

    Attributes:
        name: sbibm's.
        evidence: from the observation's numbers to our arrays.
        parameters: from our samples to `[n, D]`, in sbibm's order.
        observation: the file of the observation.
        data: values for the program's `def`s.
    """

    name: str
    evidence: Callable[[Array], dict[str, Any]]
    parameters: Callable[[Any], Array]
    observation: str = "observation.csv"
    data: Callable[[], dict[str, Any]] = dict

    def problem(self) -> Problem:
        """Our program, compiled."""
        return gsdmc.compile(f"sbi/{self.name}", **self.data())

    def observed(self, files: Files, number: int) -> dict[str, Any]:
        """Observation `number`, from 1, as evidence."""
        return self.evidence(files.table(f"{self._folder(number)}/{self.observation}")[0])

    def reference(self, files: Files, number: int) -> Array:
        """The reference draws for an observation: `[10000, D]`."""
        return files.table(f"{self._folder(number)}/reference_posterior_samples.csv.bz2")

    def _folder(self, number: int) -> str:
        return f"{self.name}/files/num_observation_{number}"


def stimulus() -> dict[str, Any]:
    """The stimulus of sbibm's Bernoulli GLM: its setup draws it from numpy's RandomState of seed 42."""
    return {"stimulus": np.random.RandomState(42).randn(100).astype(np.float32)}


def flat(values: Array) -> dict[str, Any]:
    """An observation that is an array x as it stands."""
    return {"x": values}


def theta(samples: Any) -> Array:
    """Parameters that are an array theta."""
    return np.asarray(samples["theta"], dtype=np.float64)


TASKS = {
    task.name: task
    for task in (
        Task("gaussian_linear", flat, theta),
        Task("gaussian_linear_uniform", flat, theta),
        Task("gaussian_mixture", flat, theta),
        Task("two_moons", flat, theta),
        Task("slcp", lambda x: {"x": x.reshape(4, 2)}, theta),
        Task(
            "bernoulli_glm",
            lambda x: {"x": x.astype(bool)},
            lambda s: np.concatenate([s["offset"][:, None], s["f"]], axis=1).astype(np.float64),
            observation="observation_raw.csv",
            data=stimulus,
        ),
    )
}
