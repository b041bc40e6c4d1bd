"""Tables that were read wrongly once, on a real MariaDB, with their right answers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from connectors.sql.database import Database
from connectors.sql.reading import TableReader
from connectors.sql.shapes import shape_of
from connectors.sql.window import Slice
from schemas.errors import Terminal
from schemas.records import CallLeg, Direction, Record, Rejected
from tests.connectors.conftest import context
from tests.connectors.sql.tables import Table
from tests.databases.servers import Server
from tests.pipeline.cases.harness import Counted, counted, person

FORMS = Path(__file__).parents[2] / "pipeline/cases/forms"
LONG_AGO = datetime(2026, 1, 1)


@pytest.fixture
def database(mariadb_server: Server) -> Iterator[Database]:
    opened = Database(mariadb_server.reader, "OFFICE_DB")
    yield opened
    opened.close()


def made(server: Server, case: str, table: str) -> None:
    """The table, as the file of SQL says."""
    text = (FORMS / case).read_text(encoding="utf-8").replace("%", "%%")
    create, *more = (part.strip() for part in text.split(";\n") if part.strip())
    made_table = Table(server.url, create, table)
    made_table.run(*more)
    made_table.close()


def read(database: Database, table: str, zone: str, region: str) -> list[Record | Rejected]:
    """All of it, as the listener reads it."""
    shape = shape_of(table, database.types(table), ZoneInfo(zone))
    reader = TableReader(database, table, shape, lambda: context(zone, region=region))
    return [item for items in reader.read(Slice(LONG_AGO, None), frozenset(), set()) for item in items]


def test_table_of_yeastar_is_read_as_its_file_is(mariadb_server: Server, database: Database) -> None:
    made(mariadb_server, "yeastar_table.sql", "cdr_202603")
    legs = [item for item in read(database, "cdr_202603", "UTC", "UA") if isinstance(item, CallLeg)]
    assert counted(legs, (person("m1", "1001"), person("m2", "1000"))) == [
        Counted("m1", 171, True, Direction.OUTBOUND, "+380501234567"),
        Counted("", 0, False, Direction.INBOUND, "+380521234567"),
        Counted("", 0, False, Direction.INBOUND, "+380521234568"),
    ]


def test_zone_far_back_is_held_against_the_rows(mariadb_server: Server, database: Database) -> None:
    made(mariadb_server, "listen_sql_zone.sql", "cdr")
    with pytest.raises(Terminal, match=r"table cdr: .*UTC\+00:00.*Europe/Moscow"):
        read(database, "cdr", "Europe/Moscow", "RU")
    legs = [item for item in read(database, "cdr", "UTC", "RU") if isinstance(item, CallLeg)]
    assert (len(legs), f"{legs[0].started_at:%Y-%m-%d %H:%M:%S}") == (200, "2026-03-02 10:01:00")
