"""The rules for whoever looks after exchange and files: stale data, rejects, drift."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from pipeline.alerts.evaluate import AlertInstance, ask
from pipeline.working_calendar import keep_base_calendar
from schemas.alerts import rule
from tests.pipeline.property.tables import SETTINGS, Database

ZONE = ZoneInfo("Europe/Moscow")
WEDNESDAY = date(2026, 4, 22)
NOON = datetime.combine(WEDNESDAY, time(12), ZONE)


@pytest.fixture
def database(store_dsn: str) -> Database:
    database = Database(store_dsn)
    database.empty()
    keep_base_calendar(database.store, SETTINGS.calendar, WEDNESDAY)
    return database


def keep(database: Database, table: str, *rows: dict[str, Any]) -> None:
    database.store.keep(table, [json.dumps({"version": 1, **row}).encode() for row in rows])


def said(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()


def asked(database: Database, name: str, at: datetime = NOON) -> list[AlertInstance]:
    return list(ask(database.numbers, SETTINGS, [at], [rule(name)]))


def loaded(source: str, at: datetime, kind: str = "calls", records: int = 100) -> dict[str, Any]:
    of = {"import_id": f"{source}{at}", "source": source, "kind": kind, "state": "stored", "records": records}
    return {**of, "started_at": said(at), "finished_at": said(at)}


@pytest.mark.parametrize(
    ("finished", "is_stale"),
    [
        (datetime(2026, 4, 22, 8), False),
        # Tuesday evening and Tuesday morning before opening: the latter lacks a whole day.
        (datetime(2026, 4, 21, 19), False),
        (datetime(2026, 4, 21, 10), False),
        (datetime(2026, 4, 21, 8), True),
        (datetime(2026, 2, 1, 8), True),
    ],
)
def test_source_of_files_is_stale_when_a_whole_working_day_is_missing(
    database: Database, finished: datetime, is_stale: bool
) -> None:
    keep(database, "imports", loaded("office", finished.replace(tzinfo=ZONE)))
    (thing,) = asked(database, "stale_data")
    assert (thing.labels, thing.is_firing) == ({"source": "office", "door": "file:calls"}, is_stale)


def test_weekend_is_nothing_that_a_file_lacks(database: Database) -> None:
    friday = datetime(2026, 4, 17, 19, tzinfo=ZONE)
    keep(database, "imports", loaded("office", friday))
    assert [one.is_firing for one in asked(database, "stale_data", datetime(2026, 4, 20, 12, tzinfo=ZONE))] == [False]
    assert [one.is_firing for one in asked(database, "stale_data", datetime(2026, 4, 20, 19, tzinfo=ZONE))] == [True]


def test_live_door_is_stale_when_it_is_not_live_and_its_files_are_then_nobodys_worry(database: Database) -> None:
    keep(database, "imports", loaded("office", NOON - timedelta(days=9)))
    doors = (
        ("live", 30, False),
        ("live", 300, True),
        ("failed", 10, True),
        ("stopped", 9, False),
    )
    for version, (state, silent_s, is_stale) in enumerate(doors, start=1):
        beat = said(NOON - timedelta(seconds=silent_s))
        door = {"source": "office", "door": "ami", "state": state, "started_at": said(NOON - timedelta(days=1))}
        keep(database, "feeds", {**door, "heartbeat_at": beat, "seen_at": beat, "version": version})
        fired = {one.labels["door"]: one.is_firing for one in asked(database, "stale_data")}
        # A stopped door brings nothing any more: the files count again.
        assert fired == {"ami": is_stale, "file:calls": state == "stopped"}


def rejects(source: str, at: datetime, count: int) -> list[dict[str, Any]]:
    return [
        {"rejected_id": f"{source}{at}{n}", "source": source, "reason": "bad_time", "at": said(at)}
        for n in range(count)
    ]


def legs(source: str, at: datetime, count: int) -> list[dict[str, Any]]:
    of = {"source": source, "started_at": said(at), "ended_at": said(at), "version": int(at.timestamp()) * 10**9}
    return [{**of, "call_id": f"{at}{n}", "record_id": f"{at}{n}"} for n in range(count)]


@pytest.mark.parametrize(
    ("now", "of", "before", "of_before", "is_spike"),
    [
        (30, 100, 1, 300, True),
        (19, 10, 0, 300, False),  # too few to say
        (30, 900, 1, 300, False),  # under 5 %
        (30, 100, 60, 300, False),  # it was always so
        (30, 100, 0, 0, True),  # the first file of a source, and it is not understood
    ],
)
def test_spike_of_rejects_is_many_a_large_share_and_unusual(
    database: Database, now: int, of: int, before: int, of_before: int, is_spike: bool
) -> None:
    today, earlier = NOON - timedelta(hours=3), NOON - timedelta(days=9)
    keep(database, "rejected", *rejects("office", today, now), *rejects("office", earlier, before))
    keep(database, "call_legs", *legs("office", today, of), *legs("office", earlier, of_before))
    (thing,) = asked(database, "rejects_spike")
    assert thing.is_firing == is_spike
    assert thing.numbers["rejected"] == now
    assert thing.numbers["accepted"] == of
    assert thing.numbers["share"] == pytest.approx(now / (now + of), abs=1e-4)
    usual = before / (before + of_before) if before + of_before else 0
    assert thing.numbers["usual_share"] == pytest.approx(usual, abs=1e-4)


def test_what_was_accepted_later_is_no_reject_and_other_tables_count_by_their_imports(database: Database) -> None:
    today = NOON - timedelta(hours=3)
    rows = rejects("crm", today, 30)
    keep(database, "rejected", *rows, *({**row, "resolved": 1, "version": 2} for row in rows[:25]))
    keep(database, "imports", loaded("crm", today, "organisations", 40))
    (thing,) = asked(database, "rejects_spike")
    assert (thing.numbers["rejected"], thing.numbers["accepted"], thing.is_firing) == (5, 40, False)


def test_drift_is_a_count_that_the_facts_do_not_bear_out(database: Database) -> None:
    at = NOON - timedelta(hours=2)
    cell = {"bucket": int(at.timestamp()), "manager_id": "ann", "calls": 1}
    assert [one.is_firing for one in asked(database, "drift")] == [False]
    keep(database, "manager_activity", cell)
    (thing,) = asked(database, "drift")
    assert (thing.is_firing, thing.numbers) == (True, {"differing": 1, "cells": 1})
