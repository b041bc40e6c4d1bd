"""Folders with files that were loaded, or rows that were rejected: where `forget` and `retention` look.

Whoever writes such files remembers the folder in the data folder. With servers there is no data folder: the commands
are given the folders.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

import msgspec

from schemas.durable_files import write_whole
from schemas.errors import Terminal

_NAME = "kept-folders.json"


class Holds(StrEnum):
    """What the files of a folder are."""

    DROPPED = "dropped"
    """A watched folder: done/, rejected/ and rejected-rows/ are in it."""
    REJECTS = "rejects"
    """Rejected rows that `load` wrote."""
    UPLOADS = "uploads"
    """Files of the upload page."""
    LOGS = "logs"


class FileFolder(msgspec.Struct, frozen=True):
    """One folder, absolute."""

    holds: Holds
    folder: str


def remember(data: Path | str, holds: Holds, folder: Path) -> None:
    """Note a folder, once."""
    if not data:
        return
    new = FileFolder(holds, str(folder.resolve()))
    with _locked(Path(data)):
        known = _read(Path(data))
        if new not in known:
            write_whole(Path(data) / _NAME, msgspec.json.encode([*known, new]))


def folders(data: Path | str | None) -> list[FileFolder]:
    """Every folder that is remembered, and the logs of the stack. Raises Terminal for a broken list."""
    if not data:
        return []
    return [FileFolder(Holds.LOGS, str(Path(data).resolve() / "logs")), *_read(Path(data))]


def _read(data: Path) -> list[FileFolder]:
    path = data / _NAME
    try:
        return msgspec.json.decode(path.read_bytes(), type=list[FileFolder])
    except FileNotFoundError:
        return []
    except (OSError, msgspec.DecodeError) as error:
        raise Terminal(f"{path}: the list of folders with loaded files is broken ({error}): remove it, and name the"
                       " folders with --files") from None  # fmt: skip


@contextlib.contextmanager
def _locked(data: Path) -> Iterator[None]:
    handle = os.open(data / f"{_NAME}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
