"""Servers of one's own: ClickHouse's own BACKUP and RESTORE. https://clickhouse.com/docs/operations/backup"""

from __future__ import annotations

import re

import msgspec
from clickhouse_connect.driver.exceptions import ClickHouseError
from urllib3.exceptions import HTTPError

from pipeline.store import connect, store_error
from schemas.errors import Terminal

_CLAUSE = re.compile(r"(Disk|S3|File|AzureBlobStorage)\(\s*'[^'\\]*'(\s*,\s*'[^'\\]*')*\s*\)")


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """What ClickHouse says of a backup it has made, or read."""

    status: str
    size_bytes: int = 0
    files: int = 0


def back_up(dsn: str, to: str, base: str = "") -> Done:
    """Have the server make a backup of the database. Raises Transient or Terminal."""
    settings = f" SETTINGS base_backup = {_clause(base, '--base')}" if base else ""
    return _run(dsn, f"BACKUP DATABASE {{database}} TO {_clause(to, '--to')}{settings}")


def restore(dsn: str, source: str) -> Done:
    """Have the server read a backup into the database, whose tables must be missing or empty."""
    return _run(dsn, f"RESTORE DATABASE {{database}} FROM {_clause(source, '--from')}")


def _clause(clause: str, option: str) -> str:
    if not _CLAUSE.fullmatch(clause.strip()):
        raise Terminal(
            f"{option} {clause!r}: Disk('name', 'path'), S3('url', 'key', 'secret') or File('path') is meant"
        )
    return clause.strip()


def _run(dsn: str, sql: str) -> Done:
    client = connect(dsn)
    try:
        database = client.command("SELECT currentDatabase()")
        known_backups = client.query(sql.format(database=f"`{database}`")).result_rows
        found = client.query(
            "SELECT toString(status), total_size, num_files FROM system.backups WHERE id = {id:String}",
            parameters={"id": str(known_backups[0][0])},
        ).result_rows
    except (ClickHouseError, HTTPError, OSError) as error:
        raise store_error(error) from None
    status, size, number = found[0] if found else (str(known_backups[0][1]), 0, 0)
    return Done(status=str(status), size_bytes=int(size), files=int(number))
