"""The reading `trace`: a tape's factor graph."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np

from gsdmc.graph.dependence import (
    Dependences,
    Reference,
    References,
    node_numbers,
    one_number,
    variable,
)
from gsdmc.graph.edges import distinct_pairs
from gsdmc.graph.factor_graph import Argument, Array, Factor, FactorGraph, Indices, Relation
from gsdmc.graph.symmetry import Plates, find_plates
from gsdmc.language.limits import DEFAULT, Limits, cure, within
from gsdmc.language.source import GsdmcError, Span
from gsdmc.program.axes import Axis, IndexMap, merged
from gsdmc.program.meter import PAIR, Meter, metered
from gsdmc.program.tape import Draw, FactorUse, Tape

NAME_PARTS = 'name intermediate values, `(sample "c" (dirac ...))`, or make the sizes smaller'
NONE: Indices = np.zeros(0, dtype=np.int64)
RELATE_FEWER = "a factor relates all its variables pairwise; relate fewer of them at a time"


def trace(tape: Tape, limits: Limits = DEFAULT) -> FactorGraph:
    """Make the factor graph of a tape, of at most so many edges, before repeated ones are merged.

    Raises:
        GsdmcError: a program without variables, a factor over none, or a graph above the limits.
    """
    if not tape.draws:
        raise GsdmcError("the program samples no variables", hint='write `(sample "x" (normal 0 1))`')
    plates = find_plates(tape)
    arrays = {a.name: a for a in make_arrays(tape.draws, plates)}
    with within(limits), metered() as meter:
        tracer = Tracer(arrays, limits.edges, meter)
        relations: list[Relation] = [*tracer.arguments(tape.draws), *tracer.factors(tape.factors, plates)]
    return FactorGraph(tuple(arrays.values()), plates.plates, tuple(relations))


def make_arrays(draws: Iterable[Draw], plates: Plates) -> list[Array]:
    """Arrays in order of first appearance."""
    by_name: dict[str, list[Draw]] = {}
    for draw in draws:
        by_name.setdefault(draw.array, []).append(draw)
    arrays: list[Array] = []
    offset = 0
    for name, own in by_name.items():
        array = Array(
            name=name,
            kind=own[0].kind,
            shape=tuple(a.size for a in own[0].dims),
            plates=tuple(plates.of_axis[a] for a in own[0].dims),
            distribution=own[0].text,
            offset=offset,
            deterministic=all(d.deterministic for d in own),
            generated=any(d.generated for d in own),
            observed=any(d.evidence is not None for d in own),
        )
        offset += array.size
        arrays.append(array)
    return arrays


class Tracer:
    """Turns references into node numbers, within the limits."""

    def __init__(self, arrays: dict[str, Array], limit: int, meter: Meter) -> None:
        self.arrays = arrays
        self.nodes = sum(a.size for a in arrays.values())
        self.limit = limit
        self.meter = meter
        self.dependences = Dependences()
        self.edges = 0

    def count(self, edges: int, span: Span, hint: str) -> None:
        """Add to the number of edges.

        Raises:
            GsdmcError: above the limit.
        """
        self.edges += edges
        if self.edges > self.limit:
            raise GsdmcError(
                f"the graph has more than {self.limit} edges",
                span,
                hint=f"{hint}, or {cure('edges', self.edges)}",
            )

    def arguments(self, draws: Iterable[Draw]) -> Iterable[Argument]:
        """Edges from every variable to those whose distribution it enters, by parent, child and slot."""
        edges: dict[tuple[str, str, str], list[tuple[Indices, Indices]]] = {}
        for draw in draws:
            self.meter.place = draw.span
            own, array = variable(draw), self.arrays[draw.array]
            for slot, value in zip(draw.slots, draw.inputs, strict=True):
                for reference in self.dependences.of(value):
                    pair = self.pairs(own, array.shape, array.offset, reference, draw.span, NAME_PARTS)
                    if pair is not None:
                        edges.setdefault((reference.array, draw.array, slot), []).append(pair)
        for (parent, child, slot), pairs in edges.items():
            children = np.concatenate([c for c, _ in pairs])
            parents = np.concatenate([p for _, p in pairs])
            if len(pairs) > 1:
                children, parents = distinct_pairs(children, parents, self.nodes)
            yield Argument(parent, child, slot, parents, children)

    def pairs(
        self,
        own: Reference,
        shape: tuple[int, ...],
        offset: int,
        reference: Reference,
        span: Span,
        hint: str,
    ) -> tuple[Indices, Indices] | None:
        """Numbers of what `own` and a reference stand for wherever both hold, `[pairs]` each, each pair once.

        None where the reference holds for no replica though there are some: nothing is referred to then. Over
        no replicas it is known to what it would be.

        Args:
            own: variables, or instances of a factor.
            shape: the shape of the array that they are elements of.
            offset: the number of its first element.
            reference: variables that they depend on.
            span: where that is said.
            hint: what to do where that is too much.
        """
        self.meter.spend(PAIR)
        array = self.arrays[reference.array]
        if not own.axes and not reference.axes:
            self.count(1, span, hint)
            return one_number(own, shape, offset), one_number(reference, array.shape, array.offset)
        empty = not all(a.size for a in (*own.axes, *reference.axes))
        while (narrowed := reference.narrowed()) is not None:
            axis, index, left = narrowed
            here = own.substitute(axis, index)
            if left is None or here is None:
                return (NONE, NONE) if empty else None
            own, reference = here, left
        axes: tuple[Axis, ...] = merged(own.axes, reference.axes)
        sizes = [a.size for a in axes]
        self.count(math.prod(sizes), span, hint)
        first, _ = node_numbers(own, shape, offset, axes)
        second, holds = node_numbers(reference, array.shape, array.offset, axes)
        first = np.broadcast_to(first, sizes).reshape(-1)
        second = np.broadcast_to(second, sizes).reshape(-1)
        if holds is not None:
            keep = np.broadcast_to(holds, sizes).reshape(-1)
            first, second = first[keep], second[keep]
            if not len(first) and not empty:
                return None
        if not injective(reference, own.axes):
            return distinct_pairs(first, second, self.nodes)
        return first, second

    def factors(self, uses: Iterable[FactorUse], plates: Plates) -> Iterable[Factor]:
        """One factor per name, with the members of each of its instances.

        Raises:
            GsdmcError: no instance has members.
        """
        by_name: dict[str, list[FactorUse]] = {}
        for use in uses:
            by_name.setdefault(use.name, []).append(use)
        for name, same in by_name.items():
            members: list[Indices] = []
            touched: dict[str, None] = {}
            for use in same:
                self.meter.place = use.span
                members.append(self.instance_members(use, self.dependences.of(use.value), touched))
            width = max(m.shape[1] for m in members)
            if not width and any(len(m) for m in members):
                raise GsdmcError(
                    f'the factor "{name}" depends on no variable',
                    same[0].span,
                    hint="a factor relates sampled variables; a fact about sizes needs none",
                )
            padded = [np.pad(m, ((0, 0), (0, width - m.shape[1])), constant_values=-1) for m in members]
            dims = merged(*(tuple(plates.of_axis[a] for a in u.dims if a in plates.of_axis) for u in same))
            yield Factor(name, same[0].text, tuple(touched), dims, np.concatenate(padded))

    def instance_members(self, use: FactorUse, references: References, touched: dict[str, None]) -> Indices:
        """Node numbers of each instance's members, `[instances, most]`, each once, padded with -1.

        The arrays that they are elements of are added to `touched`.
        """
        shape = tuple(a.size for a in use.axes)
        own = Reference(use.name, tuple(IndexMap.identity(a) for a in use.axes))
        found = []
        for reference in references:
            pair = self.pairs(own, shape, 0, reference, use.span, RELATE_FEWER)
            if pair is not None:
                touched[reference.array] = None
                found.append(pair)
        members = padded(math.prod(shape), [i for i, _ in found], [m for _, m in found], self.nodes)
        sizes = (members >= 0).sum(axis=1)
        self.count(int((sizes * (sizes - 1)).sum()), use.span, RELATE_FEWER)
        return members


def injective(reference: Reference, own: Sequence[Axis]) -> bool:
    """Whether folded axes all appear as an index by themselves, so that no pair repeats."""
    plain = {m.axes[0] for m in reference.dims if len(m.axes) == 1 and m.is_identity_of(m.axes[0])}
    return all(a in own or a in plain for a in reference.axes)


def padded(count: int, instances: list[Indices], members: list[Indices], nodes: int) -> Indices:
    """Every instance's members once, largest first, `[count, most]`, padded with -1."""
    if not any(len(m) for m in members):
        return np.zeros((count, 0), dtype=np.int64)
    rows, below = distinct_pairs(np.concatenate(instances), nodes - 1 - np.concatenate(members), nodes)
    sizes = np.bincount(rows, minlength=count)
    first = np.cumsum(sizes) - sizes
    table = np.full((count, int(sizes.max())), -1, dtype=np.int64)
    table[rows, np.arange(len(rows)) - first[rows]] = nodes - 1 - below
    return table
