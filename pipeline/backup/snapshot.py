"""The engine's part of a backup. Parts of tables never change, so a moment of all tables is a set of hard links.

`BACKUP` reads one table after the other while agents write: it is given clones of the tables, which nobody writes.
https://clickhouse.com/docs/operations/backup
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import msgspec

from schemas.parameters import quoted

DATABASE = "snapshot"

NUMBERS_OF_PARTS = frozenset({"kept_blocks", "broken_parts"})
"""Tables about parts of this store: a copy has parts of its own, so they begin empty there."""


class Sum(msgspec.Struct, frozen=True):
    """A table of a backup: so many rows, old versions among them, and the sum of their hashes."""

    table: str
    rows: int
    sum: int


class Asks(Protocol):
    """Runs SQL in the engine, as one who may do everything; the answer as JSON lines."""

    def __call__(self, sql: str) -> bytes: ...


class _Table(msgspec.Struct):
    name: str


_TABLES = "SELECT name FROM system.tables WHERE database = '{database}' AND engine LIKE '%MergeTree' ORDER BY name"


def take(ask: Asks) -> None:
    """Clone all tables as they are now. Takes milliseconds a table, however large."""
    drop(ask)
    ask(f"CREATE DATABASE {DATABASE}")
    for name in _tables(ask, "default"):
        clone = f"{DATABASE}.`{name}`"
        ask(f"CREATE TABLE {clone} AS default.`{name}`")
        ask(f"SYSTEM STOP MERGES {clone}")
        if name not in NUMBERS_OF_PARTS:
            ask(f"ALTER TABLE {clone} ATTACH PARTITION tuple() FROM default.`{name}`")


def drop(ask: Asks) -> None:
    """Let go of the clones: what was merged away meanwhile is freed."""
    ask(f"DROP DATABASE IF EXISTS {DATABASE} SYNC")


def write(ask: Asks, to: Path, base: Path | None) -> list[Sum]:
    """Have ClickHouse write the clones to a new folder; of what the backup `base` has, nothing is written again."""
    settings = f" SETTINGS base_backup = File({text(base)})" if base else ""
    ask(f"BACKUP DATABASE {DATABASE} TO File({text(to)}){settings}")
    return sums(ask, DATABASE)


def restore(ask: Asks, source: Path, base: Path | None, tables: Sequence[str]) -> list[Sum]:
    """Have ClickHouse read a backup into this empty store, wherever it and its base lie by now."""
    base_is = f", base_backup = File({text(base)})" if base else ""
    wanted = ", ".join(f"TABLE {DATABASE}.`{name}` AS default.`{name}`" for name in tables)
    # The tables first, so that no merge folds rows before they are compared.
    for structure_only in (1, 0):
        ask(f"RESTORE {wanted} FROM File({text(source)}) SETTINGS structure_only = {structure_only}{base_is}")
        for name in tables:
            ask(f"SYSTEM STOP MERGES default.`{name}`")
    return sums(ask, "default")


def sums(ask: Asks, database: str) -> list[Sum]:
    """What each table holds. The sum does not depend on the order of rows, nor on parts."""
    found = []
    decoder = msgspec.json.Decoder(Sum, strict=False)  # 64-bit integers may be quoted
    for name in _tables(ask, database):
        # The hash of a tuple: of columns, one NULL makes it NULL.
        what = f"'{name}' AS table, count() AS rows, coalesce(sum(cityHash64(tuple(*))), 0) AS sum"
        sql = f"SELECT {what} FROM {database}.`{name}`"
        found += decoder.decode_lines(ask(sql))
    return found


def _tables(ask: Asks, database: str) -> list[str]:
    rows = msgspec.json.Decoder(_Table).decode_lines(ask(_TABLES.format(database=database)))
    return [row.name for row in rows]


def text(value: object) -> str:
    """A SQL string."""
    return quoted(str(value))
