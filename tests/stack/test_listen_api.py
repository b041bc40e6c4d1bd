"""`callfunnel listen api` against a portal of Bitrix24: killed in the middle, started again, each call once."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from tests.connectors.api.portal import PATH, SECRET, Portal, served
from tests.stack.deployment import CLI, Deployment, wait_for

pytestmark = pytest.mark.stack

SETTINGS = """
time_zone = "Europe/Moscow"

[listen.b24]
api = "bitrix24"
from = 2026-11-02

[sources.b24.stages]
"0/NEW" = "new"
"0/WON" = "customer"
"""


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def portal() -> Iterator[tuple[Portal, str]]:
    portal = Portal(now)
    portal.burst = 10_000.0
    with served(portal) as address:
        yield portal, address


def listening(deployment: Deployment, address: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*CLI, "listen", "api", "b24"],
        env={**deployment.env, "CALLFUNNEL_BITRIX24": f"{address}{PATH}/"},
        cwd=deployment.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_pulled_calls_are_counted_once_through_a_kill_and_their_stage_and_manager_are_known(
    embedded: Deployment, portal: tuple[Portal, str]
) -> None:
    api, address = portal
    (embedded.folder / "callfunnel.toml").write_text(SETTINGS)
    embedded.start()
    began = now() - timedelta(days=2)
    api.user(7, "Анна", "Петрова", "101")
    alfa = api.company("Альфа", "+74950000001")
    api.deal(company=alfa)
    api.history[0]["CREATED_TIME"] = api.time(began - timedelta(days=1))
    for minute in range(1_500):
        api.call(began + minute * timedelta(minutes=1), 60)
    api.cost_s["voximplant.statistic.get"] = 0.0

    def number(sql: str) -> int:
        return embedded.number(sql)

    first = listening(embedded, address)
    try:
        wait_for("some calls", lambda: number("SELECT count() FROM call_legs FINAL") > 200)
    finally:
        first.kill()
        output, _ = first.communicate()
    assert "callfunnel listens: Bitrix24 at 127.0.0.1" in output, output
    assert SECRET not in output
    assert number("SELECT count() FROM call_legs FINAL") < 1_500
    second = listening(embedded, address)
    try:
        wait_for("every call", lambda: number("SELECT count() FROM activities FINAL WHERE NOT retracted") == 1_500)
        wait_for(
            "their manager, organisation and stage",
            lambda: (
                number(
                    "SELECT count() FROM activities FINAL WHERE NOT retracted AND manager_id = '7'"
                    " AND organisation_id = 'CO_1' AND stage = 'new'"
                )
                == 1_500
            ),
        )
        wait_for("a heartbeat", lambda: number("SELECT count() FROM feeds FINAL WHERE state = 'live'"))
        doctor = embedded.run("doctor", "--json")
        (feeds,) = [check for check in json.loads(doctor.stdout) if check["name"] == "feeds"]
        assert feeds["well"], feeds
    finally:
        second.send_signal(signal.SIGTERM)
        output, _ = second.communicate(timeout=120)
    assert second.returncode == 0, output
    assert SECRET not in output
    assert number("SELECT sum(talk_s) FROM activities FINAL WHERE NOT retracted") == 1_500 * 60
