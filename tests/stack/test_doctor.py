"""`callfunnel doctor`: what is not well is named, with what to do, and is the exit code."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pipeline.doctor import examine
from pipeline.endpoints import Endpoints, Running
from pipeline.settings import read_settings
from tests.stack.department import Department
from tests.stack.deployment import CLI, Deployment, clean_env, kill, wait_for

NOWHERE = Endpoints("127.0.0.1:1", "http://callfunnel:secret@127.0.0.1:1/default")


def checks(deployment: Deployment) -> tuple[int, dict[str, Any]]:
    said = deployment.run("doctor", "--json")
    return said.returncode, {check["name"]: check for check in json.loads(said.stdout)}


@pytest.mark.stack
def test_frames_that_nobody_takes_then_a_worker_that_does(embedded: Deployment, department: Department) -> None:
    embedded.start(workers=0)
    loading = embedded.loading(department.files["managers"], kind="managers")
    wait_for("import that began", lambda: embedded.number("SELECT count() FROM imports"))
    code, found = checks(embedded)
    while "frames wait" not in found["lag"]["found"]:
        assert loading.is_running
        code, found = checks(embedded)
    assert code == 1
    assert {name for name, check in found.items() if not check["well"]} == {"workers", "lag"}
    assert "nobody is at work" in found["workers"]["found"]
    assert found["lag"]["todo"]
    embedded.add_worker("worker-1")
    loading.outcome()
    code, found = checks(embedded)
    assert (code, found["workers"]["found"], found["lag"]["found"]) == (0, "1 at work", "nothing waits")


@pytest.mark.stack
def test_a_store_that_is_away(embedded: Deployment) -> None:
    embedded.start(workers=1)
    kill(embedded.store)
    code, found = checks(embedded)
    assert code == 1
    assert {name for name, check in found.items() if not check["well"]} == {
        "clickhouse",
        "parts",
        "clocks",
        "last call",
        "feeds",
        "gaps",
        "stream = batch",
    }


def test_a_part_that_is_gone_and_one_that_has_grown(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    running = Running(pid=1, kafka="", clickhouse="", reader="", parts={"broker": os.getpid(), "store": gone.pid})
    looked = examine(NOWHERE, read_settings({}), running, None)
    broker, store = next(looked), next(looked)
    assert (broker.well, store.well, store.found) == (True, False, f"process {gone.pid} is gone")
    monkeypatch.setattr("pipeline.doctor._MOST_RESIDENT", 1 << 20)
    broker = next(examine(NOWHERE, read_settings({}), running, None))
    assert not broker.well
    assert "nothing is lost" in broker.todo


def test_nothing_is_reachable_and_every_check_is_made_all_the_same(tmp_path: Path) -> None:
    env = clean_env(CALLFUNNEL_KAFKA=NOWHERE.kafka, CALLFUNNEL_CLICKHOUSE=NOWHERE.clickhouse)
    said = subprocess.run(
        [*CLI, "doctor", "--json"], env=env, cwd=tmp_path, capture_output=True, text=True, timeout=180, check=False
    )
    found = json.loads(said.stdout)
    assert said.returncode == 1
    assert [check["name"] for check in found] == [
        "kafka",
        "workers",
        "lag",
        "clickhouse",
        "parts",
        "clocks",
        "last call",
        "feeds",
        "gaps",
        "stream = batch",
    ]
    assert not any(check["well"] for check in found)
    assert "nobody answers at 127.0.0.1:1" in found[0]["found"]
    assert "secret" not in said.stdout + said.stderr
