from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from gsdmc.kernels.buckets import buckets
from gsdmc.kernels.structure import Structure
from tests.kernels.structures import make, structures


@given(structures(), st.integers(1, 3))
def test_every_entry_of_every_head_has_its_place(s: Structure, heads: int) -> None:
    plan = buckets(s, heads)
    head, entry = torch.arange(heads)[:, None], torch.arange(s.entries)
    homes = plan.homes.view(heads, -1).long()  # [H, E]
    position = torch.cat(plan.sources)[homes].long()
    assert torch.equal(position.flatten().sort()[0], torch.arange(heads * s.entries))
    assert torch.equal(plan.numbers[homes].long(), head * s.entries + entry)
    assert torch.equal(plan.slots[position].long(), homes)
    assert torch.equal(plan.mirrored[position].long(), homes[:, s.transpose])
    assert torch.equal(plan.columns[position].long(), s.indices * heads + head)
    row = torch.searchsorted(plan.pointers, position, right=True) - 1
    assert torch.equal(row, s.rows * heads + head)


@given(structures())
def test_slots_of_a_block_hold_the_entries_of_its_rows(s: Structure) -> None:
    plan = buckets(s, 2)
    real = torch.zeros(len(plan.numbers), dtype=torch.bool)
    real[plan.slots] = True
    padding = torch.zeros(len(real)) if plan.padding is None else plan.padding
    assert torch.equal(padding == 0, real)
    assert sum(m for _, m in plan.blocks) == plan.rows
    for (g, m), source in zip(plan.blocks, plan.sources, strict=True):
        rows = (torch.searchsorted(plan.pointers, source, right=True) - 1).view(g, m)
        assert torch.equal(rows, rows[:1].expand(g, m))


def test_few_degrees_need_no_padding_and_many_share_buckets() -> None:
    assert buckets(make("hub", 30), 1).padding is None
    many = buckets(make("degrees", 60), 1)
    assert many.padding is not None
    assert len(many.blocks) <= 12
    assert len(many.numbers) <= 1.5 * len(many.slots)


def test_tables_of_a_smaller_batch_are_the_beginning_of_a_larger_ones() -> None:
    plan = buckets(make("chain", 5), 2)
    pointers, columns = plan.table(3)
    pointers, columns = pointers.clone(), columns.clone()
    plan.table(7)
    again = plan.table(3)
    assert torch.equal(pointers, again[0])
    assert torch.equal(columns, again[1])
    assert columns.dtype == torch.int32


def test_made_once_per_structure_and_number_of_heads() -> None:
    s = make("chain", 5)
    assert buckets(s, 2) is buckets(s, 2)
    assert buckets(s, 3) is not buckets(s, 2)
