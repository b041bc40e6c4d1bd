"""Opening files that others have put there: never through a link, never a pipe that keeps us waiting.

Who names a file on the command line may name a link. What lies in a folder into which others write is another matter:
a link there would make us read, or write, what they cannot. `no_links` is for the latter, whatever opens a file then.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path
from typing import IO

from schemas.durable_files import sync_folder
from schemas.errors import Terminal

_refuses_links: ContextVar[bool] = ContextVar("refuses_links", default=False)
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC


class NotAFile(FileNotFoundError):
    """What is there is not a file of its own: a link, a pipe, a socket, a device, or a second name of another file."""


@contextmanager
def no_links() -> Iterator[None]:
    """What is opened in here (by this thread) must be a plain file with one name."""
    before = _refuses_links.set(True)
    try:
        yield
    finally:
        _refuses_links.reset(before)


def open_file(path: Path) -> IO[bytes]:
    """A file, to be read. Raises OSError; NotAFile under `no_links`."""
    if not _refuses_links.get():
        return path.open("rb")
    try:
        # Without O_NONBLOCK a pipe would wait for its writer.
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if path.is_symlink():
            raise NotAFile(error.errno, "a link", str(path)) from None
        raise
    if what := oddity(os.fstat(handle)):
        os.close(handle)
        raise NotAFile(0, what, str(path))
    return os.fdopen(handle, "rb")


def open_folder(path: Path | str, within: int | None = None) -> int:
    """A handle of a folder, relative to that of another. Raises OSError; Terminal for a link under `no_links`."""
    if not _refuses_links.get():
        return os.open(path, _FOLDER, dir_fd=within)
    try:
        return os.open(path, _FOLDER | os.O_NOFOLLOW, dir_fd=within)
    except NotADirectoryError:
        raise Terminal(f"{path} is a link, or no folder: what is written there could go anywhere; remove it") from None


def write_new(folder: int, name: str, content: bytes) -> None:
    """Write a file that only we may read, whole or not at all, instead of whatever has its name. Raises OSError.

    On return it is on the disk, as `schemas.durable_files` means it.
    """
    part = f".{os.getpid()}.part"
    with suppress(FileNotFoundError):
        os.unlink(part, dir_fd=folder)
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600, dir_fd=folder)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(handle)
    os.replace(part, name, src_dir_fd=folder, dst_dir_fd=folder)
    os.fsync(folder)


def move_into(folder: int, source: Path, name: str) -> None:
    """Rename a finished file into a folder, its bytes first: after a power cut it lies in one of the two, whole.

    Raises FileNotFoundError when somebody took it away, NotAFile under `no_links`, and OSError.
    """
    with open_file(source) as file:
        os.fsync(file.fileno())
    os.replace(source, name, dst_dir_fd=folder)
    os.fsync(folder)
    sync_folder(source.parent)


def exists(folder: int, name: str) -> bool:
    """Whether anything has this name in a folder, a link that leads nowhere too."""
    try:
        os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True


def oddity(is_: os.stat_result) -> str:
    """Why this is not to be read: "a link", "a pipe"; "" for a plain file with one name."""
    if stat.S_ISREG(is_.st_mode):
        return "a second name (a hard link) of another file" if is_.st_nlink > 1 else ""
    for kind, advice in (
        (stat.S_ISLNK, "a link"),
        (stat.S_ISDIR, "a folder"),
        (stat.S_ISFIFO, "a pipe"),
        (stat.S_ISSOCK, "a socket"),
    ):
        if kind(is_.st_mode):
            return advice
    return "a device"
