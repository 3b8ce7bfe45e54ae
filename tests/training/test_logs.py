from __future__ import annotations

import builtins
import sys
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

import pytest

from gsdmc.language.source import GsdmcError
from gsdmc.training.logs import CSV, LOGS, Logs, Row

ROWS = [Row(step, 1.0 / step, 0.5, 0.25 * step) for step in range(1, 5)]


def written(folder: Path) -> list[str]:
    return (folder / LOGS / CSV).read_text().splitlines()


def test_rows_can_be_read_as_soon_as_they_are_written(tmp_path: Path) -> None:
    with Logs(tmp_path).closing() as logs:
        assert not (tmp_path / LOGS).exists()
        for row in ROWS[:2]:
            logs.write(row)
        assert written(tmp_path) == ["step,loss,rate,seconds", "1,1.0,0.5,0.25", "2,0.5,0.5,0.5"]


def test_a_run_that_goes_on_keeps_its_rows_and_no_others(tmp_path: Path) -> None:
    with Logs(tmp_path).closing() as logs:
        for row in ROWS:
            logs.write(row)
    path = tmp_path / LOGS / CSV
    path.write_text(path.read_text() + "5,0.2,0.5\n6,0.1")  # its process didn't live to end them
    with Logs(tmp_path).closing() as logs:
        logs.go_on([(1, 1.0), (2, 0.5), (6, 0.1)])
        logs.write(Row(3, 9.0, 0.5, 1.0))
    assert [line.split(",")[:2] for line in written(tmp_path)[1:]] == [
        ["1", "1.0"],
        ["2", "0.5"],
        ["3", "9.0"],
    ]
    with Logs(tmp_path).closing() as logs:
        logs.write(ROWS[0])
    assert len(written(tmp_path)) == 2


def test_without_a_folder_nothing_is_logged() -> None:
    with Logs(None).closing() as logs:
        logs.write(ROWS[0])


def test_logs_that_can_not_be_written_say_so(tmp_path: Path) -> None:
    (tmp_path / LOGS).write_text("a file")
    with (
        pytest.raises(GsdmcError, match=r"logs can't be written: ") as caught,
        Logs(tmp_path).closing() as logs,
    ):
        logs.write(ROWS[0])
    assert "the folder holds the last checkpoint" in str(caught.value.hint)


class Writer:
    """Like torch's writer for TensorBoard, in what is used of it."""

    made: ClassVar[list[Writer]] = []

    def __init__(self, log_dir: str, purge_step: int) -> None:
        self.log_dir, self.purge_step = log_dir, purge_step
        self.scalars: list[tuple[str, float, int]] = []
        self.closed = False
        self.made.append(self)

    def add_scalar(self, name: str, value: float, step: int) -> None:
        self.scalars.append((name, value, step))

    def flush(self) -> None:
        pass

    def close(self) -> None:
        self.closed = True


def test_tensorboard_gets_the_rows_and_hides_those_of_an_interrupted_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = ModuleType("torch.utils.tensorboard")
    module.SummaryWriter = Writer  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", module)
    monkeypatch.setattr(Writer, "made", [])
    for kept in ([], [(1, 1.0), (2, 0.5)]):
        with Logs(tmp_path, tensorboard=True).closing() as logs:
            logs.go_on(kept)
            logs.write(ROWS[2])
    assert [writer.purge_step for writer in Writer.made] == [0, 3]
    for writer in Writer.made:
        assert writer.log_dir == str(tmp_path / LOGS)
        assert writer.scalars == [("loss", 1 / 3, 3), ("rate", 0.5, 3)]
        assert writer.closed


def test_tensorboard_itself_reads_what_is_written(tmp_path: Path) -> None:
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    with Logs(tmp_path, tensorboard=True).closing() as logs:
        for row in ROWS:
            logs.write(row)
    with Logs(tmp_path, tensorboard=True).closing() as logs:
        logs.go_on([(1, 1.0), (2, 0.5)])
        logs.write(Row(3, 9.0, 0.5, 1.0))
    events = accumulator.EventAccumulator(str(tmp_path / LOGS))
    events.Reload()
    assert [(e.step, e.value) for e in events.Scalars("loss")] == [(1, 1.0), (2, 0.5), (3, 9.0)]


def test_tensorboard_that_is_not_installed_says_so_before_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    genuine = builtins.__import__

    def absent(name: str, *arguments: Any, **options: Any) -> Any:
        if name.startswith("torch.utils.tensorboard"):
            raise ImportError(name)
        return genuine(name, *arguments, **options)

    monkeypatch.setattr(builtins, "__import__", absent)
    with pytest.raises(GsdmcError, match="need the package tensorboard") as caught:
        Logs(tmp_path, tensorboard=True)
    assert "pip install 'gsdmc[tensorboard]'" in str(caught.value.hint)
