"""Plates and their classes, from what the program's live expressions say of its iterations."""

from __future__ import annotations

from dataclasses import dataclass

from gsdmc.graph.factor_graph import Plate, PlateClass
from gsdmc.program.axes import Axis, Fact
from gsdmc.program.tape import Instruction, Tape, Untracked

_SEVERITY = {"exchangeable": 0, "ordered": 1, "fixed": 2}


@dataclass(frozen=True)
class Plates:
    """The plates that arrays span, and the plate of each of their axes."""

    plates: tuple[Plate, ...]
    of_axis: dict[Axis, str]


def find_plates(tape: Tape) -> Plates:
    """Identify axes that index the same things, and class the plates that they make.

    Two axes are one plate when one indexes the other directly. A plate is exchangeable unless some
    live expression makes it ordered or fixed; facts inside `untracked` don't count.
    """
    parent: dict[Axis, Axis] = {}

    def root(axis: Axis) -> Axis:
        while parent.setdefault(axis, axis) is not axis:
            parent[axis] = parent[parent[axis]]
            axis = parent[axis]
        return axis

    facts = live_facts(tape)
    for fact in facts:
        if fact.says == "same":
            parent[root(fact.axes[0])] = root(fact.axes[1])
    worst: dict[Axis, Fact] = {}
    for fact in facts:
        for axis in fact.axes if fact.says != "same" else ():
            known = worst.get(root(axis))
            if known is None or _SEVERITY[fact.says] > _SEVERITY[known.says]:
                worst[root(axis)] = fact
    size_names = {root(a): a.size_name for a in list(parent) if a.size_name}
    plates: dict[Axis, Plate] = {}
    of_axis: dict[Axis, str] = {}
    taken: set[str] = set()
    for draw in tape.draws:
        for axis in draw.dims:
            if root(axis) not in plates:
                name = fresh_name(axis.name, taken)
                cls, reason = classify(worst.get(root(axis)))
                plates[root(axis)] = Plate(
                    name, axis.size, cls, reason, axis.size_name or size_names.get(root(axis))
                )
            of_axis[axis] = plates[root(axis)].name
    return Plates(tuple(plates.values()), of_axis)


def live_facts(tape: Tape) -> list[Fact]:
    """Facts of every expression that variables and factors are computed from, in program order."""
    facts = list(tape.facts)
    seen: set[int] = set()
    stack: list[Instruction] = [*(f.value for f in tape.factors), *tape.draws][::-1]
    while stack:
        here = stack.pop()
        if id(here) in seen:
            continue
        seen.add(id(here))
        facts.extend(here.facts)
        if not isinstance(here, Untracked):
            stack.extend(reversed(here.inputs))
    return facts


def classify(fact: Fact | None) -> tuple[PlateClass, str]:
    """A plate's class, with the reason and its place."""
    if fact is None:
        return "exchangeable", "its index is used for nothing but indexing"
    line, column = fact.span.source.position(fact.span.start)
    text = " ".join(fact.span.text.split())
    shown = text if len(text) <= 40 else text[:37] + "..."
    return ("fixed" if fact.says == "fixed" else "ordered"), f"{fact.reason}: {shown} at {line}:{column}"


def fresh_name(name: str, taken: set[str]) -> str:
    """The name, with a suffix where it is taken."""
    candidate, number = name, 1
    while candidate in taken:
        number += 1
        candidate = f"{name}_{number}"
    taken.add(candidate)
    return candidate
