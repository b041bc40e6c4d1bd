"""`callfunnel listen sql` as operations run it: killed, stopped, asked after, and the same calls from a file."""

from __future__ import annotations

import csv
import json
import signal
import subprocess
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipeline.endpoints import Endpoints
from pipeline.transport import Transport
from tests.connectors.sql.tables import FREEPBX, MOSCOW, Table, call, now
from tests.databases.servers import Server
from tests.stack.deployment import CLI, Deployment, wait_for

pytestmark = pytest.mark.stack
FREEPBX_COLUMNS = ("calldate", "clid", "src", "dst", "dcontext", "channel", "dstchannel", "lastapp", "lastdata",
                   "duration", "billsec", "disposition", "uniqueid", "linkedid", "sequence")  # fmt: skip


@pytest.fixture
def cdr(mariadb_server: Server) -> Iterator[Table]:
    table = Table(mariadb_server.url, FREEPBX, "cdr")
    yield table
    table.close()


def listening(deployment: Deployment, url: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*CLI, "listen", "sql", "--source", "office", "--tz", "Europe/Moscow", "--every", "1"],
        env={**deployment.env, "CALLFUNNEL_SQL": url},
        cwd=deployment.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def export(path: Path, rows: list[dict[str, Any]]) -> Path:
    """The rows as FreePBX's report exports them."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, FREEPBX_COLUMNS, restval="")
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_calls_of_a_database_are_counted_once_through_a_kill_a_stop_and_tonights_file(
    embedded: Deployment, mariadb_server: Server, cdr: Table
) -> None:
    embedded.start()
    at = now() - timedelta(hours=1)
    rows = [call(n, at + timedelta(minutes=n)) for n in range(20)]

    def legs() -> int:
        return embedded.number("SELECT count() FROM call_legs FINAL")

    cdr.insert(*rows[:10])
    first = listening(embedded, mariadb_server.reader)
    try:
        wait_for("ten legs", lambda: legs() == 10)
    finally:
        first.kill()
        said, _ = first.communicate()
    assert "callfunnel listens: table cdr" in said
    cdr.insert(*rows[10:15])  # while nobody listens
    second = listening(embedded, mariadb_server.reader)
    try:
        wait_for("fifteen legs", lambda: legs() == 15)
        cdr.insert(*rows[15:])
        wait_for("twenty legs", lambda: legs() == 20)
        wait_for("a heartbeat", lambda: embedded.number("SELECT count() FROM feeds FINAL WHERE state = 'live'"))
        doctor = embedded.run("doctor", "--json")
        (feeds,) = [check for check in json.loads(doctor.stdout) if check["name"] == "feeds"]
        assert feeds["well"], feeds
        assert feeds["found"].startswith("office sql: live, last event 2")
    finally:
        second.send_signal(signal.SIGTERM)
        said, _ = second.communicate(timeout=120)
    assert second.returncode == 0, said
    password = mariadb_server.reader.partition("reader:")[2].partition("@")[0]
    assert password not in said
    wait_for("its last word", lambda: embedded.number("SELECT count() FROM feeds FINAL WHERE state = 'stopped'"))
    assert embedded.number("SELECT records FROM feeds FINAL") == 20  # what the killed one sent was read again
    tonight = export(embedded.folder / "tonight.csv", rows)
    loaded = embedded.run("load", str(tonight), "--source", "office", "--tz", "Europe/Moscow", "--json")
    (outcome,) = json.loads(loaded.stdout)
    assert (outcome["records"], outcome["repeats"], outcome["rejected"]) == (20, 20, {})
    assert legs() == 20
    assert embedded.number("SELECT count() FROM activities FINAL WHERE kind = 'call'") == 20
    assert embedded.number("SELECT sum(talk_s) FROM activities FINAL") == 20 * 60


def test_what_a_killed_broker_forgot_is_sent_again(embedded: Deployment, mariadb_server: Server, cdr: Table) -> None:
    embedded.start()
    process = listening(embedded, mariadb_server.reader)
    transport = Transport(Endpoints(embedded.bootstrap, "", embedded.namespace))

    def legs() -> int:
        return embedded.number("SELECT count() FROM call_legs FINAL")

    try:
        cdr.insert(call(1, now()))
        wait_for("the first leg", lambda: legs() == 1)
        for name in list(embedded.workers):
            embedded.remove_worker(name)
        sent = sum(transport.ends(["call-legs"]).values())
        cdr.insert(*(call(n, now()) for n in range(2, 12)))
        wait_for("acknowledgements", lambda: sum(transport.ends(["call-legs"]).values()) > sent)
        transport.close()
        embedded.restart_broker()  # what it had acknowledged was in its memory only
        assert legs() == 1
        embedded.add_worker("worker-2")
        wait_for("every leg", lambda: legs() == 11, within_s=120)
    finally:
        process.send_signal(signal.SIGTERM)
        said, _ = process.communicate(timeout=120)
    assert process.returncode == 0, said
    assert "sent again" in said


def test_what_cannot_be_is_said_in_one_line(embedded: Deployment, mariadb_server: Server, cdr: Table) -> None:
    embedded.start(workers=0)

    def refused(*arguments: str, **env: str) -> str:
        said = subprocess.run(
            [*CLI, "listen", "sql", *arguments],
            env={**embedded.env, **env},
            cwd=embedded.folder,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
        assert said.returncode == 2, said
        assert "Traceback" not in said.stderr
        return said.stderr

    assert "CALLFUNNEL_SQL is not set" in refused()
    assert "give the name of an environment variable" in refused("mysql://pbx:secret@host/db")
    assert "secret" not in refused("mysql://pbx:secret@host/db")
    assert "give --tz Europe/Moscow" in refused(CALLFUNNEL_SQL=mariadb_server.reader)
    assert "there is no table calls" in refused("--table", "calls", CALLFUNNEL_SQL=mariadb_server.reader)
    cdr.insert(*(call(n, now() - timedelta(minutes=n)) for n in range(30)))
    assert "calls would be counted at a wrong hour" in refused("--tz", "UTC", CALLFUNNEL_SQL=mariadb_server.reader)


def test_day_to_begin_with_is_of_the_exchange(embedded: Deployment, mariadb_server: Server, cdr: Table) -> None:
    embedded.start()
    midnight = datetime(2026, 9, 1, tzinfo=MOSCOW)
    cdr.insert(call(1, midnight - timedelta(seconds=1)), call(2, midnight), call(3, midnight + timedelta(days=40)))
    process = subprocess.Popen(
        [*CLI, "listen", "sql", "OFFICE", "--tz", "Europe/Moscow", "--from", "2026-09-01"],
        env={**embedded.env, "OFFICE": mariadb_server.reader},
        cwd=embedded.folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for("legs", lambda: embedded.number("SELECT count() FROM call_legs FINAL") == 2)
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(120) == 0
    rows = embedded.client.query("SELECT record_id FROM call_legs FINAL ORDER BY record_id").result_rows
    assert [row[0].partition(":")[2] for row in rows] == ["3", "4"]
