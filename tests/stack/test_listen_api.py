"""A portal of Bitrix24 pulled by `callfunnel up`: connected, killed in the middle, started again, each call once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest

from department.calls import Path as CallPath
from department.calls import SimulatedCall, Way
from tests.connectors.api.exchanges import mango
from tests.connectors.api.exchanges.mango import MangoExchange
from tests.connectors.api.portal import PATH, SECRET, Portal, served
from tests.connectors.api.serving import served_by
from tests.connectors.webhook_requests import read, request
from tests.stack.deployment import wait_for
from tests.stack.test_listen_http import Http
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
        with suppress(psutil.NoSuchProcess):  # a zombie too, which may become one between two questions
            if child.status() != psutil.STATUS_ZOMBIE and "listen" in child.cmdline():
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


def test_portal_and_the_exchange_that_notes_its_calls_there_are_connected_and_each_call_counts_once(
    up: Up, portal: tuple[Portal, str]
) -> None:
    """The exchange's calls, with the portal's managers, organisations and stages."""
    api, address = portal
    exchange = MangoExchange(now)
    exchange.made_in = exchange.orders_every = exchange.users_every = timedelta(0)
    copies = [call | {"CALL_ID": f"externalCall.{call['ID']}"} for call in api.calls[:100]]
    api.calls[:] = copies
    for call in copies:
        start = int(datetime.fromisoformat(call["CALL_START_DATE"]).timestamp())
        exchange.happens(
            SimulatedCall(start, start + 69, Way.OUT, CallPath.DIALLED, "+74950000001", None, "101", None, start + 9)
        )
    with served_by(exchange.answer, now) as pbx:
        up.env |= {"CALLFUNNEL_BITRIX24": f"{address}{PATH}/", "CALLFUNNEL_MANGO": f"{pbx} {mango.SECRET}"}
        for arguments in (("bitrix24", "--name", "b24"), ("mango", "--name", "pbx")):
            connected = up.run("connect", *arguments, "--yes")
            assert connected.returncode == 0, connected.stderr
        process = up.start("--board-port", "0")
        right = "NOT retracted AND manager_id = '7' AND organisation_id = 'CO_1' AND stage = 'new'"
        wait_for("every call", lambda: up.number(f"SELECT count() FROM activities FINAL WHERE {right}") == len(copies))
        wait_for("both feeds", lambda: up.number("SELECT count() FROM feeds FINAL WHERE state = 'live'") == 2)
        assert up.number("SELECT count() FROM activities FINAL WHERE NOT retracted") == len(copies)
        assert up.number("SELECT sum(talk_s) FROM activities FINAL WHERE NOT retracted") == len(copies) * 60
        assert up.number("SELECT count() FROM managers FINAL WHERE NOT retracted") == 1
        process.terminate()
        process.wait(120)
    logs = "".join((up.data / "logs" / f"listen-{name}.log").read_text() for name in ("b24", "pbx"))
    for secret in (SECRET, mango.KEY, mango.SALT):
        assert secret not in logs + up.said


def test_deal_that_a_webhook_only_names_is_on_the_board_within_seconds(up: Up, portal: tuple[Portal, str]) -> None:
    """The next pull would be five minutes later."""
    api, address = portal
    case = read(request("bitrix24/deal_holds_an_id_alone"))
    up.env |= {"CALLFUNNEL_BITRIX24": f"{address}{PATH}/", "B24_HOOK": case["secret"]}
    api.calls.clear()
    connected = up.run("connect", "bitrix24", "--name", "b24", "--yes")
    assert connected.returncode == 0, connected.stderr
    with (up.folder / "callfunnel.toml").open("a") as settings:
        settings.write('"0/WON" = "customer"\n')
    process = up.start("--board-port", "0")
    wait_for("the deal's stage", lambda: up.number("SELECT count() FROM stage_changes FINAL") == 1)
    listening = Http(up, "--data", str(up.data), "--webhook", "bitrix24", "b24", "B24_HOOK")
    try:
        api.move(1, "WON")
        assert listening.post("/webhooks/bitrix24/b24", case["body"], case["headers"]) == 200
        moved = "SELECT count() FROM stage_changes FINAL WHERE organisation_id = 'CO_1' AND stage = 'customer'"
        wait_for("the move", lambda: up.number(moved) == 1, 90)
    finally:
        listening.end()
    process.terminate()
    process.wait(120)
