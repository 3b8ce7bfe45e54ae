"""Posterior samples by array name, with what the program says of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import count
from typing import Any

from numpy.typing import NDArray
from torch import Tensor

from gsdmc.compiler.problem import Problem
from gsdmc.graph.factor_graph import FactorGraph
from gsdmc.inference.consistency import Consistency, measure
from gsdmc.inference.shapes import CHANNEL
from gsdmc.program.readings import Residuals

SAMPLE = "sample"


@dataclass(frozen=True, eq=False, repr=False)
class Samples(Mapping[str, NDArray[Any]]):
    """Joint samples of every array, given the evidence.

    A mapping from array names to numpy arrays `[num_samples, *shape]`, or `[num_samples, *shape, K]` for
    vectors of K reals; reals and vectors are float32, booleans bool, categories and counts int64. Evidence
    comes back as it was given.

    Attributes:
        problem: the program at the size of the samples.
        tensors: the samples as tensors.
        observed: per array `[*shape]` booleans, true where the value is evidence, a vector as a whole.
        is_restored: whether `dirac` nodes were recomputed from their parents.
    """

    problem: Problem
    tensors: dict[str, Tensor]
    observed: dict[str, Tensor]
    is_restored: bool = False

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self._arrays[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._arrays)

    def __len__(self) -> int:
        return len(self._arrays)

    def __repr__(self) -> str:
        lines = [f"<gsdmc samples of {self.problem.name}, num_samples={self.num_samples}"]
        for name, array in self.items():
            dims = ", ".join(f"{d}={n}" for d, n in zip(self.dims[name], array.shape, strict=True))
            seen = int(self.observed[name].sum())
            part = f", {seen} of {self.observed[name].numel()} given" if seen else ""
            lines.append(f"  {name}({dims}) {array.dtype}{part}")
        return "\n".join(lines) + ">"

    @property
    def num_samples(self) -> int:
        """How many joint samples there are."""
        return len(next(iter(self.tensors.values())))

    @cached_property
    def dims(self) -> dict[str, tuple[str, ...]]:
        """Names of every array's dimensions: `sample`, its plates, a vector's channels; see `dimensions`."""
        return dimensions(self.problem.graph)

    @cached_property
    def residuals(self) -> dict[str, NDArray[Any]]:
        """Computed minus sampled values of every `dirac` array, in the shapes of the samples."""
        return {name: r.numpy() for name, r in self._residuals.dirac.items()}

    @cached_property
    def factors(self) -> dict[str, NDArray[Any]]:
        """Whether each instance of every factor holds, `[num_samples, instances]`."""
        return {name: t.numpy() for name, t in self._residuals.factors.items()}

    def verify(self) -> Consistency:
        """How far the samples are from what the program says."""
        return measure(self.problem, self._residuals)

    def restored(self) -> Samples:
        """The samples with `dirac` nodes recomputed from their parents, evidence and generated ones kept."""
        keep = {name: mask[None] for name, mask in self.observed.items()}
        tensors = self.problem.restore(self.tensors, keep)
        return Samples(self.problem, tensors, self.observed, is_restored=True)

    @cached_property
    def _arrays(self) -> dict[str, NDArray[Any]]:
        return {name: t.numpy() for name, t in self.tensors.items()}

    @cached_property
    def _residuals(self) -> Residuals:
        return self.problem.verify(self.tensors)


def dimensions(graph: FactorGraph) -> dict[str, tuple[str, ...]]:
    """Names of every array's dimensions: `sample`, then its plates, then for vectors `channel`.

    A plate that an array spans twice is `i` and `i#2`. One name never has two sizes: where vectors have
    different numbers of channels, the second is `channel_2`.
    """
    taken = {SAMPLE, *(plate.name for plate in graph.plates)}
    channel: dict[int, str] = {}
    for size in (a.kind.size for a in graph.arrays if a.kind.name == "vector"):
        if size not in channel:
            spellings = (CHANNEL if n == 1 else f"{CHANNEL}_{n}" for n in count(1))
            channel[size] = next(name for name in spellings if name not in taken)
            taken.add(channel[size])
    return {
        a.name: (SAMPLE, *dimension_names(a.plates), *(channel[n] for n in a.kind.event_shape))
        for a in graph.arrays
    }


def dimension_names(plates: tuple[str, ...]) -> tuple[str, ...]:
    """The plates, with repeats numbered: `i`, `i#2`."""
    names = []
    for place, plate in enumerate(plates):
        time = plates[: place + 1].count(plate)
        names.append(plate if time == 1 else f"{plate}#{time}")
    return tuple(names)
