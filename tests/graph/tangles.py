"""Graphs whose arrays hang together in every way that a picture must cope with."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from gsdmc.graph.factor_graph import FactorGraph
from tests.graph.samples import Builder


@st.composite
def tangles(draw: st.DrawFn, most: int = 9) -> FactorGraph:
    """Arrays over crossing plates, some twice; long lines, loops and cycles; factors over several arrays."""
    b = Builder()
    for name in "ijkl":
        b.plate(name, 2, draw(st.sampled_from(("exchangeable", "ordered", "fixed"))))
    names = [f"{'a long name of ' * draw(st.booleans())}x{i}" for i in range(draw(st.integers(1, most)))]
    for name in names:
        plates = " ".join(draw(st.lists(st.sampled_from("ijkl"), max_size=3)))
        generated = draw(st.booleans())
        b.array(name, plates, "(normal (+ (get a i) b) 1)", deterministic=generated, generated=generated)
    one = st.sampled_from(names)
    for parent, child in draw(st.lists(st.tuples(one, one), max_size=2 * most)):
        parents, children = b.nodes(parent).ravel(), b.nodes(child).ravel()
        if parent != child or parents.size > 1:
            b.argument(parent, child, parents[:1], children[-1:])
    for i, arrays in enumerate(draw(st.lists(st.sets(one, min_size=1, max_size=3), max_size=3))):
        members = np.array([[b.nodes(a).ravel()[0] for a in sorted(arrays)]])
        b.factor(f"f{i}", "(any)", "", draw(st.sampled_from(("", "i", "j k"))), members)
        factor = b.relations.pop()
        b.relations.append(
            type(factor)(factor.name, factor.expression, tuple(sorted(arrays)), factor.plates, members)
        )
    return b.build()
