"""Progress of a training run, and an end to it by Ctrl-C between two steps."""

from __future__ import annotations

import math
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, TextIO

from gsdmc.cli.bar import drawn

if TYPE_CHECKING:
    from gsdmc.training.loop import Progress


class ProgressLine:
    """Shows a run's step, loss, speed and time left, and stops the run when it was asked to.

    On a terminal one line is rewritten; elsewhere nothing is shown, unless a line is asked for now and then.
    """

    def __init__(self, steps: int | None, stream: TextIO | None = None, every: float | None = None) -> None:
        """Show nothing yet.

        Args:
            steps: of the run; None where its length is that of its minutes.
            stream: where to show it; standard error when None.
            every: seconds between lines where that is no terminal; None shows none.
        """
        self.steps = steps
        self.every = every
        self.stream = stream or sys.stderr
        self.live = self.stream.isatty()
        self.shown = -math.inf
        self.open = 0
        self.stopping = False

    def __call__(self, progress: Progress) -> None:
        """Show where the run is.

        Raises:
            KeyboardInterrupt: Ctrl-C was pressed since; training ends here, between two steps.
        """
        last = progress.seconds_left == 0
        now = time.monotonic()
        due = self.every is not None and (last or now - self.shown >= self.every)
        if self.live or due:
            self.shown = now
            self._write(describe(progress, self.steps))
        if self.stopping and not last:
            raise KeyboardInterrupt

    def _write(self, text: str) -> None:
        if not self.live:
            print(text, file=self.stream, flush=True)
            return
        print("\r" + text.ljust(self.open), end="", file=self.stream, flush=True)
        self.open = max(self.open, len(text))

    def close(self) -> None:
        """End the line that is being rewritten."""
        if self.open:
            print(file=self.stream, flush=True)
        self.open = 0

    @contextmanager
    def stop_on_interrupt(self) -> Iterator[None]:
        """Let Ctrl-C end the run after its step; pressed again, it ends everything at once."""

        def ask(number: int, frame: FrameType | None) -> None:
            self.stopping = True
            signal.signal(signal.SIGINT, before)
            self.close()
            print("stopping after this step; Ctrl-C again ends at once", file=self.stream, flush=True)

        before = signal.signal(signal.SIGINT, ask)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)
            self.close()


def describe(progress: Progress, steps: int | None) -> str:
    """`[#####...................]  20 %  step 1200/6000  loss 0.0812  23.1 steps/s  3:28 left`."""
    total = f"/{steps}" if steps is not None else ""
    bar = f"{drawn(progress.step / steps)}  " if steps is not None else ""
    left = "" if progress.seconds_left is None else f"  {clock(progress.seconds_left)} left"
    return f"{bar}step {progress.step}{total}  loss {progress.loss:.4f}  {progress.speed:.3g} steps/s{left}"


def clock(seconds: float) -> str:
    """`3:28`, or `1:03:28`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
