"""`callfunnel alerts`, as it is run."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pipeline.alerts.replay import replay
from pipeline.cli.alerts import command
from pipeline.readouts.period import Period
from pipeline.terminal.backtest_text import too_early
from schemas.errors import Terminal
from tests.alerts.test_triage import TODAY, ZONE, Department
from tests.pipeline.property.tables import SETTINGS, Database


@pytest.fixture(scope="module")
def database(store_dsn: str) -> Database:
    return Database(store_dsn)


def run(store_dsn: str, folder: Path, *arguments: str) -> Result:
    config = folder / "callfunnel.toml"
    config.write_text('time_zone = "Europe/Moscow"\n', encoding="utf-8")
    env = {"CALLFUNNEL_CLICKHOUSE": store_dsn, "CALLFUNNEL_CONFIG": str(config), "CALLFUNNEL_KAFKA": "127.0.0.1:9"}
    return CliRunner().invoke(command, arguments, env=env)


def test_check_says_what_fires_and_why_and_ends_with_one(database: Database, store_dsn: str, tmp_path: Path) -> None:
    Department().fill(database)
    well = run(store_dsn, tmp_path, "check")
    assert well.exit_code == 0
    assert re.match(r"13 rules, and none fires \(", well.output)
    long_ago = (datetime.now(UTC) - timedelta(hours=3)).isoformat()
    feed = {"source": "office", "door": "ami", "state": "away", "started_at": long_ago, "heartbeat_at": long_ago}
    database.store.keep("feeds", [json.dumps({**feed, "seen_at": long_ago, "version": 1}).encode()])
    ill = run(store_dsn, tmp_path, "check")
    assert ill.exit_code == 1
    assert re.match(r"A source is not heard of: office \(ami\): no data for 3 h\n  Numbers of today", ill.output)
    assert "Источник не передаёт данные: office (ami)" in run(store_dsn, tmp_path, "check", "--language", "ru").output
    (said,) = json.loads(run(store_dsn, tmp_path, "check", "--json").output)
    assert (said["rule"], said["urgency"], said["source"]) == ("stale_data", "operations", "office")


def test_backtest_holds_alarms_against_the_truth(database: Database, store_dsn: str, tmp_path: Path) -> None:
    department = Department()
    department.without(["ann"], datetime.combine(TODAY, time(), ZONE), datetime.combine(TODAY, time(23), ZONE))
    department.fill(database)
    truth = tmp_path / "truth.json"
    asked = ("backtest", "--days", "3", "--every", "60", "--to", str(TODAY + timedelta(days=1)), "--truth", str(truth))

    def planted(who: str) -> None:
        story = {"kind": "silent", "first": str(TODAY), "last": str(TODAY), "manager_id": who}
        truth.write_text(json.dumps({"planted": [story]}), encoding="utf-8")

    planted("ann")
    told = run(store_dsn, tmp_path, *asked).output
    assert re.search(
        rf"silent of ann, {TODAY} to {TODAY}: told {TODAY} 1[12]:00, day 1 of it, 0 days before its last", told
    )
    assert "wrong: 0, 0.00 a manager and quarter" in told
    assert re.search(
        r"^manager_silent: 1, \d+\.\d\d a manager and quarter \(A manager is not calling\)$", told, re.MULTILINE
    )
    russian = run(store_dsn, tmp_path, *asked, "--lang", "ru").output
    assert f"silent, ann, с {TODAY} по {TODAY}: замечено {TODAY} 1" in russian
    assert "manager_silent: 1, на менеджера и квартал" in russian
    planted("bob")
    told = run(store_dsn, tmp_path, *asked).output
    assert f"silent of bob, {TODAY} to {TODAY}: not told" in told
    assert re.search(r"wrong: 1, .*\n  manager_silent ann", told)
    rows = json.loads(run(store_dsn, tmp_path, *asked, "--json").output)
    assert [(row.get("rule"), row.get("is_wrong"), row["manager_id"]) for row in rows] == [
        ("manager_silent", True, "ann"),
        (None, None, "bob"),
    ]


def test_what_cannot_be_asked_is_refused_with_what_to_do(database: Database, store_dsn: str, tmp_path: Path) -> None:
    database.empty()
    nothing = run(store_dsn, tmp_path, "backtest", "--to", "02.11.2026")
    assert "the store has no call before 2026-11-02: `callfunnel load`" in str(nothing.exception)
    ahead = run(store_dsn, tmp_path, "backtest", "--to", "2099-01-01")
    assert isinstance(ahead.exception, Terminal)
    calm = run(store_dsn, tmp_path, "check", "--lang", "ru")
    assert (calm.exit_code, "В хранилище нет звонков: предупреждать не о чем" in calm.output) == (0, True)


def test_days_before_the_first_call_are_not_asked_and_in_no_rate() -> None:
    begins, zone = date(2026, 7, 28), ZONE
    assert too_early(begins, Period(begins, date(2026, 11, 24), zone), 180, "en") == [
        "Calls begin 2026-07-28: the days before were not asked, and are in no rate.",
        "Until 2026-09-08 there are too few weeks to compare with: silence there means nothing.",
    ]
    assert too_early(begins, Period(date(2026, 9, 8), date(2026, 9, 18), zone), 10, "en") == []


def test_a_long_question_says_how_far_it_is(database: Database) -> None:
    Department().fill(database)
    period, told = Period(TODAY - timedelta(days=12), TODAY + timedelta(days=1), ZONE), []
    replay(database.numbers, SETTINGS, period, timedelta(hours=4), 3, watch=lambda *at: told.append(at))
    assert told == [(n, len(told)) for n in range(1, len(told) + 1)]
    assert len(told) > 2, "ten days of a rule that is asked once a day are one stretch"
