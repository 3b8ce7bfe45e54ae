"""A figure: what it measures and how it is drawn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from paper.settings import Settings
from paper.table import Row, Table


@dataclass(frozen=True)
class Figure:
    """One figure or table of the paper.

    Attributes:
        name: of its files, and on the command line.
        title: what it shows.
        measure: adds rows to the table; with rows of an earlier run in it, those that are missing.
        draw: makes the picture of rows.
        summary: figures of the rows, for a table of their own.
    """

    name: str
    title: str
    measure: Callable[[Settings, Table], None]
    draw: Callable[[list[Row], Path], None]
    summary: Callable[[list[Row]], list[Row]] | None = None
