from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from gsdmc.graph.factor_graph import Array
from gsdmc.inference.evidence.cells import Cells, read_cells
from gsdmc.inference.evidence.vectors import check_vectors, read_vectors
from gsdmc.language.kinds import vector
from gsdmc.language.source import GsdmcError


def array(*shape: int, size: int = 2) -> Array:
    return Array("x", vector(size), shape, tuple("ij"[: len(shape)]), "normal", 0)


@given(hnp.array_shapes(min_dims=1, max_dims=2, max_side=4), st.integers(1, 4), st.integers(0, 99), st.data())
def test_every_spelling_of_a_missing_vector_reads_the_same(
    shape: tuple[int, ...], size: int, seed: int, data: st.DataObject
) -> None:
    values = np.random.default_rng(seed).normal(size=(*shape, size))
    missing = data.draw(hnp.arrays(bool, shape))
    as_nan = np.where(missing[..., None], np.nan, values)
    as_none = as_nan.astype(object)
    as_none[missing] = None
    spellings = [
        as_nan,
        as_nan.tolist(),
        as_none.tolist(),
        torch.from_numpy(as_nan),
        np.ma.array(values, mask=np.broadcast_to(missing[..., None], values.shape)),
    ]
    if len(shape) == 1:  # None stands for a whole vector
        spellings.append([None if gone else row.tolist() for row, gone in zip(values, missing, strict=True)])
    for spelling in spellings:
        cells = read_vectors(array(*shape, size=size), spelling)
        assert cells.shape == shape
        assert cells.event_shape == (size,)
        np.testing.assert_array_equal(cells.missing, missing)
        np.testing.assert_array_equal(cells.values, np.where(missing[..., None], 0.0, values))


def test_a_single_vector_and_none_at_all() -> None:
    assert read_vectors(array(), [1, 2]).shape == ()
    assert read_vectors(array(), None).missing.tolist() is True
    nothing = read_vectors(array(2), [None, None])
    assert nothing.missing.tolist() == [True, True]
    assert nothing.values.shape == (2, 2)
    assert read_vectors(array(3, size=1), [1, 2, 3]).values.tolist() == [[1], [2], [3]]


@pytest.mark.parametrize(
    ("shape", "data", "says"),
    [
        (
            (2,),
            [[1, 2], [3, None]],
            r'"x" at \[1\] lacks 1 of its 2 numbers; a vector is observed as',
        ),
        ((), [None, 2], r'"x" lacks 1 of its 2 numbers'),
        ((2,), [[[1, 2], [np.nan, 1]]], r'"x" at \[0, 1\] lacks'),
        ((2,), [[1, 2, 3], [4, 5, 6]], r'"x" has shape 2×3; expected 2×2 \(i=2, channel=2\)'),
        ((2,), [1, 2, 3, 4], r'"x" has shape 4; expected 2×2'),
        ((), 7, r'"x" has shape \(\); expected 2 \(channel=2\)'),
        ((2,), [[1, 2], 3], r'"x" is no array'),
        ((2,), [[1, "two"], [3, 4]], r'"x" at \[0, 1\] is \'two\''),
        ((2,), [[1, np.inf], [3, 4]], r'"x" at \[0, 1\] is inf; evidence is finite'),
    ],
)
def test_what_is_no_array_of_vectors(shape: tuple[int, ...], data: Any, says: str) -> None:
    with pytest.raises(GsdmcError, match=says):
        read_vectors(array(*shape), data)


def simplex(*rows: list[float]) -> Cells:
    cells = read_cells("pi", list(rows))
    return Cells(cells.values, cells.missing.all(-1))


def test_points_of_the_simplex_and_others() -> None:
    kind = vector(3, "simplex")
    fair = [0.2, 0.3, 0.5]
    check_vectors("pi", simplex(fair, [0.333, 0.333, 0.333], [0.0, 0.0, 1.0], [np.nan] * 3), kind)
    for row, says in (
        ([0.2, 0.3, 0.4], r'"pi" at \[1\] is \[0.2, 0.3, 0.4\]; .* sum to 1, not to 0.9'),
        ([-0.2, 0.7, 0.5], r'"pi" at \[1\] is \[-0.2, 0.7, 0.5\]; .* are 0 or more'),
    ):
        with pytest.raises(GsdmcError, match=says):
            check_vectors("pi", simplex(fair, row), kind)
    with pytest.raises(GsdmcError, match=r"\[1, 1, 1\] \(and 1 more\)"):
        check_vectors("pi", simplex([1, 1, 1], fair, [2, 2, 2]), kind)
    check_vectors("x", simplex([-7, 1e30, 0]), vector(3))


def test_long_vectors_are_quoted_in_part() -> None:
    with pytest.raises(GsdmcError, match=r"is \[1, 1, 1, 1, 1, 1, ...\]; .*, not to 9"):
        check_vectors("pi", simplex([1.0] * 9), vector(9, "simplex"))
