"""Matrices as rows of a table, and back."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from paper.table import Row, Table


def add(table: Table, values: ArrayLike, **key: Any) -> None:
    """A row for each entry, with `key`, `row` and `column`."""
    matrix = np.asarray(values, dtype=np.float64)
    for (i, j), value in np.ndenumerate(matrix):
        table.rows.append({**key, "row": i, "column": j, "value": float(value)})


def get(rows: list[Row], **key: Any) -> NDArray[np.float64]:
    """The matrix whose rows hold `key`."""
    own = [row for row in rows if all(row[k] == v for k, v in key.items())]
    shape = (1 + max(r["row"] for r in own), 1 + max(r["column"] for r in own))
    found = np.full(shape, np.nan)
    for row in own:
        found[row["row"], row["column"]] = row["value"]
    return found


def keys(rows: list[Row], *names: str) -> list[tuple[Any, ...]]:
    """The values that columns have together, each once, in order."""
    return list(dict.fromkeys(tuple(row[name] for name in names) for row in rows))
