from __future__ import annotations

import re
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from gsdmc.inference.evidence.cells import check_kind, read_cells
from gsdmc.language.kinds import BOOLEAN, COUNT, REAL, Kind, category
from gsdmc.language.source import GsdmcError


@given(
    hnp.arrays(np.float64, hnp.array_shapes(max_dims=3, max_side=4), elements=st.floats(-1e6, 1e6)),
    st.data(),
)
def test_every_spelling_of_missing_reads_the_same(values: np.ndarray, data: st.DataObject) -> None:
    missing = data.draw(hnp.arrays(bool, values.shape))
    as_nan = np.where(missing, np.nan, values)
    as_none = as_nan.astype(object)
    as_none[missing] = None
    words = np.vectorize(lambda v, m: data.draw(st.sampled_from(["", " NaN ", "null"])) if m else repr(v))
    spellings = [
        as_nan,
        as_nan.tolist(),
        as_none.tolist(),
        np.ma.array(values, mask=missing),
        torch.from_numpy(as_nan),
        words(values, missing).tolist(),
    ]
    for spelling in spellings:
        cells = read_cells("x", spelling)
        assert cells.shape == values.shape
        np.testing.assert_array_equal(cells.missing, missing)
        np.testing.assert_array_equal(cells.values, np.where(missing, 0.0, values))


@pytest.mark.parametrize(
    ("data", "values"),
    [
        ([True, False], [1, 0]),
        (["true", "FALSE"], [1, 0]),
        (np.array([3, 4], dtype=np.uint8), [3, 4]),
        ([Fraction(1, 2)], [0.5]),
        (torch.tensor([0.5], dtype=torch.bfloat16), [0.5]),
        (7, 7),
        (np.ma.array([1.0, np.inf], mask=[False, True]), [1, 0]),
    ],
)
def test_what_numbers_can_be(data: Any, values: Any) -> None:
    np.testing.assert_array_equal(read_cells("x", data).values, values)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ([[1, 2], [3]], r'evidence "x" is no array'),
        (["one"], r'evidence "x" at \[0\] is \'one\', which is no number'),
        ([[1, {}]], r"at \[0, 1\] is \{\}"),
        ([1j], r"holds complex128, not numbers"),
        (np.array(["2020-01-01"], dtype="datetime64[D]"), r"holds datetime64\[D\]"),
        ([[0, np.inf]], r"at \[0, 1\] is inf; evidence is finite"),
        (["-inf"], r"evidence is finite"),
    ],
)
def test_what_is_no_array_of_numbers(data: Any, says: str) -> None:
    with pytest.raises(GsdmcError, match=says):
        read_cells("x", data)


GOOD_AND_BAD = [
    (BOOLEAN, [0, 1], [0.5, 2, -1]),
    (category(4), [0, 3], [4, -1, 1.5]),
    (COUNT, [0, 12345], [0.5, -1]),
    (Kind("real", support="interval", bounds=(0.0, 2.0)), [0, 2, 1.3], [2.01, -0.01]),
    (Kind("real", support="positive"), [0, 7.5], [-0.1]),
    (Kind("real", support="unit"), [0, 1], [1.1, -0.1]),
]


@pytest.mark.parametrize(("kind", "good", "bad"), GOOD_AND_BAD, ids=lambda v: str(v)[:20])
def test_kinds_accept_and_refuse(kind: Kind, good: list[float], bad: list[float]) -> None:
    check_kind("x", read_cells("x", [*good, None]), kind, deterministic=False)
    for value in bad:
        place = re.escape(f'evidence "x" at [{len(good)}] is {value:g}; ')
        with pytest.raises(GsdmcError, match=place):
            check_kind("x", read_cells("x", [*good, value]), kind, deterministic=False)
        hidden = np.ma.array([*good, value], mask=[False] * len(good) + [True])
        check_kind("x", read_cells("x", hidden), kind, deterministic=False)


def test_reals_take_any_number_and_computed_counts_may_be_negative() -> None:
    check_kind("x", read_cells("x", [-1e30, 0.1]), REAL, deterministic=False)
    check_kind("x", read_cells("x", [-3]), COUNT, deterministic=True)


def test_several_bad_values_are_counted() -> None:
    with pytest.raises(GsdmcError, match=r"at \[1\] is 5 \(and 2 more\)"):
        check_kind("x", read_cells("x", [1, 5, 6, 7]), BOOLEAN, deterministic=False)
