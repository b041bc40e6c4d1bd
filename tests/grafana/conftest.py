"""A small department, loaded through the real parsers and steps, with its truth beside it. Once for all tests here."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from department.generate import TRUTH, generate
from department.options import DepartmentOptions
from pipeline.embedded.ports import free_port
from pipeline.loading.outcome import TOPICS, begin, keep_import
from pipeline.loading.prepare import LoadOptions, PreparedFile, prepare
from pipeline.migrate import migrate
from pipeline.settings import Settings, read_settings
from pipeline.store import connect
from pipeline.working_calendar import keep_base_calendar
from schemas.codec import encode
from schemas.parameters import Department
from schemas.plans import Absence, AbsenceKind, CalendarDay, DayKind, Plan
from schemas.records import Feed, FeedState, Rejected
from schemas.stages import default_stages
from schemas.topics import ABSENCES, CALENDAR_DAYS, PLANS, REJECTED
from tests.conftest import STARTS_S, store_process, writer_dsn
from tests.grafana.asking import Asker
from tests.grafana.example import ZONE, two_managers
from tests.pipeline.property.department import Said
from tests.pipeline.property.memory_wire import MemoryWire, Turn, lines, run
from tests.pipeline.property.tables import Database

KINDS = ("managers", "organisations", "stages", "proposals", "calls")
OPTIONS = DepartmentOptions(managers=6, days=150, pace=6, seed=11, corruption=0.02)


FEED = Feed(
    source="pbx",
    door="sql",
    state=FeedState.LIVE,
    started_at=datetime(2026, 1, 12, tzinfo=UTC),
    heartbeat_at=datetime(2026, 6, 11, 12, tzinfo=UTC),
    seen_at=datetime(2026, 6, 11, 12, tzinfo=UTC),
    version=1,
)
"""A live door that was there all the time."""


class StoredDepartment(NamedTuple):
    """A store with a department in it. `reader` is the DSN of the user that Grafana has."""

    database: Database
    reader: str
    truth: dict[str, Any]
    settings: Settings
    plans: list[Plan]


@pytest.fixture(scope="session")
def stored_department(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StoredDepartment]:
    folder: Path = tmp_path_factory.mktemp("boards")
    generate(OPTIONS, folder)
    truth = json.loads((folder / TRUTH).read_text(encoding="utf-8"))
    settings = read_settings({"CALLFUNNEL_CONFIG": str(folder / "callfunnel.toml")})
    port = free_port(0, "--store-port")
    store = store_process(folder, port)
    store.start()
    try:
        store.wait_ready(STARTS_S)
        migrate(connect(writer_dsn(port)))
        database = Database(writer_dsn(port))
        keep_base_calendar(database.store, settings.calendar, OPTIONS.last)
        plans = load(folder, truth, settings, database)
        database.store.keep("feeds", [encode(FEED)])
        yield StoredDepartment(database, f"http://reader:reader@127.0.0.1:{port}/default", truth, settings, plans)
    finally:
        store.stop(15)


def calendar(folder: Path) -> list[Said]:
    """Plan, calendar and absences of the department."""

    def rows(name: str) -> Iterator[dict[str, str]]:
        with (folder / f"{name}.csv").open(encoding="utf-8") as file:
            yield from csv.DictReader(file, delimiter=";")

    plans = [
        Plan(
            manager_id=row["manager_id"],
            month=row["month"],
            working_days=int(row["working_days"]),
            calls_to_potential=int(row["calls_to_potential"]),
            general_proposals=int(row["general_proposals"]),
            individual_proposals=int(row["individual_proposals"]),
            version=1,
        )
        for row in rows("plan")
    ]
    days = [
        CalendarDay(day=date.fromisoformat(row["day"]), kind=DayKind(row["kind"]), version=1)
        for row in rows("calendar")
    ]
    absences = [
        Absence(
            manager_id=row["manager_id"],
            first=date.fromisoformat(row["first"]),
            last=date.fromisoformat(row["last"]),
            kind=AbsenceKind(row["kind"]),
            version=1,
        )
        for row in rows("absences")
    ]
    return [(PLANS, p) for p in plans] + [(CALENDAR_DAYS, d) for d in days] + [(ABSENCES, a) for a in absences]


def load(folder: Path, truth: dict[str, Any], settings: Settings, database: Database) -> list[Plan]:
    """Every file, kind by kind, as `callfunnel load` reads it; the wire is in memory."""
    wire = MemoryWire()
    planning = calendar(folder)
    wire.send(lines(planning))
    for kind in KINDS:
        for one in truth["files"]:
            if one["kind"] == kind:
                file = prepare(folder / one["file"], LoadOptions(kind=kind), settings)
                records = records_of(file)
                wire.send(lines(records))
                run(wire, [Turn(frames=40)] * 400, database.store, settings)
                outcome = begin(file)
                outcome.rows = outcome.records = len(records)
                keep_import(file, outcome, database.store, "stored")
    return [record for _, record in planning if isinstance(record, Plan)]


def records_of(file: PreparedFile) -> list[Said]:
    """The records and rejects of a file."""
    topic = TOPICS[file.recognised.kind]
    return [
        (REJECTED if isinstance(item, Rejected) else topic, item)
        for item in file.source.read(file.path, file.recognised, file.context)
    ]


@pytest.fixture
def database(store_dsn: str) -> Database:
    """A store with two managers and nothing else, for examples by hand."""
    found = Database(store_dsn)
    two_managers(found)
    return found


@pytest.fixture
def asker(store_dsn: str) -> Asker:
    return Asker(store_dsn, Department(zone=ZONE.key, conversation_s=30, stages=default_stages()))
