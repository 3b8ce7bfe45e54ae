"""Evidence of several data sets at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gsdmc.graph.factor_graph import FactorGraph
from gsdmc.inference.dimensions import DATASET
from gsdmc.inference.evidence.labelled import is_data_array, is_frame
from gsdmc.language.source import GsdmcError


@dataclass(frozen=True)
class DataSets:
    """The evidence of every data set, and what the data sets are called, if they have names."""

    evidence: list[Any]
    labels: NDArray[Any] | None = None


def data_sets(graph: FactorGraph, evidence: object, batched: bool) -> DataSets | None:
    """Evidence data set by data set, or None where it is that of a single one.

    There are several in a list or tuple, along the dimension `dataset` of an xarray dataset or of arrays in
    a dict, by the level `dataset` of a frame's index, and with `batched` along the first dimension of every
    array. What lacks the dimension `dataset` beside others that have it is the same in all data sets.

    Args:
        graph: the program's graph.
        evidence: in any form.
        batched: whether the first dimension of plain arrays counts data sets.

    Raises:
        GsdmcError: no data set, or arrays that disagree about how many there are.
    """
    found = _split(graph, evidence, batched)
    if found is not None and not found.evidence:
        raise GsdmcError("there are no data sets", hint="give the evidence of at least one")
    return found


def _split(graph: FactorGraph, evidence: object, batched: bool) -> DataSets | None:
    if isinstance(evidence, list | tuple):
        return DataSets(list(evidence))
    named = DATASET not in graph.plate_by_name
    if is_frame(evidence):
        if named and DATASET in evidence.index.names:  # type: ignore[attr-defined]
            return _of_frame(evidence)
        if batched:
            return _of_arrays({str(c): evidence[c] for c in evidence.columns}, True)  # type: ignore[attr-defined,index]
        return None
    if not isinstance(evidence, Mapping):
        if batched:
            raise GsdmcError("batched evidence has arrays, but there are none", hint="leave batched out")
        return None
    if batched or (named and any(is_data_array(a) and DATASET in a.dims for a in evidence.values())):
        return _of_arrays(evidence, batched)
    return None


def _of_frame(frame: Any) -> DataSets:
    """A frame whose rows belong to data sets, in the order in which these first appear."""
    parts, labels = [], []
    for label, rows in frame.groupby(level=DATASET, sort=False):
        alone = rows.index.nlevels == 1
        parts.append(rows.reset_index(drop=True) if alone else rows.droplevel(DATASET))
        labels.append(label)
    return DataSets(parts, np.asarray(labels))


def _of_arrays(arrays: Mapping[str, Any], batched: bool) -> DataSets:
    """Arrays with a dimension of data sets, those that lack it shared."""
    named = {name: a for name, a in arrays.items() if is_data_array(a) and DATASET in a.dims}
    plain = {name: a for name, a in arrays.items() if batched and name not in named and not is_data_array(a)}
    shared = {name: a for name, a in arrays.items() if name not in named and name not in plain}
    sizes = {name: a.sizes[DATASET] for name, a in named.items()}
    sizes |= {name: _length(name, a) for name, a in plain.items()}
    if not sizes:
        raise GsdmcError(
            f"no array of the evidence has the dimension {DATASET}", hint="name it, or leave batched out"
        )
    if len(set(sizes.values())) > 1:
        listed = ", ".join(f"{name} has {size}" for name, size in sizes.items())
        raise GsdmcError(f"the evidence disagrees about how many data sets there are: {listed}")
    many = next(iter(sizes.values()))

    def part(number: int) -> dict[str, Any]:
        own = {name: a.isel({DATASET: number}, drop=True) for name, a in named.items()}
        own |= {name: _element(a, number) for name, a in plain.items()}
        return {name: own[name] if name in own else shared[name] for name in arrays}

    labels = next((a.indexes[DATASET] for a in named.values() if DATASET in a.indexes), None)
    return DataSets([part(n) for n in range(many)], None if labels is None else np.asarray(labels))


def _length(name: str, data: Any) -> int:
    try:
        return len(data)
    except TypeError:
        raise GsdmcError(
            f'evidence "{name}" is a single number, but its first dimension should count data sets',
            hint="repeat it for every data set",
        ) from None


def _element(data: Any, number: int) -> Any:
    """The part of one data set: rows of a series or frame go by place, not by label."""
    return data.iloc[number] if hasattr(data, "iloc") else data[number]


def numbered(evidence: DataSets) -> Iterator[tuple[str, Any]]:
    """Each data set's evidence with what errors call it."""
    for number, own in enumerate(evidence.evidence):
        label = "" if evidence.labels is None else f" ({evidence.labels[number]})"
        yield f"data set {number}{label}", own
