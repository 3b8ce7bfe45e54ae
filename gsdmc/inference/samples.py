"""Posterior samples by array name, with what the program says of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import count
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor

from gsdmc.compiler.problem import Problem
from gsdmc.graph.factor_graph import FactorGraph
from gsdmc.inference.consistency import Consistency, measure
from gsdmc.inference.evidence.shapes import CHANNEL
from gsdmc.inference.refinement.report import Report, restoration
from gsdmc.inference.refinement.violations import Violations, residuals_of, violations
from gsdmc.program.readings import Residuals

SAMPLE = "sample"


@dataclass(frozen=True, eq=False, repr=False)
class Samples(Mapping[str, NDArray[Any]]):
    """Joint samples of every array, given the evidence.

    A mapping from array names to numpy arrays `[num_samples, *shape]`, or `[num_samples, *shape, K]` for
    vectors of K reals; reals and vectors are float32 (float64 once polished, which single precision could
    not hold), booleans bool, categories and counts int64. Evidence comes back as it was given.

    Attributes:
        problem: the program at the size of the samples.
        tensors: the samples as tensors.
        observed: per array `[*shape]` booleans, true where the value is evidence, a vector as a whole.
        is_restored: whether `dirac` nodes were recomputed from their parents.
        raw: what the network gave, where `tensors` are something else.
        report: what was done to the samples after the network.
    """

    problem: Problem
    tensors: dict[str, Tensor]
    observed: dict[str, Tensor]
    is_restored: bool = False
    raw: dict[str, Tensor] | None = None
    report: Report = field(default_factory=Report)

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

    @property
    def network(self) -> Samples:
        """The samples as the network gave them, with its own values of `dirac` nodes."""
        return Samples(self.problem, self.tensors if self.raw is None else self.raw, self.observed)

    @cached_property
    def residuals(self) -> dict[str, NDArray[Any]]:
        """Computed minus sampled values of every `dirac` array, in the shapes of the samples."""
        return {name: r.numpy() for name, r in self._residuals.dirac.items()}

    @cached_property
    def factors(self) -> dict[str, NDArray[Any]]:
        """Whether each instance of every factor holds, `[num_samples, instances]`."""
        return {name: t.numpy() for name, t in self._residuals.factors.items()}

    @cached_property
    def violations(self) -> dict[str, NDArray[Any]]:
        """How many instances of every relation each sample breaks, `[num_samples]`, by array or factor.

        Residuals of reals count above `refinement.violations.TOLERANCE` of their array's usual size.
        """
        return {name: count.numpy() for name, count in self._violations.counts.items()}

    @property
    def valid(self) -> NDArray[Any]:
        """Which samples satisfy everything that the program says, `[num_samples]` booleans."""
        found: NDArray[Any] = (self._violations.total(self.num_samples) == 0).numpy()
        return found

    def verify(self) -> Consistency:
        """How far the samples are from what the program says."""
        return measure(self.problem, self._residuals)

    def restored(self) -> Samples:
        """The samples with `dirac` nodes recomputed from their parents, evidence and generated ones kept."""
        keep = {name: mask[None] for name, mask in self.observed.items()}
        tensors = self.problem.restore(self.tensors, keep, self._real)
        seen = {name: mask.expand(self.num_samples, *mask.shape) for name, mask in self.observed.items()}
        report = replace(self.report, restore=restoration(self.problem, self.tensors, tensors, seen))
        raw = self.tensors if self.raw is None else self.raw
        return Samples(self.problem, tensors, self.observed, True, raw, report)

    @cached_property
    def _arrays(self) -> dict[str, NDArray[Any]]:
        return {name: t.numpy() for name, t in self.tensors.items()}

    @cached_property
    def _residuals(self) -> Residuals:
        return residuals_of(self.problem, self.tensors)

    @cached_property
    def _violations(self) -> Violations:
        return violations(self.problem, self._residuals)

    @property
    def _real(self) -> torch.dtype:
        return next((t.dtype for t in self.tensors.values() if t.is_floating_point()), torch.float32)


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
