"""Conditioning masks: what is evidence in each training example."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from gsdmc.language.source import GsdmcError
from gsdmc.language.syntax import Given
from gsdmc.layout.layout import Layout
from gsdmc.training.conditioning import Conditioning, draw_mixture, draw_uniform


def draw_masks(
    layout: Layout,
    givens: Sequence[Given],
    batch: int,
    generator: torch.Generator,
    conditioning: Conditioning = "mixture",
    missing: float = 0.0,
) -> dict[str, Tensor]:
    """Draw evidence masks from a program's query family.

    Arrays that any `given` names outright are always observed. Each `subset` draws, per example, a
    number uniform in 0 .. N-1 of its N elements and then that many of them, uniformly. A program without
    `given` may be asked anything, see `draw_mixture`. Some variable is always left to infer.

    Args:
        layout: the graph at the size of the batch.
        givens: the program's statements.
        batch: B.
        generator: a CPU generator.
        conditioning: without `given`, `mixture`, or `uniform` for one subset of all arrays.
        missing: share of examples in which values of what is always observed are missing, each with a chance
            that is uniform over these examples.

    Returns:
        Per array `[B, *shape]` booleans, true where observed.

    Raises:
        GsdmcError: a `given` names an array that the program lacks, or all is given.
    """
    if givens:
        flat = _draw_given(layout, givens, batch, generator)
        if missing:
            flat &= ~_draw_missing(flat.shape, missing, generator)
    elif conditioning == "mixture":
        flat = draw_mixture(layout, batch, generator)
    else:
        flat = draw_uniform(batch, layout.nodes, generator)
    return {s.name: flat[:, s.offset : s.offset + s.size].reshape(batch, *s.shape) for s in layout.arrays}


def _draw_given(layout: Layout, givens: Sequence[Given], batch: int, generator: torch.Generator) -> Tensor:
    """What the program's statements observe, together: `[B, N]`."""
    always = torch.zeros(layout.nodes, dtype=torch.bool)
    for given in givens:
        always[_columns(layout, given, given.targets)] = True
    flat = always.repeat(batch, 1)
    optional = torch.zeros_like(always)
    for given in givens:
        columns = _columns(layout, given, given.subset)
        if columns.numel():
            flat[:, columns] |= draw_uniform(batch, columns.numel(), generator)
            optional[columns] = True
    full = flat.all(1).nonzero().flatten()
    if full.numel():
        free = (optional & ~always).nonzero().flatten()
        if not free.numel():
            raise GsdmcError(
                "every variable is given, so there is nothing to infer",
                givens[0].span,
                hint="leave out of `given` what the model is to sample",
            )
        # Several subsets can observe everything between them: let one of their variables go.
        pick = torch.randint(free.numel(), (full.numel(),), generator=generator)
        flat[full, free[pick]] = False
    return flat


def _draw_missing(shape: torch.Size, share: float, generator: torch.Generator) -> Tensor:
    """Which values are missing: `[B, N]`."""
    rows = torch.rand(shape[0], generator=generator) < share
    chance = torch.rand(shape[0], 1, generator=generator)
    return (torch.rand(shape, generator=generator) < chance) & rows[:, None]


def _columns(layout: Layout, given: Given, names: Sequence[str]) -> Tensor:
    slots = {slot.name: slot for slot in layout.arrays}
    for name in names:
        if name not in slots:
            raise GsdmcError(
                f"given names {name!r}, which is no variable of this program",
                given.span,
                hint=f"its variables are {', '.join(slots)}",
            )
    parts = [torch.arange(slots[n].offset, slots[n].offset + slots[n].size) for n in dict.fromkeys(names)]
    return torch.cat(parts) if parts else torch.zeros(0, dtype=torch.int64)
