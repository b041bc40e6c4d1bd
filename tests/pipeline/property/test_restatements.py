"""The ledger: what changes in days that were counted before its cause began, with before, after and cause."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec
import pytest

from pipeline.agents.count_activities import CountActivities
from pipeline.agents.decider import Decider
from pipeline.agents.record_proposals import RecordProposals
from pipeline.agents.step import Outgoing, Step
from pipeline.agents.stitch_calls import StitchCalls
from pipeline.agents.store_rejected import StoreRejected
from pipeline.agents.update_managers import UpdateManagers
from pipeline.agents.update_organisations import UpdateOrganisations
from pipeline.agents.update_stages import UpdateStages
from pipeline.directory_cache import DirectoryCache
from pipeline.settings import Settings
from pipeline.store import Store
from schemas.codec import encode
from schemas.records import CallLeg, Direction, Disposition, Manager, Record, Restatement
from schemas.topics import CALL_LEGS, MANAGERS, Topic
from tests.pipeline.property.memory_wire import Kill, MakeSteps, MemoryWire, Turn, run
from tests.pipeline.property.tables import SETTINGS, Database

MOSCOW = ZoneInfo("Europe/Moscow")


class Change(NamedTuple):
    """A ledger row: local time of the cell, whose, some numbers before and after, and why."""

    at: str
    manager_id: str
    before: dict[str, object] | None
    after: dict[str, object]
    cause: str


class Office:
    """A department whose clock is set by hand; each reading is a millisecond later."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.now_ns = 0
        database.empty()

    def clock(self) -> int:
        self.now_ns += 1_000_000
        return self.now_ns

    def at(self, local: str) -> Office:
        """Set the clock."""
        self.now_ns = ns(local)
        return self

    def load(self, import_id: str, *said: tuple[Topic, Record], turns: tuple[Turn, ...] = (), began: str = "") -> None:
        """Everything of one import, settled; it began now unless told otherwise."""
        version = ns(began) if began else self.clock()
        wire = MemoryWire()
        for topic, record in said:
            told = msgspec.structs.replace(record, import_id=import_id, version=version)
            wire.send([Outgoing(topic, topic.key(told), encode(told))])
        run(wire, turns, self.database.store, SETTINGS, steps_with(self.clock))

    def ledger(self, *numbers: str) -> list[Change]:
        """The ledger in order; of the numbers only these."""
        columns = "* REPLACE(toUnixTimestamp(bucket) AS bucket)"
        sql = f"SELECT {columns} FROM restatements FINAL ORDER BY bucket, manager_id, at"
        rows = self.database.store.rows(msgspec.json.Decoder(Restatement), sql)
        return [
            Change(
                f"{datetime.fromtimestamp(row.bucket, MOSCOW):%d %H:%M}",
                row.manager_id,
                _some(row.before, numbers) if row.before else None,
                _some(row.after, numbers),
                row.cause,
            )
            for row in rows
        ]

    def cells(self) -> dict[tuple[str, str], int]:
        """Calls by (local time, manager)."""
        return {
            (f"{datetime.fromtimestamp(bucket, MOSCOW):%d %H:%M}", manager_id): cell.calls
            for (bucket, manager_id), cell in self.database.tables().cells.items()
        }


def _some(numbers: str, names: tuple[str, ...]) -> dict[str, object]:
    return {name: value for name, value in msgspec.json.decode(numbers).items() if name in names}


def ns(local: str) -> int:
    return int(moment(local).timestamp()) * 10**9


def moment(local: str) -> datetime:
    """`02 18:00` of November 2026 in Moscow."""
    return datetime.strptime(f"2026-11-{local}", "%Y-%m-%d %H:%M").replace(tzinfo=MOSCOW)


def steps_with(clock: Callable[[], int]) -> MakeSteps:
    """As `pipeline.app.make_steps`, by this clock."""

    def make(store: Store, settings: Settings) -> list[Step]:
        def decider() -> Decider:
            return Decider(store, DirectoryCache(store, settings.stages))

        return [
            UpdateManagers(store, clock),
            UpdateOrganisations(store, clock),
            UpdateStages(store, clock),
            StitchCalls(decider(), clock),
            RecordProposals(decider(), clock),
            CountActivities(store, settings.rules, settings.time_zone, clock),
            StoreRejected(store, clock),
        ]

    return make


def manager(manager_id: str, *extensions: str, since: str = "01 00:00") -> tuple[Topic, Record]:
    return MANAGERS, Manager(
        manager_id=manager_id,
        name=manager_id.title(),
        extensions=list(extensions),
        valid_from=moment(since),
        version=0,
    )


def call(number: int, local: str, extension: str = "101", talk_s: int = 60) -> tuple[Topic, Record]:
    at = moment(local)
    return CALL_LEGS, CallLeg(
        source="office",
        call_id=f"17.{number}",
        record_id=f"17.{number}",
        started_at=at,
        answered_at=at,
        ended_at=at + timedelta(seconds=talk_s),
        billsec=talk_s,
        direction=Direction.OUTBOUND,
        disposition=Disposition.ANSWERED,
        extension=extension,
        contact="+74950000001",
        contact_raw="84950000001",
        version=0,
    )


@pytest.fixture
def office(store_dsn: str) -> Office:
    office = Office(Database(store_dsn))
    office.at("01 09:00").load("roster", manager("ann", "101"), manager("bob", "102"))
    return office


def test_call_that_moves_to_another_manager_restates_both(office: Office) -> None:
    office.at("02 19:00").load("day", call(1, "02 10:00"), call(2, "02 10:01"), call(3, "02 11:00", "102"))
    office.at("03 10:00").load("fix", call(2, "02 10:01", "102"))
    assert office.ledger("calls", "talk_s") == [
        Change("02 10:00", "ann", {"calls": 2, "talk_s": 120}, {"calls": 1, "talk_s": 60}, "fix"),
        Change("02 10:00", "bob", None, {"calls": 1, "talk_s": 60}, "fix"),
    ]
    assert office.cells() == {("02 10:00", "ann"): 1, ("02 10:00", "bob"): 1, ("02 11:00", "bob"): 1}


def test_call_that_leaves_a_cell_empty_restates_it_to_nothing(office: Office) -> None:
    office.at("02 19:00").load("day", call(1, "02 10:00"))
    office.at("03 10:00").load("fix", call(1, "02 12:00"))
    assert office.ledger("calls", "retracted") == [
        Change("02 10:00", "ann", {"calls": 1, "retracted": 0}, {"calls": 0, "retracted": 1}, "fix"),
        Change("02 12:00", "ann", None, {"calls": 1}, "fix"),
    ]


def test_late_call_lands_in_its_own_bucket_and_is_a_restatement_of_its_day(office: Office) -> None:
    office.at("02 19:00").load("day", call(1, "02 10:00"))
    office.at("05 10:00").load("late", call(2, "02 10:04"), call(3, "02 10:05"))
    assert office.cells() == {("02 10:00", "ann"): 2, ("02 10:05", "ann"): 1}
    assert office.ledger("calls") == [
        Change("02 10:00", "ann", {"calls": 1}, {"calls": 2}, "late"),
        Change("02 10:05", "ann", None, {"calls": 1}, "late"),
    ]


def test_first_load_of_history_is_no_restatement_however_it_is_cut(office: Office) -> None:
    """Chunks of one import change cells that its first chunk has counted: that day was not reported in between."""
    said = [call(n, f"02 10:0{n}") for n in range(6)]
    office.at("20 10:00").load("history", *said, turns=tuple(Turn(frames=1) for _ in range(30)))
    assert office.cells() == {("02 10:00", "ann"): 5, ("02 10:05", "ann"): 1}
    assert office.ledger("calls") == []


def test_import_that_began_before_the_day_was_counted_restates_nothing(office: Office) -> None:
    """Two loads side by side: the slower one had begun when the other counted the day first."""
    office.at("20 10:00").load("one", call(1, "02 10:00"))
    office.at("20 10:01").load("other", call(2, "02 10:01"), began="20 09:59")
    assert office.ledger("calls") == []


def test_today_is_not_reported_yet(office: Office) -> None:
    office.at("02 10:10").load("morning", call(1, "02 10:00"))
    office.at("02 23:59").load("fix", call(1, "02 10:00", "102"))
    assert office.ledger("calls") == []


def test_yesterday_begins_at_midnight_of_the_reporting_zone(office: Office) -> None:
    office.at("02 23:58").load("evening", call(1, "02 23:50"))
    office.at("03 00:01").load("fix", call(1, "02 23:50", talk_s=10))
    assert office.ledger("conversations", "talk_s") == [
        Change("02 23:50", "ann", {"conversations": 1, "talk_s": 60}, {"conversations": 0, "talk_s": 10}, "fix")
    ]


def test_roster_that_changes_the_past_is_the_cause(office: Office) -> None:
    office.at("02 19:00").load("day", call(1, "02 10:00"), call(2, "02 15:00", "102"), call(3, "02 15:01", "103"))
    office.at("04 10:00").load("new roster", manager("bob", "102", "103"))
    # Nobody's cell lost the call: that changes a reported day as well.
    assert office.ledger("calls") == [
        Change("02 15:00", "", {"calls": 1}, {"calls": 0}, "new roster"),
        Change("02 15:00", "bob", {"calls": 1}, {"calls": 2}, "new roster"),
    ]


@pytest.mark.parametrize("done", [False, True])
@pytest.mark.parametrize("n", range(1, 8))
def test_change_that_is_counted_again_after_a_death_is_in_the_ledger_once(office: Office, n: int, done: bool) -> None:
    office.at("02 19:00").load("day", call(1, "02 10:00"))
    deadly = (Turn(), Turn(kill=Kill(call=n, done=done)))
    office.at("03 10:00").load("late", call(2, "02 10:01"), turns=deadly)
    assert office.ledger("calls") == [Change("02 10:00", "ann", {"calls": 1}, {"calls": 2}, "late")]


def test_worker_whose_clock_is_behind_still_counts(office: Office) -> None:
    """Its cells replace those of the worker before it, retracted ones too."""
    office.at("02 19:00").load("day", call(1, "02 10:00"), call(2, "02 11:00"))
    office.at("02 18:00").load("late", call(3, "02 10:01"), began="02 19:01")
    office.load("moved", call(2, "02 10:02"), began="02 19:02")
    office.at("02 17:00").load("back", call(2, "02 11:00"), began="02 19:03")
    assert office.cells() == {("02 10:00", "ann"): 2, ("02 11:00", "ann"): 1}
