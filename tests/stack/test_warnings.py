"""`callfunnel up` tells of a manager's drop: once, through refusals, kills and a restart, and once that it is over."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.alerts.test_triage import TODAY, ZONE, Department, keep
from tests.pipeline.property.tables import Database
from tests.stack.deployment import wait_for
from tests.stack.test_up import Up
from tests.warnings.inbox import Answer, Inbox, Posted, open_inbox
from tests.warnings.test_watch import fewer

pytestmark = pytest.mark.stack
TOKEN = "123456:SECRET-of-the-bot"
OPENS = datetime.combine(TODAY, time(9), ZONE)
WITHIN_S = 120.0


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    with open_inbox() as inbox:
        yield inbox


@pytest.fixture
def up(tmp_path: Path, inbox: Inbox) -> Iterator[Up]:
    up = Up(tmp_path)
    up.env |= {"CALLFUNNEL_TELEGRAM_API": inbox.url, "CALLFUNNEL_TELEGRAM_TOKEN": TOKEN}
    (tmp_path / "callfunnel.toml").write_text(
        'time_zone = "Europe/Moscow"\n'
        '[warnings]\nlanguage = "ru"\nquiet = ""\ndays_off = true\ndigest = ""\n'
        f'[warnings.to.head]\ntelegram = ["-1"]\nwebhook = ["{inbox.url}/hook"]\n',
        encoding="utf-8",
    )
    yield up
    up.end()


def watcher(up: int) -> psutil.Process | None:
    """The process that watches, once there is one."""
    for child in psutil.Process(up).children():
        if child.is_running() and child.status() != psutil.STATUS_ZOMBIE and "watch" in child.cmdline():
            return child
    return None


def until_calls(database: Database, department: Department, last: datetime) -> None:
    """What an export up to then brings: the cells of its calls, and the latest call itself."""
    cells = Counter((who, int(at.timestamp()) // 300 * 300) for who, at in department.calls if at < last)
    keep(database, "manager_activity", *({"manager_id": m, "bucket": b, "calls": n} for (m, b), n in cells.items()))
    at = max(at for _, at in department.calls if at < last)
    call = {"activity_id": f"call:{at}", "kind": "call", "bucket": int(at.timestamp()) // 300 * 300, "legs": 1}
    keep(database, "activities", {**call, "manager_id": "ann", "at": at.astimezone(UTC).isoformat()})


def warnings_check(up: Up) -> dict[str, Any]:
    """What doctor says of warnings."""
    (check,) = [one for one in json.loads(up.run("doctor", "--json").stdout) if one["name"] == "warnings"]
    assert isinstance(check, dict)
    return check


def of_kind(posted: list[Posted], path: str) -> list[str]:
    return [str(one.body["text"]).splitlines()[0] for one in posted if path in one.path]


def test_drop_is_told_once_through_refusals_kills_and_a_restart_and_is_over_once(up: Up, inbox: Inbox) -> None:
    inbox.always = Answer(500)
    process = up.start("--board-port", "0")
    database = Database(up.running["clickhouse"])
    department = Department()
    fewer(department, "bob", OPENS)
    later = department.calls
    department.calls = [one for one in later if one[1] < OPENS]
    department.fill(database)
    department.calls = later
    until_calls(database, department, OPENS + timedelta(hours=9))
    wait_for("an attempt by each channel", lambda: len({one.path for one in inbox.all}) == 2, WITHIN_S)
    check = warnings_check(up)
    assert not check["well"]
    assert "answered 500" in check["found"]
    first = watcher(process.pid)
    assert first is not None
    first.kill()
    wait_for("another process", lambda: (one := watcher(process.pid)) and one.pid != first.pid, WITHIN_S)
    inbox.always = None
    wait_for("both", lambda: len(inbox.taken) >= 2, WITHIN_S)
    assert len(of_kind(inbox.taken, "/hook")) == len(of_kind(inbox.taken, "/bot")) == 1
    (told,) = of_kind(inbox.taken, "/bot")
    assert told.startswith("bob (без команды), 22.04: ")
    (hook,) = [one for one in inbox.taken if one.path == "/hook"]
    attempts = {one.headers["Idempotency-Key"] for one in inbox.all if one.path == "/hook"}
    assert attempts == {hook.body["id"]}, "what is sent again has the key that it had"

    listed = up.run("alerts", "list", "--lang", "ru").stdout
    assert told in listed
    assert "это последний загруженный звонок" in listed
    process.terminate()
    process.wait(120)
    process = up.start("--board-port", "0")
    database = Database(up.running["clickhouse"])
    wait_for("a process that watches", lambda: watcher(process.pid), WITHIN_S)
    until_calls(database, department, OPENS + timedelta(days=1, hours=9))
    known = watcher(process.pid)
    assert known is not None
    known.kill()  # the next one asks at once, and not after five minutes
    wait_for("the end of it", lambda: len(inbox.taken) >= 4, WITHIN_S)
    assert of_kind(inbox.taken, "/bot")[1:] == ["Закончилось: bob (без команды), мало звонков"]
    assert len(inbox.taken) == 4
    assert json.loads(up.run("alerts", "list", "--json").stdout) == []
    wait_for("a well check", lambda: warnings_check(up)["well"], WITHIN_S)
    test = up.run("alerts", "test")
    assert (test.returncode, test.stdout.count("sent")) == (0, 2), test.stdout + test.stderr
    process.terminate()
    process.wait(120)
    logs = "".join(path.read_text("utf-8", "replace") for path in (up.data / "logs").glob("*.log"))
    kept = "".join(path.read_text("utf-8") for path in (up.data / "warnings").rglob("*.json"))
    assert TOKEN not in logs + kept + up.said + listed
