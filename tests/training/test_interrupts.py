from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from gsdmc.training.interrupts import between_steps

TERMINATED = """
import signal
from gsdmc.training.interrupts import between_steps
with between_steps() as interrupts:
    signal.raise_signal(signal.SIGTERM)
    print("saved", interrupts.asked == [signal.SIGTERM], flush=True)
print("never")
"""


@pytest.fixture(autouse=True)
def _in_the_foreground() -> Iterator[None]:
    """A shell's background jobs ignore Ctrl-C, and so would these tests."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_the_first_ctrl_c_is_noted_and_the_second_is_not() -> None:
    before = signal.getsignal(signal.SIGINT)
    with between_steps() as interrupts:
        signal.raise_signal(signal.SIGINT)
        assert interrupts.asked == [signal.SIGINT]
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


def test_handlers_of_the_caller_stay() -> None:
    heard = []
    before = signal.signal(signal.SIGINT, lambda number, _: heard.append(number))
    try:
        with between_steps() as interrupts:
            signal.raise_signal(signal.SIGINT)
        assert heard == [signal.SIGINT]
        assert interrupts.asked == []
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_process_that_is_to_end_ends_after_its_block() -> None:
    done = subprocess.run([sys.executable, "-c", TERMINATED], capture_output=True, text=True, check=False)
    assert done.stdout == "saved True\n"
    assert done.returncode == -signal.SIGTERM


def test_other_threads_get_no_signals_and_need_no_handlers() -> None:
    asked: list[list[int]] = []

    def elsewhere() -> None:
        with between_steps() as interrupts:
            asked.append(interrupts.asked)

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert asked == [[]]
