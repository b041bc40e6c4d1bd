"""Replacing numbers in every table, for good.

What is looked for never stands in SQL: a statement is kept in a mutation's file and in a server's query log. It is put
into a table in memory, and the statements ask that table. A statement that is carried out after the table is gone
(the store was started again) changes nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import msgspec
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError
from urllib3.exceptions import HTTPError

from pipeline.store import store_error
from schemas.errors import Terminal

WANTED = "privacy_wanted"
_OURS = ("schema_migrations", "forgotten", "retained_from", WANTED)
_NEVER = "'\\\\x00callfunnel\\\\x00'"
"""A pattern that no text matches: what stands for a pattern that is not there any more."""
_GONE_WITHIN_S = 600.0


class Replacement(NamedTuple):
    """What is replaced: a pattern by a token (numbers), or a text by a token (a name)."""

    token: str
    pattern: str = ""
    text: str = ""


class TextColumn(NamedTuple):
    """A column of text."""

    table: str
    name: str
    is_list: bool
    is_key: bool
    """It identifies the row: it cannot be changed."""


class FoundRows(msgspec.Struct, frozen=True):
    """Rows of a column that hold what is looked for."""

    table: str
    column: str
    rows: int
    stays: bool = False
    """It identifies the record and is left as it is."""


class TextTables:
    """Every table of the database, by its texts. Raises Transient or Terminal."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._columns: list[TextColumn] | None = None

    @contextmanager
    def wanting(self, wanted: Sequence[Replacement]) -> Iterator[None]:
        """Have what is looked for at hand, in memory only."""
        self.command(f"DROP TABLE IF EXISTS {WANTED} SYNC")
        self.command(f"CREATE TABLE {WANTED} (n UInt32, token String, pattern String, text String) ENGINE = Memory")
        rows = [{"n": n, **one._asdict()} for n, one in enumerate(wanted)]
        self.insert(WANTED, rows)
        try:
            yield
        finally:
            self.command(f"DROP TABLE IF EXISTS {WANTED} SYNC")

    def find(self, wanted: Sequence[Replacement]) -> list[FoundRows]:
        """Where it is now. Rows that are not folded yet count each."""
        found = []
        for table, columns in self._by_table().items():
            counts = ", ".join(f"countIf({self._holds(column, wanted)})" for column in columns)
            rows = self.query(f"SELECT {counts} FROM {table}")[0]
            for column, count in zip(columns, rows, strict=True):
                if count:
                    stays = column.is_key and table != "organisation_phones"
                    found.append(FoundRows(table, column.name, int(count), stays))
        return found

    def rewrite(self, wanted: Sequence[Replacement], found: Sequence[FoundRows]) -> None:
        """Replace it in the tables where it was found; durable on return, except for old parts (`clean`)."""
        columns = {(column.table, column.name): column for column in self._text_columns()}
        by_table: dict[str, list[TextColumn]] = {}
        for one in found:
            if not one.stays:
                by_table.setdefault(one.table, []).append(columns[one.table, one.column])
        for table, changed in by_table.items():
            if table == "organisation_phones":
                self._move_phones(wanted)
                continue
            sets = ", ".join(f"{column.name} = {self._replaced(column, wanted)}" for column in changed)
            holds = " OR ".join(self._holds(column, wanted) for column in changed)
            self.command(f"ALTER TABLE {table} UPDATE {sets} WHERE {holds}", mutations_sync=2)

    def _move_phones(self, wanted: Sequence[Replacement]) -> None:
        """A sorting key cannot be changed: the rows are written again under the token, and the old ones deleted."""
        column = TextColumn("organisation_phones", "phone", False, False)
        holds = self._holds(column, wanted)
        self.command(
            "INSERT INTO organisation_phones (phone, organisation_id, retracted, version)"
            f" SELECT {self._replaced(column, wanted)}, organisation_id, retracted, version FROM organisation_phones"
            f" WHERE {holds}"
        )
        self.command(f"ALTER TABLE organisation_phones DELETE WHERE {holds}", mutations_sync=2)

    def clean(
        self,
        tables: Sequence[str],
        *,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Return once no old part of these tables is on disk. Raises Terminal when that takes too long."""
        until = monotonic() + _GONE_WITHIN_S
        names = ", ".join(f"'{table}'" for table in tables)
        left = (
            "SELECT count() FROM system.parts WHERE database = currentDatabase() AND NOT active"
            f" AND table IN ({names or _NEVER})"
        )
        while int(self.query(left)[0][0]):
            if monotonic() > until:
                raise Terminal(
                    "old parts of the tables are still on disk, and hold what was replaced: run the same command again"
                )
            sleep(0.5)

    @contextmanager
    def cleaning_quickly(self) -> Iterator[None]:
        """Have old parts removed at once meanwhile: they lie on disk for eight minutes otherwise."""
        tables = list(self._by_table())
        for table in tables:
            self.command(f"ALTER TABLE {table} MODIFY SETTING old_parts_lifetime = 1")
        try:
            yield
        finally:
            for table in tables:
                self.command(f"ALTER TABLE {table} RESET SETTING old_parts_lifetime")

    def insert(self, table: str, rows: Sequence[dict[str, object]]) -> None:
        """Rows as JSON: they are not part of the statement."""
        if not rows:
            return
        block = b"\n".join(msgspec.json.encode(row) for row in rows)
        try:
            self._client.raw_insert(
                table, insert_block=block, fmt="JSONEachRow", settings={"date_time_input_format": "best_effort"}
            )
        except (ClickHouseError, HTTPError, OSError) as error:
            raise store_error(error) from error

    def command(self, sql: str, **settings: int) -> None:
        try:
            self._client.command(sql, settings=settings)
        except (ClickHouseError, HTTPError, OSError) as error:
            raise store_error(error) from error

    def query(self, sql: str) -> list[Any]:
        try:
            return list(self._client.query(sql).result_rows)
        except (ClickHouseError, HTTPError, OSError) as error:
            raise store_error(error) from error

    def _text_columns(self) -> list[TextColumn]:
        if self._columns is None:
            names = ", ".join(f"'{table}'" for table in _OURS)
            self._columns = [
                TextColumn(table, name, kind.startswith("Array("), bool(is_key))
                for table, name, kind, is_key in self.query(
                    "SELECT table, name, type, is_in_sorting_key FROM system.columns"
                    f" WHERE database = currentDatabase() AND position(type, 'String') > 0 AND table NOT IN ({names})"
                    " AND name != 'copies_of'"  # identities of calls, which stay as they are where they are keys too
                    " AND table IN (SELECT name FROM system.tables WHERE database = currentDatabase()"
                    " AND endsWith(engine, 'MergeTree')) ORDER BY table, position"
                )
            ]
        return self._columns

    def _by_table(self) -> dict[str, list[TextColumn]]:
        tables: dict[str, list[TextColumn]] = {}
        for column in self._text_columns():
            tables.setdefault(column.table, []).append(column)
        return tables

    def _holds(self, column: TextColumn, wanted: Sequence[Replacement]) -> str:
        value = "x" if column.is_list else column.name
        tests = " OR ".join(_test(n, one, value, column) for n, one in enumerate(wanted))
        return f"arrayExists(x -> {tests}, {column.name})" if column.is_list else f"({tests})"

    def _replaced(self, column: TextColumn, wanted: Sequence[Replacement]) -> str:
        value = "x" if column.is_list else column.name
        for n, one in enumerate(wanted):
            value = _changed(n, one, value, column)
        if not column.is_list:
            return value
        changed = f"arrayDistinct(arrayMap(x -> {value}, {column.name}))"
        # The contacts of a cell are in order: it is compared with a recount, list by list.
        return f"arraySort({changed})" if column.table == "manager_activity" else changed


NAMES_IN = (("rejected", "payload"), ("rejected", "detail"))
"""Where a manager's name may stand, beside the managers' own table."""


def _test(n: int, one: Replacement, value: str, column: TextColumn) -> str:
    if one.pattern:
        return f"match({value}, {_wanted_value('pattern', n)})"
    if (column.table, column.name) in NAMES_IN:
        return f"position({value}, {_wanted_value('text', n)}) > 0"
    return "0"


def _changed(n: int, one: Replacement, value: str, column: TextColumn) -> str:
    token = _wanted_value("token", n)
    if one.pattern:
        pattern, by = _wanted_value("pattern", n), f"concat('\\\\1', {token}, '\\\\2')"
        # Twice: what stands between two numbers belongs to the first of them.
        return f"replaceRegexpAll(replaceRegexpAll({value}, {pattern}, {by}), {pattern}, {by})"
    if (column.table, column.name) in NAMES_IN:
        return f"replaceAll({value}, {_wanted_value('text', n)}, {token})"
    return value


def _wanted_value(what: str, n: int) -> str:
    return f"coalesce((SELECT any({what}) FROM {WANTED} WHERE n = {n} HAVING count() > 0), {_NEVER})"
