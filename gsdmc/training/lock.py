"""One trainer at a time in a folder."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from gsdmc.language.source import GsdmcError

LOCK = ".lock"

UNSUPPORTED = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP)
"""What file systems without locks answer; there the folder is trained in unguarded."""


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold a folder against other trainers, and make it where it is absent.

    The lock is the system's, on the open file `.lock`: it goes with the process that holds it, however that
    ends, so that what a dead one left is no hindrance. The file's text says who holds it. Where nothing was
    written, the folder that was made goes again.

    Raises:
        GsdmcError: another process, or another thread of this one, trains there; or it can't be written to.
    """
    try:
        handle = _acquire(folder)
    except OSError as error:
        raise GsdmcError(
            f"{folder} can't be written: {error.strerror}",
            hint="make it writable, or train into another folder (--out)",
        ) from None
    try:
        yield
    finally:
        with suppress(OSError):
            (folder / LOCK).unlink(missing_ok=True)  # while it is held: nobody else's can be in its place
        os.close(handle)
        with suppress(OSError):
            folder.rmdir()


def _acquire(folder: Path) -> int:
    path = folder / LOCK
    while True:
        folder.mkdir(parents=True, exist_ok=True)
        try:
            handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        except FileNotFoundError:  # a trainer that ended took the folder along
            continue
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(handle, 1 << 12, 0)
            os.close(handle)
            raise _refusal(folder, holder) from None
        except OSError as error:
            if error.errno not in UNSUPPORTED:
                os.close(handle)
                raise
        if _is_at(path, handle):
            break
        os.close(handle)  # its holder removed it between our opening and our locking
    who = {
        "pid": os.getpid(),
        "host": platform.node(),
        "since": datetime.now().astimezone().isoformat("T", "seconds"),
    }
    with suppress(OSError):  # a full disk holds the lock as well
        os.ftruncate(handle, 0)
        os.pwrite(handle, (json.dumps(who) + "\n").encode(), 0)
    return handle


def _is_at(path: Path, handle: int) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False


def _refusal(folder: Path, holder: bytes) -> GsdmcError:
    try:
        who = json.loads(holder)
        text = f"process {int(who['pid'])} on {str(who['host'])[:80]}, since {str(who['since'])[:40]}"
    except (ValueError, KeyError, TypeError):  # it has not signed yet
        text = "another process"
    return GsdmcError(
        f"{folder} is being trained by {text}", hint="wait for it, or train into another folder (--out)"
    )
