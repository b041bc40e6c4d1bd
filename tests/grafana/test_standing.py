"""Warnings that stand, as the page and Grafana read them: those of `alerts list`, with the mark that holds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pipeline.warnings.kept import WarningReader, WarningWriter
from schemas.parameters import Chosen, Value
from schemas.screens.boards import panel
from schemas.warnings import Incident, IncidentMark, IncidentState, MarkKind
from tests.grafana.asking import Asker, Row
from tests.pipeline.property.tables import Database
from tests.warnings.worlds import NUMBERS, incident, labels_of

pytestmark = pytest.mark.stack

NOW = datetime(2026, 11, 27, 9, tzinfo=UTC)
MANAGERS = {"anna": "Анна Петрова", "ivan": "Иван Сидоров"}


def one_of(rule: str, **changed: Any) -> Incident:
    """An incident of Anna's, of the source, or of the department."""
    labels = labels_of(rule)
    thing = "anna" if "manager_id" in labels else labels.get("source", "")
    return incident(rule, incident_id=f"{rule}-{thing}", thing=thing, labels=labels, **changed)


def kept(database: Database) -> list[Incident]:
    """One of every rule, Ivan's squeeze, one that only begins and one that is over."""
    every = [one_of(rule, since=NOW - timedelta(minutes=n)) for n, rule in enumerate(NUMBERS)]
    more = [
        incident("squeeze", "ivan", since=NOW - timedelta(days=3)),
        incident("manager_silent", "ivan", state=IncidentState.PENDING),
        incident("calls_drop", "ivan", state=IncidentState.RESOLVED),
    ]
    WarningWriter(database.store).keep_incidents([*every, *more])
    return [*every, *more]


def mark(database: Database, of: str, kind: MarkKind, minutes: int = 0, until: timedelta | None = None) -> None:
    at = NOW - timedelta(hours=1) + timedelta(minutes=minutes)
    ends = None if until is None else NOW + until
    said = IncidentMark(incident_id=of, kind=kind, at=at, until=ends, by="Вера", note="звоню")
    WarningWriter(database.store).keep_mark(said)


def rows(asker: Asker, **values: Value) -> list[Row]:
    wanted = panel("today_attention").query
    assert wanted is not None
    chosen = Chosen(start=NOW - timedelta(hours=9), end=NOW, now=NOW, values=values)
    natively = asker.natively(wanted, chosen)
    assert asker.as_grafana(wanted, chosen) == natively
    return natively


def test_what_stands_is_what_the_command_lists_the_department_first(database: Database, asker: Asker) -> None:
    known = kept(database)
    found = rows(asker)
    listed = [one for one in WarningReader(database.numbers).incidents(NOW) if one.state is IncidentState.FIRING]
    assert {row["incident_id"] for row in found} == {one.incident_id for one in listed}
    assert len(found) == len(known) - 2
    assert [row["rule"] for row in found[:3]] == ["drift", "feed_dead", "department_drop"], "the earliest first"
    assert (found[3]["rule"], found[3]["manager_id"]) == ("squeeze", "ivan"), "then people"
    assert {row["rule"] for row in found[-2:]} == {"stale_data", "rejects_spike"}, "then sources"
    assert {row["subject"] for row in found} == {"", "АТС", *MANAGERS.values()}


@pytest.mark.parametrize(
    ("rule", "fact", "expected"),
    [
        ("calls_drop", 12, 31.4),
        ("department_drop", 161, 402),
        ("manager_silent", 0, 8.6),
        ("feed_dead", 0, 41),
        ("squeeze", 2, 12.4),
        ("stale_data", None, None),
        ("drift", None, None),
    ],
)
def test_what_is_and_what_was_expected(
    database: Database, asker: Asker, rule: str, fact: float | None, expected: float | None
) -> None:
    kept(database)
    (row,) = [one for one in rows(asker) if one["rule"] == rule and one["manager_id"] != "ivan"]
    assert (row["fact"], row["expected"]) == (fact, expected)


def test_the_latest_mark_holds_until_it_ends_and_goes_below(database: Database, asker: Asker) -> None:
    kept(database)
    mark(database, "calls_drop-anna", MarkKind.SNOOZE, 0, timedelta(hours=1))
    mark(database, "calls_drop-anna", MarkKind.ACK, 1)
    mark(database, "squeeze-ivan", MarkKind.SNOOZE, 0, timedelta(minutes=5))
    mark(database, "feed_dead-", MarkKind.SNOOZE, 0, timedelta(minutes=-5))
    mark(database, "manager_silent-anna", MarkKind.ACK, 0)
    mark(database, "manager_silent-anna", MarkKind.WAKE, 1)
    found = rows(asker)
    said = {row["incident_id"]: (row["mark"], row["mark_by"], row["mark_note"]) for row in found if row["mark"]}
    assert said == {"calls_drop-anna": ("ack", "Вера", "звоню"), "squeeze-ivan": ("snooze", "Вера", "звоню")}
    assert [bool(row["mark"]) for row in found] == [False] * (len(found) - 2) + [True] * 2
    until = {row["incident_id"]: row["mark_until"] for row in found if row["mark"]}
    assert until == {"calls_drop-anna": None, "squeeze-ivan": "2026-11-27T09:05:00Z"}


def test_of_a_team_or_a_manager_is_theirs_and_what_is_about_nobody(database: Database, asker: Asker) -> None:
    kept(database)
    for chosen in ({"managers": ("ivan",)}, {"teams": ("Юг",)}):
        found = rows(asker, **chosen)
        assert {row["manager_id"] for row in found} == {"", "ivan"}
        assert len(found) == 1 + 3 + 2
