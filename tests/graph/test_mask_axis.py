from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from gsdmc.graph import mask_axis as module
from gsdmc.graph.factor_graph import Array, FactorGraph
from gsdmc.graph.mask_axis import mask_axis
from gsdmc.language.kinds import REAL
from tests.graph.samples import SAMPLES, Builder, bcmf, graphs, sorting


def plain(*sizes: int) -> FactorGraph:
    """Arrays of these sizes that nothing relates."""
    b = Builder()
    for i, size in enumerate(sizes):
        b.plate(f"p{i}", size)
        b.array(f"x{i}", f"p{i}", "(normal 0 1)")
    return b.build()


def check(graph: FactorGraph) -> None:
    """Bins stand in the order of nodes, none empty, each in one array, whose edges hold its pixels."""
    axis = mask_axis(graph)
    assert len(axis.bin_of_node) == graph.nodes
    assert (np.diff(axis.bin_of_node) >= 0).all()
    assert np.array_equal(np.unique(axis.bin_of_node), np.arange(axis.bins))
    starts = np.append(0, np.cumsum(axis.widths))
    for array, first, last in zip(graph.arrays, axis.edges, axis.edges[1:], strict=False):
        bins = np.unique(axis.bin_of_node[array.offset : array.offset + array.size])
        if bins.size:
            assert (starts[bins[0]], starts[bins[-1] + 1]) == (first, last)
    assert axis.side == axis.edges[-1]


@pytest.mark.parametrize("name", SAMPLES)
def test_samples(name: str) -> None:
    check(SAMPLES[name])
    assert not mask_axis(SAMPLES[name]).aggregated


@given(graphs())
def test_random_graphs(graph: FactorGraph) -> None:
    check(graph)


@pytest.mark.parametrize(
    "graph",
    [bcmf(12, 12, 12), sorting(30), plain(5000, 1, 3), plain(2000, 0, 10), plain(999, 1)],
    ids=["bcmf", "sorting", "thin", "empty", "exact"],
)
def test_large_and_uneven_graphs(graph: FactorGraph) -> None:
    check(graph)
    axis = mask_axis(graph)
    sizes = np.array([a.size for a in graph.arrays])
    assert (np.diff(axis.edges)[sizes > 0] >= module.THIN).all()
    assert axis.bins <= max(module.BINS + len(graph.arrays), module.EXACT)


def test_small_masks_stay_small() -> None:
    assert mask_axis(plain(1)).side == module.LARGEST
    assert mask_axis(plain(500)).side >= module.PIXELS


def test_widened_arrays_are_not_to_scale() -> None:
    assert mask_axis(plain(500, 400)).true
    assert not mask_axis(plain(500, 1)).true
    assert not mask_axis(plain(5000, 1)).true


def test_more_arrays_than_pixels() -> None:
    scalars = tuple(Array(f"x{i}", REAL, (), (), "(normal 0 1)", i) for i in range(1100))
    axis = mask_axis(FactorGraph(scalars, (), ()))
    assert axis.side == module.BINS * module.BIN
    assert (np.diff(axis.edges) >= 0).all()
    assert axis.bin_of_node[[0, -1]].tolist() == [0, module.BINS - 1]
