"""Names: what is bound last is found, and binding many in turn copies few."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gsdmc.program.names import Names

frames = st.lists(st.dictionaries(st.sampled_from("abcdefgh"), st.integers(), max_size=4), max_size=30)


@given(st.dictionaries(st.sampled_from("abcdefgh"), st.integers()), frames)
def test_the_last_binding_counts(outermost: dict[str, int], inner: list[dict[str, int]]) -> None:
    known = [outermost]
    names = [Names(outermost)]
    for frame in inner:
        names.append(names[-1].also(frame))
        known.append({**known[-1], **frame})
    for bound, expected in zip(names, known, strict=True):
        assert {name: bound.find(name) for name in expected} == expected
        assert bound.find("z") is None


def test_the_outermost_names_may_still_grow() -> None:
    outermost: dict[str, int] = {}
    names = Names(outermost).also({"x": 1})
    outermost["late"] = 2
    assert (names.find("x"), names.find("late")) == (1, 2)


def test_n_names_stand_in_few_frames() -> None:
    names: Names[int] = Names({})
    held = 0
    for number in range(1000):
        names = names.also({f"x{number}": number})
        held += len(names.frame)
    depth, here = 0, names
    while here.outer is not None:
        depth, here = depth + 1, here.outer
    assert depth <= 10
    assert held <= 1000 * 10
    assert names.find("x0") == 0
