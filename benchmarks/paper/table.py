"""Rows of figures, kept as CSV, written whole after every row."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

Row = dict[str, Any]


class Table:
    """Rows with the same columns, in a file.

    Attributes:
        rows: what there is; numbers are numbers, a missing one is None.
    """

    def __init__(self, path: Path, *, resume: bool = False) -> None:
        self.path = path
        self.rows: list[Row] = read(path) if resume and path.exists() else []

    def has(self, **key: Any) -> bool:
        """Whether a row holds these values."""
        return any(all(row.get(k) == v for k, v in key.items()) for row in self.rows)

    def add(self, **row: Any) -> None:
        """Append a row, write the file and print the row.

        Raises:
            ValueError: the row has other columns.
        """
        if self.rows and list(row) != list(self.rows[0]):
            raise ValueError(f"columns {list(row)} where the table has {list(self.rows[0])}")
        self.rows.append(row)
        write(self.path, self.rows)
        print("  " + ", ".join(f"{k} {shown(v)}" for k, v in row.items() if v is not None), flush=True)

    def drop(self, **key: Any) -> None:
        """Leave out rows that hold these values: what an interrupted run has of a curve."""
        self.rows = [row for row in self.rows if not all(row.get(k) == v for k, v in key.items())]


def write(path: Path, rows: list[Row]) -> None:
    """Write rows in one step: a run that is stopped leaves the last whole file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    with part.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows({k: shown(v) for k, v in row.items()} for row in rows)
    part.replace(path)


def read(path: Path) -> list[Row]:
    """The rows of a file."""
    with path.open(newline="", encoding="utf-8") as file:
        return [{k: value(v) for k, v in row.items()} for row in csv.DictReader(file)]


def shown(value: Any) -> Any:
    """A number in six digits, None as an empty cell."""
    if value is None:
        return ""
    return float(f"{value:.6g}") if isinstance(value, float) else value


def value(text: str) -> Any:
    """The inverse of `shown`, as far as digits go."""
    if text in ("True", "False"):
        return text == "True"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text or None
