"""`callfunnel listen http` on the stack: a webhook is in `activity`, a kill loses nothing that was answered."""

from __future__ import annotations

import http.client
import json
import re
import signal
import subprocess
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

import pytest

from tests.conftest import STARTS_S
from tests.connectors.http.listener import BEARER, JSON, TOKEN, call
from tests.connectors.webhook_requests import read, request
from tests.stack.deployment import CLI, Deployment, clean_env, kill, wait_for

pytestmark = pytest.mark.stack


class Place(Protocol):
    """Where commands run: a folder, and what the environment says of the stack."""

    folder: Path
    env: dict[str, str]


class Http:
    """A `callfunnel listen http` that runs."""

    def __init__(self, deployment: Place, *options: str, **env: str) -> None:
        log = deployment.folder / "http.log"
        with log.open("w") as out:
            self.process = subprocess.Popen(
                [*CLI, "listen", "http", "--port", "0", "--source", "office", *options],
                env={**deployment.env, "CALLFUNNEL_HTTP_TOKEN": TOKEN, **env},
                cwd=deployment.folder,
                stdout=out,
                stderr=subprocess.STDOUT,
            )
        self.log = log
        wait_for("address", lambda: self._address() or self.process.poll() is not None)
        self.address = self._address()
        assert self.address, log.read_text()

    def _address(self) -> str:
        found = re.search(r"listens at (http\S+)", self.log.read_text())
        return found[1] if found else ""

    def post(self, path: str, body: str, headers: Mapping[str, str]) -> int:
        """The status. Raises OSError or HTTPException when there is no answer."""
        where = urlsplit(self.address)
        connection = http.client.HTTPConnection(str(where.hostname), where.port or 0, timeout=30)
        try:
            connection.request("POST", path, body, dict(headers))
            response = connection.getresponse()
            response.read()
            return response.status
        finally:
            connection.close()

    def end(self, number: int = signal.SIGTERM) -> str:
        self.process.send_signal(number)
        self.process.wait(120)
        return self.log.read_text()


def managers(folder: Path) -> Path:
    path = folder / "managers.csv"
    path.write_text("id,name,extensions\nm1,Anna,101\n", encoding="utf-8")
    return path


def test_webhook_call_is_in_activity_and_posted_records_beside_it(embedded: Deployment) -> None:
    embedded.start()
    assert embedded.run("load", "--kind", "managers", str(managers(embedded.folder))).returncode == 0
    mango = read(request("mango/summary_inbound"))
    http_door = Http(embedded, "--webhook", "mango", "cloud", "MANGO", MANGO=mango["secret"])
    try:
        assert http_door.post("/webhooks/mango/cloud/events/summary", mango["body"], mango["headers"]) == 200
        assert http_door.post("/calls", json.dumps(call(1)), {**BEARER, **JSON}) == 200
        company = {"organisation_id": "o1", "name": "Ромашка", "phones": ["+7 495 000-00-01"]}
        assert http_door.post("/organisations", json.dumps(company), {**BEARER, **JSON}) == 200
        stage = {"organisation_id": "o1", "stage": "new", "changed_at": "2026-11-01T00:00:00Z"}
        assert http_door.post("/stages", json.dumps(stage), {**BEARER, **JSON}) == 200
        counted = "SELECT count() FROM activities FINAL WHERE organisation_id = 'o1' AND stage = 'new'"
        wait_for("calls to be counted", lambda: embedded.number(counted) == 2)
        said = embedded.run("activity", "--from", "2026-11-02", "--to", "2026-11-03", "--json")
        (anna,) = [row for row in json.loads(said.stdout) if row["manager_id"] == "m1"]
        assert (anna["calls"], anna["conversations"], anna["organisations"]) == (2, 2, 1)
        doctor = embedded.run("doctor", "--json")
        (feeds,) = [check for check in json.loads(doctor.stdout) if check["name"] == "feeds"]
        assert "cloud mango: live" in feeds["found"]
        assert "office http: live" in feeds["found"]
    finally:
        log = http_door.end()
    assert http_door.process.returncode == 0, log
    assert TOKEN not in log
    assert "4950000001" not in log


def test_kill_between_request_and_answer_loses_nothing_that_was_answered(embedded: Deployment) -> None:
    embedded.start()
    answered: list[int] = []
    sent = 400

    def client(http_door: Http, numbers: range) -> None:
        try:
            for number in numbers:
                if http_door.post("/calls", json.dumps(call(number)), {**BEARER, **JSON}) == 200:
                    answered.append(number)
        except (OSError, http.client.HTTPException):
            return  # it was killed: this request and the later ones have no answer

    first = Http(embedded)
    threads = [threading.Thread(target=client, args=(first, range(n, sent, 4))) for n in range(4)]
    for thread in threads:
        thread.start()
    wait_for("some answers", lambda: len(answered) > 40)
    first.end(signal.SIGKILL)
    for thread in threads:
        thread.join()
    assert 40 < len(answered) < sent
    second = Http(embedded)  # what the first one had acknowledged is in its journal
    wanted = ", ".join(f"'c{number}'" for number in answered)
    there = f"SELECT uniqExact(record_id) FROM call_legs FINAL WHERE record_id IN ({wanted})"
    wait_for("what was answered", lambda: embedded.number(there) == len(answered))

    everything = "\n".join(json.dumps(call(number)) for number in range(sent))
    assert second.post("/calls", everything, {**BEARER, "Content-Type": "application/x-ndjson"}) == 200
    counted = "SELECT count() FROM activities FINAL WHERE kind = 'call'"
    wait_for("each call once", lambda: embedded.number(counted) == sent)
    assert embedded.number("SELECT count() FROM call_legs FINAL") == sent
    second.end()
    assert second.process.returncode == 0


@pytest.mark.parametrize(
    ("options", "env", "words"),
    [
        ((), {}, "CALLFUNNEL_HTTP_TOKEN is not set: it must hold the token"),
        ((), {"CALLFUNNEL_HTTP_TOKEN": "short"}, "a token of 5 characters can be guessed"),
        (("--host", "0.0.0.0"), {"CALLFUNNEL_HTTP_TOKEN": TOKEN}, "whoever is on the way could read the token"),
        (
            ("--webhook", "aircall", "a", "X"),
            {"CALLFUNNEL_HTTP_TOKEN": TOKEN},
            "known are bitrix24, freeswitch, kommo, mango",
        ),
        (
            ("--webhook", "mango", "a", "X"),
            {"CALLFUNNEL_HTTP_TOKEN": TOKEN, "X": "hidden-and-long-enough"},
            "it must hold KEY:SALT",
        ),
        (
            ("--webhook", "zadarma", "a", "X"),
            {"CALLFUNNEL_HTTP_TOKEN": TOKEN, "X": "s" * 20},
            "give --tz Europe/Moscow",
        ),
    ],
)
def test_what_cannot_be_is_said_in_one_line(
    options: tuple[str, ...], env: dict[str, str], words: str, tmp_path: Path
) -> None:
    done = subprocess.run(
        [*CLI, "listen", "http", "--port", "0", *options],
        env=clean_env(**env), cwd=tmp_path, capture_output=True, text=True, timeout=180, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert "hidden" not in done.stderr


def test_broker_that_is_killed_before_anybody_stored_it_gets_it_again(embedded: Deployment) -> None:
    """The embedded broker forgets: what was answered with 200 is known to the listener alone then."""
    embedded.start(workers=0)
    http_door = Http(embedded)
    try:
        numbers = range(20)
        for number in numbers:
            assert http_door.post("/calls", json.dumps(call(number)), {**BEARER, **JSON}) == 200
        embedded.restart_broker()
        embedded.add_worker("worker-1")
        wait_for("what was answered", lambda: embedded.number("SELECT count() FROM call_legs FINAL") == len(numbers))
    finally:
        http_door.end()


@pytest.mark.kafka
@pytest.mark.parametrize("deployment", ["apache_kafka"], indirect=True)
def test_calls_that_come_while_kafka_is_away_are_answered_and_counted_once_it_is_back(deployment: Deployment) -> None:
    deployment.start()
    listener = Http(deployment)
    headers = {**BEARER, **JSON}
    try:
        assert listener.post("/calls", json.dumps(call(0)), headers) == 200
        wait_for("first call", lambda: deployment.number("SELECT count() FROM call_legs FINAL") == 1)
        kill(deployment.broker)
        for number in range(1, 20):
            assert listener.post("/calls", json.dumps(call(number)), headers) == 200
        wait_for("listener that says it", lambda: "tried again until it answers" in listener.log.read_text())
        # What is answered meanwhile outlives the listener as well.
        listener.end(signal.SIGKILL)
        deployment.start_again(deployment.broker)
        deployment.broker.wait_ready(STARTS_S)
        listener = Http(deployment)
        assert listener.post("/calls", json.dumps(call(20)), headers) == 200
        counted = "SELECT count() FROM activities FINAL WHERE kind = 'call'"
        wait_for("each call once", lambda: deployment.number(counted) == 21)
        assert deployment.number("SELECT count() FROM call_legs FINAL") == 21
    finally:
        listener.end()
