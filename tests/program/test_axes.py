"""Arrays over named axes: views and substitutions against plain indexing."""

from __future__ import annotations

from itertools import product

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gsdmc.language.source import Source, Span
from gsdmc.program.axes import Axis, IndexMap, merged, spread, take

SPAN = Span(Source("test", ""), 0, 0)


def axis(name: str, size: int) -> Axis:
    return Axis(name, size, SPAN)


@st.composite
def cases(draw: st.DrawFn) -> tuple[np.ndarray, tuple[Axis, ...], Axis, IndexMap]:
    """An array over axes, one of them, and an index map over some of the others and new ones."""
    axes = tuple(axis(f"a{d}", draw(st.integers(1, 3))) for d in range(draw(st.integers(1, 3))))
    replaced = draw(st.sampled_from(axes))
    rest = [a for a in axes if a is not replaced]
    own = [a for a in [*rest, axis("new", draw(st.integers(0, 3)))] if draw(st.booleans())]
    shape = [a.size for a in own]
    size = int(np.prod(shape))
    index = draw(st.lists(st.integers(0, replaced.size - 1), min_size=size, max_size=size))
    values = np.arange(np.prod([a.size for a in axes])).reshape([a.size for a in axes])
    return values, axes, replaced, IndexMap(tuple(own), np.array(index, dtype=np.int64).reshape(shape))


@given(cases())
def test_take_replaces_an_axis_by_an_index(case: tuple[np.ndarray, tuple[Axis, ...], Axis, IndexMap]) -> None:
    values, axes, replaced, index = case
    taken, out = take(values, axes, replaced, index)
    assert taken.shape == tuple(a.size for a in out)
    assert set(out) == (set(axes) - {replaced}) | set(index.axes)
    for place in product(*(range(a.size) for a in out)):
        at = dict(zip(out, place, strict=True))
        at[replaced] = int(index.values[tuple(at[a] for a in index.axes)])
        assert taken[place] == values[tuple(at[a] for a in axes)]


@given(cases())
def test_index_maps_substitute_like_arrays(case: tuple[np.ndarray, tuple[Axis, ...], Axis, IndexMap]) -> None:
    values, axes, replaced, index = case
    expected, out = take(values, axes, replaced, index)
    found = IndexMap(axes, values).substitute(replaced, index)
    order = [found.axes.index(a) for a in out]
    assert np.array_equal(found.values.transpose(order), expected)


def test_substituting_the_identity_gives_the_index_itself() -> None:
    a, b = axis("a", 4), axis("b", 2)
    index = IndexMap((b,), np.array([3, 1]))
    assert IndexMap.identity(a).substitute(a, index) is index
    assert IndexMap.identity(b).substitute(a, index).axes == (b,)


def test_identity_is_over_the_whole_range() -> None:
    a, b = axis("a", 4), axis("b", 3)
    assert IndexMap.identity(a).is_identity_of(a)
    assert not IndexMap.identity(b).is_identity_of(a)
    assert not IndexMap((a,), np.array([0, 1, 3, 2])).is_identity_of(a)
    assert not IndexMap.constant(0).is_identity_of(a)


def test_spread_lays_axes_out_in_any_order() -> None:
    a, b, c = axis("a", 2), axis("b", 3), axis("c", 4)
    values = np.arange(6).reshape(2, 3)
    assert np.array_equal(spread(values, (a, b), (b, c, a))[:, 0, :], values.T)
    assert spread(values, (a, b), (b, c, a)).shape == (3, 1, 2)


def test_merged_keeps_first_places() -> None:
    assert merged((1, 2), (), (2, 3, 1)) == (1, 2, 3)
