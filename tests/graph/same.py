"""Whether two factor graphs are equal in all that they hold."""

from __future__ import annotations

import numpy as np

from gsdmc.graph.factor_graph import Argument, FactorGraph


def check_same(one: FactorGraph, other: FactorGraph) -> None:
    assert one.arrays == other.arrays
    assert one.plates == other.plates
    assert len(one.relations) == len(other.relations)
    for a, b in zip(one.relations, other.relations, strict=True):
        assert type(a) is type(b)
        if isinstance(a, Argument):
            assert (a.parent, a.child, a.slot) == (b.parent, b.child, b.slot)
            pairs = ((a.parents, b.parents), (a.children, b.children))
        else:
            assert (a.name, a.expression, a.arrays, a.plates) == (b.name, b.expression, b.arrays, b.plates)
            pairs = ((a.members, b.members),)
        for x, y in pairs:
            assert x.dtype == y.dtype == np.int64
            assert x.shape == y.shape
            assert np.array_equal(x, y)
