"""`callfunnel listen ami` on the stack: calls now, the same calls from tonight's Master.csv, and each counts once."""

from __future__ import annotations

import json
import signal
import subprocess
from datetime import timedelta

import pytest

from tests.connectors.asterisk.ami.peer import SECRET, Connection, event, peer
from tests.connectors.rows import NINE, many
from tests.connectors.sql.tables import FREEPBX, Table, call, now
from tests.databases.servers import Server
from tests.stack.deployment import CLI, Deployment, wait_for

pytestmark = pytest.mark.stack


def listening(deployment: Deployment, port: int, *options: str, **env: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*CLI, "listen", "ami", f"127.0.0.1:{port}", "--user", "callfunnel", "--source", "office", *options],
        env={**deployment.env, "CALLFUNNEL_AMI_SECRET": SECRET, **env},
        cwd=deployment.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def ended(process: subprocess.Popen[str], number: int = signal.SIGTERM) -> str:
    process.send_signal(number)
    said, _ = process.communicate(timeout=120)
    return said


def test_call_by_event_now_and_by_csv_tonight_counts_once(embedded: Deployment) -> None:
    embedded.start()
    calls = 12

    def script(connection: Connection) -> None:
        assert connection.log_in()
        for number in range(1, calls + 1):
            connection.send(event(number, NINE + timedelta(minutes=number)))
        connection.serve()

    with peer(script) as exchange:
        process = listening(embedded, exchange.port, "--tz", "Europe/Moscow")
        try:
            wait_for("legs", lambda: embedded.number("SELECT count() FROM call_legs FINAL") == calls)
        finally:
            said = ended(process)
    assert process.returncode == 0, said
    assert SECRET not in said
    before = embedded.content()
    tonight = embedded.folder / "Master.csv"
    tonight.write_text("".join(many(calls)), encoding="utf-8")
    loaded = embedded.run("load", str(tonight), "--source", "office", "--tz", "Europe/Moscow", "--json")
    (outcome,) = json.loads(loaded.stdout)
    assert (outcome["records"], outcome["repeats"], outcome["rejected"]) == (calls, calls, {})
    assert embedded.content() == before
    assert embedded.number("SELECT count() FROM activities FINAL WHERE kind = 'call'") == calls
    assert embedded.number("SELECT sum(talk_s) FROM activities FINAL") == calls * 60


def test_gap_after_a_kill_is_shown_and_filled_from_the_database(embedded: Deployment, mariadb_server: Server) -> None:
    embedded.start()
    at = now() - timedelta(minutes=30)
    cdr = Table(mariadb_server.url, FREEPBX, "cdr")

    def script(connection: Connection) -> None:
        assert connection.log_in()
        connection.serve()

    def unresolved() -> str:
        return embedded.run("rejected", "--from", "2026-01-01", "--to", "2100-01-01", "--json").stdout

    try:
        with peer(script) as exchange:
            first = listening(embedded, exchange.port, "--tz", "Europe/Moscow")
            checkpoint = embedded.folder / "listen" / "office.ami.json"
            wait_for("a checkpoint", checkpoint.exists)
            ended(first, signal.SIGKILL)
            cdr.insert(call(1, at), call(2, at))  # while nobody listens
            second = listening(embedded, exchange.port, "--tz", "Europe/Moscow")
            wait_for("the gap", lambda: "feed_gap" in unresolved())
            ended(second)
            more = {"OFFICE_DB": mariadb_server.reader}
            options = ("--tz", "Europe/Moscow", "--backfill", "OFFICE_DB")
            third = listening(embedded, exchange.port, *options, **more)
            wait_for("both calls", lambda: embedded.number("SELECT count() FROM call_legs FINAL") == 2)
            resolved = "SELECT count() FROM rejected FINAL WHERE reason = 'feed_gap' AND resolved = 1"
            wait_for("the gap of the third to be resolved", lambda: embedded.number(resolved) == 1)
            ended(third)
            assert third.returncode == 0
    finally:
        cdr.close()


def test_what_cannot_be_is_said_in_one_line(embedded: Deployment) -> None:
    embedded.start(workers=0)

    def refuse(connection: Connection) -> None:
        connection.log_in("another secret")

    with peer(refuse) as exchange:
        refused = listening(embedded, exchange.port, "--tz", "Europe/Moscow")
        said, _ = refused.communicate(timeout=120)
    assert refused.returncode == 2
    assert "login as callfunnel refused (Authentication failed): check the secret" in said
    assert "Traceback" not in said
    nowhere = listening(embedded, 1)
    said, _ = nowhere.communicate(timeout=120)
    assert nowhere.returncode == 2
    assert "give --tz Europe/Moscow" in said
