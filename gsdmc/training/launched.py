"""Which process of a run this is, as its launcher says; needs no torch, so that commands know it at once."""

from __future__ import annotations

import os
from dataclasses import dataclass

ADDRESS, PORT = "MASTER_ADDR", "MASTER_PORT"


@dataclass(frozen=True)
class Place:
    """A process among those of a run.

    Attributes:
        rank: its number, from 0.
        size: how many there are.
        local: its number among those on its machine, from 0.
    """

    rank: int = 0
    size: int = 1
    local: int = 0

    @property
    def first(self) -> bool:
        """Whether this process writes and prints."""
        return self.rank == 0

    @property
    def several(self) -> bool:
        """Whether there are others."""
        return self.size > 1


def launched() -> Place:
    """The place that `torchrun` gave this process by environment variables, alone where there are none.

    Other launchers that set `RANK`, `WORLD_SIZE`, `MASTER_ADDR` and `MASTER_PORT` do as well.
    """
    rank, size = _number("RANK"), _number("WORLD_SIZE")
    if rank is None or size is None or not (os.environ.get(ADDRESS) and _number(PORT)):
        return Place()
    local = _number("LOCAL_RANK")
    return Place(rank, size, rank if local is None else local)


def _number(name: str) -> int | None:
    text = os.environ.get(name, "")
    return int(text) if text.isascii() and text.isdigit() else None
