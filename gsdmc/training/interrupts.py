"""An end to a run between two of its steps, when Ctrl-C or the system asks for one."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

DEFAULTS: dict[signal.Signals, Any] = {
    signal.SIGINT: signal.default_int_handler,
    signal.SIGTERM: signal.SIG_DFL,
}
"""Signals that end a run, and the handlers that they have where nobody else handles them."""


@dataclass
class Interrupts:
    """Which signals have asked for an end.

    Attributes:
        asked: their numbers, in order.
    """

    asked: list[int] = field(default_factory=list)


@contextmanager
def between_steps() -> Iterator[Interrupts]:
    """Note the first Ctrl-C or SIGTERM instead of being ended by it in the middle of a step.

    A second Ctrl-C raises `KeyboardInterrupt` wherever it comes. Handlers of the caller stay as they are, and
    outside the main thread, which alone gets signals, nothing is done. SIGTERM, the warning of batch systems
    before they kill, ends the process when the block ends.
    """
    interrupts = Interrupts()
    if threading.current_thread() is not threading.main_thread():
        yield interrupts
        return

    def note(number: int, frame: FrameType | None) -> None:
        interrupts.asked.append(number)
        signal.signal(number, DEFAULTS[signal.Signals(number)])

    before: dict[signal.Signals, Any] = {}
    for number, usual in DEFAULTS.items():
        if signal.getsignal(number) == usual:
            before[number] = signal.signal(number, note)
    try:
        yield interrupts
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if signal.SIGTERM in interrupts.asked:
            signal.raise_signal(signal.SIGTERM)
