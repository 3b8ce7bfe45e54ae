"""Posterior samples by array name, with what the program says of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import torch
from numpy.typing import NDArray
from torch import Tensor

from gsdmc.compiler.problem import Problem
from gsdmc.inference.consistency import Consistency, measure
from gsdmc.inference.dimensions import DATASET, SAMPLE, dimensions
from gsdmc.inference.refinement.report import Report, restoration
from gsdmc.inference.refinement.violations import Violations, residuals_of, violations
from gsdmc.language.source import GsdmcError
from gsdmc.program.readings import Residuals

if TYPE_CHECKING:
    import pandas
    import xarray


@dataclass(frozen=True, eq=False, repr=False)
class Samples(Mapping[str, NDArray[Any]]):
    """Joint samples of every array, given the evidence.

    A mapping from array names to numpy arrays `[num_samples, *shape]`, or `[num_samples, *shape, K]` for
    vectors of K reals; reals and vectors are float32 (float64 where the model computes so, and once polished,
    which single precision could not hold), booleans bool, categories and counts int64. Evidence comes back as
    it was given. Where there are several data sets, theirs is a dimension before all others, here and
    wherever samples are counted.

    Attributes:
        problem: the program at the size of the samples.
        tensors: the samples as tensors, `[rows, *shape]`, the samples of a data set one after the other.
        observed: per array `[*shape]` booleans, true where the value is evidence, a vector as a whole;
            `[num_datasets, *shape]` where there are several data sets.
        is_restored: whether `dirac` nodes were recomputed from their parents.
        raw: what the network gave, where `tensors` are something else.
        report: what was done to the samples after the network; it numbers rows.
        num_datasets: how many data sets were given at once; None where evidence was that of a single one.
        labels: what the evidence called the elements of a dimension, by the dimension's name.
    """

    problem: Problem
    tensors: dict[str, Tensor]
    observed: dict[str, Tensor]
    is_restored: bool = False
    raw: dict[str, Tensor] | None = None
    report: Report = field(default_factory=Report)
    num_datasets: int | None = None
    labels: Mapping[str, NDArray[Any]] = field(default_factory=dict)

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self._arrays[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._arrays)

    def __len__(self) -> int:
        return len(self._arrays)

    def __repr__(self) -> str:
        counts = f"num_samples={self.num_samples}"
        if self.num_datasets is not None:
            counts = f"num_datasets={self.num_datasets}, {counts}"
        lines = [f"<gsdmc samples of {self.problem.name}, {counts}"]
        for name, array in self.items():
            dims = ", ".join(f"{d}={n}" for d, n in zip(self.dims[name], array.shape, strict=True))
            seen = int(self.observed[name].sum())
            part = f", {seen} of {self.observed[name].numel()} given" if seen else ""
            lines.append(f"  {name}({dims}) {array.dtype}{part}")
        return "\n".join(lines) + ">"

    def _repr_html_(self) -> str:
        from gsdmc.inference.notebook import samples_html

        return samples_html(self)

    @property
    def num_samples(self) -> int:
        """How many joint samples there are, of each data set."""
        return len(next(iter(self.tensors.values()))) // (self.num_datasets or 1)

    @property
    def leading(self) -> tuple[str, ...]:
        """Names of the dimensions that count samples: `sample`, after `dataset` where there are several."""
        return (SAMPLE,) if self.num_datasets is None else (DATASET, SAMPLE)

    @cached_property
    def dims(self) -> dict[str, tuple[str, ...]]:
        """Names of every array's dimensions: `sample`, its plates, a vector's channels; see `dimensions`."""
        return dimensions(self.problem.graph, self.leading)

    @property
    def network(self) -> Samples:
        """The samples as the network gave them, with its own values of `dirac` nodes."""
        tensors = self.tensors if self.raw is None else self.raw
        return replace(self, tensors=tensors, is_restored=False, raw=None, report=Report())

    @cached_property
    def residuals(self) -> dict[str, NDArray[Any]]:
        """Computed minus sampled values of every `dirac` array, in the shapes of the samples."""
        return {name: self._counted(r) for name, r in self._residuals.dirac.items()}

    @cached_property
    def factors(self) -> dict[str, NDArray[Any]]:
        """Whether each instance of every factor holds, `[num_samples, instances]`."""
        return {name: self._counted(t) for name, t in self._residuals.factors.items()}

    @cached_property
    def violations(self) -> dict[str, NDArray[Any]]:
        """How many instances of every relation each sample breaks, `[num_samples]`, by array or factor.

        Residuals of reals count above `refinement.violations.TOLERANCE` of their array's usual size.
        """
        return {name: self._counted(count) for name, count in self._violations.counts.items()}

    @property
    def valid(self) -> NDArray[Any]:
        """Which samples satisfy everything that the program says, `[num_samples]` booleans."""
        return self._counted(self._violations.total(self._rows) == 0)

    def verify(self) -> Consistency:
        """How far the samples are from what the program says."""
        return measure(self.problem, self._residuals)

    def restored(self) -> Samples:
        """The samples with `dirac` nodes recomputed from their parents, evidence and generated ones kept."""
        seen = {name: self._per_row(mask) for name, mask in self.observed.items()}
        tensors = self.problem.restore(self.tensors, seen, self._real)
        report = replace(self.report, restore=restoration(self.problem, self.tensors, tensors, seen))
        raw = self.tensors if self.raw is None else self.raw
        return replace(self, tensors=tensors, is_restored=True, raw=raw, report=report)

    def dataset(self, number: int) -> Samples:
        """The samples of one data set of several, counted from 0.

        Raises:
            GsdmcError: there is no such data set, or the samples are those of a single one.
        """
        if self.num_datasets is None:
            raise GsdmcError("these samples are of a single data set", hint="leave out dataset(...)")
        if not 0 <= number < self.num_datasets:
            raise GsdmcError(f"there is no data set {number}; they are numbered 0 to {self.num_datasets - 1}")
        rows = slice(number * self.num_samples, (number + 1) * self.num_samples)
        tensors = {name: value[rows] for name, value in self.tensors.items()}
        raw = None if self.raw is None else {name: value[rows] for name, value in self.raw.items()}
        observed = {name: mask[number] for name, mask in self.observed.items()}
        restore = None
        if self.is_restored and raw is not None:
            seen = {name: m.expand(self.num_samples, *m.shape) for name, m in observed.items()}
            restore = restoration(self.problem, raw, tensors, seen)
        labels = {d: own for d, own in self.labels.items() if d != DATASET}
        return Samples(self.problem, tensors, observed, self.is_restored, raw, Report(restore), labels=labels)

    def to_xarray(self) -> xarray.Dataset:
        """The samples as an xarray dataset whose dimensions are `sample` and the program's plates.

        Raises:
            GsdmcError: xarray isn't installed.
        """
        from gsdmc.inference.formats.to_xarray import to_dataset

        return to_dataset(self)

    def to_arviz(self) -> Any:
        """The samples as an ArviZ `InferenceData` with `posterior`, `observed_data` and `sample_stats`.

        ArviZ 1.0 and newer has xarray's `DataTree` in its place, with the same groups.

        Raises:
            GsdmcError: ArviZ or xarray isn't installed.
        """
        from gsdmc.inference.formats.to_arviz import to_inference_data

        return to_inference_data(self)

    def to_pandas(self, plate: str | None = None) -> pandas.DataFrame:
        """The samples of all arrays that span this plate alone, or of those in no plate, as a pandas frame.

        Raises:
            GsdmcError: there is no such array, or pandas isn't installed.
        """
        from gsdmc.inference.formats.to_pandas import to_frame

        return to_frame(self, plate)

    @property
    def _rows(self) -> int:
        return len(next(iter(self.tensors.values())))

    def _counted(self, rows: Tensor) -> NDArray[Any]:
        """`[rows, ...]` to `[num_samples, ...]`, or `[num_datasets, num_samples, ...]`."""
        if self.num_datasets is not None:
            rows = rows.reshape(self.num_datasets, self.num_samples, *rows.shape[1:])
        found: NDArray[Any] = rows.numpy()
        return found

    def _per_row(self, mask: Tensor) -> Tensor:
        """What is evidence, `[rows, *shape]`."""
        if self.num_datasets is None:
            return mask.expand(self.num_samples, *mask.shape)
        return mask.repeat_interleave(self.num_samples, dim=0)

    @cached_property
    def _arrays(self) -> dict[str, NDArray[Any]]:
        return {name: self._counted(t) for name, t in self.tensors.items()}

    @cached_property
    def _residuals(self) -> Residuals:
        return residuals_of(self.problem, self.tensors)

    @cached_property
    def _violations(self) -> Violations:
        return violations(self.problem, self._residuals)

    @property
    def _real(self) -> torch.dtype:
        return next((t.dtype for t in self.tensors.values() if t.is_floating_point()), torch.float32)
