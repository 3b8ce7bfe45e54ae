"""Names of the dimensions that samples and evidence have."""

from __future__ import annotations

from itertools import count

from gsdmc.graph.factor_graph import FactorGraph
from gsdmc.inference.evidence.shapes import CHANNEL

SAMPLE = "sample"
"""The dimension of joint samples."""

DATASET = "dataset"
"""The dimension of data sets, which comes before that of samples where there are several."""


def dimensions(graph: FactorGraph, leading: tuple[str, ...] = (SAMPLE,)) -> dict[str, tuple[str, ...]]:
    """Names of every array's dimensions: the leading ones, then its plates, then for vectors `channel`.

    No array has a name twice: a plate that it spans twice is `i` and `i#2`. One name never has two sizes:
    where vectors have different numbers of channels, the second is `channel_2`.
    """
    taken = {*leading, *(plate.name for plate in graph.plates)}
    channel: dict[int, str] = {}
    for size in (a.kind.size for a in graph.arrays if a.kind.name == "vector"):
        if size not in channel:
            spellings = (CHANNEL if n == 1 else f"{CHANNEL}_{n}" for n in count(1))
            channel[size] = next(name for name in spellings if name not in taken)
            taken.add(channel[size])
    return {
        a.name: (*dimension_names((*leading, *a.plates)), *(channel[n] for n in a.kind.event_shape))
        for a in graph.arrays
    }


def dimension_names(plates: tuple[str, ...]) -> tuple[str, ...]:
    """The plates, with repeats numbered: `i`, `i#2`."""
    names = []
    for place, plate in enumerate(plates):
        time = plates[: place + 1].count(plate)
        names.append(plate if time == 1 else f"{plate}#{time}")
    return tuple(names)
