"""Simulations that come from elsewhere: checked against the program, with one report of all that is wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from gsdmc.compiler.simulation_values import (
    Complaint,
    fitted,
    in_order,
    numbers,
    of_kind,
    outside,
    wrong_shape,
)
from gsdmc.graph.factor_graph import Array, FactorGraph
from gsdmc.language.scope import did_you_mean
from gsdmc.language.source import GsdmcError
from gsdmc.program import readings
from gsdmc.program.readings import dtype_of

if TYPE_CHECKING:
    from gsdmc.compiler.problem import Problem

SHOWN = 20
"""Complaints that a report lists."""

CHECKED, ROWS = 4096, 1 << 22
"""Simulations that are compared with what the program computes, and most numbers computed at once."""

ROUNDED = 1e-3
"""Largest residual that passes for rounding, as a share of the array's usual size."""

ALLOWED = 0.01
"""Share of simulations that may differ from what the program computes: rounding can turn comparisons over."""

ELEMENT = re.compile(r"(.+)\[(\d+(?:, ?\d+)*)\]")
"""A name for one element of an array, as `x[0]` or `x[0, 1]`."""


def bind_simulations(
    problem: Problem,
    data: object,
    *,
    what: str = "the simulations",
    check: bool = True,
    dtype: torch.dtype = torch.float32,
) -> dict[str, Tensor]:
    """Put simulations into a program's arrays.

    Arrays that the program computes (`dirac`, of nothing `untracked` or `extern`) may be left out: they are
    computed from what is there.

    Args:
        problem: the program.
        data: by array name, anything that numpy reads, a tensor or an xarray array, simulations first and the
            elements of vectors last; or by element, as `x[0, 1]`, each `[B]`.
        what: what a report calls them.
        check: whether to compare what the program computes too, and to test its factors.
        dtype: of the reals.

    Returns:
        `[B, *shape]` per array (`[B, *shape, K]` for vectors), in the order of the graph.

    Raises:
        GsdmcError: naming every array that is missing or not the program's, has another shape or kind, values
            outside its support, or contradicts the program.
    """
    if not isinstance(data, Mapping):
        kind = f"{type(data).__module__}.{type(data).__name__}".removeprefix("builtins.")
        raise GsdmcError(f"{what} should be arrays by name, but are {kind}", hint='give {"x": x, ...}')
    arrays = together(problem.graph, data)
    complaints = list(_extra(problem.graph, arrays))
    found: dict[str, Tensor] = {}
    sizes: dict[str, set[int]] = {}
    computable = computed(problem)
    for array in problem.graph.arrays:
        if array.name not in arrays:
            if array.name not in computable:
                complaints.append(_missing(array))
            continue
        try:
            value = numbers(in_order(array, arrays[array.name]))
        except ValueError as error:
            complaints.append(
                Complaint(f'"{array.name}" {error}', f"give {array.name} as an array of numbers")
            )
            continue
        own = fitted(array, value)
        if own is None:
            complaints.append(_shape(problem, array, value, sizes))
            continue
        found[array.name] = own
        complaints += outside(array, own)
    complaints += _counts(found)
    if not complaints and not any(len(value) for value in found.values()):
        complaints.append(Complaint("there are no simulations", "give at least one"))
    refuse(problem, what, complaints, _size_hints(sizes))
    values = complete(problem, found, dtype)
    if check:
        refuse(problem, what, contradictions(problem, {**values, **found}), ())
    kinds = problem.graph.by_name
    return {name: of_kind(kinds[name].kind, found.get(name, value), dtype) for name, value in values.items()}


def together(graph: FactorGraph, data: Mapping[Any, Any]) -> dict[str, Any]:
    """Arrays by name, those that come element by element put together; what lacks an element is NaN there."""
    arrays: dict[str, Any] = {}
    parts: dict[str, dict[tuple[int, ...], Any]] = {}
    for name, value in data.items():
        match = ELEMENT.fullmatch(name) if isinstance(name, str) and name not in graph.by_name else None
        if match is None or match[1] not in graph.by_name or match[1] in data:
            arrays[str(name)] = value
        else:
            parts.setdefault(match[1], {})[tuple(map(int, match[2].split(",")))] = value
    for name, elements in parts.items():
        if len({len(index) for index in elements}) > 1:
            arrays[name] = None  # what is no array is complained of later
            continue
        array = graph.by_name[name]
        own = (*array.shape, *array.kind.event_shape)
        shape = tuple(max(index) + 1 for index in zip(*elements, strict=True))
        if np.prod(shape) > max(np.prod(own), len(elements)):  # a number too large names no element
            arrays.update({f"{name}[{', '.join(map(str, i))}]": value for i, value in elements.items()})
            continue
        columns = [np.asarray(value) for value in elements.values()]
        rows = {len(column) for column in columns if column.ndim == 1 and column.dtype.kind in "biuf"}
        if len(rows) != 1 or any(column.ndim != 1 or column.dtype.kind not in "biuf" for column in columns):
            arrays[name] = None
            continue
        lacking = len(elements) < np.prod(shape)
        kind = np.float64 if lacking else np.result_type(*columns)
        whole = np.full((*rows, *shape), np.nan if lacking else 0, dtype=kind)
        for index, column in zip(elements, columns, strict=True):
            place: tuple[Any, ...] = (slice(None), *index)
            whole[place] = column
        arrays[name] = whole
    return arrays


def computed(problem: Problem) -> set[str]:
    """Arrays that the program computes as a whole from others."""
    drawn = {d.array for d in problem.tape.draws if not d.deterministic or d.generated}
    return {array.name for array in problem.graph.arrays} - drawn


def complete(problem: Problem, found: Mapping[str, Tensor], dtype: torch.dtype) -> dict[str, Tensor]:
    """All arrays: those that were found, and the others computed from them in double precision."""
    absent = [array for array in problem.graph.arrays if array.name not in found]
    if not absent:
        return {array.name: found[array.name] for array in problem.graph.arrays}
    count = len(next(iter(found.values())))
    whole = {a.name: torch.empty((count, *_value_shape(a)), dtype=dtype_of(a.kind, dtype)) for a in absent}
    step = max(1, ROWS // max(1, problem.graph.nodes))
    for start in range(0, count, step):
        rows = slice(start, min(start + step, count))
        values = doubled(problem, {name: value[rows] for name, value in found.items()})
        keep = {name: torch.ones(1, *problem.graph.by_name[name].shape, dtype=torch.bool) for name in found}
        restored = readings.restore(problem.interpreter, values, keep, torch.float64)
        for array in absent:
            whole[array.name][rows] = restored[array.name].to(dtype_of(array.kind, dtype))
    return {a.name: found[a.name] if a.name in found else whole[a.name] for a in problem.graph.arrays}


def contradictions(problem: Problem, values: Mapping[str, Tensor]) -> Iterator[Complaint]:
    """What the program computes otherwise, and what it says always holds, in more than few simulations."""
    count = min(len(next(iter(values.values()))), CHECKED, max(1, ROWS // max(1, problem.graph.nodes)))
    some = doubled(problem, {name: value[:count] for name, value in values.items()})
    residuals = readings.verify(problem.interpreter, some, torch.float64)
    for name, residual in residuals.dirac.items():
        real = problem.graph.by_name[name].kind.name in ("real", "vector")
        size = some[name].double().abs().flatten()
        slack = ROUNDED * float(size.mean()) if real and size.numel() else 0.0
        share = _rows_where(~(residual.abs() <= slack))
        if share > ALLOWED:
            yield Complaint(
                f'"{name}" is not what the program computes in {share:.1%} of the simulations',
                f"leave {name} out, so that it is computed; or sample it from a distribution in the program",
            )
    for name, holds in residuals.factors.items():
        share = _rows_where(~holds)
        if share > ALLOWED:
            yield Complaint(
                f'the factor "{name}" does not hold in {share:.1%} of the simulations',
                f"take the factor {name} out of the program, or simulate what satisfies it",
            )


def doubled(problem: Problem, found: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Values in the types of their kinds, reals in double precision; zeros where there are none."""
    count = len(next(iter(found.values())))
    return {
        a.name: of_kind(a.kind, found[a.name], torch.float64)
        if a.name in found
        else torch.zeros((count, *_value_shape(a)), dtype=dtype_of(a.kind, torch.float64))
        for a in problem.graph.arrays
    }


def refuse(problem: Problem, what: str, complaints: Any, hints: tuple[str, ...]) -> None:
    """Report complaints, if there are any.

    Raises:
        GsdmcError: with all of them, and their cures.
    """
    listed = list(complaints)
    if not listed:
        return
    lines = [complaint.text for complaint in listed[:SHOWN]]
    if len(listed) > SHOWN:
        lines.append(f"and {len(listed) - SHOWN} more")
    cures = dict.fromkeys((*hints, *(complaint.cure for complaint in listed[:SHOWN])))
    text = "".join(f"\n  {line}" for line in lines)
    raise GsdmcError(
        f"{what} don't fit the program {problem.name}:{text}", hint="; ".join(cure for cure in cures if cure)
    )


def _extra(graph: FactorGraph, arrays: Mapping[str, Any]) -> Iterator[Complaint]:
    known = [array.name for array in graph.arrays]
    for name in arrays:
        if name not in known:
            near = did_you_mean(name, known)
            cure = f"leave {name} out of the data, or give the program a variable of that name"
            yield Complaint(f'"{name}" is no variable of the program{"; " + near if near else ""}', cure)


def _missing(array: Array) -> Complaint:
    text = f'"{array.name}" is missing'
    if array.generated:
        text += ", and can't be computed from the others, as it comes from `untracked` or `extern`"
    return Complaint(text, f"add {array.name} to the data")


def _shape(problem: Problem, array: Array, value: Tensor, sizes: dict[str, set[int]]) -> Complaint:
    """Complain of a shape, and note the sizes at which it would be right."""
    cure = "the first dimension counts simulations; after it come the plates in the order of the program"
    if value.dim() == 1 + len(array.shape) + len(array.kind.event_shape):
        for plate_name, own, size in zip(array.plates, array.shape, value.shape[1:], strict=False):
            plate = problem.graph.plate_by_name[plate_name]
            if plate.size_name is not None and own != size:
                sizes.setdefault(plate.size_name, set()).add(int(size))
                cure = ""  # that of all sizes together
    return Complaint(wrong_shape(array, value), cure)


def _size_hints(sizes: Mapping[str, set[int]]) -> tuple[str, ...]:
    if any(len(found) > 1 for found in sizes.values()):
        return ()
    pairs = [(name, size) for name, found in sizes.items() for size in found]
    if not pairs:
        return ()
    options = [f"{name}={size}" for name, size in pairs]
    return (
        f"compile the program at the sizes of the data: --set {' '.join(options)}, "
        f"or compile(..., {', '.join(options)})",
    )


def _counts(found: Mapping[str, Tensor]) -> Iterator[Complaint]:
    counts = {name: len(value) for name, value in found.items()}
    if len(set(counts.values())) > 1:
        listed = ", ".join(f"{name} {count}" for name, count in counts.items())
        yield Complaint(f"arrays have different numbers of simulations: {listed}", "cut them to one length")


def _rows_where(bad: Tensor) -> float:
    if not bad.numel():
        return 0.0
    return bad.reshape(len(bad), -1).any(1).double().mean().item()


def _value_shape(array: Array) -> tuple[int, ...]:
    return (*array.shape, *array.kind.event_shape)
