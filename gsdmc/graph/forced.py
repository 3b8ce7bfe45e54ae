"""Plate classes that the user forces, for ablations, in place of derived ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from gsdmc.graph.factor_graph import FactorGraph, Plate, PlateClass
from gsdmc.graph.symmetry import Classes, find_plates, live_facts, worst_facts
from gsdmc.language.scope import did_you_mean
from gsdmc.language.source import GsdmcError
from gsdmc.program.axes import Fact
from gsdmc.program.tape import Tape

CLASSES: dict[str, PlateClass] = {"exchangeable": "exchangeable", "array": "ordered", "independent": "fixed"}
"""The paper's names of embeddings, and the class of a plate whose replicas have them."""

ALL = ""
"""Stands for every plate that is not named."""

_DISTINCTIONS: dict[PlateClass, int] = {"exchangeable": 0, "ordered": 1, "fixed": 2}


def read_embedding(text: str) -> tuple[str, str]:
    """A plate, or `ALL`, and its embedding, from `array` or `i=array`.

    Raises:
        GsdmcError: no such embedding, or no plate before the `=`.
    """
    plate, equals, name = text.rpartition("=")
    if name not in CLASSES or (equals and not plate):
        near = did_you_mean(name, CLASSES) if name not in CLASSES else None
        raise GsdmcError(
            f"there is no embedding `{text}`",
            hint=near or f"write {', '.join(CLASSES)}, or for one plate i=array",
        )
    return plate, name


def force_classes(graph: FactorGraph, tape: Tape, embedding: Mapping[str, str]) -> FactorGraph:
    """The graph with forced classes in place of derived ones.

    Telling apart more than a program does is sound; forcing replicas to be treated alike that are not, or by
    their order alone where they differ in more than that, is not.

    Args:
        graph: the graph with the classes that the program derives.
        tape: the tape that it was traced from.
        embedding: the embedding of each plate, or of `ALL` others.

    Raises:
        GsdmcError: no such plate, or an unsound class, at the expression that forbids it.
    """
    if not embedding:
        return graph
    for name in embedding:
        if name != ALL and name not in graph.plate_by_name:
            known = list(graph.plate_by_name)
            listed = f"its plates are {', '.join(known)}" if known else "it has no plates"
            raise GsdmcError(f"the program has no plate `{name}`", hint=did_you_mean(name, known) or listed)
    plates = []
    for plate in graph.plates:
        wanted = embedding.get(plate.name) or embedding.get(ALL)
        if wanted is None or CLASSES[wanted] == plate.cls:
            plates.append(plate)
        elif _DISTINCTIONS[CLASSES[wanted]] < _DISTINCTIONS[plate.cls]:
            raise _unsound(plate, wanted, offending(tape).get(plate.name))
        else:
            reason = f"forced by --embedding; derived {plate.cls}: {plate.reason}"
            plates.append(replace(plate, cls=CLASSES[wanted], reason=reason))
    return replace(graph, plates=tuple(plates))


def offending(tape: Tape) -> dict[str, Fact]:
    """The expression that made each plate ordered or fixed."""
    facts, classes, of_axis = live_facts(tape), Classes(), find_plates(tape).of_axis
    for fact in facts:
        if fact.says == "same":
            classes.join(*fact.axes)
    worst = worst_facts(facts, classes)
    spanned = {axis: classes.root(axis) for draw in tape.draws for axis in draw.dims}
    return {of_axis[axis]: worst[root] for axis, root in spanned.items() if root in worst}


def _unsound(plate: Plate, name: str, fact: Fact | None) -> GsdmcError:
    sound = [n for n, cls in CLASSES.items() if _DISTINCTIONS[cls] >= _DISTINCTIONS[plate.cls]]
    beyond = "differ in more than their order" if name == "array" else "are not alike"
    return GsdmcError(
        f"the plate {plate.name} can't have the embedding `{name}`: {fact.reason if fact else plate.reason}",
        fact.span if fact else None,
        hint=f"its replicas {beyond}; `{'` and `'.join(sound)}` {'are' if sound[1:] else 'is'} sound for it",
    )
