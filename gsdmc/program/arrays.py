"""Values of arrays, put together from the draws that fill them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from gsdmc.program.axes import Axis
from gsdmc.program.tape import Draw, Tape


@dataclass(frozen=True)
class Assembly:
    """How an array is put together from its draws.

    Draws that unroll the same dimensions, every replica once, are stacked in the order of `draws`, with
    these dimensions first: `sizes` is the shape of that stack without the batch, and `order` permutes its
    dimensions into the array's. `order` is None where draws unroll different dimensions.
    """

    draws: tuple[Draw, ...]
    shape: tuple[int, ...]
    sizes: tuple[int, ...]
    order: tuple[int, ...] | None

    @staticmethod
    def of(draws: list[Draw]) -> Assembly:
        """The assembly of one array's draws."""
        event = draws[0].kind.event_shape
        shape = tuple(a.size for a in draws[0].dims)
        patterns = {tuple(isinstance(c, Axis) for c in d.coordinates) for d in draws}
        if len(patterns) > 1:
            return Assembly(tuple(draws), (*shape, *event), (), None)
        (pattern,) = patterns
        apart = [d for d, plated in enumerate(pattern) if not plated]
        together = [d for d, plated in enumerate(pattern) if plated]
        layout = [*apart, *together]
        last = [1 + len(shape)] if event else []
        order = (0, *(1 + layout.index(d) for d in range(len(shape))), *last)
        ranked = sorted(draws, key=_replica)
        sizes = (*(shape[d] for d in layout), *event)
        return Assembly(tuple(ranked), (*shape, *event), sizes, order)

    def build(self, values: Mapping[Draw, Tensor], batch: int) -> Tensor:
        """The array `[B, *shape]`; elements of draws without a value are 0."""
        if self.order is not None and len(values) == len(self.draws):
            if len(self.draws) == 1 and all(isinstance(c, Axis) for c in self.draws[0].coordinates):
                return owned(values[self.draws[0]])
            parts = torch.stack([values[d] for d in self.draws], dim=1)  # [B, replicas, *plated]
            return parts.reshape(batch, *self.sizes).permute(self.order)
        some = next(iter(values.values()))
        whole = torch.zeros((batch, *self.shape), dtype=some.dtype)
        for draw, value in values.items():
            whole[draw.region] = value
        return whole


def owned(value: Tensor) -> Tensor:
    """The values with a place in memory for each, so that one can be changed without the others."""
    repeats = any(step == 0 and size > 1 for step, size in zip(value.stride(), value.shape, strict=True))
    return value.clone(memory_format=torch.contiguous_format) if repeats else value


def _replica(draw: Draw) -> tuple[int, ...]:
    return tuple(c[1] for c in draw.coordinates if not isinstance(c, Axis))


def assemblies(tape: Tape) -> dict[str, Assembly]:
    """The assembly of every array, in order of first appearance."""
    draws: dict[str, list[Draw]] = {}
    for draw in tape.draws:
        draws.setdefault(draw.array, []).append(draw)
    return {name: Assembly.of(own) for name, own in draws.items()}


class Arrays:
    """Values of draws, gathered while a tape runs."""

    def __init__(self, batch: int) -> None:
        self.batch = batch
        self.values: dict[str, dict[Draw, Tensor]] = {}

    def put(self, draw: Draw, value: Tensor) -> None:
        """Note a draw's values, `[B, *axes]`."""
        self.values.setdefault(draw.array, {})[draw] = value

    def whole(self, plan: Mapping[str, Assembly]) -> dict[str, Tensor]:
        """Every array that has values, `[B, *shape]`, in the order of `plan`."""
        return {
            name: assembly.build(self.values[name], self.batch)
            for name, assembly in plan.items()
            if name in self.values
        }
