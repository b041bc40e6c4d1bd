"""Files that a power cut cannot take: on return the bytes and the directory entry are on the disk.

Here, in the contract, so that every room may use it: doors, the supervisor and the commands all keep small files.
"""

from __future__ import annotations

import ctypes
import os
from pathlib import Path

PRIVATE = 0o600


def write_whole(path: Path, content: bytes, *, mode: int = PRIVATE) -> None:
    """Put `content` in the place of what was there: a reader sees the old file or the new one, also after a power cut.

    A link is written through to what it names. Raises OSError; what was there stays then.
    """
    path = path.resolve() if path.is_symlink() else path
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
        with os.fdopen(handle, "wb") as file:
            os.fchmod(handle, mode)  # the mode above is cut by the umask, and for a new file only
            file.write(content)
            file.flush()
            os.fsync(handle)
        os.replace(part, path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def move(source: Path, target: Path) -> None:
    """Rename a finished file, its bytes first: after a power cut it lies in one of the two folders, whole.

    Raises FileNotFoundError when somebody took it away, and OSError.
    """
    sync_file(source)
    os.replace(source, target)
    sync_folder(target.parent)
    if source.parent != target.parent:
        sync_folder(source.parent)


def make_folder(folder: Path, *, mode: int = 0o700) -> None:
    """The folder and those above it, made where they are missing, each entry on the disk."""
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    for one in reversed(missing):
        one.mkdir(mode=mode, exist_ok=True)
        sync_folder(one.parent)


def sync_file(path: Path) -> None:
    """The file's bytes are on the disk on return, whoever wrote them. Raises OSError."""
    _sync(path, os.O_RDONLY)


def sync_folder(folder: Path) -> None:
    """The names in the folder are on the disk on return. Raises OSError."""
    _sync(folder, os.O_RDONLY | os.O_DIRECTORY)


def sync_disk(folder: Path) -> None:
    """All that was written to the folder's file system is on the disk on return. Raises OSError."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        if ctypes.CDLL(None, use_errno=True).syncfs(handle):
            error = ctypes.get_errno()
            raise OSError(error, os.strerror(error), str(folder))
    finally:
        os.close(handle)


def _sync(path: Path, flags: int) -> None:
    handle = os.open(path, flags | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
