"""ClickHouse tables, brought up to date by numbered files. An applied file is history: an edited one is refused."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from schemas.errors import Terminal

FOLDER = Path(__file__).parent.parent / "schemas" / "migrations"

DURABLE = {
    "fsync_after_insert": 1,
    "fsync_part_directory": 1,
    "min_rows_to_fsync_after_merge": 1,
    "min_compressed_bytes_to_fsync_after_merge": 1,
}
"""What every table has, so that rows are on the disk before they are acknowledged, with the names of their files.
Merges too: what a merged part replaces is taken away. https://clickhouse.com/docs/operations/settings/merge-tree-settings
"""

CLEANED = {
    "cleanup_delay_period": 5,
    "max_cleanup_delay_period": 5,
    "cleanup_delay_period_random_add": 0,
}
"""Seconds. Replaced parts leave the disk soon: `forget` would wait for ClickHouse's own 30 to 300."""

_SETTINGS = ", ".join(f"{name} = {value}" for name, value in (DURABLE | CLEANED).items())

_LEDGER = f"""
CREATE TABLE IF NOT EXISTS schema_migrations (
    number UInt32, name String, checksum String, applied_at DateTime64(3, 'UTC') DEFAULT now64(3)
) ENGINE = ReplacingMergeTree(applied_at) ORDER BY number SETTINGS {_SETTINGS}
"""

_LACKING = (
    "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree' AND NOT ({})"
    " ORDER BY name"
)


class Migration(NamedTuple):
    """One numbered file. `checksum` is of its bytes."""

    number: int
    name: str
    checksum: str
    statements: tuple[str, ...]


class Client(Protocol):
    """The part of clickhouse-connect's client that migrating needs."""

    def command(self, cmd: str, parameters: dict[str, Any] | None = None) -> Any: ...

    def query(self, query: str) -> Any: ...


def migrations(folder: Path = FOLDER) -> list[Migration]:
    """Every migration in order. Raises Terminal when numbers are missing or used twice."""
    found = []
    for path in sorted(folder.glob("[0-9]*_*.sql")):
        text = path.read_text(encoding="utf-8")
        checksum = hashlib.sha256(text.encode()).hexdigest()
        found.append(Migration(int(path.name.split("_")[0]), path.stem, checksum, statements(text)))
    if [migration.number for migration in found] != list(range(1, len(found) + 1)):
        raise Terminal(f"migrations are not numbered 1..{len(found)}: {', '.join(m.name for m in found)}")
    return found


def statements(text: str) -> tuple[str, ...]:
    """The statements of a migration file: comments (`--` to the end of the line) dropped, split at `;`."""
    bare = re.sub(r"--[^\n]*", "", text)
    return tuple(statement.strip() for statement in bare.split(";") if statement.strip())


def pending(client: Client, known: list[Migration] | None = None) -> list[Migration]:
    """Migrations that the database lacks; Terminal when an applied one differs from its file."""
    known = migrations() if known is None else known
    client.command(_LEDGER)
    applied = {
        row[0]: row for row in client.query("SELECT number, name, checksum FROM schema_migrations FINAL").result_rows
    }
    for migration in known:
        done = applied.get(migration.number)
        if done and done[2] != migration.checksum:
            raise Terminal(f"migration {migration.name} was edited after it was applied: undo the edit, add a new file")
    newer = sorted(set(applied) - {migration.number for migration in known})
    if newer:
        raise Terminal(f"the database has migration {newer[0]}, which this version lacks: upgrade callfunnel")
    return [migration for migration in known if migration.number not in applied]


def migrate(client: Client, known: list[Migration] | None = None) -> list[Migration]:
    """Apply what is pending, in order, and return it. Running it again does nothing.

    A migration that died half-way is applied again whole: its statements create with IF NOT EXISTS. Every table gets
    the settings of `DURABLE` and `CLEANED`, those of older versions too.
    """
    todo = pending(client, known)
    for migration in todo:
        for statement in migration.statements:
            client.command(_as_ours(statement))
        client.command(
            "INSERT INTO schema_migrations (number, name, checksum) VALUES ({no:UInt32}, {name:String}, {sum:String})",
            parameters={"no": migration.number, "name": migration.name, "sum": migration.checksum},
        )
    for table in _lacking(client, DURABLE | CLEANED):
        client.command(f"ALTER TABLE `{table}` MODIFY SETTING {_SETTINGS}")
    return todo


def _as_ours(statement: str) -> str:
    """A new table is made with what every table has; one that a migration that died has made already is left."""
    made = re.sub(r"^CREATE TABLE (?!IF)", "CREATE TABLE IF NOT EXISTS ", statement)
    if made == statement or "MergeTree" not in statement:
        return made
    return f"{made}, {_SETTINGS}" if re.search(r"\bSETTINGS\b", statement) else f"{made} SETTINGS {_SETTINGS}"


def lacking_durability(client: Client) -> list[str]:
    """Tables whose rows a power cut could take after they were acknowledged."""
    return _lacking(client, DURABLE)


def _lacking(client: Client, settings: Mapping[str, int]) -> list[str]:
    held = " AND ".join(f"engine_full LIKE '%{name} = {value}%'" for name, value in settings.items())
    return [row[0] for row in client.query(_LACKING.format(held)).result_rows]
