"""Plates and their classes, from what the program's live expressions say of its iterations."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gsdmc.graph.factor_graph import Plate, PlateClass
from gsdmc.program.axes import Axis, Fact
from gsdmc.program.tape import Draw, Gather, Instruction, Stack, Tape, Untracked

_SEVERITY = {"same": 0, "part": 1, "ordered": 1, "fixed": 2}

MAX_QUOTE = 40
"""Characters of an expression that a reason quotes."""


@dataclass(frozen=True)
class Plates:
    """The plates that arrays span, and the plate of every iteration that indexes one."""

    plates: tuple[Plate, ...]
    of_axis: dict[Axis, str]


class Classes:
    """Axes in disjoint classes: two axes that index the same things are one plate."""

    def __init__(self) -> None:
        self.parent: dict[Axis, Axis] = {}

    def root(self, axis: Axis) -> Axis:
        """The axis that stands for its class."""
        while self.parent.setdefault(axis, axis) is not axis:
            self.parent[axis] = self.parent[self.parent[axis]]
            axis = self.parent[axis]
        return axis

    def join(self, one: Axis, other: Axis) -> None:
        """Make two classes one."""
        self.parent[self.root(one)] = self.root(other)

    def size_names(self) -> dict[Axis, str]:
        """For every class, by its root, the `def` that sets its size, if it is the same wherever one does."""
        names: dict[Axis, set[str]] = {}
        for axis in list(self.parent):
            if axis.size_name is not None:
                names.setdefault(self.root(axis), set()).add(axis.size_name)
        return {root: next(iter(own)) for root, own in names.items() if len(own) == 1}


def find_plates(tape: Tape) -> Plates:
    """Identify axes that index the same things, and class the plates that they make.

    Two axes are one plate when one indexes the other directly. A plate is exchangeable unless some
    live expression makes it ordered or fixed. An iteration over a part of a plate belongs to it, as long
    as no array has it as a dimension of its own.
    """
    facts = live_facts(tape)
    classes = identified(facts)
    worst, hidden = worst_facts(facts, classes), hidden_facts(tape)
    named: dict[Axis, Plate] = {}
    of_axis: dict[Axis, str] = {}
    taken: dict[str, int] = {}
    dims = list(dict.fromkeys(axis for draw in tape.draws for axis in draw.dims))
    roots = [classes.root(axis) for axis in dims]
    size_names = classes.size_names()
    for axis, root in zip(dims, roots, strict=True):
        if root not in named:
            cls, reason = classify(worst.get(root), hidden.get(axis))
            name = fresh_name(axis.name, taken)
            named[root] = Plate(name, axis.size, cls, reason, size_names.get(root))
    for axis in list(classes.parent):
        if classes.root(axis) in named:
            of_axis[axis] = named[classes.root(axis)].name
    for fact in facts:
        if fact.says == "part" and fact.axes[0] in of_axis:
            of_axis.setdefault(fact.axes[1], of_axis[fact.axes[0]])
    return Plates(tuple(named.values()), of_axis)


def identified(facts: Iterable[Fact]) -> Classes:
    """The plates: axes of which one indexes the other directly, together."""
    classes = Classes()
    for fact in facts:
        if fact.says == "same":
            classes.join(*fact.axes)
    return classes


def hidden_facts(tape: Tape) -> dict[Axis, Fact]:
    """What would class each dimension of an array if uses inside `untracked` counted."""
    facts = live_facts(tape, hidden=True)
    classes = identified(facts)
    worst = worst_facts(facts, classes)
    dims = {axis for draw in tape.draws for axis in draw.dims}
    return {axis: worst[classes.root(axis)] for axis in dims if classes.root(axis) in worst}


def worst_facts(facts: Iterable[Fact], classes: Classes) -> dict[Axis, Fact]:
    """For every class, the first of the facts that restrict it most."""
    worst: dict[Axis, Fact] = {}
    for fact in facts:
        for axis in fact.axes if fact.says != "same" else ():
            root = classes.root(axis)
            if root not in worst or _SEVERITY[fact.says] > _SEVERITY[worst[root].says]:
                worst[root] = fact
    return worst


def live_facts(tape: Tape, *, hidden: bool = False) -> list[Fact]:
    """Facts of every expression that variables and factors are computed from, in program order, each once.

    Inside `untracked` they don't count, unless `hidden` ones are asked for too, where only generated
    variables come of it: those are judged by their factors alone. The law of any other variable, and a
    factor's truth, owe to them what they owe to all else.
    """
    facts = dict.fromkeys(tape.facts)
    seen: set[tuple[Instruction, bool]] = set()
    roots = [(draw, hidden or not draw.generated) for draw in tape.draws]
    conditions = [(draw.condition, True) for draw in tape.draws if draw.condition is not None]
    stack = [*roots, *conditions, *((factor.value, True) for factor in tape.factors)][::-1]
    while stack:
        here, counts = stack.pop()
        if (here, counts) in seen or (here, True) in seen:
            continue
        seen.add((here, counts))
        facts.update(dict.fromkeys(here.facts))
        if counts or not isinstance(here, Untracked):
            stack.extend((i, counts) for i in reversed(used(here)) if not isinstance(i, Draw) or i.inlined)
    return list(facts)


def used(here: Instruction) -> Sequence[Instruction]:
    """What a value is computed from: of what was stacked, those elements alone that are looked up."""
    if isinstance(here, Gather) and here.index.values.size:
        source = here.inputs[0]
        if isinstance(source, Stack) and source.axis is here.axis:
            return [source.inputs[k] for k in dict.fromkeys(here.index.values.reshape(-1).tolist())]
    return here.inputs


def classify(fact: Fact | None, hidden: Fact | None = None) -> tuple[PlateClass, str]:
    """A plate's class, with the reason and its place; `hidden` is what counts for nothing in `untracked`."""
    if fact is not None:
        return ("fixed" if fact.says == "fixed" else "ordered"), shown(fact)
    plain = "its index is used for nothing but indexing"
    return "exchangeable", plain if hidden is None else f"{plain}, `untracked` aside, where {shown(hidden)}"


def shown(fact: Fact) -> str:
    """What a fact says, with the expression and its place."""
    line, column = fact.span.source.position(fact.span.start)
    return f"{fact.reason}: {fact.span.clipped(MAX_QUOTE)} at {line}:{column}"


def fresh_name(name: str, taken: dict[str, int]) -> str:
    """The name, with a suffix where it is taken; `taken` holds the last number that each name was given."""
    candidate, number = name, taken.get(name, 1)
    while candidate in taken:
        number += 1
        candidate = f"{name}_{number}"
    taken.setdefault(candidate, 1)
    taken[name] = number
    return candidate
