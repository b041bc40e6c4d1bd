"""What a webhook tells a puller of the same source: something changed in these streams, read them now.

A file of no content for each stream, whose time of change is the mark; so one process may mark and another one take,
and what is marked often is read once. What is lost costs nothing: the next pull finds it.
"""

from __future__ import annotations

import logging
import os
import re
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from schemas.durable_files import PRIVATE, make_folder

log = logging.getLogger("callfunnel.listen")


class ChangedStreams:
    """The streams of one source, in the folders where its puller may keep its state."""

    def __init__(self, folders: Sequence[Path], source: str) -> None:
        self._folders = folders
        self._name = re.sub(r"[^\w-]", lambda odd: f"%{ord(odd[0]):x}", source)
        self._seen: dict[Path, int] = {}

    def mark(self, streams: Iterable[str]) -> None:
        """Something changed in them. Never raises: a folder that cannot be written is logged."""
        for folder in self._folders:
            for stream in streams:
                path = self._path(folder, stream)
                try:
                    make_folder(folder)
                    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, PRIVATE))
                    now = time.time_ns()
                    os.utime(path, ns=(now, now))
                except OSError as error:
                    log.warning("%s: the puller cannot be told of a change: %s", path, error.strerror)

    def take(self, streams: Iterable[str]) -> list[str]:
        """Those that were marked since the last time; the first time none."""
        found = []
        for stream in streams:
            changed = False
            for folder in self._folders:
                path = self._path(folder, stream)
                try:
                    at = path.stat().st_mtime_ns
                except OSError:
                    at = 0
                changed |= self._seen.get(path, at) != at
                self._seen[path] = at
            if changed:
                found.append(stream)
        return found

    def _path(self, folder: Path, stream: str) -> Path:
        return folder / f"{self._name}.api.{stream}.changed"
