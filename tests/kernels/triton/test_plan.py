from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gsdmc.kernels.structure import Structure
from gsdmc.kernels.triton.plan import PART, Plan, plan
from tests.kernels.structures import make, structures
from tests.kernels.triton.cases import hubs

layouts = st.sampled_from([(1, 1), (4, 1), (8, 4), (2, 4)])


def whereabouts(p: Plan, rows: int, lanes: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Table row and place in that row of each slot."""
    piece = torch.repeat_interleave(p.starts.diff())
    offset = torch.arange(p.slots) - p.starts[piece]
    step, rest = offset // (rows * lanes), offset % (rows * lanes)
    return piece * rows + rest // lanes, step * lanes + rest % lanes


@given(structures(), layouts)
def test_every_entry_has_one_slot_in_its_row(s: Structure, layout: tuple[int, int]) -> None:
    p = plan(s, *layout)
    row, place = whereabouts(p, *layout)
    used = p.neighbours >= 0
    assert int(used.sum()) == s.entries
    key = p.nodes[row[used]].long() * s.nodes + p.neighbours[used]
    order = key.argsort()
    assert torch.equal(key[order], s.rows * s.nodes + s.indices)
    assert torch.equal(p.sets[used][order].long(), s.role_sets)
    assert torch.equal(p.mirrored[used][order].long(), s.role_sets[s.transpose])
    # A row's neighbours come first in it, padding after them.
    assert torch.equal(used, place < s.degrees[p.nodes[row].long().clamp(min=0)] * (p.nodes[row] >= 0))


@given(structures(), layouts)
def test_rows_are_written_where_they_belong_and_slices_hardly_padded(
    s: Structure, layout: tuple[int, int]
) -> None:
    p = plan(s, *layout)
    rows, lanes = layout
    assert (p.split, p.parts, len(p.hubs)) == (0, 0, 0)
    assert torch.equal(p.targets, p.nodes)
    assert torch.equal(p.nodes[p.nodes >= 0].sort()[0].long(), torch.arange(s.nodes))
    assert p.whole == -(-s.nodes // rows)
    widths = p.starts.diff() // rows
    assert torch.equal(widths, widths.sort(descending=True)[0])
    assert p.slots < s.entries + rows * (int(s.degrees.max()) + lanes) + s.nodes * (lanes - 1)


@given(structures(), layouts)
def test_groups_hold_the_slots_of_each_role_set(s: Structure, layout: tuple[int, int]) -> None:
    p = plan(s, *layout)
    assert torch.equal(p.groups.order.sort()[0], torch.nonzero(p.neighbours >= 0)[:, 0])
    for role_set in range(s.membership.shape[0]):
        first, last = p.groups.sets[role_set], p.groups.sets[role_set + 1]
        slots = p.groups.order[p.groups.pieces[first] : p.groups.pieces[last]]
        assert len(slots) == int((s.role_sets == role_set).sum())
        assert bool((p.sets[slots] == role_set).all())


@pytest.mark.parametrize(("rows", "lanes"), [(1, 1), (4, 4)])
def test_long_rows_are_cut_into_parts_of_like_length(rows: int, lanes: int) -> None:
    s = hubs(400, [2 * PART, PART - 1, PART, 3])
    p = plan(s, rows, lanes)
    row, _ = whereabouts(p, rows, lanes)
    assert p.hubs.tolist() == [0, 2]
    assert p.hub_parts.tolist() == [0, 3, 5]
    parts = slice(p.whole * rows, None)
    held = p.nodes[parts] >= 0
    targets = p.targets[parts][held].long()
    assert targets.sort()[0].tolist() == list(range(5))
    owner = torch.repeat_interleave(p.hubs, p.hub_parts.diff())
    assert torch.equal(p.nodes[parts][held].long(), owner[targets])
    counts = torch.bincount(row[p.neighbours >= 0], minlength=len(p.nodes))[parts][held]
    assert counts[targets.argsort()].tolist() == [43, 43, 43, 33, 32]
    key = p.nodes[row].long() * s.nodes + p.neighbours
    assert torch.equal(key[p.neighbours >= 0].sort()[0], s.rows * s.nodes + s.indices)


def test_small_integers_where_they_do() -> None:
    assert plan(make("chain", 40), 4, 1).neighbours.dtype == torch.int16
    loops = np.arange(2**15 + 1)
    assert plan(Structure.build(len(loops), loops, loops), 64, 1).neighbours.dtype == torch.int32


def test_made_once_per_structure_and_layout() -> None:
    s = make("chain", 5)
    assert plan(s, 4, 1) is plan(s, 4, 1)
    assert plan(s, 4, 1) is not plan(s, 2, 1)
