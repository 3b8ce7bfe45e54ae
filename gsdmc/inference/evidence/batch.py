"""Evidence of one data set or of several, checked and stacked."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor

from gsdmc.compiler.problem import Problem
from gsdmc.inference.dimensions import DATASET
from gsdmc.inference.evidence.bind import Evidence, bind_evidence
from gsdmc.inference.evidence.datasets import DataSets, data_sets, numbered
from gsdmc.inference.evidence.queries import check_query
from gsdmc.inference.evidence.shapes import check_free
from gsdmc.language.source import GsdmcError, GsdmcWarning


@dataclass(frozen=True, eq=False)
class Batch:
    """Evidence in a program's arrays, a row per data set.

    Attributes:
        problem: the program at the sizes of the evidence.
        values: per array `[D, *shape]`, or `[D, *shape, K]` for vectors; see `Evidence`.
        mask: per array `[D, *shape]` booleans, true where there is evidence.
        exact: as `values`, in double precision.
        num_datasets: D, or None where the evidence is that of a single one.
        labels: what the evidence calls the elements of dimensions, by their names.
        warnings: what is wrong with the evidence and was let pass.
    """

    problem: Problem
    values: dict[str, Tensor]
    mask: dict[str, Tensor]
    exact: dict[str, Tensor]
    num_datasets: int | None
    labels: dict[str, NDArray[Any]]
    warnings: tuple[GsdmcWarning, ...]

    @property
    def observed(self) -> dict[str, Tensor]:
        """The mask, without its first dimension where there is a single data set."""
        if self.num_datasets is not None:
            return self.mask
        return {name: seen[0] for name, seen in self.mask.items()}

    def rows(self, samples: int) -> tuple[dict[str, Tensor], dict[str, Tensor], dict[str, Tensor]]:
        """Values, mask and exact values for so many samples of each data set, `[D * samples, ...]`."""
        values, mask, exact = (
            {name: t[:, None].expand(-1, samples, *t.shape[1:]).flatten(0, 1) for name, t in part.items()}
            for part in (self.values, self.mask, self.exact)
        )
        return values, mask, exact


def bind_batch(
    problem: Problem,
    evidence: object,
    pinned: Collection[str] = (),
    *,
    batched: bool = False,
    trained: Problem | None = None,
    strict: bool = True,
    missing: bool = False,
) -> Batch:
    """Check evidence and put it into a program's arrays.

    Args:
        problem: the program at its present sizes.
        evidence: of one data set, in any form of `labelled.FORMS`, or of several, see `data_sets`.
        pinned: sizes that the caller set, which evidence must agree with.
        batched: the first dimension of plain arrays counts data sets.
        trained: the program at the sizes that the network was trained at; the present ones when None.
        strict: refuse what `bind_evidence` refuses, and queries that training left out.
        missing: whether training knew evidence with missing values.

    Raises:
        GsdmcError: evidence that doesn't fit the program, naming the data set, or data sets of several sizes.
    """
    trained = trained or problem
    sets = data_sets(problem.graph, evidence, batched)
    if sets is None:
        return _stacked([_checked(problem, evidence, pinned, trained, strict, missing)], None)
    bound: list[Evidence] = []
    for called, own in numbered(sets):
        try:
            found = _checked(problem, own, pinned, trained, strict, missing)
        except GsdmcError as error:
            raise GsdmcError(
                f"{called}: {error.message}", error.span, hint=error.hint, calls=error.calls
            ) from None
        if bound and found.problem.sizes != bound[0].problem.sizes:
            sizes = (", ".join(f"{k}={v}" for k, v in e.problem.sizes.items()) for e in (bound[0], found))
            first, other = sizes
            raise GsdmcError(
                f"{called} has the sizes {other}, but data set 0 has {first}",
                hint="sample data sets of different sizes one by one, or pad them with NaN",
            )
        warned = (replace(w, message=f"{called}: {w.message}") for w in found.warnings)
        bound.append(replace(found, warnings=tuple(warned)))
    return _stacked(bound, sets)


def _checked(
    problem: Problem,
    evidence: object,
    pinned: Collection[str],
    trained: Problem,
    strict: bool,
    missing: bool,
) -> Evidence:
    bound = bind_evidence(problem, evidence, pinned, strict=strict)
    check_free(trained, bound.problem)
    if strict:
        check_query(bound.problem.givens, bound.mask, missing=missing)
    return bound


def _stacked(bound: list[Evidence], sets: DataSets | None) -> Batch:
    first = bound[0]
    labels = {
        dim: own
        for dim, own in first.labels.items()
        if all(dim in e.labels and list(e.labels[dim]) == list(own) for e in bound)
    }
    if sets is not None and sets.labels is not None:
        labels[DATASET] = sets.labels
    values, mask, exact = (
        {name: torch.stack([getattr(e, part)[name] for e in bound]) for name in first.values}
        for part in ("values", "mask", "exact")
    )
    many = None if sets is None else len(bound)
    return Batch(
        first.problem, values, mask, exact, many, labels, tuple(w for e in bound for w in e.warnings)
    )
