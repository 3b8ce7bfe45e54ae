"""Whether every array of a program is whole: one shape, one kind, each element drawn once."""

from __future__ import annotations

import math

import numpy as np

from gsdmc.language.kinds import Kind
from gsdmc.language.limits import active, cure
from gsdmc.language.source import GsdmcError
from gsdmc.program.axes import Axis, Fact
from gsdmc.program.densities import SIMPLEX_TOLERANCE
from gsdmc.program.tape import Draw, Tape

FLAT = "an array can't be ragged; use one flat array, or one array per level"

WHOLE = ("dirac", "uniform-discrete")
"""Distributions whose whole numbers may be part of one array, whatever their ranges."""


def finish(tape: Tape) -> None:
    """Check that every array is whole, and give its draws one kind.

    Raises:
        GsdmcError: naming the places that disagree.
    """
    by_array: dict[str, list[Draw]] = {}
    for draw in tape.draws:
        by_array.setdefault(draw.array, []).append(draw)
    nodes = 0
    for name, draws in by_array.items():
        size = check_shape(name, draws)
        nodes += size
        limit = active().nodes
        if nodes > limit:
            raise GsdmcError(
                f"the graph has more than {limit} nodes",
                draws[0].span,
                hint="make the sizes smaller, or " + cure("nodes", nodes),
            )
        check_elements(name, draws)
        kind = kind_of(name, draws)
        first = draws[0]
        for draw in draws:
            draw.kind = kind
            check_evidence(draw)
            for axis, own in zip(draw.dims, first.dims, strict=True):
                if axis is not own:
                    tape.facts.append(Fact("same", (axis, own), "", draw.span))


def check_evidence(draw: Draw) -> None:
    """Refuse a value that the kind of variable can't have.

    Raises:
        GsdmcError: no whole number, or one outside the support.
    """
    if draw.evidence is None or draw.kind.name == "boolean":
        return
    kind, values = draw.kind, np.asarray(draw.evidence.values, dtype=np.float64)
    if kind.name in ("category", "count"):
        for bad in values[values != np.floor(values)].flat[:1]:
            raise GsdmcError(
                f"`{draw.distribution}` draws whole numbers, but this value is {bad:g}",
                draw.evidence.span,
                calls=draw.calls,
                hint="write a whole number, or draw from a distribution of reals",
            )
    low, high = kind.bounds or (0.0 if kind.support in ("positive", "simplex") else -np.inf, np.inf)
    if kind.name == "category":
        low, high = 0, kind.options - 1
    if kind.support == "simplex":
        values = np.broadcast_to(values, [a.size for a in draw.evidence.axes])
        totals = values.sum(axis=draw.evidence.axes.index(draw.axes[-1]))
        for bad in np.asarray(totals)[np.abs(np.asarray(totals) - 1) > SIMPLEX_TOLERANCE].flat[:1]:
            raise GsdmcError(
                f"`{draw.distribution}` draws vectors that sum to 1, but this one sums to {bad:g}",
                draw.evidence.span,
                calls=draw.calls,
                hint="divide each element by their sum",
            )
    for bad in values[(values < low) | (values > high)].flat[:1]:
        raise GsdmcError(
            f"`{draw.distribution}` can't draw {bad:g}; its kind here is {kind}",
            draw.evidence.span,
            calls=draw.calls,
            hint=f"write a {'whole number' if kind.name == 'category' else 'value'} from {low:g} to {high:g}"
            if np.isfinite([low, high]).all()
            else f"write a value of at least {low:g}",
        )


def check_shape(name: str, draws: list[Draw]) -> int:
    """The number of elements of an array, which must have one shape wherever it is drawn."""
    first = draws[0]
    shape = [a.size for a in first.dims]
    for draw in draws:
        other = [a.size for a in draw.dims]
        if other != shape:
            ragged = draw.span == first.span
            differ = f'"{name}" has {_shape(other)} here, but {_shape(shape)} elsewhere'
            raise GsdmcError(
                f'"{name}" is ragged: it has {_shape(shape)} in one replica and {_shape(other)} in another'
                if ragged
                else differ,
                draw.span,
                related=() if ragged else (("the other", first.span),),
                calls=draw.calls,
                hint=FLAT if ragged else "an array has one dimension for every iteration around its sample",
            )
    return math.prod(shape)


def _shape(sizes: list[int]) -> str:
    return f"shape [{' '.join(map(str, sizes))}]" if sizes else "no dimensions"


def check_elements(name: str, draws: list[Draw]) -> None:
    """Every element must be drawn once."""
    shape = tuple(a.size for a in draws[0].dims)
    by = np.full(shape, -1)
    for number, draw in enumerate(draws):
        region = tuple(slice(None) if isinstance(c, Axis) else c[1] for c in draw.coordinates)
        taken = by[region]
        if np.any(taken >= 0):
            other = draws[int(np.max(taken))]
            again = other.span == draw.span and bool(other.calls)
            first = (
                ("first sampled in this call", other.calls[0])
                if again
                else ("first sampled here", other.span)
            )
            raise GsdmcError(
                f'an element of "{name}" is sampled twice' if shape else f'"{name}" is sampled twice',
                draw.span,
                related=(first,),
                calls=draw.calls,
                hint="rename one of them, or sample in an iteration; both arms of an `if` are sampled",
            )
        by[region] = number
    if np.any(by < 0):
        gap = " ".join(str(i) for i in np.argwhere(by < 0)[0])
        raise GsdmcError(
            f'"{name}" is ragged: its element [{gap}] is never sampled',
            draws[0].span,
            hint=FLAT,
        )


def kind_of(name: str, draws: list[Draw]) -> Kind:
    """The kind of an array: what all its draws can be.

    Raises:
        GsdmcError: two draws of kinds that don't go together.
    """
    kind, first = draws[0].kind, draws[0]
    whole = all(d.distribution in WHOLE for d in draws if d.kind.name in ("category", "count"))
    for draw in draws[1:]:
        joined = join(kind, draw.kind, whole)
        if joined is None:
            raise GsdmcError(
                f'"{name}" is a {draw.kind} here, but a {kind} elsewhere',
                draw.span,
                related=(("the other", first.span),),
                calls=draw.calls,
                hint="an array has one kind; give this one another name",
            )
        kind = joined
    return kind


def join(a: Kind, b: Kind, whole: bool) -> Kind | None:
    """The kind of what is of one kind or the other, if there is one; `whole` allows other ranges."""
    if a == b:
        return a
    if a.name == b.name == "real":
        if a.bounds and b.bounds:
            low, high = min(a.bounds[0], b.bounds[0]), max(a.bounds[1], b.bounds[1])
            return Kind("real", support="interval", bounds=(low, high))
        return Kind("real", support=a.support if a.support == b.support else "real")
    if a.name == b.name == "vector":
        return Kind("vector", support="real", size=a.size) if a.size == b.size else None
    numbers = ("category", "count")
    if a.name in numbers and b.name in numbers and whole:
        if a.name == b.name == "category":
            return a if a.options > b.options else b
        count = a if a.name == "count" else b
        other = b if a.name == "count" else a
        return count if other.name == "category" or other.support == count.support else Kind("count")
    if {a.name, b.name} <= {"real", *numbers} and whole:
        return Kind("real")
    return None
