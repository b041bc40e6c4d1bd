"""The upload page's routes on the stack, without a browser: success means stored."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from tests.connectors.http.listener import TOKEN
from tests.connectors.rows import many
from tests.stack.deployment import Deployment, wait_for
from tests.stack.test_listen_http import Http

pytestmark = pytest.mark.stack


class Client:
    """Logged in."""

    def __init__(self, address: str) -> None:
        self._where = urlsplit(address)
        self._headers = {"X-Callfunnel": "page"}
        _, _, headers = self.ask("POST", "/login", urlencode({"token": TOKEN}), "application/x-www-form-urlencoded")
        self._headers["Cookie"] = headers["Set-Cookie"].partition(";")[0]

    def ask(
        self, method: str, path: str, body: str = "", kind: str = "application/json"
    ) -> tuple[int, bytes, Mapping[str, str]]:
        connection = http.client.HTTPConnection(str(self._where.hostname), self._where.port or 0, timeout=60)
        try:
            connection.request(method, path, body.encode(), {**self._headers, "Content-Type": kind})
            response = connection.getresponse()
            return response.status, response.read(), dict(response.getheaders())
        finally:
            connection.close()

    def json(self, method: str, path: str, body: str = "") -> Any:
        return json.loads(self.ask(method, path, body)[1])


def test_uploaded_file_is_stored_twice_is_once_and_its_rejects_can_be_had(embedded: Deployment) -> None:
    embedded.start()
    bad = many(1)[0].replace("2026-11-02 ", "2026-13-02 ")
    rows = "".join([*many(40), bad])
    http_door = Http(embedded)
    try:
        client = Client(http_door.address)
        for known in (0, 40):
            id_ = client.json("POST", "/upload?name=Master.csv", rows)["id"]
            assert client.json("POST", f"/upload/{id_}/load", '{"source": "office", "tz": "Europe/Moscow"}') == {}
            wait_for("end", lambda id_=id_: client.json("GET", f"/upload/{id_}")["state"] in ("done", "failed"))  # type: ignore[misc]
            progress = client.json("GET", f"/upload/{id_}")
            (result,) = progress["results"]
            outcome = result["outcome"]
            assert (progress["state"], progress["rows"], progress["share"]) == ("done", 41, 1.0)
            assert (outcome["records"], outcome["repeats"], outcome["rejected"]) == (40, known, {"bad_time": 1})
            assert embedded.number("SELECT count() FROM call_legs FINAL") == 40
            (reject,) = result["rejects"]
            assert (reject["origin"], reject["field"]) == ("Master.csv:41", "start")
            status, file, headers = client.ask("GET", f"/upload/{id_}/rejects/0")
            assert (status, file.decode()) == (200, bad)
            assert (
                headers["Content-Disposition"]
                == f"attachment; filename*=UTF-8''rejected-Master.{outcome['import_id']}.csv"
            )
        assert embedded.number("SELECT count() FROM imports FINAL WHERE file = 'Master.csv' AND state = 'stored'") == 2
    finally:
        log = http_door.end()
    assert http_door.process.returncode == 0, log


def test_load_that_runs_ends_with_the_listener(embedded: Deployment) -> None:
    """Nobody stores here: without a stop it would wait for three minutes."""
    embedded.start(workers=0)
    http_door = Http(embedded)
    client = Client(http_door.address)
    id_ = client.json("POST", "/upload?name=Master.csv", "".join(many(5)))["id"]
    client.json("POST", f"/upload/{id_}/load", '{"tz": "Europe/Moscow"}')
    wait_for("the wait for workers", lambda: client.json("GET", f"/upload/{id_}")["state"] == "storing")
    log = http_door.end()
    assert http_door.process.returncode == 0, log
    assert not (embedded.folder / "listen" / "office.http.uploads").exists()
