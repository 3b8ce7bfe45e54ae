from __future__ import annotations

import hashlib
import os
import resource
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gsdmc.language.source import GsdmcError
from gsdmc.training import files
from gsdmc.training.files import SUMS, WRITING, WRITTEN, find_file, read_files, settle, write_files

NAMES = ("config.json", "weights", "state/training")
OLD = {name: f"old {name}".encode() for name in NAMES}
NEW = {name: f"newer {name}".encode() for name in NAMES}
LAST = {name: f"last {name}".encode() for name in NAMES}


class Killed(BaseException):
    """What ends a process at once; nothing that changes a file works after it."""


def die_at(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """End everything at a change of the file system, counted from 0."""
    count = 0

    def mortal(change: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any, **options: Any) -> Any:
            nonlocal count
            count += 1
            if count > number:
                raise Killed
            return change(*arguments, **options)

        return counted

    for module, name in (
        (os, "rename"),
        (os, "replace"),
        (os, "fsync"),
        (os, "mkdir"),
        (os, "unlink"),
        (os, "rmdir"),
    ):
        monkeypatch.setattr(module, name, mortal(getattr(module, name)))


@pytest.mark.parametrize("before", [{}, OLD], ids=["nothing", "old"])
def test_whoever_dies_writing_leaves_the_old_files_or_the_new_ones(
    before: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    for number in range(100):
        folder = tmp_path / str(number)
        if before:
            write_files(folder, before)
        with monkeypatch.context() as patched:
            die_at(number, patched)
            try:
                write_files(folder, NEW)
            except Killed:
                died = True
            else:
                died = False
        found = read_files(folder, NAMES).files
        assert found in (before, NEW)
        seen.append(found == NEW)
        if not died:
            break
        write_files(folder, LAST)
        assert read_files(folder, NAMES).files == LAST
        assert not (folder / WRITING).exists()
        assert not (folder / WRITTEN).exists()
    assert not died
    assert seen == sorted(seen)  # once the new files are there, they are there to stay
    assert not seen[0]
    assert seen.count(True) > 3  # deaths on the way into place among them


def test_what_is_on_its_way_is_found_there_and_settles(tmp_path: Path) -> None:
    write_files(tmp_path, OLD)
    write_files(tmp_path / "other", NEW)
    shutil.move(tmp_path / "other", tmp_path / WRITTEN)
    assert find_file(tmp_path, "weights") == tmp_path / WRITTEN / "weights"
    settle(tmp_path)
    assert find_file(tmp_path, "weights") == tmp_path / "weights"
    assert (tmp_path / "state" / "training").read_bytes() == NEW["state/training"]
    assert find_file(tmp_path, "none") is None


def test_files_of_others_stay_and_equal_ones_are_not_written_again(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    write_files(tmp_path, OLD)
    node = (tmp_path / "weights").stat().st_ino
    write_files(tmp_path, {**NEW, "weights": OLD["weights"]})
    assert (tmp_path / "weights").stat().st_ino == node
    assert read_files(tmp_path, NAMES).files == {**NEW, "weights": OLD["weights"]}
    assert (tmp_path / "notes.txt").read_text() == "mine"
    write_files(tmp_path, {"more": b"1"}, add=True)
    assert read_files(tmp_path, (*NAMES, "more")).files.keys() == {*NAMES, "more"}
    write_files(tmp_path, {"more": b"2"})  # the others belong to it no longer
    assert read_files(tmp_path, (*NAMES, "more")).files == {"more": b"2"}


def test_checksums_are_those_of_sha256sum(tmp_path: Path) -> None:
    write_files(tmp_path, OLD)
    lines = [f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in OLD.items()]
    assert (tmp_path / SUMS).read_text() == "".join(lines)
    assert read_files(tmp_path, NAMES).checked
    (tmp_path / SUMS).unlink()
    assert not read_files(tmp_path, NAMES).checked


@pytest.mark.parametrize("limit", [0, 4, 200])
def test_a_full_disk_leaves_what_there_was(limit: int, tmp_path: Path) -> None:
    write_files(tmp_path, OLD)
    large = {**NEW, "weights": bytes(4096)}
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))  # as a full disk, it lets files grow no more
    try:
        with pytest.raises(OSError, match="too large"):
            write_files(tmp_path, large)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert read_files(tmp_path, NAMES).files == OLD
    assert not (tmp_path / WRITING).exists()  # it takes no space
    write_files(tmp_path, large)
    assert read_files(tmp_path, NAMES).files == large


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("written")
    write_files(folder, OLD)
    return folder


@given(st.sampled_from((*NAMES, SUMS)), st.integers(0), st.integers(0, 8))
def test_one_flipped_bit_is_noticed_and_so_is_a_cut(written: Path, name: str, where: int, bit: int) -> None:
    path = written / name
    whole = path.read_bytes()
    place = where % len(whole)
    if bit == 8:
        changed = whole[:place]
    else:
        changed = whole[:place] + bytes([whole[place] ^ 1 << bit]) + whole[place + 1 :]
    path.write_bytes(changed)
    try:
        found, refusal = read_files(written, NAMES).files, ""
    except GsdmcError as error:
        found, refusal = {}, error.message
    finally:
        path.write_bytes(whole)
    if name == SUMS:  # it may have come to lack one of the names, whose file then is not one of the folder's
        assert found != OLD
        assert found.items() <= OLD.items()
    else:
        assert f"{name} is damaged" in refusal


def test_a_reader_beside_a_writer_sees_files_of_one_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content, calls, moment = files._content, 0, 0

    def busy(folder: Path, name: str) -> bytes | None:
        nonlocal calls
        calls += 1
        if calls == moment:
            with monkeypatch.context() as patched:
                patched.setattr(files, "_content", content)
                write_files(folder, NEW)
        return content(folder, name)

    for moment in range(1, 6):  # noqa: B007
        calls = 0
        write_files(tmp_path, OLD)
        with monkeypatch.context() as patched:
            patched.setattr(files, "_content", busy)
            assert read_files(tmp_path, NAMES).files in (OLD, NEW)


def test_files_that_never_rest_are_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_files(tmp_path, OLD)
    ever = iter(range(10**6))

    def other(folder: Path, name: str) -> bytes:
        return f"{next(ever):064x}  {NAMES[0]}\n".encode()

    monkeypatch.setattr(files, "_content", other)
    with pytest.raises(GsdmcError, match="change faster than they can be read"):
        read_files(tmp_path, NAMES)


@pytest.mark.parametrize(
    "text", ["", "\n", "0" * 64, f"{'0' * 64}  /etc/passwd\n", f"{'0' * 64}  a\n{'1' * 64}  a\n", "\xff\n"]
)
def test_what_is_no_list_of_checksums_says_so(text: str, tmp_path: Path) -> None:
    write_files(tmp_path, OLD)
    (tmp_path / SUMS).write_text(text, encoding="latin-1")
    with pytest.raises(GsdmcError, match="SHA256SUMS is damaged: it is no list of checksums"):
        read_files(tmp_path, NAMES)
    write_files(tmp_path, NEW)  # a trainer does without
    assert read_files(tmp_path, NAMES).files == NEW


def test_pipes_are_no_files(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "weights")
    assert read_files(tmp_path, ("weights",)).files == {}
