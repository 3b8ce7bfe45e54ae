from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gsdmc.kernels.role_sets import WORD, intern


@given(st.lists(st.sets(st.integers(0, 2 * WORD), min_size=1), min_size=1, max_size=20))
def test_sets_come_back_over_several_words(sets: list[set[int]]) -> None:
    runs = [sorted(x) for x in sets]
    starts = np.cumsum([0, *map(len, runs[:-1])])
    numbers, members = intern(starts, np.concatenate(runs), 2 * WORD + 1)
    assert members.shape == (len({frozenset(x) for x in sets}), 2 * WORD + 1)
    assert [set(np.flatnonzero(members[n]).tolist()) for n in numbers] == sets


def test_numbers_do_not_depend_on_the_order_of_roles_in_a_run() -> None:
    numbers, _ = intern(np.array([0, 2]), np.array([3, 1, 1, 3]), 4)
    assert numbers.tolist() == [0, 0]
