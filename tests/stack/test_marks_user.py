"""The board page's user for marks adds rows to one table of the store, asks, and can do nothing else."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from clickhouse_connect.driver.exceptions import DatabaseError

from pipeline.readouts.numbers import Numbers
from pipeline.serving.board.incidents import marks_of
from pipeline.store import Store, connect
from pipeline.warnings.kept import WarningReader, WarningWriter
from schemas.errors import Terminal
from schemas.warnings import IncidentMark, MarkKind
from tests.pipeline.property.tables import Database
from tests.warnings.worlds import incident

pytestmark = pytest.mark.stack
AT = datetime(2026, 11, 27, 9, tzinfo=UTC)


def dsn_of(store_dsn: str, user: str, password: str = "inner") -> str:
    return f"http://{user}:{password}@127.0.0.1:{urlsplit(store_dsn).port}/default"


def test_it_keeps_a_mark(store_dsn: str) -> None:
    database = Database(store_dsn)
    database.empty()
    user = dsn_of(store_dsn, "marks")
    said = IncidentMark(incident_id="a1", kind=MarkKind.ACK, at=AT, note="'; DROP TABLE incidents --", by="Вера")
    WarningWriter(Store(connect(user))).keep_mark(said)
    assert WarningReader(Numbers(connect(user))).marks([incident(incident_id="a1")]) == [said]


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO incidents (incident_id) VALUES ('x')",
        "INSERT INTO incident_marks (incident_id) SELECT 'x'",
        "INSERT INTO incident_marks (incident_id) VALUES ('x')",
        "INSERT INTO FUNCTION file('/tmp/x', 'CSV', 'a String') SELECT 'x'",
        "ALTER TABLE incident_marks DELETE WHERE 1",
        "TRUNCATE TABLE incident_marks",
        "DROP TABLE incident_marks",
        "CREATE TABLE mine (a UInt8) ENGINE = Memory",
        "SELECT * FROM file('/etc/passwd', 'LineAsString')",
    ],
)
def test_it_can_do_nothing_else(store_dsn: str, sql: str) -> None:
    with pytest.raises(DatabaseError):
        connect(dsn_of(store_dsn, "marks")).command(sql)


@pytest.mark.parametrize("table", ["incidents", "managers", "default.incident_marks", "incident_marks (incident_id)"])
def test_it_adds_rows_to_no_other_table(store_dsn: str, table: str) -> None:
    with pytest.raises(Terminal):
        Store(connect(dsn_of(store_dsn, "marks"))).keep(table, [b'{"incident_id":"x"}'])


@pytest.mark.parametrize("user", ["board", "report", "reader"])
def test_readers_keep_no_mark(store_dsn: str, user: str) -> None:
    of = dsn_of(store_dsn, user, "reader" if user == "reader" else "inner")
    with pytest.raises(Terminal):
        Store(connect(of)).keep("incident_marks", [b'{"incident_id":"x"}'])


def test_a_page_knows_beforehand_whether_it_may(store_dsn: str, tmp_path: Path) -> None:
    audit = tmp_path / "audit.log"
    assert marks_of(store_dsn, audit) is not None
    assert marks_of(dsn_of(store_dsn, "marks"), audit) is not None
    assert marks_of(dsn_of(store_dsn, "board"), audit) is None
    assert marks_of(dsn_of(store_dsn, "reader", "reader"), audit) is None
