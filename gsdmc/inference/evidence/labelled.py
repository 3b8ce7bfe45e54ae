"""Evidence whose dimensions and rows have names: xarray datasets and arrays, pandas frames and series."""

from __future__ import annotations

import re
import sys
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gsdmc.graph.factor_graph import FactorGraph
from gsdmc.inference.dimensions import dimensions
from gsdmc.language.source import GsdmcError

Labels = dict[str, NDArray[Any]]
CHANNEL_COLUMN = re.compile(r"(.+)\[(\d+)\]")
"""A column that holds one number of every vector, as `v[0]`."""

FORMS = "a dict of arrays by name, an xarray Dataset, or a pandas DataFrame with a column per array"


@dataclass(frozen=True)
class Plain:
    """Evidence as arrays in the order of the program's dimensions.

    Attributes:
        arrays: by name, anything that `read_cells` reads.
        labels: what elements along a dimension are called, by its name, where that says more than numbers
            from 0 would.
    """

    arrays: dict[str, Any]
    labels: Labels


def plain_evidence(graph: FactorGraph, evidence: object, leading: tuple[str, ...] = ()) -> Plain:
    """Evidence of any form as plain arrays.

    Dimensions that are named like the program's are brought into its order. Names that the program doesn't
    have mean nothing, and the dimensions then come in their own order. So do the elements along them: labels
    are kept, but nothing is sorted by them.

    Args:
        graph: the program's graph.
        evidence: None, or one of `FORMS`.
        leading: names of dimensions that every array has before its own.

    Raises:
        GsdmcError: another form, dimensions of which only some are the program's or that are another
            array's, or arrays that call the elements of a plate differently.
    """
    dims = dimensions(graph, leading)
    plates = {dim for own in dims.values() for dim in own}
    arrays: dict[str, Any] = {}
    labels: Labels = {}
    for name, data in named_parts(graph, evidence):
        arrays[name] = data
        if name not in dims or not is_labelled(data):
            continue
        arrays[name], found = _placed(name, dims[name], plates, data)
        for dim, own in found.items():
            known = labels.setdefault(dim, own)
            if not np.array_equal(known, own):
                raise GsdmcError(
                    f'evidence "{name}" has other labels along {dim} than other evidence, or has them in '
                    "another order",
                    hint="bring the arrays into one order, or leave the labels out: give plain numpy arrays",
                )
    shown = {dim: own for dim, own in labels.items() if not np.array_equal(own, np.arange(len(own)))}
    return Plain(arrays, shown)


def named_parts(graph: FactorGraph, evidence: object) -> Iterator[tuple[str, Any]]:
    """Arrays by name, in whatever form each comes.

    Raises:
        GsdmcError: the evidence has no names.
    """
    if evidence is None:
        return
    if is_frame(evidence):
        yield from _columns(graph, evidence)
    elif isinstance(evidence, Mapping):
        for name, data in evidence.items():
            if not isinstance(name, str):
                raise GsdmcError(f"evidence has a name that is no text: {name!r}", hint=f"give {FORMS}")
            yield name, data
    else:
        raise GsdmcError(f"evidence is {FORMS}, not {_kind(evidence)}")


def is_frame(data: object) -> bool:
    """Whether it is a pandas frame; pandas is not imported for it."""
    return _is(data, "pandas", "DataFrame")


def is_data_array(data: object) -> bool:
    """Whether it is an xarray array; xarray is not imported for it."""
    return _is(data, "xarray", "DataArray")


def is_labelled(data: object) -> bool:
    """Whether it is an array with names along its dimensions."""
    return is_data_array(data) or is_frame(data) or _is(data, "pandas", "Series")


def _is(data: object, package: str, name: str) -> bool:
    kind = getattr(sys.modules.get(package), name, None)
    return isinstance(kind, type) and isinstance(data, kind)


def _kind(data: object) -> str:
    return f"{type(data).__module__}.{type(data).__name__}".removeprefix("builtins.")


def _columns(graph: FactorGraph, frame: Any) -> Iterator[tuple[str, Any]]:
    """The columns of a frame, those of a vector put together as rows of numbers, `[rows, K]`."""
    vectors: dict[str, dict[int, Any]] = {}
    for column in frame.columns:
        if not isinstance(column, str):
            raise GsdmcError(
                f"the frame has a column {column!r}, which is no array's name",
                hint="a frame has a column per array; give a table of one array as {name: frame}",
            )
        own = frame[column]
        if own.ndim > 1:
            raise GsdmcError(f"the frame has several columns {column}", hint="leave all but one out")
        match = CHANNEL_COLUMN.fullmatch(column)
        array = graph.by_name.get(match.group(1)) if match else None
        if match and array is not None and array.kind.name == "vector" and column not in graph.by_name:
            vectors.setdefault(array.name, {})[int(match.group(2))] = own
        else:
            yield column, own
    for name, channels in vectors.items():
        size = graph.by_name[name].kind.size
        lacking = [f"{name}[{k}]" for k in range(size) if k not in channels]
        beyond = [f"{name}[{k}]" for k in channels if k >= size]
        if lacking or beyond:
            problem = f"lacks {', '.join(lacking)}" if lacking else f"has {', '.join(beyond)} beyond them"
            raise GsdmcError(
                f'the frame {problem}: a vector "{name}" has {size} numbers, each in a column of its own'
            )
        pandas = sys.modules["pandas"]
        together = pandas.DataFrame({k: channels[k] for k in range(size)})
        together.columns.name = dimensions(graph, ())[name][-1]
        yield name, together


def _placed(name: str, dims: tuple[str, ...], plates: set[str], data: Any) -> tuple[Any, Labels]:
    """An array's values in the order of its dimensions, and its labels."""
    if not is_data_array(data) and data.index.nlevels > 1:  # rows that several plates number: a grid of them
        from gsdmc.inference.formats.optional import optional

        optional("xarray", "xarray")
        if is_frame(data):
            channel = str(data.columns.name or "channel")
            data = data.stack(future_stack=True).rename_axis([*data.index.names, channel])
        data = data.to_xarray()
    if is_data_array(data):
        names: Sequence[Hashable] = data.dims
        indexes: list[Any] = [data.indexes.get(dim) for dim in names]
        values = data.values
    else:
        indexes = list(data.axes)
        names = [index.name for index in indexes]
        values = data.to_numpy()
    known = [n for n in names if n in dims]
    if not known:
        stray = [str(n) for n in names if n in plates]
        if stray:
            raise _misplaced(name, dims, stray)
        own = dims if len(dims) == len(names) else ()
        return values, _labels(own, indexes)
    others = [str(n) for n in names if n is not None and n not in dims]
    if others:
        raise _misplaced(name, dims, others)
    if len(known) < len(names):  # a frame of which one side alone has a name
        left = [d for d in dims if d not in known]
        if len(left) != 1 or len(names) - len(known) != 1:
            raise _misplaced(name, dims, ["no name along some"])
        names = [left[0] if n is None else n for n in names]
    order = sorted(range(len(names)), key=lambda i: dims.index(str(names[i])))
    return values.transpose(order), _labels([str(n) for n in names], indexes)


def _misplaced(name: str, dims: tuple[str, ...], others: Sequence[str]) -> GsdmcError:
    spans = f"({', '.join(dims)})" if dims else "no plate"
    return GsdmcError(
        f'evidence "{name}" has the dimensions {", ".join(others)}, but the array spans {spans}',
        hint=f"rename its dimensions, or give a plain array with dimensions in the order {spans}"
        if dims
        else "give a single number",
    )


def _labels(dims: Sequence[str], indexes: Sequence[Any]) -> Labels:
    """Labels by dimension; of an index of several levels there are none."""
    pairs = zip(dims, indexes, strict=False)
    return {dim: np.asarray(own) for dim, own in pairs if own is not None and own.nlevels == 1}
