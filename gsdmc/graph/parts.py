"""Which arrays of a program are its parameters, and which its data."""

from __future__ import annotations

from typing import Literal

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from gsdmc.graph.factor_graph import Argument, Array, FactorGraph

Part = Literal["parameter", "data", "between"]


def parts(graph: FactorGraph) -> dict[str, Part]:
    """Each array's part in the program.

    Arrays are joined where one enters the other's distribution; arrays that enter each other, as in a loop
    over both, count as one.

    - **data**: what the program observes (`observe`); where it observes nothing, what enters nothing else.
    - **parameters**: what nothing else enters, bar the data. An array that neither enters another nor is
      entered is a parameter. A generated one (`untracked`, `extern`) is none: what it was computed from isn't
      in the graph.
    - **between**: all else.

    One of the first two may be empty, or hold every array: a lone array is a parameter.
    """
    arrays = graph.arrays
    entered, enters = _ends(graph)
    observes = any(a.observed for a in arrays)
    found: dict[str, Part] = {}
    for number, array in enumerate(arrays):
        source, sink = not entered[number], not enters[number]
        is_data = array.observed if observes else sink and not _parameter(source, array)
        if is_data:
            found[array.name] = "data"
        else:
            found[array.name] = "parameter" if _parameter(source, array) else "between"
    return found


def _parameter(source: bool, array: Array) -> bool:
    return source and not array.generated


def _ends(graph: FactorGraph) -> tuple[np.ndarray, np.ndarray]:
    """Per array, whether another enters it, and whether it enters another, beyond its own cycle."""
    count = len(graph.arrays)
    number = {a.name: n for n, a in enumerate(graph.arrays)}
    pairs = {(number[r.parent], number[r.child]) for r in graph.relations if isinstance(r, Argument)}
    parents, children = np.array(sorted(pairs), dtype=np.int64).reshape(-1, 2).T
    joined = coo_array((np.ones(len(parents)), (parents, children)), shape=(count, count))
    _, cycle = connected_components(joined, directed=True, connection="strong")
    across = cycle[parents] != cycle[children]
    entered = np.isin(cycle, cycle[children[across]])
    enters = np.isin(cycle, cycle[parents[across]])
    return entered, enters
