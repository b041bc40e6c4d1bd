"""Which process has a data folder. The kernel holds the lock, and frees it when that process ends, however it ends.

Whoever holds the lock writes its process id into the file, with the time at which that process began: an id alone is
given to another process sooner or later. Others ask without taking the lock, so that a question never keeps a stack
from starting.
"""

from __future__ import annotations

import fcntl
import os
import struct
from pathlib import Path
from typing import IO, NamedTuple

from schemas.errors import Terminal
from schemas.private_files import private_folder

_FLOCK = "hhqqi4x"
"""struct flock of 64-bit Linux: type, whence, start, length, process id. https://man7.org/linux/man-pages/man2/fcntl.2.html"""


class Holder(NamedTuple):
    """A process, told apart from any other that had its id or will have it."""

    pid: int
    started: int
    """Ticks since the machine started, as the kernel counts them."""


class Held(Exception):
    """Somebody else has the folder."""


def lock_file(data: Path) -> Path:
    return data / "lock"


def this_process() -> Holder:
    """Who would hold it, if we took it."""
    return Holder(os.getpid(), started_ticks(os.getpid()) or 0)


def started_ticks(pid: int) -> int | None:
    """When a process began; None when there is none, or only what is left of one that ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else int(fields[19])


def take(data: Path) -> IO[str]:
    """The lock of a data folder, held while the file stays open. Raises Held, or Terminal for a folder of others."""
    private_folder(data, "credentials.json")
    try:
        handle = os.open(lock_file(data), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise Terminal(
            f"the folder {data} cannot be written ({lock_file(data)}: {error.strerror}): choose another, or mend that"
        ) from None
    file = os.fdopen(handle, "r+", encoding="ascii")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Beside it a lock that can be asked for; the first keeps out a stack of an older version.
        fcntl.fcntl(file, fcntl.F_OFD_SETLK, struct.pack(_FLOCK, fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0))
    except OSError:
        file.close()
        raise Held from None
    os.fchmod(handle, 0o600)
    file.seek(0)
    file.truncate()
    file.write("{} {}\n".format(*this_process()))
    file.flush()
    return file


def holder(data: Path) -> Holder | None:
    """Who has the folder now, None when nobody has. Never waits, and takes nothing."""
    try:
        handle = os.open(lock_file(data), os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    with os.fdopen(handle, "r+", encoding="ascii", errors="replace") as file:
        wanted = struct.pack(_FLOCK, fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
        try:
            found = fcntl.fcntl(file, fcntl.F_OFD_GETLK, wanted)
        except OSError:
            return None
        if struct.unpack(_FLOCK, found)[0] == fcntl.F_UNLCK:
            return None
        parts = file.read(100).split()
    if len(parts) != 2 or not all(word.isdigit() for word in parts):
        return None  # it was taken this moment, and its holder has not written yet
    held = Holder(int(parts[0]), int(parts[1]))
    return held if started_ticks(held.pid) == held.started else None
