"""Tables of simulations in Parquet: a row for each, and columns of numbers or of lists of numbers."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


def read_parquet(path: Path) -> dict[str, NDArray[Any]]:
    """The columns of a table, `[rows]`, or `[rows, *lengths]` of lists of one length; null is NaN.

    pandas' index is no column. Nothing but numbers, booleans and lists of them is read.

    Raises:
        ValueError: a column holds anything else, or lists of several lengths.
    """
    table = import_module("pyarrow.parquet").read_table(path, use_threads=False)
    metadata = table.schema.pandas_metadata or {}
    index = {name for name in metadata.get("index_columns", []) if isinstance(name, str)}
    return {
        name: _array(name, table.column(name).combine_chunks())
        for name in table.column_names
        if name not in index
    }


def _array(name: str, column: Any) -> NDArray[Any]:
    arrow = import_module("pyarrow")
    shape = [len(column)]
    while _is_list(column.type):
        if column.null_count:
            raise ValueError(f"the column {name} lacks a list")
        values = column.flatten()
        length, rest = divmod(len(values), max(1, len(column)))
        lengths = import_module("pyarrow.compute").list_value_length(column)
        if rest or (np.asarray(lengths) != length).any():
            raise ValueError(f"the lists of the column {name} have several lengths")
        shape.append(length)
        column = values
    types = arrow.types
    if not (types.is_integer(column.type) or types.is_floating(column.type) or types.is_boolean(column.type)):
        raise ValueError(f"the column {name} holds {column.type}, not numbers")
    if column.null_count:
        column = column.cast(arrow.float64()).fill_null(np.nan)
    return np.asarray(column.to_numpy(zero_copy_only=False)).reshape(shape)


def _is_list(kind: Any) -> bool:
    types = import_module("pyarrow").types
    return bool(types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind))
