"""The watch over a real store and real receivers of this machine: days of a department, with restarts and failures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, time, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest

from pipeline.settings import Settings
from pipeline.warnings.kept import WarningReader, WarningWriter
from pipeline.warnings.outbox import Outbox
from pipeline.warnings.receivers import warning_plan
from pipeline.warnings.senders import Secrets, send_message
from pipeline.warnings.watch import WarningWatcher
from schemas.alerts import RULES
from schemas.errors import Transient
from schemas.warnings import DeliveryState, IncidentMark, IncidentState, MarkKind
from tests.alerts.test_triage import TODAY, ZONE, Department, keep
from tests.pipeline.property.tables import SETTINGS, Database
from tests.warnings.inbox import Answer, Inbox, Posted, open_inbox

OPENS = datetime.combine(TODAY, time(9), ZONE)
NEXT = OPENS + timedelta(days=1)
QUICK = [rule for rule in RULES if rule.metric in ("alert_pace", "alert_stale")]
"""The others have nothing to fire of in this department, and cost time."""


@pytest.fixture(scope="module")
def database(store_dsn: str) -> Database:
    return Database(store_dsn)


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    with open_inbox() as inbox:
        yield inbox


class Watch:
    """The process that watches, begun anew as often as wanted: only its folder and the store outlive it."""

    def __init__(self, database: Database, folder: Path, inbox: Inbox, **receiver: Any) -> None:
        self._database = database
        self._folder = folder
        self._env = {"CALLFUNNEL_TELEGRAM_API": inbox.url, "CALLFUNNEL_TELEGRAM_TOKEN": "1:x"}
        given = {"telegram": ["-1"], "digest": "", **receiver}
        plan = warning_plan({"language": "ru", "to": {"head": given}}, "test")
        self.settings: Settings = msgspec.structs.replace(SETTINGS, warnings=plan)
        self.kept = WarningReader(database.numbers)
        self.writer = WarningWriter(database.store)
        self.has_listener = True
        self.lines: list[str] = []

    def rounds(self, moments: Sequence[datetime], *, dies_after_put: bool = False) -> None:
        """One process that has a round at each of these moments; its listener is there meanwhile."""
        with Outbox(self._folder) as outbox:
            watcher = WarningWatcher(
                self._database.numbers,
                self.writer,
                outbox,
                self.settings,
                partial(send_message, secrets=Secrets(self._env)),
                language="ru",
                say=self.lines.append,
                rules=QUICK,
            )
            for moment in moments:
                now = moment.astimezone(UTC)
                if self.has_listener:
                    live(self._database, now)
                watcher.round(now)
                if not dies_after_put:
                    watcher.deliver(now)
                    watcher.store_deliveries()


def live(database: Database, at: datetime, door: str = "ami") -> None:
    row = {"source": "office", "door": door, "state": "live", "started_at": "2026-01-01T00:00:00Z"}
    keep(database, "feeds", {**row, "heartbeat_at": at.isoformat(), "seen_at": at.isoformat()})
    database.client.command("OPTIMIZE TABLE feeds FINAL")


def every(minutes: int, first: datetime, last: datetime) -> list[datetime]:
    return [first + timedelta(minutes=n) for n in range(0, int((last - first).total_seconds()) // 60 + 1, minutes)]


def fewer(department: Department, who: str, day: datetime) -> None:
    """One of four calls of a manager on a day: not silence, a drop."""
    calls = [one for one in department.calls if one[0] == who and one[1].date() == day.date()]
    gone = {one for n, one in enumerate(sorted(calls, key=lambda one: one[1])) if n % 4}
    department.calls = [one for one in department.calls if one not in gone]


def facts(database: Database, department: Department) -> datetime:
    """The calls of the last days themselves, besides their counts; when the latest began."""
    last = max(at for _, at in department.calls)
    rows = [
        {
            "activity_id": f"call:{who}:{at.isoformat()}",
            "kind": "call",
            "bucket": int(at.timestamp()) // 300 * 300,
            "manager_id": who,
            "at": at.astimezone(UTC).isoformat(),
            "legs": 1,
        }
        for who, at in department.calls
        if at > last - timedelta(days=4)
    ]
    keep(database, "activities", *rows)
    return last


def texts(posted: Sequence[Posted]) -> list[str]:
    return [str(one.body["text"]) for one in posted]


def test_drop_is_told_once_stays_quiet_over_night_and_is_over_once_through_failures_and_restarts(
    database: Database, tmp_path: Path, inbox: Inbox
) -> None:
    department = Department()
    fewer(department, "bob", OPENS)
    department.fill(database)
    watch = Watch(database, tmp_path, inbox)
    inbox.always = Answer(500)
    watch.rounds(every(30, OPENS + timedelta(hours=5), OPENS + timedelta(hours=7)))
    assert inbox.taken == []
    assert len(inbox.all) > 1, "tried again"
    (waiting,) = watch.kept.deliveries(datetime.now(UTC))[-1:]
    assert (waiting.state, "answered 500" in waiting.error) == (DeliveryState.WAITING, True)
    inbox.always = None
    watch.rounds(every(30, OPENS + timedelta(hours=7.5), OPENS + timedelta(hours=9)))
    watch.rounds(every(180, OPENS + timedelta(hours=10), NEXT))
    (told,) = texts(inbox.taken)
    assert told.startswith("bob (без команды), сегодня: ")
    assert "Что сделать: " in told
    watch.rounds(every(60, NEXT, NEXT + timedelta(hours=5)))
    first, over = texts(inbox.taken)
    assert first == told
    assert over.startswith("Закончилось: bob (без команды), мало звонков\nС ")
    watch.rounds(every(120, NEXT + timedelta(hours=5.5), NEXT + timedelta(hours=9)))
    assert len(inbox.taken) == 2
    (incident,) = watch.kept.incidents(NEXT.astimezone(UTC))
    assert (incident.rule, incident.thing, incident.state) == ("calls_drop", "bob", IncidentState.RESOLVED)


def test_what_died_before_sending_is_sent_by_the_next_one_and_another_folder_says_nothing_again(
    database: Database, tmp_path: Path, inbox: Inbox
) -> None:
    department = Department()
    department.without(["ann"], OPENS, OPENS + timedelta(days=1))
    department.fill(database)
    afternoon = OPENS + timedelta(hours=5)
    watch = Watch(database, tmp_path / "one", inbox)
    watch.rounds([afternoon], dies_after_put=True)
    assert inbox.all == []
    watch.rounds([afternoon + timedelta(minutes=5)])
    (told,) = texts(inbox.taken)
    assert told.startswith("ann (без команды): нет звонков, с последнего ожидалось ")
    Watch(database, tmp_path / "two", inbox).rounds([afternoon + timedelta(minutes=10)])
    assert len(inbox.all) == 1, "the store knows what was delivered"


def test_acknowledged_is_quiet_and_snoozed_is_told_when_the_time_is_over(
    database: Database, tmp_path: Path, inbox: Inbox
) -> None:
    department = Department()
    department.without(["ann", "bob"], OPENS, OPENS + timedelta(days=1))
    department.fill(database)
    afternoon = OPENS + timedelta(hours=4)
    watch = Watch(database, tmp_path, inbox)
    watch.rounds([afternoon])
    (told,) = texts(inbox.taken)
    assert told.splitlines()[0] == "2 предупреждения: ann, bob"
    ids = {one.thing: one.incident_id for one in watch.kept.incidents(afternoon)}
    until = (afternoon + timedelta(hours=1)).astimezone(UTC)
    watch.writer.keep_mark(IncidentMark(incident_id=ids["ann"], kind=MarkKind.ACK, at=afternoon))
    watch.writer.keep_mark(IncidentMark(incident_id=ids["bob"], kind=MarkKind.SNOOZE, at=afternoon, until=until))
    watch.rounds(every(30, afternoon + timedelta(minutes=30), afternoon + timedelta(hours=2.5)))
    later = "\n".join(texts(inbox.taken)[1:])
    assert later.count("По-прежнему: bob (без команды): нет звонков") == later.count("bob (") == 1
    assert "ann (" not in later


def test_quiet_hours_and_days_off_wait_and_what_is_over_by_then_is_not_told(
    database: Database, tmp_path: Path, inbox: Inbox
) -> None:
    department = Department()
    department.without(["ann"], OPENS, OPENS + timedelta(days=1))
    department.fill(database)
    watch = Watch(database, tmp_path, inbox, quiet="11:00-18:30")
    watch.rounds(every(120, OPENS + timedelta(hours=3), OPENS + timedelta(hours=9)))
    assert inbox.all == []
    watch.rounds([OPENS + timedelta(hours=9.5)])
    assert len(inbox.taken) == 1


def test_where_calls_come_in_files_now_is_the_latest_call_and_a_quiet_morning_is_no_dead_exchange(
    database: Database, tmp_path: Path, inbox: Inbox
) -> None:
    department = Department()
    fewer(department, "bob", OPENS)
    closing = OPENS + timedelta(hours=9)
    department.calls = [one for one in department.calls if one[1] < closing]
    department.fill(database)
    database.client.command("TRUNCATE TABLE feeds")
    last = facts(database, department)
    loaded = {
        "source": "office",
        "kind": "calls",
        "state": "done",
        "finished_at": (NEXT - timedelta(hours=6)).isoformat(),
    }
    keep(database, "imports", {"import_id": "1", "file": "a.csv", "started_at": loaded["finished_at"], **loaded})
    watch = Watch(database, tmp_path, inbox)
    watch.has_listener = False
    watch.rounds(every(120, NEXT, NEXT + timedelta(hours=8)))
    (told,) = texts(inbox.taken)
    assert told.startswith(f"bob (без команды), {last:%d.%m}: ")
    assert told.endswith(
        f"По состоянию на {last + timedelta(minutes=5):%d.%m, %H:%M}: это последний загруженный звонок"
    )


def test_half_a_loaded_file_is_nobodys_drop(database: Database, tmp_path: Path, inbox: Inbox) -> None:
    department = Department()
    department.without(["ann"], OPENS, OPENS + timedelta(days=1))
    department.fill(database)
    afternoon = OPENS + timedelta(hours=5)
    running = {"import_id": "1", "source": "office", "kind": "calls", "file": "a.csv", "state": "running"}
    keep(database, "imports", {**running, "started_at": (afternoon - timedelta(minutes=3)).isoformat()})
    watch = Watch(database, tmp_path, inbox)
    watch.rounds([afternoon, afternoon + timedelta(minutes=10)])
    assert inbox.all == []
    watch.rounds([afternoon + timedelta(hours=2)])
    assert len(inbox.taken) == 1, "a load that was killed holds up nobody for ever"


def test_yesterday_is_told_once_on_a_working_morning(database: Database, tmp_path: Path, inbox: Inbox) -> None:
    department = Department()
    fewer(department, "bob", OPENS)
    department.away = {("cid", TODAY)}
    department.fill(database)
    facts(database, department)
    watch = Watch(database, tmp_path, inbox, digest="09:00", teams=[], about=["head"])
    watch.rounds(every(30, NEXT - timedelta(hours=1), NEXT + timedelta(hours=2)))
    digests = [one for one in texts(inbox.taken) if one.startswith("Среда 22.04: ")]
    assert len(digests) == 1
    lines = digests[0].splitlines()
    assert len(lines) == 6
    assert "ожидалось" in lines[0]
    assert lines[2] == "План на этот месяц не загружен"
    assert lines[3].startswith("Ниже обычного: bob ")
    assert lines[3].endswith(". Отсутствуют: cid")
    assert lines[4] == "Пропущенных звонков нет"
    assert lines[5] == "Действуют предупреждения: bob"


def test_store_that_is_away_stops_no_delivery(database: Database, tmp_path: Path, inbox: Inbox) -> None:
    department = Department()
    department.without(["ann"], OPENS, OPENS + timedelta(days=1))
    department.fill(database)
    afternoon = (OPENS + timedelta(hours=5)).astimezone(UTC)
    watch = Watch(database, tmp_path, inbox)
    watch.rounds([afternoon], dies_after_put=True)

    class Away:
        def __getattr__(self, name: str) -> Any:
            raise Transient("clickhouse: away")

    with Outbox(tmp_path) as outbox:
        away: Any = Away()
        send = partial(send_message, secrets=Secrets(watch._env))
        watcher = WarningWatcher(away, WarningWriter(away), outbox, watch.settings, send, language="ru", rules=QUICK)
        with pytest.raises(Transient):
            watcher.round(afternoon)
        watcher.deliver(afternoon)
        with pytest.raises(Transient):
            watcher.store_deliveries()
    assert len(inbox.taken) == 1
