"""The chDB engine in this process: a bounded pool of handles, each used by one thread at a time.

One engine per process and folder. Handles of one engine run side by side; a handle serialises. A reader's handle
is `readonly = 1` for good, so whatever the SQL says, it cannot write or change a setting.
"""

from __future__ import annotations

import queue
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import chdb
import msgspec

_SERVER = {
    # Facts stay on disk and in the page cache; the process stays under a gigabyte.
    "mark_cache_size": 64 << 20,
    "uncompressed_cache_size": 0,
    "index_mark_cache_size": 16 << 20,
    "background_pool_size": 2,
    "background_schedule_pool_size": 4,
    "max_server_memory_usage": 900_000_000,
}


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What one query may use."""

    memory_bytes: int = 600_000_000
    time_s: int = 600
    reader_time_s: int = 60
    writers: int = 4
    readers: int = 3


class EngineError(Exception):
    """What ClickHouse said, with its error code."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        found = re.search(r"Code: (\d+)\.", message)
        self.code = int(found.group(1)) if found else 1002


# Ways out of the database that `readonly` does not close, or that nobody here needs.
_WAYS_OUT = re.compile(
    r"\bINTO\s+OUTFILE\b|\bFROM\s+INFILE\b|\b(?:file|fileCluster|url\w*|s3\w*|gcs|python|executable\w*|mysql|postgresql"
    r"|sqlite|mongodb|redis|remote\w*|cluster\w*|hdfs\w*|jdbc|odbc|azure\w*|iceberg\w*|deltaLake\w*|hudi\w*|paimon\w*)\s*\(",
    re.IGNORECASE,
)
_KEEPS_STATE = re.compile(r"\s*(?:SET\s|USE\s|CREATE\s+TEMPORARY\b)", re.IGNORECASE)
_LITERALS = re.compile(r"'(?:[^'\\]|\\.|'')*'|--[^\n]*|/\*.*?\*/", re.DOTALL)


def refuse(sql: str) -> None:
    """Raise for SQL that would leave the database or outlive its request. Looks outside of literals and comments."""
    bare = _LITERALS.sub("''", sql)
    if _WAYS_OUT.search(bare):
        raise EngineError(
            "Code: 497. DB::Exception: this store does not read or write outside of itself. (ACCESS_DENIED)"
        )
    if _KEEPS_STATE.match(bare):
        raise EngineError(
            "Code: 48. DB::Exception: this store keeps no sessions: give settings with the query. (NOT_IMPLEMENTED)"
        )


class Handle:
    """One connection of the engine, with the settings it has now."""

    def __init__(self, connection: Any, fixed: Mapping[str, Any], *, readonly: bool) -> None:
        self._connection = connection
        self._settings: dict[str, str] = {}
        for name, value in fixed.items():
            connection.query(f"SET {name} = {value}")
        if readonly:
            connection.query("SET readonly = 1")

    def _apply(self, settings: Mapping[str, str]) -> None:
        """Have these settings and no others; nothing to do when the last query had the same."""
        wanted = dict(settings)
        changes = [f"{name} = DEFAULT" for name in self._settings if name not in wanted]
        changes += [f"{name} = {_value(value)}" for name, value in wanted.items() if self._settings.get(name) != value]
        if changes:
            self._settings = {}
            self._connection.query("SET " + ", ".join(changes))
            self._settings = wanted

    def query(self, sql: str, output: str, parameters: Mapping[str, str], settings: Mapping[str, str]) -> bytes:
        """The whole answer in the format `output` (a FORMAT in the SQL goes first)."""
        try:
            self._apply(settings)
            answer = self._connection.query(sql, output, params=dict(parameters) or None)
        except Exception as error:  # chDB raises RuntimeError and classes of its own, alike in their text only
            raise EngineError(str(error)) from None
        return bytes(answer.bytes()) if answer is not None else b""

    def insert(self, sql: str, form: str, data: bytes, settings: Mapping[str, str]) -> None:
        """Insert `data` in the format `form`; durable on return. `sql` is the INSERT without FORMAT and data."""
        try:
            self._apply(settings)
            with self._connection.send_insert(sql, form) as inserting:
                inserting.append(data)
                inserting.finish()
        except Exception as error:
            raise EngineError(str(error)) from None


def _value(value: str) -> str:
    return (
        value if re.fullmatch(r"-?\d+(\.\d+)?", value) else "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
    )


class Engine:
    """Opens the folder; hands out handles. A second process cannot open the same folder."""

    def __init__(self, folder: Path, limits: Limits) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        options = "&".join(f"{name}={value}" for name, value in _SERVER.items())
        self._path = f"{folder}?{options}"
        self._writers: queue.SimpleQueue[Handle] = queue.SimpleQueue()
        self._readers: queue.SimpleQueue[Handle] = queue.SimpleQueue()
        shared = {"max_memory_usage": limits.memory_bytes, "max_threads": 2, "max_insert_threads": 1}
        self._connections: list[Any] = []
        for _ in range(limits.writers):
            self._writers.put(self._open({**shared, "max_execution_time": limits.time_s}, readonly=False))
        for _ in range(limits.readers):
            self._readers.put(self._open({**shared, "max_execution_time": limits.reader_time_s}, readonly=True))

    def _open(self, fixed: Mapping[str, Any], *, readonly: bool) -> Handle:
        connection = chdb.connect(self._path)
        self._connections.append(connection)
        return Handle(connection, fixed, readonly=readonly)

    def take(self, *, reader: bool, wait_s: float) -> Handle:
        """A free handle; raises EngineError (too many simultaneous queries) when none is free in time."""
        try:
            return (self._readers if reader else self._writers).get(timeout=wait_s)
        except queue.Empty:
            raise EngineError("Code: 202. DB::Exception: too many simultaneous queries. (TOO_MANY_QUERIES)") from None

    def give_back(self, handle: Handle, *, reader: bool) -> None:
        (self._readers if reader else self._writers).put(handle)

    def close(self) -> None:
        """Close every handle; what was acknowledged is on disk already."""
        for connection in self._connections:
            connection.close()
