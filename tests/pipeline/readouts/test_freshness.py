"""`freshness`: a dead feed is told from a quiet hour, and a load of a file is an event of its source."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from pipeline.readouts.feeds import Freshness, freshness
from schemas.codec import encode
from schemas.records import Feed, FeedState, Import
from tests.pipeline.property.tables import Database

NOW = datetime(2026, 11, 2, 18, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def migrated(store_dsn: str) -> Database:
    return Database(store_dsn)


@pytest.fixture
def database(migrated: Database) -> Database:
    migrated.empty()
    return migrated


def feed(state: FeedState, *, said_s: int = 10, seen_s: int | None = 10, event_s: int | None = 3600) -> Feed:
    """A door that last spoke `said_s` ago, whose source was last there `seen_s` ago."""

    def ago(seconds: int | None) -> datetime | None:
        return None if seconds is None else NOW - timedelta(seconds=seconds)

    return Feed(
        source="office",
        door="sql",
        state=state,
        started_at=NOW - timedelta(hours=9),
        heartbeat_at=NOW - timedelta(seconds=said_s),
        seen_at=ago(seen_s),
        last_event_at=ago(event_s),
        records=12,
        version=1,
    )


def loaded(kind: str, minutes_ago: int, state: str = "stored", records: int = 5) -> Import:
    at = NOW - timedelta(minutes=minutes_ago)
    return Import(
        import_id=f"{kind}-{minutes_ago}",
        source="office",
        kind=kind,
        file=f"{minutes_ago}.csv",
        profile="",
        started_at=at - timedelta(minutes=1),
        finished_at=None if state == "running" else at,
        records=records,
        state=state,
        version=1,
    )


def seen(database: Database, *said: Feed, at: datetime = NOW) -> list[Freshness]:
    database.store.keep("feeds", [encode(one) for one in said])
    return list(freshness(database.numbers, at))


@pytest.mark.parametrize(
    ("said", "state", "age_s", "well"),
    [
        (feed(FeedState.LIVE, event_s=6 * 3600), "live", 10, True),  # nobody called for six hours
        (feed(FeedState.LIVE, said_s=120), "live", 10, True),
        (feed(FeedState.LIVE, said_s=121, seen_s=121), "silent", 121, False),  # killed
        (feed(FeedState.AWAY, seen_s=900), "away", 900, False),
        (feed(FeedState.AWAY, seen_s=None), "away", 10, False),
        (feed(FeedState.CONNECTING, said_s=500, seen_s=None), "silent", 500, False),
        (feed(FeedState.STOPPED, said_s=9000, seen_s=9000), "stopped", 9000, True),
        (feed(FeedState.FAILED, said_s=9000, seen_s=9000), "failed", 9000, False),
    ],
)
def test_door_is_what_it_says_unless_it_fell_silent(
    database: Database, said: Feed, state: str, age_s: int, well: bool
) -> None:
    (found,) = seen(database, said)
    assert (found.state, found.age_s, found.well) == (state, age_s, well)
    assert (found.source, found.door, found.records) == ("office", "sql", 12)


def test_files_are_a_door_of_their_own_for_each_kind(database: Database) -> None:
    imports = [loaded("calls", 50), loaded("calls", 20, records=7), loaded("stages", 30, "stopped", 0)]
    imports.append(loaded("calls", 1, "running"))
    database.store.keep("imports", [encode(one) for one in imports])
    sql, calls, stages = sorted(seen(database, feed(FeedState.LIVE)), key=lambda one: "sql" not in one.door)
    assert sql.door == "sql"
    assert (calls.door, calls.state, calls.detail, calls.records, calls.age_s) == (
        "file:calls",
        "stored",
        "20.csv",
        12,
        1200,
    )
    assert calls.last_event == calls.last_seen == "2026-11-02T18:10:00Z"
    assert (stages.door, stages.state, stages.well) == ("file:stages", "stopped", True)


def test_what_began_later_is_not_seen(database: Database) -> None:
    database.store.keep("imports", [encode(loaded("calls", 5))])
    assert seen(database, feed(FeedState.LIVE), at=NOW - timedelta(hours=10)) == []


def test_door_that_is_gone_for_a_month_is_none(database: Database) -> None:
    gone = feed(FeedState.LIVE, said_s=29 * 86_400)
    assert [one.state for one in seen(database, gone)] == ["silent"]
    assert seen(database, at=NOW + timedelta(days=2)) == []


def test_words_for_a_person(database: Database) -> None:
    (found,) = seen(database, feed(FeedState.LIVE))
    assert str(found) == (
        "office sql: live, last event 2026-11-02T17:30:00Z, last heartbeat 2026-11-02T18:29:50Z, 12 records, 0 rejects"
    )
