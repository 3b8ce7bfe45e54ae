"""A progress bar on a terminal; where standard error is none, nothing is printed."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from gsdmc.diffusion.sampling.trace import Trace

CELLS = 24
"""Columns of the bar itself."""

INTERVAL = 0.1
"""Seconds between two states that are shown."""


class Bar:
    """How much of some work is done, on one line that is rewritten and removed in the end."""

    def __init__(self, total: int, what: str, stream: TextIO | None = None) -> None:
        """Show nothing yet.

        Args:
            total: the work.
            what: what is done, such as `sampling`.
            stream: where to show it; standard error when None.
        """
        self.total, self.what = max(total, 1), what
        self.stream = stream or sys.stderr
        self.live = self.stream.isatty()
        self.width = 0
        self.shown = 0.0

    def __call__(self, done: int) -> None:
        """Show so much of the work as done."""
        now = monotonic()
        if not self.live or (now - self.shown < INTERVAL and done < self.total):
            return
        self.shown = now
        line = f"{self.what} {drawn(done / self.total)}"
        self.width = max(self.width, len(line))
        print("\r" + line.ljust(self.width), end="", file=self.stream, flush=True)

    def close(self) -> None:
        """Remove the line."""
        if self.width:
            print("\r" + " " * self.width + "\r", end="", file=self.stream, flush=True)
        self.width = 0


def drawn(share: float) -> str:
    """`[######..................]  25 %`."""
    share = min(max(share, 0.0), 1.0)
    filled = round(share * CELLS)
    return f"[{'#' * filled}{'.' * (CELLS - filled)}] {100 * share:3.0f} %"


@contextmanager
def sampling_bar(samples: int, calls: int, what: str = "sampling") -> Iterator[Trace]:
    """A trace for `draw` that moves a bar, as long as the block runs.

    Args:
        samples: how many are drawn.
        calls: network calls for each, or more: where a sampler is done earlier, so is the bar.
        what: what is done.
    """
    from gsdmc.diffusion.sampling.trace import Trace

    bar = Bar(samples * calls, what)

    class Followed(Trace):
        def __setattr__(self, name: str, value: int) -> None:
            super().__setattr__(name, value)
            if name == "evaluations" and value:
                bar(value)

    try:
        yield Followed()
    finally:
        bar.close()
