from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gsdmc.training.plateau import Plateau

LOSSES = st.lists(st.floats(-10, 10), max_size=40)


def test_a_block_no_better_than_the_best_before_it_is_level() -> None:
    plateau = Plateau(2)
    plateau.add([5.0, 5.0, 4.0, 5.0])
    assert not plateau.level
    plateau.add([9.0])
    assert plateau.missing == 1
    plateau.add([0.0])
    assert plateau.level  # 4.5 and 4.5
    plateau.add([1.0, 1.0])
    assert not plateau.level


def test_losses_below_zero_are_losses() -> None:
    plateau = Plateau(1)
    plateau.add([-1.0, -2.0, -3.0])
    assert not plateau.level
    plateau.add([-2.5])
    assert plateau.level


@given(LOSSES, st.integers(0, 5), st.integers(0, 40), st.integers(0, 40))
def test_it_does_not_matter_when_losses_are_looked_at(
    losses: list[float], length: int, a: int, b: int
) -> None:
    whole, part, restored = Plateau(length), Plateau(length), Plateau(length)
    whole.add(losses)
    first, second = sorted((a, b))
    part.add(losses[:first])
    part.add(losses[first:second])
    restored.load(part.state())
    restored.add(losses[second:])
    assert restored.state().equal(whole.state())
    assert restored.level == whole.level


def test_blocks_of_another_length_begin_anew_and_what_is_no_state_is_refused() -> None:
    plateau, other = Plateau(2), Plateau(3)
    plateau.add([1.0, 1.0, 2.0, 2.0])
    other.load(plateau.state())
    assert not other.level
    assert other.missing == 3
    for wrong in ([1.0], [2.0, 0, 3, 0, 0, 0], [2.0, 0, -1, 0, 0, 0], [2.0, float("nan"), 0, 0, 0, 0]):
        with pytest.raises(ValueError, match=r"plateau|values to unpack"):
            plateau.load(torch.tensor(wrong))
