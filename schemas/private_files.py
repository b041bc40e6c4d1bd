"""Folders and files that only their owner may read, whatever the umask is and whoever made them before."""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
from pathlib import Path
from typing import IO

from schemas.durable_files import make_folder
from schemas.errors import Terminal


def private_folder(folder: Path, mark: str = "") -> bool:
    """Make the folder, and those above it, or close one that is open to others; True when it was open.

    What lies in it is closed too when a file of the name `mark` says that it is ours: somebody may name their home.

    Raises Terminal when it cannot be had, or is somebody else's.
    """
    try:
        make_folder(folder)
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            was = os.fstat(handle)
            if was.st_uid != os.geteuid() and os.geteuid():
                raise Terminal(f"the folder {folder} belongs to another user: choose another, or have it given to you")
            is_open = bool(stat.S_IMODE(was.st_mode) & 0o077)
            if is_open:
                os.fchmod(handle, stat.S_IMODE(was.st_mode) & 0o700)
                if mark and (folder / mark).exists():
                    _close_all(folder)
        finally:
            os.close(handle)
    except OSError as error:
        raise Terminal(f"the folder {folder} cannot be used: {error.strerror}: choose another") from None
    return is_open


def _close_all(folder: Path) -> None:
    """Files and folders in it. Links are left as they are: they have no rights of their own."""
    for where, folders, files in os.walk(folder):
        for path in (os.path.join(where, name) for name in (*folders, *files)):
            with contextlib.suppress(FileNotFoundError):
                is_ = os.lstat(path)
                if not stat.S_ISLNK(is_.st_mode) and stat.S_IMODE(is_.st_mode) & 0o077:
                    os.chmod(path, stat.S_IMODE(is_.st_mode) & 0o700)


def private_opener(path: str, flags: int) -> int:
    """For `open(..., opener=)`: a file that only its owner may read, also one that was there before; never a link."""
    handle = os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        if stat.S_IMODE(os.fstat(handle).st_mode) & 0o077:
            os.fchmod(handle, 0o600)
    except BaseException:
        os.close(handle)
        raise
    return handle


def locked_file(path: Path) -> IO[str] | None:
    """The file, for this process alone until it is closed; None while another one has it. Raises OSError."""
    lock = open(path, "a", encoding="utf-8", opener=private_opener)  # noqa: SIM115 - whoever asked closes it
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        return None
    return lock
