from __future__ import annotations

import io
import os
import signal

import pytest

from gsdmc.cli.progress import ProgressLine, clock, describe
from gsdmc.training.loop import Progress

MIDDLE, LAST = Progress(10, 0.5, 20.0, 90.0), Progress(100, 0.25, 20.0, 0.0)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_the_line_has_loss_speed_and_time_left() -> None:
    bar = "[##......................]  10 %"
    assert describe(MIDDLE, 100) == f"{bar}  step 10/100  loss 0.5000  20 steps/s  1:30 left"
    assert describe(Progress(10, 0.5, 20.0, None), None) == "step 10  loss 0.5000  20 steps/s"
    assert [clock(s) for s in (0.4, 61, 3723)] == ["0:00", "1:01", "1:02:03"]


def test_terminals_see_one_line_and_pipes_what_is_asked_for() -> None:
    terminal, pipe, log = Terminal(), io.StringIO(), io.StringIO()
    for stream, every in ((terminal, None), (pipe, None), (log, 15.0)):
        line = ProgressLine(100, stream, every)
        for progress in (MIDDLE, MIDDLE, LAST):
            line(progress)
        line.close()
        line.close()
    assert terminal.getvalue().count("\r") == 3
    assert terminal.getvalue().count("\n") == 1
    assert pipe.getvalue() == ""
    assert log.getvalue().splitlines() == [describe(MIDDLE, 100), describe(LAST, 100)]


def test_ctrl_c_ends_the_run_between_two_steps() -> None:
    line = ProgressLine(100, io.StringIO())
    before = signal.getsignal(signal.SIGINT)
    with line.stop_on_interrupt():
        line(MIDDLE)
        os.kill(os.getpid(), signal.SIGINT)
        assert line.stopping
        with pytest.raises(KeyboardInterrupt):
            line(MIDDLE)
        line(LAST)  # the report after the run is no step
        assert signal.getsignal(signal.SIGINT) is before  # pressed again, it ends everything
    assert signal.getsignal(signal.SIGINT) is before
