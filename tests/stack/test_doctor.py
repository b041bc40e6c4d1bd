"""`callfunnel doctor`: what is not well is named, with what to do, and is the exit code."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from pipeline.doctor import disk, examine
from pipeline.embedded.heartbeat import Heartbeat, beats, heartbeat_file
from pipeline.embedded.part import process_state
from pipeline.endpoints import Endpoints, Running
from pipeline.folder_state import FolderState, folder_state
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
        "notes of calls",
        "warnings",
        "stream = batch",
    }


def test_a_part_that_is_gone_and_one_that_has_grown(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    running = Running(pid=1, kafka="", clickhouse="", reader="", parts={"broker": os.getpid(), "store": gone.pid})
    looked = examine(NOWHERE, read_settings({}), running, None)
    supervisor, broker, store = next(looked), next(looked), next(looked)
    assert supervisor.well
    assert (broker.well, store.well, store.found) == (True, False, f"process {gone.pid} is gone")
    monkeypatch.setattr("pipeline.doctor._MOST_RESIDENT", 1 << 20)
    _, broker = islice(examine(NOWHERE, read_settings({}), running, None), 2)
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
        "notes of calls",
        "warnings",
        "stream = batch",
        "journals",
    ]
    assert [check["name"] for check in found if check["well"]] == ["journals"], "a folder, which waits for nobody"
    assert "nobody answers at 127.0.0.1:1" in found[0]["found"]
    assert "secret" not in said.stdout + said.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="states of processes are read from /proc")
def test_parts_and_a_supervisor_that_are_stopped_are_named_with_what_to_do(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as stopped:
        os.kill(stopped.pid, signal.SIGSTOP)
        wait_for("stop", lambda: process_state(stopped.pid) == "stopped")
        running = Running(pid=stopped.pid, kafka="", clickhouse="", reader="", parts={"store": stopped.pid})
        supervisor, store = islice(examine(NOWHERE, read_settings({}), running, None), 2)
        stopped.kill()
    assert (supervisor.well, store.well) == (False, False)
    assert supervisor.found == f"process {stopped.pid} is stopped: nothing that dies is started again"
    assert f"kill -CONT {stopped.pid}" in supervisor.todo
    assert store.found == f"process {stopped.pid} is stopped"


def test_a_supervisor_that_runs_and_looks_after_nothing_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.doctor._BEATS_WITHIN_S", 0.3)
    running = Running(pid=os.getpid(), data=str(tmp_path), kafka="", clickhouse="", reader="")
    supervisor = next(examine(NOWHERE, read_settings({}), running, None))
    assert not supervisor.well
    assert "has not looked after its parts for 0 s" in supervisor.found


def test_a_heartbeat_is_seen_by_its_change(tmp_path: Path) -> None:
    clock = Clock()
    heart = Heartbeat(tmp_path, clock)
    heart.beat()

    def sleep(seconds: float) -> None:
        clock.now += seconds
        heart.beat()
        os.utime(heartbeat_file(tmp_path), (clock.now, clock.now))  # decades ago, by a clock that was set

    assert beats(tmp_path, 3, monotonic=clock, sleep=sleep)
    assert not beats(tmp_path, 3, monotonic=clock, sleep=lambda seconds: clock.spend(seconds))


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now

    def spend(self, seconds: float) -> None:
        self.now += seconds


def test_a_check_without_an_answer_is_unwell_and_keeps_nobody_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    hangs = threading.Event()
    monkeypatch.setattr("pipeline.doctor.tables", lambda _: hangs.wait(600))
    began = time.monotonic()
    found = {check.name: check for check in examine(NOWHERE, read_settings({}), None, None, within_s=1.0)}
    assert time.monotonic() - began < 5
    hangs.set()
    assert found["clickhouse"].found == "no answer within 1 s"
    assert found["clickhouse"].todo == "start the store, or check CALLFUNNEL_CLICKHOUSE"
    assert len(found) == 12, "every other check is made"


def test_a_data_folder_that_hangs_is_said_within_seconds(tmp_path: Path) -> None:
    """Reading a pipe that nobody writes into waits as a mount does whose server is away."""
    data = tmp_path / "data"
    data.mkdir()
    os.mkfifo(data / "stack.json")
    began = time.monotonic()
    said = subprocess.run(
        [*CLI, "doctor", "--data", str(data), "--json"],
        env=clean_env(), cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert said.returncode == 1
    (check,) = json.loads(said.stdout)
    assert (check["name"], check["well"]) == ("disk", False)
    assert check["found"] == f"{data}: no answer within 3 s"
    assert "look at the disk or mount" in check["todo"]
    assert time.monotonic() - began < 30, "two questions of 3 s; the rest is the start of processes"


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (FolderState(free_bytes=1 << 29, free_files=10**6), "0.5 GiB free"),
        (FolderState(free_bytes=1 << 40, free_files=5), "only 5 files (inodes) more"),
        (FolderState(free_bytes=1 << 40, free_files=10**6, is_read_only=True), "is read-only"),
        (FolderState(error="No such file or directory"), "No such file or directory"),
    ],
)
def test_a_disk_that_is_not_well(monkeypatch: pytest.MonkeyPatch, state: FolderState, words: str) -> None:
    monkeypatch.setattr("pipeline.doctor.folder_state", lambda _: state)
    check = disk(Path("/data"))
    assert not check.well
    assert words in check.found
    assert check.todo


def test_a_folder_is_asked_by_a_process_of_its_own(tmp_path: Path) -> None:
    found = folder_state(tmp_path, 60)
    assert (found.error, found.is_read_only, found.hangs) == ("", False, False)
    assert found.free_bytes == pytest.approx(shutil.disk_usage(tmp_path).free, rel=0.2)
    assert folder_state(tmp_path / "nowhere", 60).error == "No such file or directory"
