from __future__ import annotations

import pytest

from gsdmc.language.kinds import BOOLEAN, COUNT, REAL, Kind, category, vector
from gsdmc.layout.layout import ArraySlot


@pytest.mark.parametrize(
    ("kind", "value", "state"),
    [
        (REAL, (4, 5), (4, 5)),
        (COUNT, (4, 5), (4, 5)),
        (BOOLEAN, (4, 5), (4, 5, 2)),
        (category(3), (4, 5), (4, 5, 3)),
        (vector(3), (4, 5, 3), (4, 5, 3)),
        (vector(1, "simplex"), (4, 5, 1), (4, 5, 1)),
    ],
    ids=str,
)
def test_channels_come_after_the_plates(kind: Kind, value: tuple[int, ...], state: tuple[int, ...]) -> None:
    slot = ArraySlot("x", kind, (4, 5), 0, 20)
    assert (slot.value_shape, slot.state_shape) == (value, state)
