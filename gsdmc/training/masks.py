"""Conditioning masks: what is evidence in each training example."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from gsdmc.language.source import GsdmcError
from gsdmc.language.syntax import Given
from gsdmc.layout.layout import Layout


def draw_masks(
    layout: Layout, givens: Sequence[Given], batch: int, generator: torch.Generator
) -> dict[str, Tensor]:
    """Draw evidence masks from a program's query family.

    Arrays that any `given` names outright are always observed. Each `subset` draws, per example, a
    number uniform in 0 .. N-1 of its N elements and then that many of them, uniformly. A program without
    `given` is one subset of all its arrays. Some variable is always left to infer.

    Args:
        layout: the graph at the size of the batch.
        givens: the program's statements.
        batch: B.
        generator: a CPU generator.

    Returns:
        Per array `[B, *shape]` booleans, true where observed.

    Raises:
        GsdmcError: a `given` names an array that the program lacks, or all is given.
    """
    flat = torch.zeros(batch, layout.nodes, dtype=torch.bool)
    if givens:
        for given in givens:
            flat[:, _columns(layout, given, given.targets)] = True
            if given.subset:
                columns = _columns(layout, given, given.subset)
                flat[:, columns] |= _subsets(batch, columns.numel(), generator)
    else:
        flat = _subsets(batch, layout.nodes, generator)
    full = flat.all(1)
    if bool(full.any()):
        if not any(given.subset for given in givens):
            raise GsdmcError(
                "every variable is given, so there is nothing to infer",
                givens[0].span,
                hint="leave out of `given` what the model is to sample",
            )
        # Overlapping families can cover everything between them: free one variable of the first subset.
        first = next(given for given in givens if given.subset)
        columns = _columns(layout, first, first.subset)
        rows = full.nonzero().flatten()
        pick = torch.randint(columns.numel(), (rows.numel(),), generator=generator)
        flat[rows, columns[pick]] = False
    return {s.name: flat[:, s.offset : s.offset + s.size].reshape(batch, *s.shape) for s in layout.arrays}


def _subsets(batch: int, size: int, generator: torch.Generator) -> Tensor:
    """`[batch, size]`: uniformly many of each row, 0 .. size - 1, uniformly chosen."""
    count = torch.randint(size, (batch, 1), generator=generator)
    rank = torch.rand(batch, size, generator=generator).argsort(1)
    return rank < count


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
