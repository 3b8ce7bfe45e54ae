from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gsdmc.kernels.structure import Structure
from tests.kernels.structures import make, structures

LINE = make("chain", 4)


def ints(*values: int) -> Any:
    return np.array(values, dtype=np.int64)


@given(
    st.integers(1, 9),
    st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8), st.integers(0, 69)), max_size=40),
    st.randoms(use_true_random=False),
)
def test_build_keeps_exactly_the_entries_and_their_role_sets(
    nodes: int, listed: list[tuple[int, int, int]], random: Any
) -> None:
    listed = [(a % nodes, b % nodes, c) for a, b, c in listed]
    listed += [(b, a, 7 * c % 70) for a, b, c in listed] + [(a, a, 0) for a in range(nodes)]
    random.shuffle(listed)
    expected: dict[tuple[int, int], set[int]] = {}
    for row, column, role in listed:
        expected.setdefault((row, column), set()).add(role)

    i, j, r = (ints(*values) for values in zip(*listed, strict=True))
    s = Structure.build(nodes, i, j, r, 70)

    assert list(zip(s.rows.tolist(), s.indices.tolist(), strict=True)) == sorted(expected)
    sets = [set(torch.nonzero(row)[:, 0].tolist()) for row in s.membership]
    assert [sets[x] for x in s.role_sets] == [expected[pair] for pair in sorted(expected)]
    assert len({frozenset(x) for x in sets}) == len(sets), "a set is interned once"
    assert s.roles == 70


@given(structures())
def test_transpose_points_to_the_mirrored_entry_and_back(s: Structure) -> None:
    assert torch.equal(s.rows[s.transpose], s.indices)
    assert torch.equal(s.indices[s.transpose], s.rows)
    assert torch.equal(s.transpose[s.transpose], torch.arange(s.entries))


def test_an_asymmetric_structure_is_built_on_request_alone() -> None:
    rows, columns, roles = ints(0, 1, 1, 2, 2), ints(0, 0, 1, 2, 1), ints(0, 1, 0, 0, 1)
    s = Structure.build(3, rows, columns, roles, 2, symmetric=False)
    assert (s.symmetric, s.entries, s.transpose.numel()) == (False, 5, 0)
    assert list(zip(s.rows.tolist(), s.indices.tolist(), strict=True)) == [
        (0, 0), (1, 0), (1, 1), (2, 1), (2, 2),
    ]  # fmt: skip
    with pytest.raises(ValueError, match=r"asymmetric: \(1, 0\) is an entry, \(0, 1\) is not"):
        Structure.build(3, rows, columns, roles, 2)
    with pytest.raises(ValueError, match="node 1 has no self edge"):
        Structure.build(2, ints(0, 1), ints(0, 0), symmetric=False)
    with pytest.raises(ValueError, match=r"transpose: expected shape \(0,\), got \(10,\)"):
        dataclasses.replace(LINE, symmetric=False)


def test_build_without_roles_gives_every_entry_role_0() -> None:
    s = Structure.build(2, ints(0, 1, 1, 0), ints(0, 1, 0, 1))
    assert s.membership.tolist() == [[1.0]]
    assert s.role_sets.tolist() == [0, 0, 0, 0]


def test_sizes() -> None:
    s = make("hub", 5)
    assert (s.nodes, s.entries, s.roles) == (5, 13, 4)
    assert s.degrees.tolist() == [5, 2, 2, 2, 2]


def test_to_the_same_device_is_the_structure_itself() -> None:
    assert LINE.to("cpu") is LINE


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_to_another_device_moves_every_tensor() -> None:
    moved = LINE.to("cuda")
    values = [getattr(moved, f.name) for f in dataclasses.fields(moved)]
    assert {v.device.type for v in values if isinstance(v, torch.Tensor)} == {"cuda"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((2, ints(0, 1, 0), ints(0, 1, 1)), r"asymmetric: \(0, 1\) is an entry, \(1, 0\) is not"),
        ((2, ints(0, 0, 1), ints(0, 1, 0)), "node 1 has no self edge"),
        ((2, ints(0), ints(0)), "row 1 has no entries"),
        ((0, ints(), ints()), "at least one node"),
        ((1, ints(0), ints(1)), r"columns: expected values in 0\.\.0, got 1\.\.1"),
        ((1, ints(-1), ints(0)), r"rows: expected values in 0\.\.0, got -1\.\.-1"),
        ((1, ints(0), ints(0), ints(1)), r"roles: expected values in 0\.\.0"),
        ((1, ints(0, 0), ints(0)), "differ in length: 2, 1, 2"),
        ((1, np.zeros(1), ints(0)), "rows: expected a vector of integers, got float64"),
        ((1, ints(0)[None], ints(0)), r"rows: expected a vector of integers, got int64 of shape \(1, 1\)"),
    ],
)
def test_build_refuses(arguments: tuple[Any, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Structure.build(*arguments)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"transpose": torch.arange(10)},
            r"transpose: entry 1 holds \(0, 1\) but does not point to \(1, 0\)",
        ),
        ({"transpose": torch.arange(9)}, r"transpose: expected shape \(10,\), got \(9,\)"),
        ({"indices": LINE.indices.flip(0)}, "strictly ascending"),
        ({"indices": LINE.indices + 1}, r"indices: expected values in 0\.\.3"),
        ({"indptr": LINE.indptr + 1}, "indptr: expected to run from 0 to 10"),
        ({"indptr": LINE.indptr[:1]}, "indptr: expected shape"),
        ({"role_sets": LINE.role_sets + 100}, "role_sets: expected values in"),
        ({"membership": LINE.membership[0]}, "membership: expected shape"),
    ],
)
def test_construction_refuses(changes: dict[str, torch.Tensor], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(LINE, **changes)
