"""What training asks of a compiled problem."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from torch import Tensor

from gsdmc.language.syntax import Given
from gsdmc.layout.layout import Layout


class Problem(Protocol):
    """A compiled program at one size: its layout, its draws and its queries."""

    @property
    def name(self) -> str:
        """The program's name."""
        ...

    @property
    def layout(self) -> Layout:
        """The graph as the network sees it."""
        ...

    @property
    def givens(self) -> tuple[Given, ...]:
        """The query families that the program states."""
        ...

    @property
    def sizes(self) -> dict[str, int]:
        """Every size that the program defines."""
        ...

    @property
    def ranges(self) -> dict[str, tuple[int, int]]:
        """Training ranges of sizes, both ends included."""
        ...

    def simulate(self, batch: int, seed: int) -> dict[str, Tensor]:
        """Draw `batch` joint samples: per array `[batch, *value_shape]` in its kind's dtype."""
        ...

    def resized(self, **sizes: int) -> Problem:
        """The same program at other sizes."""
        ...


def always_observed(givens: Iterable[Given]) -> frozenset[str]:
    """The arrays that are evidence in every query; none where no query family is stated."""
    families = [frozenset(given.targets) for given in givens]
    return frozenset.intersection(*families) if families else frozenset()
