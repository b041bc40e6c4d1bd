"""What was acknowledged and is not stored yet, on disk: a SQLite file for each listener, gone once nothing is in it.

Whoever posted, or told of a call, has its answer and sends nothing again. So an entry is here before the answer, and
until the workers have stored it; whoever finds a journal without a process of its own sends what it holds.
"""

from __future__ import annotations

import fcntl
import logging
import os
import re
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from schemas.errors import Terminal, Transient

log = logging.getLogger("callfunnel.listen")

SUFFIX = ".journal"
MOST_BYTES = 1 << 30
"""Of the lines that wait; above it a listener takes nothing more."""
_BUSY_S = 30
"""How long to wait for another process that reads or writes there."""
_DELETE_ROWS = 2_000
"""Rows of one deletion: what comes meanwhile waits for it."""
_TABLE = """
CREATE TABLE IF NOT EXISTS entries (
    seq INTEGER PRIMARY KEY, feed TEXT NOT NULL, topic TEXT NOT NULL, records INTEGER NOT NULL,
    received_ns INTEGER NOT NULL, keys BLOB NOT NULL, lines BLOB NOT NULL
)"""
_SIZE = "SELECT count(*), coalesce(sum(records), 0), coalesce(sum(length(lines) + length(keys)), 0) FROM entries"


class Entry(NamedTuple):
    """Records of one topic that were received together."""

    feed: str
    """The name of the feed that they came by."""
    topic: str
    records: int
    received_ns: int
    keys: bytes
    """JSON array: what keys each line, so that it need not be understood to be sent."""
    lines: bytes
    """Lines of the wire, joined by newlines."""
    seq: int = 0
    """Place in the journal; 0 of what is not in it."""


class Owned(Exception):
    """Another process has this journal, or it is gone."""


class Journal:
    """One file, owned by one process. `append` and `delete` from any threads, `read` from one of them."""

    def __init__(self, path: Path, most_bytes: int = MOST_BYTES, *, only_if_there: bool = False) -> None:
        """Raises Owned when another process has it (or, `only_if_there`, when there is none), Terminal when it cannot
        be used."""
        self.path = path
        self.appended: Callable[[], None] = lambda: None
        """Called after each commit."""
        self._most_bytes = most_bytes
        self._writing = threading.Lock()
        try:
            self._lock = _locked(path, only_if_there=only_if_there)
        except OSError as error:
            raise Terminal(f"{path}: no journal can be kept there: {error.strerror}; see --state") from None
        try:
            self._write, self._read = _connected(path), _connected(path)
            _, records, size = self._write.execute(_SIZE).fetchone()
            (last,) = self._write.execute("SELECT coalesce(max(seq), 0) FROM entries").fetchone()
        except sqlite3.Error as error:
            os.close(self._lock)
            raise Terminal(
                f"{path}: it is not a journal ({error}): move it away, and keep it for whoever mends it"
            ) from None
        # Not the table's own numbers: those begin anew when the last row is deleted, and a number is sent once.
        self._next = int(last) + 1
        self._records, self._bytes = int(records), int(size)

    def append(self, entries: Sequence[Entry]) -> None:
        """On return they are on disk. Raises Transient when they cannot be: then none of them is."""
        with self._writing:
            rows = [(seq, *entry[:-1]) for seq, entry in enumerate(entries, self._next)]
            try:
                with _transaction(self._write):
                    self._write.executemany("INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
            except sqlite3.Error as error:
                raise Transient(f"{self.path}: the journal cannot be written: {error}: is the disk full?") from None
            self._next += len(rows)
            self._records += sum(entry.records for entry in entries)
            self._bytes += sum(len(entry.keys) + len(entry.lines) for entry in entries)
        self.appended()

    def read(self, after: int, most_records: int) -> list[Entry]:
        """Entries behind `after` in order, of about so many records. Raises Transient."""
        found: list[Entry] = []
        records = 0
        sql = "SELECT feed, topic, records, received_ns, keys, lines, seq FROM entries WHERE seq > ? ORDER BY seq"
        try:
            with closing(self._read.execute(sql, (after,))) as rows:
                for row in rows:
                    found.append(Entry(*row))
                    records += found[-1].records
                    if records >= most_records:
                        break
        except sqlite3.Error as error:
            raise Transient(f"{self.path}: the journal cannot be read: {error}") from None
        return found

    def delete(self, upto: int) -> None:
        """Everything up to this entry is stored. Raises Transient.

        A journal that is empty afterwards holds no byte of what was in it: who is forgotten is not to be found there.
        """
        while True:
            with self._writing:
                try:
                    (first,) = self._write.execute("SELECT min(seq) FROM entries WHERE seq <= ?", (upto,)).fetchone()
                    if first is None:
                        return
                    until = min(upto, first + _DELETE_ROWS - 1)
                    _, records, size = self._write.execute(f"{_SIZE} WHERE seq <= ?", (until,)).fetchone()
                    with _transaction(self._write):
                        self._write.execute("DELETE FROM entries WHERE seq <= ?", (until,))
                except sqlite3.Error as error:
                    raise Transient(f"{self.path}: the journal cannot be written: {error}") from None
                self._records -= records
                self._bytes -= size
                if not self._records:
                    _empty_log(self._write)

    @property
    def records(self) -> int:
        """That wait to be stored."""
        return self._records

    @property
    def last(self) -> int:
        """The number of the latest entry there ever was."""
        return self._next - 1

    @property
    def is_full(self) -> bool:
        return self._bytes >= self._most_bytes

    def close(self) -> None:
        """Let go of it; a journal without entries is removed."""
        with suppress(sqlite3.Error):  # what was appended is on disk, however the last checkpoint goes
            self._read.close()
            self._write.close()
        if not self._records:
            for path in (self.path, *_beside(self.path), _lock_of(self.path)):
                path.unlink(missing_ok=True)
        os.close(self._lock)


class FoundJournal(NamedTuple):
    """A journal of a folder, as somebody else sees it."""

    path: Path
    is_owned: bool
    """A process has it, and sends what it holds."""
    records: int


def journal_path(folder: Path, source: str, door: str, session: str) -> Path:
    """The file of one listener process: another process has another one."""
    # A source is named by people: what a file name cannot hold is written as its code.
    names = (re.sub(r"[^\w-]", lambda odd: f"%{ord(odd[0]):x}", name) for name in (source, door, session))
    return folder / f"{'.'.join(names)}{SUFFIX}"


def journals(folder: Path) -> list[Path]:
    """Journals that are in a folder, the oldest names first; none when there is no folder."""
    return sorted(folder.glob(f"*{SUFFIX}"))


def found_in(folder: Path) -> list[FoundJournal]:
    """What the journals of a folder hold, for people. Raises Transient when one cannot be read."""
    return [found for path in journals(folder) if (found := _look(path)) is not None]


def _look(path: Path) -> FoundJournal | None:
    try:
        lock = _locked(path, only_if_there=True)
    except Owned:
        is_owned = True
    except OSError as error:
        raise Transient(f"{path}: it cannot be looked at: {error.strerror}") from None
    else:
        is_owned = False
        os.close(lock)
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=5)) as connection:
            _, records, _ = connection.execute(_SIZE).fetchone()
    except sqlite3.Error as error:
        if not path.exists():
            return None
        raise Transient(f"{path}: it cannot be looked at: {error}") from None
    return FoundJournal(path, is_owned, records)


def _locked(path: Path, *, only_if_there: bool) -> int:
    """The lock of a journal whose file is there. Raises Owned, OSError."""
    if only_if_there and not path.exists():
        raise Owned
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = os.open(_lock_of(path), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if only_if_there and not path.exists():  # its owner removed it meanwhile
            _lock_of(path).unlink(missing_ok=True)
            raise Owned
        # Never opened again while SQLite has it: closing any descriptor lets go of SQLite's own locks.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        for folder in (path.parent, path.parent.parent):
            _sync(folder)
    except BlockingIOError:
        os.close(lock)
        raise Owned from None
    except BaseException:
        os.close(lock)
        raise
    return lock


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _lock_of(path: Path) -> Path:
    return path.with_suffix(".lock")


def _beside(path: Path) -> Iterator[Path]:
    for ending in ("-wal", "-shm"):
        yield path.with_name(path.name + ending)


def _connected(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")  # a commit is on disk when it returns
    connection.execute("PRAGMA secure_delete = ON").fetchall()  # free pages hold no telephone numbers
    connection.execute(_TABLE)
    return connection


def _empty_log(connection: sqlite3.Connection) -> None:
    """Write what was committed into the file and empty the log beside it, unless somebody reads there just now."""
    connection.execute("PRAGMA busy_timeout = 0").fetchall()
    with suppress(sqlite3.Error):  # what was committed is on disk already
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    connection.execute(f"PRAGMA busy_timeout = {_BUSY_S * 1000}").fetchall()


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:  # also after a commit that failed
            connection.execute("ROLLBACK")
