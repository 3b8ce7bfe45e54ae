"""Index arrays for attention on a structure: rows of equal degree side by side, heads and batch unrolled."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import torch
from torch import Tensor

from gsdmc.kernels.structure import Structure

EXACT = 8  # up to so many distinct degrees each gets its own bucket; beyond, widths are rounded up


@dataclass(eq=False)
class Buckets:
    """One example's entries of all heads, in two orders.

    The table order is that of `[N, H]` rows, each with its entries: L = E·H positions. The slot order groups
    rows of equal degree g into blocks `[g, m]`, so that a softmax over neighbours runs along whole vectors.

    Attributes:
        rows: N·H.
        pointers: `[N·H + 1]`, where each row's entries begin.
        columns: `[L]`, the row that each entry refers to.
        blocks: (g, m) of each bucket; their g·m add up to L', more than L when buckets are padded.
        sources: of each block `[g·m]`, the position that fills each slot.
        slots: `[L]`, the slot of each position.
        mirrored: `[L]`, the slot of each position's transposed entry.
        homes: `[H·E]`, the slot of entry e of head h at h·E + e.
        numbers: `[L']`, the h·E + e that each slot holds.
        padding: `[L']` with -inf at padded slots and 0 elsewhere, None when there are none.
    """

    rows: int
    pointers: Tensor
    columns: Tensor
    blocks: list[tuple[int, int]]
    sources: list[Tensor]
    slots: Tensor
    mirrored: Tensor
    homes: Tensor
    numbers: Tensor
    padding: Tensor | None

    def __post_init__(self) -> None:
        """Hold the table of one example."""
        self._table = (1, self.pointers, self.columns)

    def table(self, batch: int) -> tuple[Tensor, Tensor]:
        """Pointers and columns of a block-diagonal CSR matrix, one block per example, `batch` of them."""
        held, pointers, columns = self._table
        if batch > held:
            shift = torch.arange(batch, device=self.columns.device)[:, None]
            starts = (self.pointers[:-1] + shift * self.columns.numel()).flatten()
            ends = starts.new_tensor([batch * self.columns.numel()])
            pointers, columns = _narrow(
                torch.cat([starts, ends]), (self.columns + shift * self.rows).flatten()
            )
            self._table = (batch, pointers, columns)
        return pointers[: batch * self.rows + 1], columns[: batch * self.columns.numel()]


def buckets(structure: Structure, heads: int) -> Buckets:
    """Index arrays for `heads` heads; made once per structure and kept in its cache."""
    key = ("buckets", heads)
    if key not in structure.cache:
        structure.cache[key] = _make(structure, heads)
        with warnings.catch_warnings():  # torch announces once per process that CSR tensors are in beta
            warnings.simplefilter("ignore")
            torch.eye(1).to_sparse_csr()
    found = structure.cache[key]
    assert isinstance(found, Buckets)
    return found


def _make(s: Structure, heads: int) -> Buckets:
    degrees = s.degrees.repeat_interleave(heads)  # [N·H]
    rows, length = degrees.numel(), s.entries * heads
    pointers = torch.cat([degrees.new_zeros(1), degrees.cumsum(0)])
    row = torch.repeat_interleave(torch.arange(rows), degrees)
    node, head = row // heads, row % heads
    entry = s.indptr[node] + torch.arange(length) - pointers[row]
    number = head * s.entries + entry
    position = torch.empty_like(number)
    position[number] = torch.arange(length)

    widths = _widths(degrees)
    blocks, sources, pads = [], [], []
    for width in torch.unique(widths).tolist():
        members = torch.nonzero(widths == width)[:, 0]
        step = torch.arange(width)[:, None]
        blocks.append((width, members.numel()))
        sources.append((pointers[members] + step.minimum(degrees[members] - 1)).flatten())
        pads.append((step >= degrees[members]).flatten())
    source, pad = torch.cat(sources), torch.cat(pads)
    real = torch.nonzero(~pad)[:, 0]
    slots = torch.empty(length, dtype=torch.int64)
    slots[source[real]] = real
    mirrored = slots[position[head * s.entries + s.transpose[entry]]]
    slots, mirrored, homes, numbers, *sources = _narrow(
        slots, mirrored, slots[position], number[source], *sources
    )
    pointers, columns = _narrow(pointers, s.indices[entry] * heads + head)
    return Buckets(
        rows=rows,
        pointers=pointers,
        columns=columns,
        blocks=blocks,
        sources=sources,
        slots=slots,
        mirrored=mirrored,
        homes=homes,
        numbers=numbers,
        padding=torch.zeros(pad.numel()).masked_fill(pad, -torch.inf) if bool(pad.any()) else None,
    )


def _narrow(*indices: Tensor) -> tuple[Tensor, ...]:
    """All in int32 where the largest value allows it: half the memory to read."""
    fits = all(x.numel() == 0 or int(x.max()) < 2**31 for x in indices)
    return tuple(x.to(torch.int32 if fits else torch.int64) for x in indices)


def _widths(degrees: Tensor) -> Tensor:
    """The bucket width of each row: its degree, or the next of 1, 2, 3, 4, 6, 8, 12, 16, ... above it."""
    if torch.unique(degrees).numel() <= EXACT:
        return degrees
    power = 2 ** torch.log2(degrees.double()).ceil().long()
    return torch.where((power >= 4) & (4 * degrees <= 3 * power), 3 * power // 4, power)
