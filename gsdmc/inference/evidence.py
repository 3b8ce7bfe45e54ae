"""Evidence: what a user knows, checked against the program and put into its arrays."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gsdmc.compiler.problem import Problem
from gsdmc.graph.factor_graph import Array
from gsdmc.inference.cells import Cells, check_kind, read_cells
from gsdmc.inference.shapes import fit_shape, fit_sizes
from gsdmc.language.scope import did_you_mean
from gsdmc.language.source import GsdmcError
from gsdmc.program.readings import dtype_of


@dataclass(frozen=True, eq=False)
class Evidence:
    """Evidence in a program's arrays.

    Attributes:
        problem: the program at the sizes of the evidence.
        values: per array `[*shape]`, zero where nothing is known; reals are float32.
        mask: per array `[*shape]` booleans, true where there is evidence.
    """

    problem: Problem
    values: dict[str, Tensor]
    mask: dict[str, Tensor]


def bind_evidence(
    problem: Problem, evidence: Mapping[str, Any] | None, pinned: Collection[str] = ()
) -> Evidence:
    """Check evidence and put it into a program's arrays.

    Sizes of free plates follow the shapes of the evidence. Values that the program itself gives
    (`observe`) are the evidence of arrays that `evidence` leaves out.

    Args:
        problem: the program at its present sizes.
        evidence: array names and anything that numpy reads; NaN, None and masked entries are missing.
        pinned: sizes that the caller set, which evidence must agree with.

    Raises:
        GsdmcError: an unknown array, a wrong shape, or a value that the array's kind forbids.
    """
    cells = {name: read_cells(name, data) for name, data in (evidence or {}).items()}
    known = problem.graph.by_name
    for name in cells:
        if name not in known:
            near = did_you_mean(name, known)
            raise GsdmcError(
                f'The program has no array "{name}".', hint=near or f"its arrays are {', '.join(known)}"
            )
    problem = fit_sizes(problem, cells, pinned)
    defaults = problem.evidence
    values: dict[str, Tensor] = {}
    mask: dict[str, Tensor] = {}
    for array in problem.graph.arrays:
        if array.name in cells:
            own = cells[array.name]
            check_kind(array.name, own, array.kind, array.deterministic)
            own = fit_shape(array, own)
        elif array.name in defaults:
            given, where = defaults[array.name]
            own = Cells(np.asarray(given, dtype=np.float64), ~where)
        else:
            own = Cells(np.zeros(array.shape), np.ones(array.shape, dtype=np.bool_))
        values[array.name] = _tensor(array, own)
        mask[array.name] = torch.from_numpy(np.asarray(~own.missing))
    return Evidence(problem, values, mask)


def _tensor(array: Array, cells: Cells) -> Tensor:
    values = torch.from_numpy(cells.values)
    if array.kind.bounds is not None:  # what rounding took out of the support goes back to its edge
        values = torch.where(torch.from_numpy(cells.missing), values, values.clamp(*array.kind.bounds))
    return values.to(dtype_of(array.kind, torch.float32))
