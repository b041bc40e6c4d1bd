"""The department lives on after its exports: row after row, at the moment when its system writes it."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import date, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest

from department.generate import generate
from department.live_department import KINDS, ExportRow, LiveDepartment
from department.options import DepartmentOptions

OPTIONS = DepartmentOptions(managers=8, days=30, seed=5, pace=20.0)
ZONE = ZoneInfo("Europe/Moscow")
ROWS = 12_000
"""Some weeks: more than are settled at one time."""


class Cells(NamedTuple):
    at: datetime
    cells: list[str]


@pytest.fixture(scope="module")
def rows() -> list[ExportRow]:
    return list(islice(LiveDepartment(OPTIONS).rows(), ROWS))


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What was exported before."""
    folder: Path = tmp_path_factory.mktemp("exports")
    generate(OPTIONS, folder)
    return folder


def of(rows: list[ExportRow], kind: str) -> list[Cells]:
    delimiter = "," if kind == "calls" else ";"
    wanted = [row for row in rows if KINDS[row.kind] == kind]
    return [
        Cells(datetime.fromtimestamp(row.at, ZONE), cells)
        for row, cells in zip(wanted, csv.reader((row.text for row in wanted), delimiter=delimiter), strict=True)
    ]


def test_rows_come_in_order_of_time_from_the_first_day_after_the_exports(rows: list[ExportRow]) -> None:
    assert rows == sorted(rows)
    first, last = (datetime.fromtimestamp(rows[index].at, ZONE).date() for index in (0, -1))
    assert first == OPTIONS.last
    assert last - first > timedelta(days=28)


def test_same_options_live_on_alike(rows: list[ExportRow]) -> None:
    assert list(islice(LiveDepartment(OPTIONS).rows(), 2_000)) == rows[:2_000]


def test_a_call_is_written_when_it_has_ended_under_a_name_of_its_own(rows: list[ExportRow]) -> None:
    calls = of(rows, "calls")
    ends: dict[str, set[datetime]] = {}
    for at, cells in calls:
        started, ended = (datetime.fromisoformat(cells[n]).replace(tzinfo=ZONE) for n in (9, 11))
        assert started <= ended <= at
        ends.setdefault(cells[19], set()).add(at)
    assert all(len(moments) == 1 for moments in ends.values())  # all legs of a call at one moment
    identities = Counter((cells[16], cells[20]) for _, cells in calls)
    assert max(identities.values()) == 1


def test_stages_and_proposals_are_written_when_they_happen(rows: list[ExportRow]) -> None:
    for kind, column in (("stages", 2), ("proposals", 4)):
        rows_of_kind = of(rows, kind)
        assert len(rows_of_kind) > 50
        for at, cells in rows_of_kind:
            assert at == datetime.fromisoformat(cells[column]).replace(tzinfo=ZONE)


def test_organisations_are_known_before_anything_is_said_of_them(rows: list[ExportRow], exports: Path) -> None:
    with (exports / "organisations.csv").open(encoding="utf-8") as file:
        known = {row["id"] for row in csv.DictReader(file, delimiter=";")}
    for row in rows:
        kind = KINDS[row.kind]
        cells = row.text.split(";")
        if kind == "organisations":
            assert cells[0] not in known
            known.add(cells[0])
        elif kind in ("stages", "proposals"):
            assert cells[int(kind == "proposals")] in known


def test_calendar_goes_on_day_by_day(rows: list[ExportRow]) -> None:
    days = [date.fromisoformat(cells[0]) for _, cells in of(rows, "calendar")]
    assert days == [OPTIONS.last + timedelta(days=n) for n in range(len(days))]
    assert len(days) >= 28


def test_plan_is_of_the_whole_month_once_its_days_are_settled(rows: list[ExportRow]) -> None:
    planned: dict[tuple[str, str], list[int]] = {}
    for _, cells in of(rows, "plan"):
        planned.setdefault((cells[0], cells[1]), []).append(int(cells[2]))
    assert all(days == sorted(days) for days in planned.values())  # it only grows
    assert {month for month, _ in planned} >= {"2026-02", "2026-03"}


def test_on_the_first_working_day_somebody_is_silent_and_somebody_on_leave(
    rows: list[ExportRow], exports: Path
) -> None:
    first = LiveDepartment(OPTIONS).first_working_day
    there = {cells[5].partition("/")[2][:3] for at, cells in of(rows, "calls") if at.date() == first}
    with (exports / "managers.csv").open(encoding="utf-8") as file:
        people = {row["id"]: row["extensions"].split(", ") for row in csv.DictReader(file, delimiter=";")}
    away = {cells[0] for _, cells in of(rows, "absences") if cells[1] <= first.isoformat() <= cells[2]}
    without = {manager for manager, extensions in people.items() if not there & set(extensions)}
    assert away < without
    assert "m08" in without - away
