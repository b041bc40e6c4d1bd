"""The chDB engine in this process: handles, each used by one thread at a time, and who may have how many of them.

One engine per process and folder. Handles of one engine run side by side; a handle serialises. A reader's handle
is `readonly = 1` for good, so whatever the SQL says, it cannot write or change a setting.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from schemas.durable_files import make_folder
from schemas.parameters import quoted

_SERVER = {
    # Facts stay on disk and in the page cache; the process stays under a gigabyte.
    "mark_cache_size": 64 << 20,
    "uncompressed_cache_size": 0,
    "index_mark_cache_size": 16 << 20,
    "background_pool_size": 2,
    "background_schedule_pool_size": 4,
    "max_server_memory_usage": 900_000_000,
    # The guard refuses BACKUP and RESTORE to everybody's SQL: only `pipeline.backup` has the engine write files.
    "backups.allowed_path": "/",
}

_YIELDS_ABOVE = 100_000_000
"""Bytes. Three readers that took 600 MB each made a worker's inserts fail, of which each wants a few: with this they
are what the engine ends first, and no insert failed beside five of them."""


class EngineLimits(msgspec.Struct, frozen=True, kw_only=True):
    """What one kind of user may have of the store at a time, and what each of their queries may use."""

    handles: int
    """Queries that run side by side."""
    waiting: int
    """Queries that may wait for a handle; one more is refused at once."""
    wait_s: float
    time_s: int
    memory_bytes: int = 600_000_000
    result_bytes: int = 32 << 20
    yields_memory: bool = True
    """When the engine's memory is used up, queries of these users end before those of others."""
    may_write: bool = False
    inserts_into: frozenset[str] = frozenset()
    """Tables that they may add rows to, who may only ask otherwise."""


LIMITS: Mapping[str, EngineLimits] = {
    "callfunnel": EngineLimits(
        handles=4, waiting=64, wait_s=30, time_s=600, result_bytes=256 << 20, yields_memory=False, may_write=True
    ),
    "board": EngineLimits(handles=2, waiting=200, wait_s=20, time_s=10, memory_bytes=400_000_000),
    # Whoever waits at a terminal asked for a whole history (`verify`), and keeps nobody else from asking.
    "report": EngineLimits(handles=2, waiting=16, wait_s=20, time_s=60),
    # A Grafana board is a dozen queries at once: five of them may wait.
    "reader": EngineLimits(handles=3, waiting=60, wait_s=10, time_s=10, memory_bytes=250_000_000),
    # What a reader of the board page says of a warning.
    "marks": EngineLimits(
        handles=1,
        waiting=16,
        wait_s=10,
        time_s=10,
        memory_bytes=100_000_000,
        inserts_into=frozenset({"incident_marks"}),
    ),
    "supervisor": EngineLimits(handles=1, waiting=4, wait_s=5, time_s=5, memory_bytes=50_000_000),
}
"""By user. Workers and loads write as `callfunnel`; the board page, our commands and whoever else asks (Grafana) have
handles of their own, so that long queries of one of them leave the others theirs."""


_UNLIMITED = EngineLimits(handles=1, waiting=0, wait_s=0, time_s=0, memory_bytes=0, yields_memory=False, may_write=True)
"""0: no limit but the engine's."""


class EngineError(Exception):
    """What ClickHouse said, with its error code."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        found = re.search(r"Code: (\d+)\.", message)
        self.code = int(found.group(1)) if found else 1002


class Handle:
    """One connection of the engine, with the settings it has now.

    A query that fails half-way leaves what it had answered in its connection, and the next answer begins with it (chDB
    4.4): after an error the connection is another one.
    """

    def __init__(self, connect: Callable[[], Any], fixed: Mapping[str, Any], *, readonly: bool) -> None:
        self._connect = connect
        self._fixed = dict(fixed)
        self._readonly = readonly
        self._open()

    def _open(self) -> None:
        self._connection = self._connect()
        self._settings: dict[str, str] = {}
        for name, value in self._fixed.items():
            self._connection.query(f"SET {name} = {value}")
        if self._readonly:
            self._connection.query("SET readonly = 1")

    def close(self) -> None:
        self._connection.close()

    @contextmanager
    def _asking(self, settings: Mapping[str, str]) -> Iterator[None]:
        """Ask within it. Raises EngineError, with a fresh connection for the next question."""
        if wrong := [name for name in settings if not name.isidentifier()]:
            raise EngineError(f"Code: 115. DB::Exception: Unknown setting {wrong[0]!r}. (UNKNOWN_SETTING)")
        try:
            self._apply(settings)
            yield
        except Exception as error:  # chDB raises RuntimeError and classes of its own, alike in their text only
            translated = EngineError(str(error).removeprefix("Streaming query failed: "))
            self.close()
            self._open()
            raise translated from None

    def _apply(self, settings: Mapping[str, str]) -> None:
        """Have these settings and no others; nothing to do when the last query had the same."""
        wanted = dict(settings)
        changes = [f"{name} = {self._fixed.get(name, 'DEFAULT')}" for name in self._settings if name not in wanted]
        changes += [f"{name} = {_value(value)}" for name, value in wanted.items() if self._settings.get(name) != value]
        if changes:
            self._connection.query("SET " + ", ".join(changes))
            self._settings = wanted

    def query(self, sql: str, output: str, parameters: Mapping[str, str], settings: Mapping[str, str]) -> bytes:
        """The whole answer in the format `output` (a FORMAT in the SQL goes first)."""
        with self._asking(settings):
            if _is_joinable(sql, output):
                return self._joined(sql, output, dict(parameters) or None)
            answer = self._connection.query(sql, output, params=dict(parameters) or None)
            return bytes(answer.bytes()) if answer is not None else b""

    def _joined(self, sql: str, output: str, parameters: dict[str, str] | None) -> bytes:
        """The answer put together from its blocks: a whole one of 64 MB costs the engine up to 2 GB."""
        most = self._fixed["max_result_bytes"]
        blocks: list[bytes] = []
        size = 0
        with self._connection.send_query(sql, output, params=parameters) as stream:
            for block in stream:
                blocks.append(bytes(block.bytes()))
                size += len(blocks[-1])
                if size > most:
                    stream.cancel()
                    raise EngineError(f"Code: 396. DB::Exception: the answer has over {most} bytes. (TOO_LARGE)")
        return b"".join(blocks)

    def insert(self, sql: str, form: str, data: bytes, settings: Mapping[str, str]) -> None:
        """Insert `data` in the format `form`: on the disk on return. `sql` is the INSERT without FORMAT and data."""
        with self._asking(settings), self._connection.send_insert(sql, form) as inserting:
            inserting.append(data)
            inserting.finish()


_QUESTION = re.compile(r"\s*(?:SELECT|WITH)\b", re.IGNORECASE)
_SAID_FORMAT = re.compile(r"\bFORMAT\s+(\w+)\s*;?\s*$", re.IGNORECASE)
_JOINABLE = frozenset({"Native", "JSONEachRow", "TabSeparated", "TSV", "RowBinary"})
"""Formats in which the blocks of an answer, one after another, are the answer."""


def _is_joinable(sql: str, output: str) -> bool:
    format_clause = _SAID_FORMAT.search(sql[-200:])
    return (format_clause[1] if format_clause else output) in _JOINABLE and _QUESTION.match(sql) is not None


def _value(value: str) -> str:
    return value if re.fullmatch(r"-?\d+(\.\d+)?", value) else quoted(value)


class Engine:
    """Opens the folder; hands out handles. A second process cannot open the same folder, and this one stands in it."""

    def __init__(self, folder: Path) -> None:
        folder = folder.resolve()
        make_folder(folder)
        # The engine reads config.xml of the folder where it is imported, and of its user's: neither is about the store.
        os.chdir(folder)
        os.environ["HOME"] = str(folder)
        import chdb

        self._connect = chdb.connect
        options = "&".join(f"{name}={value}" for name, value in _SERVER.items())
        self._path = f"{folder}?{options}"
        self._handles: list[Handle] = []

    def open(self, limits: EngineLimits) -> Handle:
        """Another handle, which keeps to these limits."""
        fixed = {
            "max_threads": 2,
            "max_insert_threads": 1,
            # ClickHouse keeps a gigabyte for each thread, so of less than two it would answer with one.
            "max_threads_min_free_memory_per_thread": 0,
            "max_memory_usage": limits.memory_bytes,
            "max_execution_time": limits.time_s,
            "max_result_bytes": limits.result_bytes,
        }
        if limits.yields_memory:
            fixed["memory_overcommit_ratio_denominator"] = _YIELDS_ABOVE
        is_readonly = not limits.may_write and not limits.inserts_into
        handle = Handle(lambda: self._connect(self._path), fixed, readonly=is_readonly)
        self._handles.append(handle)
        return handle

    def unlimited(self) -> Handle:
        """A handle beside the pools that may take its time: backups take minutes."""
        return self.open(_UNLIMITED)

    def close(self) -> None:
        """Close every handle: what was acknowledged is on the disk already (`pipeline.migrate`)."""
        for handle in self._handles:
            handle.close()
