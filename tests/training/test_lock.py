from __future__ import annotations

import errno
import fcntl
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from gsdmc.language.source import GsdmcError
from gsdmc.training.lock import LOCK, locked

HOLDER = """
import sys, time
from pathlib import Path
from gsdmc.training.lock import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(600)
"""


def test_a_second_trainer_is_told_who_is_first(tmp_path: Path) -> None:
    folder = tmp_path / "m"
    with locked(folder):
        with pytest.raises(GsdmcError, match=f"is being trained by process {os.getpid()} on ") as caught:
            locked(folder).__enter__()
        assert caught.value.hint == "wait for it, or train into another folder (--out)"
        assert json.loads((folder / LOCK).read_text())["pid"] == os.getpid()  # it is still the first's
    with locked(folder):
        pass


def test_the_lock_of_a_dead_process_is_taken_over(tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(GsdmcError, match=f"is being trained by process {holder.pid} on "):
            locked(tmp_path).__enter__()
    finally:
        holder.send_signal(signal.SIGKILL)
        holder.communicate()
    assert json.loads((tmp_path / LOCK).read_text())["pid"] == holder.pid
    with locked(tmp_path):
        assert json.loads((tmp_path / LOCK).read_text())["pid"] == os.getpid()
    assert not (tmp_path / LOCK).exists()


def test_a_folder_in_which_nothing_was_written_goes_again(tmp_path: Path) -> None:
    with locked(tmp_path / "runs" / "m"):
        pass
    assert not (tmp_path / "runs" / "m").exists()
    with locked(tmp_path / "m"):
        (tmp_path / "m" / "model").touch()
    assert [path.name for path in (tmp_path / "m").iterdir()] == ["model"]


@pytest.mark.parametrize("holder", [b"", b"[]", b"{", b'{"pid": null}', b"\xff"])
def test_a_holder_that_has_not_signed_is_another_process(holder: bytes, tmp_path: Path) -> None:
    with locked(tmp_path):
        (tmp_path / LOCK).write_bytes(holder)
        with pytest.raises(GsdmcError, match="is being trained by another process"):
            locked(tmp_path).__enter__()


def test_a_lock_that_goes_while_it_is_opened_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flock, calls = fcntl.flock, 0

    def late(handle: int, operation: int) -> None:
        nonlocal calls
        calls += 1
        if calls == 1:
            (tmp_path / "m" / LOCK).unlink()
            (tmp_path / "m").rmdir()
        flock(handle, operation)

    monkeypatch.setattr(fcntl, "flock", late)
    with locked(tmp_path / "m"), pytest.raises(GsdmcError, match="is being trained by"):
        locked(tmp_path / "m").__enter__()
    assert calls == 3


def test_a_folder_that_can_not_be_written_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(GsdmcError, match="can't be written: Not a directory"):
        locked(tmp_path / "file" / "m").__enter__()

    def read_only(*_: Any) -> int:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    with monkeypatch.context() as patched:
        patched.setattr(os, "open", read_only)
        with pytest.raises(GsdmcError, match="can't be written: Read-only file system") as caught:
            locked(tmp_path).__enter__()
    assert "train into another folder" in str(caught.value.hint)


def test_a_file_system_without_locks_is_no_hindrance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: Any) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", none)
    with locked(tmp_path):
        assert (tmp_path / LOCK).exists()
