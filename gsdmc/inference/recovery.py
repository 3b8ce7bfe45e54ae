"""Agreement with the problem that was drawn, where evidence leaves a single answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor

from gsdmc.compiler.problem import Problem
from gsdmc.program.tape import ExternCall, Instruction

Values = Mapping[str, Tensor]


@dataclass(frozen=True)
class Recovery:
    """How an inferred array compares with the truth.

    Shares of elements, and of samples in which all elements are right, for discrete arrays; the
    root-mean-square error for reals and vectors. Each as the network gave it, and after restoration.
    """

    elements: tuple[float, float] | None
    samples: tuple[float, float] | None
    rms: tuple[float, float] | None


def recover(
    problem: Problem, truth: Values, mask: Values, raw: Values, restored: Values
) -> dict[str, Recovery]:
    """Compare inferred arrays with the truth, if every random variable is given; else nothing."""
    if not determined(problem, mask):
        return {}
    found = {}
    for array in problem.graph.arrays:
        name = array.name
        if bool(mask[name].all()):
            continue
        if array.kind.name in ("real", "vector"):
            errors = [(v[name] - truth[name]).double().square().mean().sqrt().item() for v in (raw, restored)]
            found[name] = Recovery(None, None, (errors[0], errors[1]))
            continue
        same = [(v[name] == truth[name]).flatten(1) for v in (raw, restored)]
        elements = [s.double().mean().item() for s in same]
        samples = [s.all(1).double().mean().item() for s in same]
        found[name] = Recovery((elements[0], elements[1]), (samples[0], samples[1]), None)
    return found


def determined(problem: Problem, mask: Values) -> bool:
    """Whether all randomness is given: every array that is drawn, and no registered function that draws."""
    drawn = (a.name for a in problem.graph.arrays if not a.deterministic)
    return all(bool(mask[name].all()) for name in drawn) and not draws_outside(problem)


def draws_outside(problem: Problem) -> bool:
    """Whether some variable comes from a registered function, which draws with every sample."""
    seen: set[int] = set()
    stack: list[Instruction] = list(problem.tape.draws)
    while stack:
        here = stack.pop()
        if id(here) in seen:
            continue
        seen.add(id(here))
        if isinstance(here, ExternCall):
            return True
        stack.extend(here.inputs)
    return False
