"""Neighbour tables for the row kernels: rows of like degree side by side, long rows in parts."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from gsdmc.kernels.structure import Structure
from gsdmc.kernels.triton.role_sums import Groups, group

PART = 64  # neighbours; longer rows are cut, or the longest row would decide how long the kernel runs


@dataclass(eq=False)
class Plan:
    """The structure in slices of `rows` rows that share a width, one program each.

    Rows are sorted by degree, so a slice is hardly wider than its shortest row and one launch serves all
    degrees. Slot `starts[z] + (t // lanes)·rows·lanes + r·lanes + t % lanes` holds neighbour t of row r of
    slice z: what a program looks at together lies together. There are L slots in all, with -1 in `neighbours`
    where a row has ended.

    Attributes:
        nodes: `[Z·rows]` the node of each row of each slice, -1 beyond the last.
        targets: `[Z·rows]` where its results go: the node, or the part's number in split slices.
        starts: `[Z + 1]` the first slot of each slice.
        neighbours: `[L]` node in each slot.
        sets: `[L]` role set by which the row attends to the slot's node.
        mirrored: `[L]` role set by which the slot's node attends to the row.
        whole: number of slices of whole rows; split ones follow.
        split: number of slices of parts of rows.
        hubs: `[M]` the nodes whose rows are split.
        hub_parts: `[M + 1]` where the parts of each begin; they are summed in this order.
        parts: P, the number of parts of split rows.
        slots: L.
        groups: slots by role set.
    """

    nodes: Tensor
    targets: Tensor
    starts: Tensor
    neighbours: Tensor
    sets: Tensor
    mirrored: Tensor
    whole: int
    split: int
    hubs: Tensor
    hub_parts: Tensor
    parts: int
    slots: int
    groups: Groups


def plan(structure: Structure, rows: int, lanes: int) -> Plan:
    """Tables for slices of so many rows and lanes; made once per structure and kept in its cache."""
    key = ("triton plan", rows, lanes)
    if key not in structure.cache:
        structure.cache[key] = _make(structure, rows, lanes)
    found = structure.cache[key]
    assert isinstance(found, Plan)
    return found


def _make(s: Structure, rows: int, lanes: int) -> Plan:
    """In plain tensor operations on the structure's device, none of them a scatter with repeated targets."""
    device = s.indptr.device
    degrees = s.degrees
    counts = (degrees + PART - 1) // PART  # parts per node
    node = torch.repeat_interleave(counts)  # [P'], ascending
    step = torch.arange(node.numel(), device=device) - (counts.cumsum(0) - counts)[node]
    short, extra = degrees[node] // counts[node], degrees[node] % counts[node]
    length = short + (step < extra)  # parts of one row differ by one entry at most
    begin = s.indptr[node] + step * short + step.minimum(extra)
    cut = counts[node] > 1
    number = cut.cumsum(0) - 1  # of each part among those of split rows

    classes = [_longest_first(length, torch.nonzero(chosen)[:, 0], rows) for chosen in (~cut, cut)]
    order = torch.cat(classes)  # [Z·rows] part or -1
    held = order >= 0
    part = order.clamp(min=0)
    widths = torch.where(held, length[part], 0).view(-1, rows).amax(1)
    area = (widths + lanes - 1) // lanes * lanes * rows
    starts = torch.cat([area.new_zeros(1), area.cumsum(0)])

    place = torch.nonzero(held)[:, 0]  # [P'] of each part, in table order
    lengths = length[part[place]]
    at = torch.repeat_interleave(place, lengths)  # [E]
    t = torch.arange(at.numel(), device=device) - torch.repeat_interleave(
        lengths.cumsum(0) - lengths, lengths
    )
    entry = begin[part[at]] + t
    slot = starts[at // rows] + t // lanes * (rows * lanes) + at % rows * lanes + t % lanes

    total = int(starts[-1])
    slots = torch.empty_like(slot)
    slots[entry] = slot
    hubs = torch.nonzero(counts > 1)[:, 0]
    parts = counts[hubs]
    return Plan(
        nodes=_table(place, node[part[place]], order.numel()),
        targets=_table(place, torch.where(cut, number, node)[part[place]], order.numel()),
        starts=starts,
        neighbours=_table(slot, s.indices[entry], total),
        sets=_table(slot, s.role_sets[entry], total),
        mirrored=_table(slot, s.role_sets[s.transpose[entry]], total),
        whole=classes[0].numel() // rows,
        split=classes[1].numel() // rows,
        hubs=hubs,
        hub_parts=torch.cat([parts.new_zeros(1), parts.cumsum(0)]),
        parts=int(parts.sum()),
        slots=total,
        groups=group(slots, s.role_sets, s.membership.shape[0]),
    )


def _longest_first(length: Tensor, chosen: Tensor, rows: int) -> Tensor:
    """`chosen` parts by falling length, then with -1 up to a multiple of `rows`.

    Long slices start first, so that the last to finish are short; equal ones keep the order of the
    nodes, whose neighbours are likely to be each other's.
    """
    order = chosen[length[chosen].argsort(descending=True, stable=True)]
    return torch.nn.functional.pad(order, (0, -order.numel() % rows), value=-1)


def _table(place: Tensor, values: Tensor, size: int) -> Tensor:
    """`values` at `place` of a table that says -1 elsewhere, in the smallest integers that hold them."""
    largest = int(values.max()) if values.numel() else 0
    kind = next(k for k in (torch.int16, torch.int32, torch.int64) if largest <= torch.iinfo(k).max)
    table = torch.full((size,), -1, dtype=kind, device=values.device)
    table[place] = values.to(kind)
    return table
