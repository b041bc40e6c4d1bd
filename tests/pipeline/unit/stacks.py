"""Stacks that run as far as anybody can see: their folders are locked by this process, and stack.json says so."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import IO

import msgspec

from pipeline import stacks
from pipeline.embedded.folder_lock import take, this_process
from pipeline.endpoints import Running, stack_file


class Stacks:
    """Use as a context: all of them end with it."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self._env = env
        self._locks: dict[Path, IO[str]] = {}

    def __enter__(self) -> Stacks:
        return self

    def __exit__(self, *_: object) -> None:
        for folder in list(self._locks):
            self.end(folder)

    def run_in(self, folder: Path, **says: object) -> Running:
        """Start one; `says` is what it says otherwise of itself."""
        self._locks[folder] = take(folder)
        pid, started = this_process()
        running = Running(
            pid=pid,
            started=started,
            since=1_793_642_400.0 + len(self._locks),
            data=str(folder.resolve()),
            kafka="127.0.0.1:1",
            clickhouse="http://w:writers-password@127.0.0.1:2/default",
            reader="http://r:readers-password@127.0.0.1:2/default",
        )
        running = msgspec.structs.replace(running, **says)
        stack_file(folder).write_bytes(msgspec.json.encode(running))
        stacks.register(folder, self._env)
        return running

    def end(self, folder: Path) -> None:
        """As kill -9 ends it: what it wrote stays."""
        self._locks.pop(folder).close()
