"""Evidence: what a user knows, checked against the program and put into its arrays."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gsdmc.compiler.problem import Problem
from gsdmc.graph.factor_graph import Array
from gsdmc.inference.evidence.agreement import conflicts
from gsdmc.inference.evidence.cells import SLACK, Cells, check_kind, read_cells
from gsdmc.inference.evidence.labelled import plain_evidence
from gsdmc.inference.evidence.shapes import fit_shape, fit_sizes
from gsdmc.inference.evidence.vectors import check_vectors, read_vectors
from gsdmc.language.scope import did_you_mean
from gsdmc.language.source import GsdmcError, GsdmcWarning
from gsdmc.program.readings import dtype_of


@dataclass(frozen=True, eq=False)
class Evidence:
    """Evidence in a program's arrays.

    Attributes:
        problem: the program at the sizes of the evidence.
        values: per array `[*shape]`, or `[*shape, K]` for vectors, zero where nothing is known; reals and
            vectors are float32.
        mask: per array `[*shape]` booleans, true where there is evidence, a vector as a whole.
        exact: as `values`, with reals and vectors in double precision.
        warnings: what is wrong with the evidence and was let pass.
        labels: what the evidence calls the elements of dimensions, by their names; see `labelled.Plain`.
    """

    problem: Problem
    values: dict[str, Tensor]
    mask: dict[str, Tensor]
    exact: dict[str, Tensor]
    warnings: tuple[GsdmcWarning, ...] = ()
    labels: dict[str, NDArray[Any]] = field(default_factory=dict)


def bind_evidence(
    problem: Problem,
    evidence: object,
    pinned: Collection[str] = (),
    *,
    strict: bool = True,
) -> Evidence:
    """Check evidence and put it into a program's arrays.

    Sizes of free plates follow the shapes of the evidence. Values that the program itself gives
    (`observe`) are the evidence of arrays that `evidence` leaves out. Vectors have their channels last.

    Args:
        problem: the program at its present sizes.
        evidence: array names and anything that numpy reads, or another form of `labelled.FORMS`; NaN, None
            and masked entries are missing.
        pinned: sizes that the caller set, which evidence must agree with.
        strict: refuse reals outside their support, and evidence that contradicts other evidence; otherwise
            warn. The former become the nearest values in the support.

    Raises:
        GsdmcError: an unknown array, a wrong shape, a vector that is partly missing, a value that the
            array's kind forbids, or evidence that contradicts itself.
    """
    plain = plain_evidence(problem.graph, evidence)
    known = problem.graph.by_name
    for name in plain.arrays:
        if name not in known:
            near = did_you_mean(name, known)
            raise GsdmcError(
                f'the program has no array "{name}"', hint=near or f"its arrays are {', '.join(known)}"
            )
    cells = {name: cells_of(known[name], data) for name, data in plain.arrays.items()}
    problem = fit_sizes(problem, cells, pinned)
    defaults = problem.evidence
    found: list[GsdmcWarning] = []
    exact: dict[str, Tensor] = {}
    mask: dict[str, Tensor] = {}
    for array in problem.graph.arrays:
        if array.name in cells:
            own = cells[array.name]
            found += check_cells(array, own, strict)
            own = fit_shape(array, own)
        elif array.name in defaults:
            given, where = defaults[array.name]
            own = Cells(np.asarray(given, dtype=np.float64), np.asarray(~where))
        else:
            shape = (*array.shape, *array.kind.event_shape)
            own = Cells(np.zeros(shape), np.ones(array.shape, dtype=np.bool_))
        exact[array.name] = tensor_of_cells(array, own)
        mask[array.name] = torch.from_numpy(np.asarray(~own.missing))
    for conflict in conflicts(problem, exact, mask):
        if strict:
            raise conflict.error()
        found.append(GsdmcWarning(conflict.message, conflict.span, conflict.cure))
    values = {name: t.float() if t.is_floating_point() else t for name, t in exact.items()}
    return Evidence(problem, values, mask, exact, tuple(found), plain.labels)


def check_cells(array: Array, cells: Cells, strict: bool) -> list[GsdmcWarning]:
    """Refuse what the array's kind can't take; warn of reals outside their support, unless strict."""
    try:
        if array.kind.name == "vector":
            check_vectors(array.name, cells, array.kind)
        else:
            check_kind(array.name, cells, array.kind, array.deterministic)
    except GsdmcError as error:
        if strict or array.kind.name not in ("real", "vector"):
            raise
        hint = "the nearest value in the support is taken instead; leave out what is unknown"
        return [GsdmcWarning(error.message, hint=hint)]
    return []


def cells_of(array: Array, data: Any) -> Cells:
    """Read what a user calls the array, or `[B, ...]` of it."""
    return read_vectors(array, data) if array.kind.name == "vector" else read_cells(array.name, data)


def tensor_of_cells(array: Array, cells: Cells) -> Tensor:
    """The entries as a tensor of the kind's dtype, in double precision, inside the kind's support."""
    values, missing = torch.from_numpy(cells.values), torch.from_numpy(cells.missing)
    # What rounding took out of the support goes back to its edge, as does what was let pass.
    if array.kind.bounds is not None:
        values = torch.where(missing, values, values.clamp(*array.kind.bounds))
    elif array.kind.name == "real" and array.kind.support in ("positive", "unit"):
        values = values.clamp(min=0, max=1 if array.kind.support == "unit" else None)
    elif array.kind.support == "simplex":
        shares = values.clamp(min=0)
        total = shares.sum(-1, keepdim=True)
        rounded = ~missing[..., None] & ((total - 1).abs() > SLACK)
        divided = torch.where(total > 0, shares / total, 1 / shares.shape[-1])
        values = torch.where(rounded, divided, shares)
    return values.to(dtype_of(array.kind, torch.float64))
