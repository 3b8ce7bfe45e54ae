"""Evidence that contradicts itself: a `dirac` and all that it is computed from, with different values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gsdmc.compiler.problem import Problem
from gsdmc.graph.factor_graph import Array
from gsdmc.inference.evidence.cells import place
from gsdmc.inference.refinement.ancestry import Bools, ancestry, flat_mask
from gsdmc.inference.refinement.violations import usual_size
from gsdmc.language.source import GsdmcError, Span
from gsdmc.training.seeds import generator

ROUNDED = 1e-3
"""Largest difference that passes for rounding, as a share of the value given or of its array's usual size."""

SHAKEN, SHAKES, SHAKING = 1e-6, 8, 501
"""How far given values are moved, relatively, how often, and the stream of random numbers, to see how far
rounding them moves what is computed from them."""


@dataclass(frozen=True)
class Conflict:
    """An observed `dirac` element that differs from what the evidence makes it; `more` counts others."""

    array: Array
    index: tuple[int, ...]
    given: str
    computed: str
    more: int
    span: Span

    @property
    def message(self) -> str:
        """What contradicts what."""
        others = f" (and {self.more} more)" if self.more else ""
        return (
            f'evidence "{self.array.name}"{place(self.index)} is {self.given}{others}, but the program '
            f"makes it {self.computed} of the other evidence"
        )

    @property
    def cure(self) -> str:
        """What to do about it."""
        return f"leave out {self.array.name}, or something that it is computed from"

    def error(self) -> GsdmcError:
        """The conflict as an error."""
        hint = f"{self.cure}; or go on with strict=False (--no-strict)"
        return GsdmcError(self.message, self.span, hint=hint)


def conflicts(problem: Problem, values: Mapping[str, Tensor], mask: Mapping[str, Tensor]) -> list[Conflict]:
    """The observed `dirac` nodes that all they are computed from contradicts, first of each array.

    Values may differ as far as rounding goes: that of the node, and that of what it is computed from.

    Args:
        problem: the program.
        values: the evidence, `[*value_shape]` per array, anything where nothing is given.
        mask: per array `[*shape]` booleans, true for evidence.
    """
    settled = determined_nodes(problem, mask)
    if not settled.any():
        return []
    computed = _computed(problem, values, mask)  # [1 + shakes, *value_shape]
    found = []
    for array in problem.graph.arrays:
        own = settled[array.offset : array.offset + array.size].reshape(array.shape)
        if not own.any():
            continue
        given = values[array.name].double()
        low, high = computed[array.name].amin(0), computed[array.name].amax(0)
        slack = torch.zeros_like(given)
        if array.kind.name in ("real", "vector"):
            slack = ROUNDED * given.abs().clamp(min=usual_size(problem, array.name))
        off = ~((given >= low - slack) & (given <= high + slack))
        off = off.any(-1) if array.kind.name == "vector" else off
        bad = off.numpy() & own
        if bad.any():
            index = tuple(int(i) for i in np.argwhere(bad)[0])
            span = next(d.span for d in problem.tape.draws if d.array == array.name and d.deterministic)
            given_here, made = (_shown(part[index], array) for part in (given, computed[array.name][0]))
            found.append(Conflict(array, index, given_here, made, int(bad.sum()) - 1, span))
    return found


def determined_nodes(problem: Problem, mask: Mapping[str, Tensor]) -> Bools:
    """`[N]` booleans, true for observed computed nodes behind which all is evidence too."""
    roots = ancestry(problem)
    held = flat_mask(problem, mask)
    observed: NDArray[np.int64] = (held & roots.computed).nonzero()[0]
    settled = np.zeros(len(held), dtype=np.bool_)
    if len(observed):
        behind = roots.latents(roots.parents[observed], held)
        settled[observed] = np.diff(behind.indptr) == 0
    return settled


def _computed(
    problem: Problem, values: Mapping[str, Tensor], mask: Mapping[str, Tensor]
) -> dict[str, Tensor]:
    """What observed nodes are computed to be, from the evidence as it is and slightly moved."""
    dice = generator(0, SHAKING)
    many = {}
    for name, other in problem.typical(1, SHAKING).items():  # nothing reads it, but it has to be sound
        seen = mask[name][..., None] if mask[name].dim() < other.dim() - 1 else mask[name]
        value = torch.where(seen, values[name], other[0])
        part = value.expand(1 + SHAKES, *value.shape).clone()
        if value.is_floating_point():
            part = part.double()
            part[1:] *= 1 + SHAKEN * (2 * torch.rand(part[1:].shape, generator=dice, dtype=torch.float64) - 1)
        many[name] = part
    keep = {name: seen[None] for name, seen in mask.items()}
    restored = problem.restore(many, keep, torch.float64)
    residuals = problem.verify(restored, torch.float64).dirac
    return {name: restored[name].double() + residual.double() for name, residual in residuals.items()}


def _shown(value: Tensor, array: Array) -> str:
    if array.kind.name == "vector":
        return "[" + ", ".join(f"{v:g}" for v in value.tolist()) + "]"
    if array.kind.name == "boolean":
        return "true" if value else "false"
    return f"{value.item():g}"
