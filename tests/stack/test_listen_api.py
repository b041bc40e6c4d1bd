"""A portal of Bitrix24 pulled by `callfunnel up`: connected, killed in the middle, started again, each call once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest

from tests.connectors.api.portal import PATH, SECRET, Portal, served
from tests.stack.deployment import wait_for
from tests.stack.test_up import Up

pytestmark = pytest.mark.stack
CALLS = 1_500


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def portal() -> Iterator[tuple[Portal, str]]:
    """Two days of one manager who calls one customer, whose deal was made before them."""
    portal = Portal(now)
    began = now() - timedelta(days=2)
    portal.user(7, "Анна", "Петрова", "101")
    alfa = portal.company("Альфа", "+74950000001")
    portal.deal(company=alfa)
    portal.history[0]["CREATED_TIME"] = portal.time(began - timedelta(days=1))
    for minute in range(CALLS):
        portal.call(began + minute * timedelta(minutes=1), 60)
    portal.stages = [{"ID": "1", "ENTITY_ID": "DEAL_STAGE", "STATUS_ID": "NEW", "NAME": "Новая", "SORT": "10"}]
    with served(portal) as address:
        yield portal, address


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Up]:
    up = Up(tmp_path)
    yield up
    up.end()


def listener(up: int) -> psutil.Process | None:
    """The listener's process, once there is one."""
    for child in psutil.Process(up).children():
        if child.is_running() and "listen" in child.cmdline() and child.status() != psutil.STATUS_ZOMBIE:
            return child
    return None


def test_connected_portal_is_pulled_by_up_through_a_kill_and_each_call_counts_once_with_its_manager_and_stage(
    up: Up, portal: tuple[Portal, str]
) -> None:
    api, address = portal
    up.env["CALLFUNNEL_BITRIX24"] = f"{address}{PATH}/"
    connected = up.run("connect", "bitrix24", "--name", "b24", "--yes")
    assert connected.returncode == 0, connected.stderr
    api.allow(16)  # so that there is a middle: more is refused
    process = up.start("--board-port", "0")
    wait_for("some calls", lambda: up.number("SELECT count() FROM call_legs FINAL") > 100)
    first = listener(process.pid)
    assert first is not None
    first.kill()
    assert up.number("SELECT count() FROM call_legs FINAL") < CALLS
    wait_for("another listener", lambda: (one := listener(process.pid)) and one.pid != first.pid)
    api.allow(10_000)
    right = "NOT retracted AND manager_id = '7' AND organisation_id = 'CO_1' AND stage = 'new'"
    wait_for("every call", lambda: up.number(f"SELECT count() FROM activities FINAL WHERE {right}") == CALLS)
    assert up.number("SELECT count() FROM call_legs FINAL") == CALLS
    assert up.number("SELECT sum(talk_s) FROM activities FINAL WHERE NOT retracted") == CALLS * 60
    wait_for("a heartbeat", lambda: up.number("SELECT count() FROM feeds FINAL WHERE state = 'live'"))
    doctor = up.run("doctor", "--json")
    (feeds,) = [check for check in json.loads(doctor.stdout) if check["name"] == "feeds"]
    assert feeds["well"], feeds
    assert "listen api b24 stopped" in up.said
    process.terminate()
    process.wait(120)
    logs = (up.data / "logs" / "listen-b24.log").read_text()
    assert "callfunnel listens: Bitrix24 at 127.0.0.1" in logs
    assert SECRET not in logs + up.said + connected.stdout
