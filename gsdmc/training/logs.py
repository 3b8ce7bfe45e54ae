"""Logs of a run that others can read while it goes on: CSV, and TensorBoard's where that is asked for."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from gsdmc.language.source import GsdmcError

LOGS = "logs"
"""The folder of a run's logs, inside the model's."""

CSV = "loss.csv"


class Row(NamedTuple):
    """A point of the loss curve: steps, mean loss since the row before, peak rate's share in use, seconds."""

    step: int
    loss: float
    rate: float
    seconds: float


class Log(Protocol):
    """What a run writes its rows to."""

    def write(self, row: Row) -> None:
        """Add a row."""
        ...

    def close(self) -> None:
        """End the log."""
        ...


class CsvLog:
    """Rows as comma-separated values under a header, each on the disk as soon as it is known."""

    def __init__(self, folder: Path, kept: Iterable[int]) -> None:
        """Begin a log, or go on with one.

        Args:
            folder: where.
            kept: the steps whose rows stay; the others are of another run, or of steps to be taken again.
        """
        path, steps = folder / CSV, set(kept)
        rows = [row for row in read_rows(path) if row.step in steps] if steps else []
        folder.mkdir(parents=True, exist_ok=True)
        scratch = path.with_name(f".{CSV}")
        with scratch.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows([Row._fields, *rows])
        scratch.replace(path)
        self.file = path.open("a", encoding="utf-8", newline="", buffering=1)
        self.writer = csv.writer(self.file, lineterminator="\n")

    def write(self, row: Row) -> None:
        """Add a row."""
        self.writer.writerow(row)

    def close(self) -> None:
        """Close the file."""
        self.file.close()


class TensorBoardLog:
    """Scalars for TensorBoard by torch's writer; what an interrupted run logged of later steps is hidden."""

    def __init__(self, folder: Path, step: int) -> None:
        self.writer = _summary_writer()(log_dir=str(folder), purge_step=step)

    def write(self, row: Row) -> None:
        """Add a row."""
        for name in ("loss", "rate"):
            self.writer.add_scalar(name, getattr(row, name), row.step)
        self.writer.flush()

    def close(self) -> None:
        """Close the files."""
        self.writer.close()


class Logs:
    """All logs of a run; they begin with the first row, so that a run that takes no step leaves none."""

    def __init__(self, folder: Path | None, tensorboard: bool = False) -> None:
        """Prepare the logs.

        Args:
            folder: the model's folder; without one nothing is logged.
            tensorboard: whether TensorBoard's are wanted.

        Raises:
            GsdmcError: TensorBoard's are, and it isn't installed.
        """
        if tensorboard:
            _summary_writer()
        self.folder, self.tensorboard = folder, tensorboard
        self.open: list[Log] | None = None
        self.kept: list[int] = []

    def go_on(self, points: Iterable[tuple[int, float]]) -> None:
        """Keep the rows of a curve, that of the run that is resumed."""
        self.kept = [step for step, _ in points]

    def write(self, row: Row) -> None:
        """Add a row.

        Raises:
            GsdmcError: the logs can't be written.
        """
        if self.folder is None:
            return
        try:
            for log in self._opened(self.folder / LOGS):
                log.write(row)
        except OSError as error:
            raise GsdmcError(
                f"{self.folder / LOGS} can't be written: {error.strerror or error}",
                hint="free some space or make it writable; the folder holds the last checkpoint",
            ) from None

    def close(self) -> None:
        """End the logs."""
        for log in self.open or ():
            log.close()
        self.open = None

    @contextmanager
    def closing(self) -> Iterator[Logs]:
        """Close the logs at the end, however that comes."""
        try:
            yield self
        finally:
            self.close()

    def _opened(self, folder: Path) -> list[Log]:
        if self.open is None:
            self.open = [CsvLog(folder, self.kept)]
            if self.tensorboard:
                self.open.append(TensorBoardLog(folder, self.kept[-1] + 1 if self.kept else 0))
        return self.open


def _summary_writer() -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        raise GsdmcError(
            "logs for TensorBoard need the package tensorboard, which isn't installed",
            hint="pip install 'gsdmc[tensorboard]', or do without: logs/loss.csv holds the same",
        ) from None
    return SummaryWriter


def read_rows(path: Path) -> list[Row]:
    """The rows of a log, without a line that its process didn't live to end."""
    try:
        lines = list(csv.reader(path.read_text(encoding="utf-8", errors="replace").splitlines()))
    except OSError:
        return []
    rows = []
    for line in lines[1:]:
        try:
            step, *others = line
            rows.append(Row(int(step), *map(float, others)))
        except (ValueError, TypeError):
            continue
    return rows
