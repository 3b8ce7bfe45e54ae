from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from gsdmc.inference.refinement.supports import Supports, ends
from gsdmc.language.kinds import REAL, Kind, vector

INF = torch.inf
KINDS = [REAL, Kind("real", support="positive"), Kind("real", support="interval", bounds=(-1.0, 2.0))]


def supports() -> Supports:
    """A real, a positive, an interval, and a simplex of three."""
    found = [ends(k) for k in KINDS] + [ends(vector(3, "simplex"))] * 3
    low, high, is_open = zip(*found, strict=True)
    return Supports(
        torch.tensor(low, dtype=torch.float64),
        torch.tensor(high, dtype=torch.float64),
        torch.tensor(is_open),
        torch.tensor([-1, -1, -1, 0, 0, 0]),
        torch.ones(6, dtype=torch.float64),
    )


START = torch.tensor([[0.0, 0.5, 1.0, 0.2, 0.3, 0.5]], dtype=torch.float64)
steps = st.lists(st.floats(-1e6, 1e6), min_size=6, max_size=6)


@given(steps)
def test_no_move_leaves_a_support(numbers: list[float]) -> None:
    held = supports()
    step = held.along(torch.tensor([numbers], dtype=torch.float64), torch.ones(1, 6, dtype=torch.bool))
    moved = held.move(START, step)[0]
    assert moved[0] == START[0, 0] + step[0, 0]
    assert moved[1] > 0
    assert -1 <= moved[2] <= 2
    assert (moved[3:] > 0).all()
    torch.testing.assert_close(moved[3:].sum(), torch.tensor(1.0, dtype=torch.float64))


def test_ends_are_reached_where_they_belong_to_the_support() -> None:
    step = torch.tensor([[0.0, -9.0, 9.0, 0.0, 0.0, 0.0]], dtype=torch.float64)
    moved = supports().move(START, step)
    torch.testing.assert_close(moved[0, 1:3], torch.tensor([0.005, 2.0], dtype=torch.float64))


def test_what_stands_at_an_end_goes_one_way() -> None:
    at = torch.tensor([[0.0, 0.5, 2.0, 0.2, 0.0, 0.8]], dtype=torch.float64)
    downhill = torch.tensor([[-1.0, -1.0, 1.0, 1.0, -1.0, 1.0]], dtype=torch.float64)
    assert supports().blocked(at, downhill).tolist() == [[False, False, True, False, True, False]]
    assert not supports().blocked(at, -downhill).any()


def test_directions_keep_a_simplexs_sum_and_what_is_blocked() -> None:
    free = torch.tensor([[True, True, False, True, True, False]])
    along = supports().along(torch.tensor([[1.0, 2.0, 3.0, 4.0, 6.0, 9.0]], dtype=torch.float64), free)
    assert along.tolist() == [[1, 2, 0, -1, 1, 0]]


def test_kinds_have_their_ends() -> None:
    assert ends(REAL) == (-INF, INF, False)
    assert ends(Kind("real", support="unit", bounds=(0.0, 1.0))) == (0.0, 1.0, True)
    assert ends(vector(2)) == (-INF, INF, False)
