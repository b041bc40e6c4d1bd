"""The SQL listener on real servers: late rows, equal times, restarts, corrections, a server that dies."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from connectors.live.checkpoint import Checkpoint
from connectors.live.delivery_queue import DeliveryQueue
from connectors.reading.source import Context
from connectors.sql.database import Database
from connectors.sql.listener import Polled, PollOptions, SqlListener
from connectors.sql.reading import TableReader
from connectors.sql.shapes import shape_of
from connectors.sql.window import Slice
from connectors.sql.zone import check_zone
from schemas.errors import Terminal, Transient
from schemas.records import CallLeg, FeedState, Reason
from tests.conftest import STARTS_S
from tests.connectors.conftest import context
from tests.connectors.live.sinks import Broker, run_listener, until
from tests.connectors.sql.tables import ALEMBIC, FREEPBX, FUSIONPBX, MOSCOW, Table, call, now
from tests.databases.servers import Server


@pytest.fixture
def cdr(mariadb_server: Server) -> Iterator[Table]:
    table = Table(mariadb_server.url, FREEPBX, "cdr")
    yield table
    table.close()


class Opened:
    """A listener that runs, and what it sent."""

    def __init__(self, line: DeliveryQueue, broker: Broker) -> None:
        self.line = line
        self.broker = broker

    def ids(self) -> list[str]:
        return [leg.record_id.partition(":")[2] for leg in self.broker.legs]

    @property
    def state(self) -> tuple[FeedState, str]:
        feed = self.line.heartbeat()
        return feed.state, feed.detail


@contextmanager
def opened(url: str, folder: Path, broker: Broker | None = None, table: str = "cdr", **wanted: Any) -> Iterator[Opened]:
    """The listener of a table, until the end of the block."""
    line = DeliveryQueue("office", "sql", "s1")
    broker = broker or Broker()
    what = PollOptions(overlap=timedelta(hours=4), every_s=0.05, **wanted)
    with Checkpoint(folder, "office", "sql", Polled) as checkpoint:
        database = Database(url, "OFFICE_DB")
        reader = TableReader(database, table, shape_of(table, database.types(table), MOSCOW), fresh(line))
        door = SqlListener(lambda: reader, what, checkpoint)
        running = threading.Thread(target=run_listener, args=(line, broker, door))
        running.start()
        try:
            yield Opened(line, broker)
        finally:
            line.stopping.set()
            running.join(60)
            database.close()
        assert not running.is_alive()


def fresh(line: DeliveryQueue) -> Callable[[], Context]:
    return lambda: msgspec.structs.replace(context(), version=line.clock())


@pytest.fixture
def open_database() -> Iterator[Callable[[str], Database]]:
    """Makes databases that are closed in the end."""
    made: list[Database] = []

    def make(url: str) -> Database:
        made.append(Database(url, "OFFICE_DB"))
        return made[-1]

    yield make
    for database in made:
        database.close()


def test_rows_are_sent_once_when_they_appear_however_late_and_with_equal_times(
    mariadb_server: Server, cdr: Table, tmp_path: Path
) -> None:
    at = now()
    cdr.insert(*(call(n, at - timedelta(minutes=1)) for n in range(3)))
    with opened(mariadb_server.reader, tmp_path) as door:
        until(lambda: len(door.ids()) == 3)
        # A call of three and a half hours ends, and two more of the very second that was read already.
        cdr.insert(call(10, at - timedelta(hours=3, minutes=30), seconds=12_600))
        cdr.insert(call(11, at - timedelta(minutes=1)), call(12, at - timedelta(minutes=1)))
        until(lambda: len(door.ids()) == 6)
        polls = door.line.heartbeat().seen_at
        until(lambda: door.line.heartbeat().seen_at != polls)
        assert sorted(door.ids()) == ["1", "11", "12", "13", "2", "3"]
        assert door.state == (FeedState.LIVE, "")


def test_next_process_goes_on_where_kafka_had_everything(mariadb_server: Server, cdr: Table, tmp_path: Path) -> None:
    old = now() - timedelta(hours=30)
    cdr.insert(call(1, old), call(2, now()))
    with opened(mariadb_server.reader, tmp_path) as door:
        until(lambda: door.ids() == ["3"])  # the older one is before its time
    cdr.insert(call(3, now()))
    with opened(mariadb_server.reader, tmp_path) as door:
        until(lambda: sorted(door.ids()) == ["3", "4"])  # the overlap is read again, and counts once
    with opened(mariadb_server.reader, tmp_path, begin=(old - timedelta(days=2)).replace(tzinfo=None)) as door:
        until(lambda: sorted(door.ids()) == ["2", "3", "4"])
    with opened(mariadb_server.reader, tmp_path, begin=(old - timedelta(days=2)).replace(tzinfo=None)) as door:
        until(lambda: sorted(door.ids()) == ["3", "4"])  # the same command again does not begin anew


def test_checkpoint_waits_for_the_journal_and_for_nobody_else(
    mariadb_server: Server, cdr: Table, tmp_path: Path
) -> None:
    broker = Broker()
    broker.away = True
    cdr.insert(call(1, now()))
    path = tmp_path / "office.sql.json"
    with opened(mariadb_server.reader, tmp_path, broker) as door:
        until(path.exists)
        assert door.line.waiting == 1, "its row is in the journal, and not in Kafka"
        broker.away = False
    assert broker.legs
    written = msgspec.json.decode(path.read_bytes(), type=Polled)
    assert written.since <= (now() - timedelta(hours=4)).astimezone(MOSCOW).replace(tzinfo=None)


def test_corrected_row_is_sent_again_and_newer(mariadb_server: Server, cdr: Table, tmp_path: Path) -> None:
    cdr.insert(call(1, now()))
    with opened(mariadb_server.reader, tmp_path) as door:
        until(lambda: door.ids() == ["2"])
        cdr.run("UPDATE cdr SET recordingfile = 'rec.wav'")
        until(lambda: len(door.ids()) == 2)
    first, second = door.broker.legs
    assert (first.record_id, first.recording, second.recording) == (second.record_id, "", "rec.wav")
    assert second.version > first.version


def test_row_that_cannot_be_understood_is_a_reject_once(mariadb_server: Server, cdr: Table, tmp_path: Path) -> None:
    cdr.insert(call(1, now()) | {"billsec": -3}, call(2, now()) | {"src": 'ООО «Юг», "доб"'})
    with opened(mariadb_server.reader, tmp_path) as door:
        until(lambda: door.broker.rejects and door.broker.legs)
        cdr.insert(call(3, now()))
        until(lambda: len(door.broker.legs) == 2)
    (reject,) = door.broker.rejects
    assert (reject.reason, reject.field) == (Reason.BAD_DURATION, "billsec")
    assert reject.payload.count(",") >= 12
    assert reject.origin.startswith("sql cdr:2")


def test_sentinel_date_is_a_reject_and_the_centuries_behind_it_take_no_time(
    mariadb_server: Server, cdr: Table, tmp_path: Path
) -> None:
    cdr.insert(call(1, now()))
    cdr.run("INSERT INTO cdr (calldate, src) VALUES ('1000-01-01', '1')")
    with opened(mariadb_server.reader, tmp_path, begin=datetime(1, 1, 1)) as door:
        until(lambda: door.broker.rejects and door.broker.legs)  # slice by slice: three million questions
    assert {reject.reason for reject in door.broker.rejects} == {Reason.BAD_TIME}


def test_history_comes_in_slices_and_a_stop_in_it_goes_on(mariadb_server: Server, cdr: Table, tmp_path: Path) -> None:
    first = now() - timedelta(days=20)
    cdr.insert(*(call(n, first + timedelta(hours=n)) for n in range(0, 480, 5)))
    broker = Broker()
    begin = (first - timedelta(days=1)).replace(tzinfo=None)
    with opened(mariadb_server.reader, tmp_path, broker, begin=begin):
        until(lambda: len(broker.legs) > 10)
    with opened(mariadb_server.reader, tmp_path, broker, begin=begin):
        until(lambda: len({leg.record_id for leg in broker.legs}) == 96)
    assert len(broker.legs) < 2 * 96


def test_call_longer_than_the_overlap_is_told(mariadb_server: Server, cdr: Table, tmp_path: Path) -> None:
    with opened(mariadb_server.reader, tmp_path) as door:
        cdr.insert(call(1, now() - timedelta(hours=4, minutes=20), seconds=15_600))
        until(lambda: door.state[1])
        assert "longer than --overlap" in door.state[1]


def test_server_that_dies_is_away_until_it_is_back(mariadb_server: Server, cdr: Table, tmp_path: Path) -> None:
    with opened(mariadb_server.reader, tmp_path) as door:
        until(lambda: door.state[0] is FeedState.LIVE)
        mariadb_server.part.stop(0)
        try:
            until(lambda: door.state[0] is FeedState.AWAY)
        finally:
            mariadb_server.part.start()
            mariadb_server.part.wait_ready(STARTS_S)
        cdr.close()
        cdr.insert(call(7, now()))
        until(lambda: door.ids() == ["8"])
        until(lambda: door.state == (FeedState.LIVE, ""))


def test_it_reads_only(mariadb_server: Server, postgresql_server: Server) -> None:
    for server in (mariadb_server, postgresql_server):
        database = Database(server.url, "OFFICE_DB")  # of a user who may write
        with pytest.raises((Transient, Terminal), match=r"(?i)read.only"), database._connection() as connection:
            connection.exec_driver_sql("CREATE TABLE mine (x int)")
        database.close()


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda url: url.replace("://reader:", "://reader:x"), "user or password is wrong"),
        (lambda url: url.replace("://reader:", "://nobody:"), "user or password is wrong"),
        (lambda url: url.rsplit("/", 1)[0] + "/nothing", "there is no such database|may not use the database"),
    ],
)
def test_login_that_is_refused_says_what_to_mend_without_the_password(
    mariadb_server: Server,
    postgresql_server: Server,
    open_database: Callable[[str], Database],
    spoil: Callable[[str], str],
    message: str,
) -> None:
    for server in (mariadb_server, postgresql_server):
        word = server.reader.partition("reader:")[2].partition("@")[0]
        with pytest.raises(Terminal, match=message) as trouble:
            open_database(spoil(server.reader)).types("cdr")
        assert word not in str(trouble.value)


def test_table_that_is_not_there(
    mariadb_server: Server, postgresql_server: Server, open_database: Callable[[str], Database]
) -> None:
    for server in (mariadb_server, postgresql_server):
        with pytest.raises(Terminal, match="no table cdr_2019: see --table"):
            open_database(server.reader).types("cdr_2019")


def test_url_that_is_none_is_never_repeated() -> None:
    for url in ("secret", "mysql://pbx:secret@host", "sqlite:///secret", "mysql://h:secret:x/y"):
        with pytest.raises(Terminal, match="OFFICE_DB: not of the form") as trouble:
            Database(url, "OFFICE_DB")
        assert "secret" not in str(trouble.value)


def test_nobody_listens(open_database: Callable[[str], Database]) -> None:
    for url in ("mysql://a:b@127.0.0.1:1/x", "postgresql://a:b@127.0.0.1:1/x"):
        with pytest.raises(Transient, match=r"127\.0\.0\.1"):
            open_database(url).now()


@pytest.mark.parametrize("kind", ["timestamp", "timestamptz"])
def test_asterisk_on_postgresql_with_its_own_columns(postgresql_server: Server, tmp_path: Path, kind: str) -> None:
    table = Table(postgresql_server.url, ALEMBIC, "cdr", kind)
    at = now()
    row = call(1, at, start="start") | {"end": (at + timedelta(seconds=65)).astimezone(MOSCOW).replace(tzinfo=None)}
    if kind == "timestamptz":
        row |= {name: row[name].replace(tzinfo=MOSCOW) for name in ("start", "end")}
    with opened(postgresql_server.reader, tmp_path) as door:
        table.insert(row)
        until(lambda: door.broker.legs)
    (leg,) = door.broker.legs
    assert (leg.started_at, leg.billsec, leg.contact) == (at, 60, "+74950000001")
    table.close()


def test_fusionpbx(postgresql_server: Server, tmp_path: Path) -> None:
    table = Table(postgresql_server.url, FUSIONPBX, "v_xml_cdr")
    at = int(now().timestamp())
    uuid = "6f1c3b1e-0000-4000-8000-000000000001"
    with opened(postgresql_server.reader, tmp_path, table="public.v_xml_cdr") as door:
        table.insert(
            {
                "xml_cdr_uuid": uuid,
                "direction": "inbound",
                "caller_id_number": "+74950000001",
                "destination_number": "101",
                "start_epoch": at,
                "answer_epoch": at + 5,
                "end_epoch": at + 65,
                "duration": 65,
                "billsec": 60,
                "bridge_uuid": "6f1c3b1e-0000-4000-8000-000000000002",
                "leg": "a",
                "voicemail_message": False,
                "hangup_cause": "NORMAL_CLEARING",
            }
        )
        until(lambda: door.broker.legs)
    (leg,) = door.broker.legs
    assert isinstance(leg, CallLeg)
    assert (leg.record_id, leg.extension, leg.billsec, leg.disposition) == (uuid, "101", 60, "answered")
    assert leg.started_at.timestamp() == at
    table.close()


def test_zone_is_held_against_the_epochs_in_the_table(mariadb_server: Server, cdr: Table) -> None:
    cdr.insert(*(call(n, now() - timedelta(minutes=n)) for n in range(30)))
    database = Database(mariadb_server.reader, "OFFICE_DB")
    since = (now() - timedelta(days=2)).replace(tzinfo=None)
    types = database.types("cdr")
    assert "30 of 30 rows" in check_zone(database, "cdr", shape_of("cdr", types, MOSCOW), since)
    with pytest.raises(Terminal, match=r"table cdr: .*UTC\+03:00"):
        check_zone(database, "cdr", shape_of("cdr", types, ZoneInfo("Asia/Yekaterinburg")), since)
    cdr.run("DELETE FROM cdr WHERE sequence > 5")
    assert "too few" in check_zone(database, "cdr", shape_of("cdr", types, MOSCOW), since)
    database.close()


def test_zone_is_held_against_rows_that_are_far_back(mariadb_server: Server, cdr: Table) -> None:
    """Older than what is looked at when the table is opened: nothing of them goes out under a wrong zone."""
    began = now() - timedelta(days=200)
    cdr.insert(*(call(n, began + timedelta(minutes=n)) for n in range(40)))
    database = Database(mariadb_server.reader, "OFFICE_DB")
    types = database.types("cdr")
    since = (began - timedelta(hours=12)).replace(tzinfo=None)

    def rows(zone: str) -> int:
        shape = shape_of("cdr", types, ZoneInfo(zone))
        reader = TableReader(database, "cdr", shape, lambda: context(zone))
        return sum(map(len, reader.read(Slice(since, None), frozenset(), set())))

    assert rows("Europe/Moscow") == 40
    with pytest.raises(Terminal, match=r"table cdr: .*UTC\+03:00.*Asia/Yekaterinburg"):
        rows("Asia/Yekaterinburg")
    database.close()
