"""The reading `trace`: a tape's factor graph."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from gsdmc.graph.dependence import Dependences, Reference, node_numbers, variable
from gsdmc.graph.factor_graph import Argument, Array, Factor, FactorGraph, Indices, Relation
from gsdmc.graph.symmetry import Plates, find_plates
from gsdmc.language.source import GsdmcError
from gsdmc.program.axes import Axis
from gsdmc.program.tape import Draw, FactorUse, Tape

MAX_NODES = 5_000_000
MAX_EDGES = 50_000_000
"""Limits of a graph that is traced in memory."""


def trace(tape: Tape) -> FactorGraph:
    """Make the factor graph of a tape.

    Raises:
        GsdmcError: a program without variables, a factor over none, or a graph above the limits.
    """
    if not tape.draws:
        raise GsdmcError("The program samples no variables.", hint='write (sample "x" (normal 0 1))')
    plates = find_plates(tape)
    arrays = {a.name: a for a in make_arrays(tape.draws, plates)}
    dependences = Dependences()
    relations: list[Relation] = [
        *arguments(tape.draws, arrays, dependences),
        *factors(tape.factors, arrays, plates, dependences),
    ]
    return FactorGraph(tuple(arrays.values()), plates.plates, tuple(relations))


def make_arrays(draws: list[Draw], plates: Plates) -> list[Array]:
    """Arrays in order of first appearance."""
    first: dict[str, Draw] = {}
    for draw in draws:
        first.setdefault(draw.array, draw)
    arrays: list[Array] = []
    offset = 0
    for name, draw in first.items():
        own = [d for d in draws if d.array == name]
        array = Array(
            name=name,
            kind=draw.kind,
            shape=tuple(a.size for a in draw.dims),
            plates=tuple(plates.of_axis[a] for a in draw.dims),
            distribution=draw.text,
            offset=offset,
            deterministic=all(d.deterministic for d in own),
            generated=any(d.generated for d in own),
            observed=any(d.evidence is not None for d in own),
        )
        offset += array.size
        if offset > MAX_NODES:
            raise GsdmcError(f"The graph has more than {MAX_NODES} nodes.", draw.span)
        arrays.append(array)
    return arrays


def arguments(draws: list[Draw], arrays: dict[str, Array], dependences: Dependences) -> Iterable[Argument]:
    """Edges from every variable to those whose distribution it enters, by parent, child and slot."""
    edges: dict[tuple[str, str, str], list[tuple[Indices, Indices]]] = {}
    total = 0
    for draw in draws:
        for slot, value in zip(draw.slots, draw.inputs, strict=True):
            for reference in dependences.of(value):
                pair = edge_pairs(draw, reference, arrays)
                total += pair[0].size
                if total > MAX_EDGES:
                    raise GsdmcError(f"The graph has more than {MAX_EDGES} edges.", draw.span)
                edges.setdefault((reference.array, draw.array, slot), []).append(pair)
    for (parent, child, slot), pairs in edges.items():
        children = np.concatenate([c for c, _ in pairs])
        parents = np.concatenate([p for _, p in pairs])
        if len(pairs) > 1:
            children, parents = distinct_pairs(children, parents)
        yield Argument(parent, child, slot, parents, children)


def edge_pairs(draw: Draw, reference: Reference, arrays: dict[str, Array]) -> tuple[Indices, Indices]:
    """(children, parents) of one draw's dependence, `[edges]` each."""
    own = variable(draw)
    axes = tuple(dict.fromkeys((*own.axes, *reference.axes)))
    child, parent = arrays[draw.array], arrays[reference.array]
    shape = [a.size for a in axes]
    children, _ = node_numbers(own, child.shape, child.offset, axes)
    parents, holds = node_numbers(reference, parent.shape, parent.offset, axes)
    children = np.broadcast_to(children, shape).reshape(-1)
    parents = np.broadcast_to(parents, shape).reshape(-1)
    if holds is not None:
        keep = np.broadcast_to(holds, shape).reshape(-1)
        children, parents = children[keep], parents[keep]
    if holds is not None or not injective(reference, own.axes):
        return distinct_pairs(children, parents)
    return children, parents


def injective(reference: Reference, own: tuple[Axis, ...]) -> bool:
    """Whether folded axes all appear as an index by themselves, so that no pair repeats."""
    plain = {m.axes[0] for m in reference.dims if len(m.axes) == 1 and m.is_identity_of(m.axes[0])}
    return all(a in own or a in plain for a in reference.axes)


def distinct_pairs(children: Indices, parents: Indices) -> tuple[Indices, Indices]:
    """Each pair once, in order."""
    if not children.size:
        return children, parents
    width = int(parents.max()) + 1
    keys = np.unique(children * width + parents)
    return keys // width, keys % width


def factors(
    uses: list[FactorUse], arrays: dict[str, Array], plates: Plates, dependences: Dependences
) -> Iterable[Factor]:
    """One factor per name, with the members of each of its instances."""
    by_name: dict[str, list[FactorUse]] = {}
    for use in uses:
        by_name.setdefault(use.name, []).append(use)
    for name, same in by_name.items():
        members: list[Indices] = []
        touched: dict[str, None] = {}
        for use in same:
            references = dependences.of(use.value)
            if not references and all(a.size for a in use.axes):
                raise GsdmcError(
                    f'The factor "{name}" depends on no variable.',
                    use.span,
                    hint="a factor relates sampled variables; a fact about sizes needs none",
                )
            touched.update(dict.fromkeys(r.array for r in references))
            members.append(instance_members(use, references, arrays))
        width = max(m.shape[1] for m in members)
        padded = [np.pad(m, ((0, 0), (0, width - m.shape[1])), constant_values=-1) for m in members]
        dims = tuple(plates.of_axis.get(a, a.name) for a in same[0].dims)
        yield Factor(name, same[0].text, tuple(touched), dims, np.concatenate(padded))


def instance_members(use: FactorUse, references: tuple[Reference, ...], arrays: dict[str, Array]) -> Indices:
    """Node numbers of each instance's members, `[instances, most]`, each once, padded with -1."""
    count = int(np.prod([a.size for a in use.axes], dtype=np.int64))
    blocks: list[Indices] = []
    for reference in references:
        folded = tuple(a for a in reference.axes if a not in use.axes)
        axes = (*use.axes, *folded)
        shape = [a.size for a in axes]
        array = arrays[reference.array]
        numbers, holds = node_numbers(reference, array.shape, array.offset, axes)
        if holds is not None:
            numbers = np.where(holds, numbers, -1)
        blocks.append(np.broadcast_to(numbers, shape).reshape(count, int(np.prod(shape[len(use.axes) :]))))
    if not blocks:
        return np.zeros((count, 0), dtype=np.int64)
    members = np.sort(np.concatenate(blocks, axis=1), axis=1)
    repeated = np.zeros(members.shape, dtype=bool)
    repeated[:, 1:] = members[:, 1:] == members[:, :-1]
    members = -np.sort(-np.where(repeated, -1, members), axis=1)
    used = (members >= 0).any(axis=0) if count else np.zeros(members.shape[1], dtype=bool)
    return members[:, used]
