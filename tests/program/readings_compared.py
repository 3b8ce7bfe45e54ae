"""Two tapes of one program side by side: their graphs, and what they draw."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from gsdmc.graph.edges import edge_table
from gsdmc.graph.factor_graph import Factor, FactorGraph, PlateClass
from gsdmc.graph.trace import trace
from gsdmc.language import parse
from gsdmc.language.source import GsdmcError
from gsdmc.program.evaluator import evaluate
from gsdmc.program.interpreter import Interpreter
from gsdmc.program.readings import default_evidence, run, verify
from gsdmc.program.score import score
from gsdmc.program.tape import Instruction, Stack, Tape

SEVERITY: tuple[PlateClass, ...] = ("exchangeable", "ordered", "fixed")


def outcome(text: str, plated: bool) -> Tape | GsdmcError:
    """A program's tape, or why it has none."""
    try:
        return evaluate(parse(text), plated=plated)
    except GsdmcError as error:
        return error


def structure(graph: FactorGraph) -> dict[str, object]:
    """All that a graph says, in a form that compares: arrays, plates, labelled edges, factors.

    Of arrays without elements and what is called after them nothing is said: what is never computed may
    be seen or not. In which order a factor meets its arrays is no part of what it relates.
    """
    table = edge_table(graph)
    full = {a.name for a in graph.arrays if a.size}
    whole = len(full) == len(graph.arrays)
    edges = {
        (table.role_names[role] if whole else "", int(row), int(column))
        for role, row, column in zip(table.roles, table.rows, table.columns, strict=True)
    }
    factors = {
        (
            r.name,
            r.expression,
            tuple(sorted(r.arrays)) if whole else (),
            r.plates if whole else (),
            members(r),
        )
        for r in graph.relations
        if isinstance(r, Factor) and (whole or len(r.members))
    }
    spanned = {plate for a in graph.arrays if a.name in full for plate in a.plates}
    return {
        "arrays": [
            (a.name, a.kind.name, a.shape, a.plates, a.distribution, a.deterministic, a.generated, a.observed)
            for a in graph.arrays
            if a.name in full
        ],
        "plates": {(p.name, p.size, p.cls) for p in graph.plates if p.name in spanned},
        "edges": edges,
        "factors": factors,
    }


def members(factor: Factor) -> tuple[tuple[int, ...], ...]:
    """The nodes of every instance of a factor, in a form that compares."""
    return tuple(sorted(tuple(sorted(set(row[row >= 0].tolist()))) for row in factor.members))


def differences(text: str) -> list[str]:
    """Where plated and unrolled evaluation disagree; neither may accept what the other refuses."""
    plated, unrolled = outcome(text, True), outcome(text, False)
    if isinstance(plated, GsdmcError) or isinstance(unrolled, GsdmcError):
        if isinstance(plated, GsdmcError) and isinstance(unrolled, GsdmcError):
            return []
        return [f"plated: {plated}", f"unrolled: {unrolled}"]
    return compared(plated, unrolled)


def compared(plated: Tape, unrolled: Tape) -> list[str]:
    """Where two tapes of one program disagree: nodes, plates, labelled edges, or drawn values."""
    found = []
    graphs = [traced(tape) for tape in (plated, unrolled)]
    if isinstance(graphs[0], str) or isinstance(graphs[1], str):
        return [] if graphs[0] == graphs[1] else ["\n".join(map(str, graphs))]
    if has_rows_side_by_side(plated):
        graphs[1] = in_plates_of(graphs[0], graphs[1])
    one, two = structure(graphs[0]), structure(graphs[1])
    for key in one:
        if one[key] != two[key]:
            a, b = one[key], two[key]
            if isinstance(a, set) and isinstance(b, set):
                found.append(f"{key}: only plated {sorted(a - b)}, only unrolled {sorted(b - a)}")
            else:
                found.append(f"{key}:\n  {a}\n  {b}")
    if found:
        return found
    values = [drawn(tape) for tape in (plated, unrolled)]
    if isinstance(values[0], str) or isinstance(values[1], str):
        return [] if isinstance(values[0], str) and isinstance(values[1], str) else [str(values)]
    for name in values[0].keys() & values[1].keys():
        value, other = values[0][name], values[1][name]
        if value.numel() and (value.dtype != other.dtype or not close(value, other)):
            found.append(f"values of {name}: {value} {other}")
    return found or checked(plated, unrolled, values[1] | values[0])


def traced(tape: Tape) -> FactorGraph | str:
    """A tape's graph, or why there is none."""
    try:
        return trace(tape)
    except GsdmcError as error:
        return error.message


def has_rows_side_by_side(tape: Tape) -> bool:
    """Whether vectors that were made apart are the rows of a matrix, which identifies their iterations.

    Unrolled evaluation meets one row at a time, so that it may keep more plates (decision 5).
    """
    conditions = [draw.condition for draw in tape.draws if draw.condition is not None]
    stack: list[Instruction] = [*tape.draws, *conditions, *(factor.value for factor in tape.factors)]
    seen: set[Instruction] = set()
    while stack:
        here = stack.pop()
        if here in seen:
            continue
        seen.add(here)
        if isinstance(here, Stack) and len(here.axes) > 1:
            return True
        stack.extend(here.inputs)
    return False


def in_plates_of(coarse: FactorGraph, fine: FactorGraph) -> FactorGraph:
    """The finer graph with the plates joined that the coarser one joins; as it is where that joins fewer.

    What is joined is at least as restricted as each of its parts.
    """
    into: dict[str, str] = {}
    for array in fine.arrays:
        other = coarse.by_name.get(array.name)
        if other is None or other.shape != array.shape:
            return fine
        for own, joined in zip(array.plates, other.plates, strict=True):
            if into.setdefault(own, joined) != joined:
                return fine
    worst: dict[str, PlateClass] = {}
    for plate in fine.plates:
        name = into[plate.name]
        worst[name] = max(plate.cls, worst.get(name, "exchangeable"), key=SEVERITY.index)
    arrays = tuple(replace(a, plates=tuple(into[p] for p in a.plates)) for a in fine.arrays)
    relations = tuple(
        replace(r, plates=tuple(dict.fromkeys(into[p] for p in r.plates))) if isinstance(r, Factor) else r
        for r in fine.relations
    )
    plates = tuple(replace(coarse.plate_by_name[name], cls=cls) for name, cls in worst.items())
    return FactorGraph(arrays, plates, relations)


def checked(plated: Tape, unrolled: Tape, values: dict[str, torch.Tensor]) -> list[str]:
    """Where two tapes disagree on what joint values are worth, and on the evidence."""
    found = []
    joint = {name: value.roll(number, 0) for number, (name, value) in enumerate(values.items())}
    try:
        one, two = (verify(Interpreter(tape), joint, torch.float64) for tape in (plated, unrolled))
    except GsdmcError:
        return []
    scores = [score(Interpreter(tape), joint) for tape in (plated, unrolled)]
    found += [] if close(*scores) else [f"scores: {scores}"]
    found += [
        f"residuals of {n}"
        for n in one.dirac.keys() & two.dirac.keys()
        if not close(one.dirac[n], two.dirac[n])
    ]
    for name, holds in one.factors.items():
        if not torch.equal(holds.sum(1), two.factors[name].sum(1)):
            found.append(f"truth of {name}")
    evidence = [default_evidence(tape) for tape in (plated, unrolled)]
    for name in evidence[0].keys() & evidence[1].keys():
        (value, given), (other, also) = evidence[0][name], evidence[1][name]
        if not (np.array_equal(value, other) and np.array_equal(given, also)):
            found.append(f"evidence of {name}: {value} {other}")
    return found


def close(one: torch.Tensor, other: torch.Tensor) -> bool:
    """Equality up to rounding."""
    return torch.allclose(one.double(), other.double(), rtol=1e-9, atol=1e-9, equal_nan=True)


def drawn(tape: Tape) -> dict[str, torch.Tensor] | str:
    """Joint samples, or why there are none."""
    try:
        return run(Interpreter(tape), 3, seed=1, dtype=torch.float64)
    except GsdmcError as error:
        return error.message


def residuals(tape: Tape, values: dict[str, torch.Tensor]) -> float:
    """The largest residual of joint values."""
    found = verify(Interpreter(tape), values, torch.float64).dirac.values()
    return max((float(r.abs().max()) for r in found if r.numel()), default=0.0)
