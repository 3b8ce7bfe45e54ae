"""Joint values to judge: checked against the program and the evidence, and put into its arrays."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from gsdmc.compiler.problem import Problem
from gsdmc.diffusion.process import across
from gsdmc.graph.factor_graph import Array
from gsdmc.inference.dimensions import SAMPLE
from gsdmc.inference.evidence.bind import bind_evidence, cells_of, check_cells, tensor_of_cells
from gsdmc.inference.evidence.cells import Cells, place
from gsdmc.inference.evidence.labelled import plain_evidence
from gsdmc.inference.evidence.shapes import fit_shape, fit_sizes, merges, wrong_shape
from gsdmc.language.scope import did_you_mean
from gsdmc.language.source import GsdmcError

AGREEMENT = 1e-5
"""How far, as a share of it, a value may be from the evidence that it repeats."""


@dataclass(frozen=True, eq=False)
class Joint:
    """Values of all of a program's variables, and which of them are evidence.

    Attributes:
        problem: the program at the sizes of the values.
        values: per array `[B, *shape]`, or `[B, *shape, K]` for vectors; reals and vectors are float64.
        mask: per array `[*shape]` booleans, true where there is evidence.
    """

    problem: Problem
    values: dict[str, Tensor]
    mask: dict[str, Tensor]


def bind_joint(
    problem: Problem,
    values: object,
    evidence: object,
    pinned: Collection[str] = (),
) -> Joint:
    """Check values and evidence, and put both into a program's arrays.

    Together they give every variable. Values of variables that are evidence may be left out; where
    they are not, they agree with it. Sizes of free plates follow the shapes of both.

    Args:
        problem: the program at its present sizes.
        values: array names and anything that numpy reads, `[B, *shape]`, with the channels of vectors last;
            or an xarray dataset or a pandas frame, as `Samples.to_xarray` and `to_pandas` give them.
        evidence: as `bind_evidence` takes it, the same for every row of values.
        pinned: sizes that the caller set, which all must agree with.

    Raises:
        GsdmcError: an unknown array, a wrong shape, a variable without a value or with two, or a value that
            its kind forbids.
    """
    known = problem.graph.by_name
    with _of_values():
        plain = plain_evidence(problem.graph, values, (SAMPLE,)).arrays
    for name in plain:
        if name not in known:
            near = did_you_mean(name, known)
            raise GsdmcError(
                f'the program has no array "{name}"', hint=near or f"its arrays are {', '.join(known)}"
            )
    with _of_values():
        cells = {name: cells_of(known[name], data) for name, data in plain.items()}
        batch = _batch(cells)
        first = {name: Cells(c.values[0], c.missing[0]) for name, c in cells.items()}
        problem = fit_sizes(problem, first, pinned)
    bound = bind_evidence(problem, evidence, pinned)
    joint: dict[str, Tensor] = {}
    for array in bound.problem.graph.arrays:
        seen, given = bound.mask[array.name], bound.exact[array.name].expand(batch, *_shape(array))
        if array.name not in cells:
            if not bool(seen.all()):
                raise GsdmcError(
                    f'"{array.name}" has no value',
                    hint="give every variable that is not evidence a value; none can be left open",
                )
            joint[array.name] = given
            continue
        with _of_values():
            own = _fitted(array, cells[array.name])
            check_cells(array, own, strict=True)
        value, missing = tensor_of_cells(array, own), torch.from_numpy(np.asarray(own.missing))
        _check_whole(array, missing & ~seen)
        _check_agreement(array, value, given, seen & ~missing)
        joint[array.name] = torch.where(across(seen, given[0]), given, value)
    return Joint(bound.problem, joint, bound.mask)


def _batch(cells: Mapping[str, Cells]) -> int:
    """B, which all arrays have.

    Raises:
        GsdmcError: they don't, or there is no row.
    """
    sizes: dict[str, int] = {}
    for name, own in cells.items():
        if not own.shape:
            raise GsdmcError(
                f'evidence "{name}" is a single number',
                hint="the first dimension of values counts joint values, however many there are",
            )
        sizes[name] = own.shape[0]
    if len(set(sizes.values())) > 1:
        listed = ", ".join(f"{name} has {size}" for name, size in sizes.items())
        raise GsdmcError(f"the values disagree about how many there are: {listed}")
    if not sizes or 0 in sizes.values():
        raise GsdmcError("there are no values", hint="give every variable that is not evidence a value")
    return next(iter(sizes.values()))


def _fitted(array: Array, cells: Cells) -> Cells:
    """Values in an array's shape, rows first."""
    if not merges(array.shape, cells.shape[1:]):
        raise wrong_shape(
            array, cells.values.shape[1:], "values have one more dimension, the first, for rows"
        )
    fit_shape(array, Cells(cells.values[0], cells.missing[0]))
    return cells.reshaped((cells.shape[0], *array.shape))


def _check_whole(array: Array, lacking: Tensor) -> None:
    if bool(lacking.any()):
        where = tuple(int(i) for i in lacking.nonzero()[0])
        raise GsdmcError(
            f'"{array.name}"{place(where[1:])} has no value in row {where[0]}',
            hint="give every variable that is not evidence a value; none can be left open",
        )


def _check_agreement(array: Array, value: Tensor, given: Tensor, both: Tensor) -> None:
    """Refuse values other than the evidence; `both` is where there are both, `[B, *shape]`."""
    same = torch.isclose(value.double(), given.double(), rtol=AGREEMENT, atol=AGREEMENT)
    if array.kind.event_shape:
        same = same.all(-1)
    bad = both & ~same
    if bool(bad.any()):
        where = tuple(int(i) for i in bad.nonzero()[0])
        raise GsdmcError(
            f'"{array.name}"{place(where[1:])} differs in row {where[0]} from the evidence',
            hint=f"leave {array.name} out of the values, or out of the evidence",
        )


def _shape(array: Array) -> tuple[int, ...]:
    return (*array.shape, *array.kind.event_shape)


@contextmanager
def _of_values() -> Iterator[None]:
    """Speak of values where checks that they share with evidence speak of that."""
    try:
        yield
    except GsdmcError as error:
        message = error.message.replace("evidence disagrees", "the values disagree")
        message = message.replace('evidence "', 'value "')
        raise GsdmcError(message, error.span, hint=error.hint, calls=error.calls) from None
