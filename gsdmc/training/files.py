"""The files of a folder as one value: written all together or not at all, and checked when they are read.

New files are written to `.writing`, which becomes `.written` once it is whole, and are moved into place from
there. The rename between the two is the moment at which the folder changes: a process that dies before it
leaves the old files, one that dies after it the new ones, which readers find in `.written` until somebody
has moved them. `SHA256SUMS` holds the checksum of every file, in the form that `sha256sum --check` reads.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from gsdmc.language.source import GsdmcError

SUMS = "SHA256SUMS"
WRITING, WRITTEN = ".writing", ".written"

AGAIN = "copy the folder again from where it was whole, or train again"
"""The cure of damage."""

ATTEMPTS = 20
"""How often a reader starts again because the files changed while it read them."""

_LINE = re.compile(r"([0-9a-f]{64})  ([\w.-]+(?:/[\w.-]+)*)")


@dataclass(frozen=True)
class Contents:
    """Files of one moment: their bytes by name, absent ones left out, and whether checksums were there."""

    files: dict[str, bytes]
    checked: bool


def write_files(folder: Path, files: Mapping[str, bytes], *, add: bool = False) -> None:
    """Replace a folder's files; what else lies in the folder stays. Only one process at a time may do so.

    Args:
        folder: where; made if it is absent.
        files: contents by name, a relative path.
        add: whether the files that are there and are not replaced belong to them.

    Raises:
        OSError: the folder can't be written to, or the disk is full. It holds what it held before.
    """
    settle(folder)
    held = _held(folder)
    new = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    sums = {**held, **new} if add else new
    scratch = folder / WRITING
    shutil.rmtree(scratch, ignore_errors=True)
    try:
        scratch.mkdir(parents=True)
        for name, content in files.items():
            if held.get(name) != sums[name] or not _has_size(folder / name, len(content)):
                _write(scratch / name, content)
        _write(scratch / SUMS, "".join(f"{digest}  {name}\n" for name, digest in sums.items()).encode())
        os.rename(scratch, folder / WRITTEN)
    except BaseException:
        shutil.rmtree(scratch, ignore_errors=True)
        raise
    settle(folder)


def settle(folder: Path) -> None:
    """Move into place what is written, where the process that wrote it could not.

    Raises:
        OSError: the folder can't be written to.
    """
    written = folder / WRITTEN
    if not written.is_dir():
        return
    _synchronise(folder)  # that it is whole must reach the disk before it is taken apart
    paths = (path for path in written.rglob("*") if path.is_file())
    for path in sorted(paths, key=lambda path: path.name == SUMS):  # the sums last: they cover the others
        target = folder / path.relative_to(written)
        target.parent.mkdir(parents=True, exist_ok=True)
        os.replace(path, target)
    shutil.rmtree(written)


def read_files(folder: Path, names: Iterable[str]) -> Contents:
    """Read files that belong together, while a trainer may be replacing them.

    Raises:
        GsdmcError: a file is not what its checksum says.
    """
    names = tuple(names)
    for _ in range(ATTEMPTS):
        text = _content(folder, SUMS)
        try:
            sums = _sums(text)
        except ValueError:
            raise GsdmcError(f"{folder / SUMS} is damaged: it is no list of checksums", hint=AGAIN) from None
        listed = names if sums is None else tuple(name for name in names if name in sums)
        contents = {name: _content(folder, name) for name in listed}
        found = {name: content for name, content in contents.items() if content is not None}
        wrong = [n for n, c in found.items() if sums is not None and hashlib.sha256(c).hexdigest() != sums[n]]
        same = _content(folder, SUMS) == text
        if same and not wrong:
            return Contents(found, sums is not None)
        if same:
            raise GsdmcError(
                f"{folder / wrong[0]} is damaged: it doesn't have the checksum that {SUMS} holds", hint=AGAIN
            )
    raise GsdmcError(f"the files of {folder} change faster than they can be read", hint="try again")


def find_file(folder: Path, name: str) -> Path | None:
    """Where a file lies whose checksum is right, None where there is none.

    Raises:
        GsdmcError: the file is not what its checksum says.
    """
    if name not in read_files(folder, (name,)).files:
        return None
    moving = folder / WRITTEN / name
    return moving if moving.is_file() else folder / name


def _held(folder: Path) -> dict[str, str]:
    """Checksums of the files that are there, none where they are damaged: all files are written then."""
    try:
        return _sums(_content(folder, SUMS)) or {}
    except (ValueError, GsdmcError):
        return {}


def _sums(text: bytes | None) -> dict[str, str] | None:
    """Checksums by file, None where there are none.

    Raises:
        ValueError: the text is no list of them.
    """
    if text is None:
        return None
    *lines, rest = text.decode("ascii").split("\n")
    matches = [_LINE.fullmatch(line) for line in lines]
    sums = {match[2]: match[1] for match in matches if match}
    if rest or not len(matches) == len(sums) > 0:
        raise ValueError("a line is no checksum and name, or a name has two")
    return sums


def _content(folder: Path, name: str) -> bytes | None:
    """What a file holds, in its place or on the way there."""
    for path in (folder / WRITTEN / name, folder / name):
        try:
            if path.is_file():  # never a pipe or a device, which could be read for ever
                return path.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            raise GsdmcError(f"{path} can't be read: {error.strerror}", hint=AGAIN) from None
    return None


def _has_size(path: Path, size: int) -> bool:
    return path.is_file() and path.stat().st_size == size


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _synchronise(folder: Path) -> None:
    """Have a folder's entries reach the disk, where its file system can tell."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError:
        pass
    finally:
        os.close(handle)
