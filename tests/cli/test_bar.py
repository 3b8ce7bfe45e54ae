from __future__ import annotations

import io

import pytest

from gsdmc.cli.bar import Bar, drawn, sampling_bar
from gsdmc.inference.model import Model


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_the_bar_fills() -> None:
    assert drawn(0) == f"[{'.' * 24}]   0 %"
    assert drawn(0.25) == f"[{'#' * 6}{'.' * 18}]  25 %"
    assert drawn(1) == drawn(1.5) == f"[{'#' * 24}] 100 %"


def test_a_terminal_sees_it_go_and_a_pipe_nothing() -> None:
    terminal, pipe = Terminal(), io.StringIO()
    for stream in (terminal, pipe):
        bar = Bar(4, "working", stream)
        bar(1)
        bar(4)
        bar.close()
        bar.close()
    assert pipe.getvalue() == ""
    shown = terminal.getvalue().split("\r")
    assert shown[1].rstrip() == f"working {drawn(0.25)}"
    assert shown[-2].strip() == shown[-1] == ""
    assert f"working {drawn(1)}" in shown


def test_sampling_moves_the_bar(bcmf_model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    with sampling_bar(2, 3) as trace:
        bcmf_model.evaluate(2, steps=3, trace=trace)
    assert trace.evaluations == 6
    assert drawn(1) in terminal.getvalue()
    assert terminal.getvalue().endswith("\r")
