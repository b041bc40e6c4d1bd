"""The generator's plan, calendar and absences: they load unchanged, and give the working days of the simulation."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from connectors.reading.sample import Sample
from connectors.reading.source import Context
from connectors.recognise import choose
from department.options import DepartmentOptions
from pipeline.agents.step import Frame, Step
from pipeline.agents.store_plans import StoreAbsences, StoreCalendar, StorePlans
from pipeline.agents.update_managers import UpdateManagers
from pipeline.readouts.period import Period
from pipeline.readouts.plan_fact import plan_fact
from pipeline.working_calendar import WorkingCalendar
from schemas.codec import encode
from schemas.records import Record, Rejected
from schemas.stages import default_stages
from tests.department.test_exports import Make
from tests.pipeline.property.tables import Database

OPTIONS = DepartmentOptions(managers=6, days=150, pace=1, seed=11, first=date(2024, 9, 2))
"""A period with a Saturday that is worked."""
MOSCOW = ZoneInfo("Europe/Moscow")
TABLES = ("managers", "plan", "calendar", "absences")
WORKED = ("working", "short", "moved")


@pytest.fixture
def database(store_dsn: str) -> Database:
    made = Database(store_dsn)
    made.empty()
    return made


def load(database: Database, folder: Path, version: int) -> int:
    """Read the files as `load` does and have the agents store them; how many rows there were."""
    steps: tuple[Step, ...] = (
        *(UpdateManagers(database.store), StorePlans(database.store)),
        *(StoreCalendar(database.store), StoreAbsences(database.store)),
    )
    loaded = 0
    for kind, step in zip(TABLES, steps, strict=True):
        lines = [encode(record) for record in read(folder / f"{kind}.csv", kind, version)]
        outcome = step.settle_chunk([Frame(b"\n".join(lines), f"{step.topic.name}:0:0")])
        assert list(outcome.outgoing) == []
        outcome.then()
        loaded += len(lines)
    return loaded


def read(path: Path, kind: str, version: int) -> Iterator[Record]:
    source, recognised = choose(Sample(path), kind, "auto", "RU")
    at = datetime(2026, 11, 24, tzinfo=UTC)
    context = Context(
        source="crm", import_id=str(version), version=version, zone=MOSCOW, stages=default_stages(), loaded_at=at
    )
    for item in source.read(path, recognised, context):
        assert not isinstance(item, Rejected), item
        yield item


def stored(database: Database) -> list[int]:
    names = ("managers", "plans", "calendar_days", "absences")
    return [database.client.query(f"SELECT count() FROM {name}").result_rows[0][0] for name in names]


def table(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter=";"))


def working_days(folder: Path, manager_id: str, month: str) -> int:
    """Day by day, of the files alone."""
    absences = [row for row in table(folder, "absences") if row["manager_id"] == manager_id]
    periods = [row for row in table(folder, "managers") if row["id"] == manager_id]
    return sum(
        row["day"].startswith(month)
        and row["kind"] in WORKED
        and any(one["valid_from"] <= row["day"] and (row["day"] < (one["valid_to"] or "9")) for one in periods)
        and not any(one["first"] <= row["day"] <= one["last"] for one in absences)
        for row in table(folder, "calendar")
    )


def test_files_of_the_generator_load_whole_and_once(database: Database, department: Make) -> None:
    folder, _ = department(OPTIONS)
    loaded = load(database, folder, 10)
    assert sum(stored(database)) == loaded
    load(database, folder, 20)
    assert sum(stored(database)) == loaded


def test_plan_and_working_days_are_those_of_the_files(database: Database, department: Make) -> None:
    folder, _ = department(OPTIONS)
    load(database, folder, 10)
    assert any(row["kind"] == "moved" for row in table(folder, "calendar"))
    assert table(folder, "absences")
    period = Period(OPTIONS.first, OPTIONS.first + timedelta(days=OPTIONS.days), MOSCOW)
    later = datetime(2026, 11, 24, tzinfo=UTC)
    rows = {
        (row.manager_id, row.month): row
        for row in plan_fact(database.numbers, period, WorkingCalendar(country=""), later)
    }
    for plan in table(folder, "plan"):
        row = rows.pop((plan["manager_id"], plan["month"]))
        assert row.planned_working_days == int(plan["working_days"])
        assert row.working_days == working_days(folder, row.manager_id, row.month)
        assert row.calls_to_potential.plan == int(plan["calls_to_potential"])
        assert row.individual_amount["RUB"].plan == int(plan["amount"])
    assert all(row.working_days == 0 for row in rows.values())
