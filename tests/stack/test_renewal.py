"""The embedded broker forgets nothing: one that holds much is changed for a new one, and nothing is lost."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from bench.parse import write_export
from tests.conftest import STARTS_S
from tests.connectors.http.listener import BEARER, JSON, call
from tests.stack.deployment import wait_for
from tests.stack.test_listen_http import Http
from tests.stack.test_up import READY, Up

pytestmark = pytest.mark.stack
LEGS = 40_000
"""Far more than the broker may hold here."""
EVERY_S = 0.05
"""A call is posted so often."""


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Up]:
    up = Up(tmp_path)
    try:
        up.begin("--broker-mb", "26")
        wait_for("line that says ready", lambda: READY.search(up.said), STARTS_S * 2)
        yield up
    finally:
        up.end()


@pytest.fixture
def door(up: Up) -> Iterator[Http]:
    door = Http(up)
    try:
        yield door
    finally:
        door.end()


def test_new_brokers_take_the_place_of_full_ones_while_calls_come_and_none_is_lost(up: Up, door: Http) -> None:
    export = up.folder / "Master.csv"
    write_export(export, LEGS, seed=7, phones=400)
    first = up.parts["broker"]
    answered: list[int] = []
    enough = threading.Event()

    def client() -> None:
        for number in count():
            if enough.wait(EVERY_S):
                return
            status = 503  # the broker is changed, and takes its time: a sender sends again
            while status == 503 and not enough.is_set():
                status = door.post("/calls", json.dumps(call(number)), {**BEARER, **JSON})
            if status == 200:
                answered.append(number)

    posting = threading.Thread(target=client)
    posting.start()
    try:
        loaded = up.run("load", str(export), "--tz", "Europe/Moscow", within_s=180)
        wait_for("another broker", lambda: up.parts["broker"] != first)
        before = len(answered)
        wait_for("calls on the new one", lambda: len(answered) > before)
    finally:
        enough.set()
        posting.join()
    assert loaded.returncode == 0, loaded.stderr
    assert "a new one takes its place" in loaded.stderr
    assert "sending everything again" not in loaded.stderr
    assert up.number("SELECT count() FROM call_legs FINAL WHERE source = 'pbx'") == LEGS
    wait_for(
        "every call that was answered",
        lambda: up.number("SELECT count() FROM call_legs FINAL WHERE source = 'office'") >= len(answered),
    )
    assert "all of it stored: a new one took its place" in up.said
    door.end()  # it may have sent again what it did not know to be stored yet: twice is once
    distinct = up.number("SELECT uniqExact(call_id) FROM call_legs FINAL WHERE source = 'office'")
    assert up.number("SELECT count() FROM activities FINAL WHERE source = 'office'") == distinct
