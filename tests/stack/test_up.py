"""`callfunnel up` as its user meets it: ready, refused, stopped, killed, and gone on with."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import stat
import statistics
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import clickhouse_connect
import psutil
import pytest

from bench.live_call import measure
from pipeline.store import connect
from schemas.errors import Transient
from tests.conftest import STARTS_S
from tests.stack.department import Department
from tests.stack.deployment import CLI, Loading, clean_env, wait_for
from tests.stack.stopwatch import Stopwatch, cpu_s

pytestmark = pytest.mark.stack
READY = re.compile(r"callfunnel is ready \((\d+\.\d) s\): kafka 127\.0\.0\.1:\d+, clickhouse http://127\.0\.0\.1:\d+")


class Up:
    """The command in the foreground, over one data folder that outlives it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.env = clean_env(XDG_STATE_HOME=str(folder / "state"), TZ="UTC")
        self.ready_s = 0.0
        """How long the last start took, undisturbed."""
        self._processes: list[subprocess.Popen[bytes]] = []
        self._loads: list[Loading] = []

    def begin(self, *options: str) -> subprocess.Popen[bytes]:
        """Start it; what it says goes to out.txt."""
        # Tests that run beside each other would look for the usual port of the board at one time.
        free = [option for name in ("kafka", "store", "board") for option in (f"--{name}-port", "0")]
        command = [*CLI, "up", "--data", str(self.data), *free, *options]
        with (self.folder / "out.txt").open("wb") as out:
            process = subprocess.Popen(command, env=self.env, cwd=self.folder, stdout=out, stderr=out)
        self._processes.append(process)
        return process

    def start(self, *options: str) -> subprocess.Popen[bytes]:
        """Start it and return once it says that it is ready."""
        watch = Stopwatch()
        process = self.begin(*options)
        wait_for("line that says ready", lambda: process.poll() is not None or READY.search(self.said), 2 * STARTS_S)
        assert process.poll() is None, self.said
        self.ready_s = watch.undisturbed_s(cpu_s(psutil.Process(process.pid)))
        return process

    @property
    def said(self) -> str:
        return (self.folder / "out.txt").read_text("utf-8")

    @property
    def running(self) -> Any:
        return json.loads((self.data / "stack.json").read_bytes())

    @property
    def parts(self) -> dict[str, int]:
        parts = self.running["parts"]
        assert isinstance(parts, dict)
        return parts

    def run(self, *arguments: str, within_s: float = 240.0) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*CLI, *arguments],
            env=self.env,
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=within_s,
            check=False,
        )

    def loading(self, path: Path, kind: str = "calls") -> Loading:
        command = [*CLI, "load", str(path), "--kind", kind, "--tz", "Europe/Moscow", "--json"]
        process = subprocess.Popen(
            command, env=self.env, cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        loading = Loading(process)
        self._loads.append(loading)
        return loading

    def number(self, sql: str) -> int:
        client = connect(self.running["clickhouse"])
        try:
            return int(str(client.command(sql)))
        finally:
            client.close()

    def wait_for_legs(self, legs: int) -> None:
        """Return in the middle of a load: once so many rows of call_legs are stored."""
        wait_for(f"{legs} legs", lambda: self._legs() > legs)

    def _legs(self) -> int:
        try:
            return self.number("SELECT count() FROM call_legs")
        except Transient:  # the store was killed and is not back yet
            return 0

    def wait_for_another(self, part: str, pid: int) -> None:
        wait_for(f"another {part}", lambda: self.parts[part] != pid)

    def assert_holds_calls_of(self, department: Department) -> None:
        assert self.number("SELECT count() FROM call_legs FINAL") == department.legs
        assert self.number("SELECT sum(calls) FROM manager_activity FINAL") == department.calls
        verified = self.run("verify", "--from", "2026-05-31", "--to", "2026-06-30")
        assert verified.returncode == 0, verified.stdout + verified.stderr

    def end(self) -> None:
        for loading in self._loads:
            loading.end()
        for process in self._processes:
            process.terminate()
            process.wait(120)


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Up]:
    up = Up(tmp_path)
    yield up
    up.end()


def are_gone(pids: list[int]) -> bool:
    return not any(map(_lives, pids))


def _lives(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """One that is only looked at. A namespace is meant for shared servers and changes nothing here."""
    up = Up(tmp_path_factory.mktemp("up"))
    up.env["CALLFUNNEL_NAMESPACE"] = "of-servers"
    up.start()
    yield up
    up.end()


def test_it_is_ready_in_seconds_and_its_doctor_finds_it_well(running: Up) -> None:
    ready = READY.search(running.said)
    assert ready is not None
    assert running.ready_s < 30, f"{ready[1]} s; under 10 s on a machine that does nothing else"
    doctor = running.run("doctor", "--json")
    assert doctor.returncode == 0, doctor.stdout
    assert list(running.parts) == ["broker", "store", "board", "worker-1"]


def test_everything_listens_on_loopback_only(running: Up) -> None:
    listening = {
        (part, connection.laddr.ip)
        for part, pid in running.parts.items()
        for connection in psutil.Process(pid).net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    }
    assert listening == {(part, "127.0.0.1") for part in ("broker", "store", "board")}


def test_the_printed_address_of_the_board_page_lets_in_and_stays(running: Up) -> None:
    printed = re.search(r"^boards: (http://127\.0\.0\.1:\d+)/\?token=(\S+)$", running.said, re.MULTILINE)
    assert printed is not None
    assert running.running["board"] == f"{printed[1]}/?token={printed[2]}"
    assert json.loads((running.data / "credentials.json").read_bytes())["board"] == printed[2], "bookmarks live on"
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    with pytest.raises(urllib.error.HTTPError, match="401"), browser.open(f"{printed[1]}/today") as answer:
        answer.read()
    with browser.open(running.running["board"]) as answer:
        assert b"today_numbers" in answer.read()
    with browser.open(f"{printed[1]}/panel/today/today_numbers") as answer:
        assert "html" in json.load(answer)
    assert printed[2] not in (running.data / "logs" / "board.log").read_text("utf-8")


@pytest.mark.parametrize("file", ["stack.json", "credentials.json"])
def test_files_with_passwords_are_for_their_owner_only(running: Up, file: str) -> None:
    assert stat.S_IMODE((running.data / file).stat().st_mode) == 0o600


def test_a_folder_in_use_is_refused_in_one_line(running: Up) -> None:
    refused = running.run("up", "--data", str(running.data), "--kafka-port", "0", "--store-port", "0")
    assert refused.returncode == 2
    by = f"the data folder {running.data} is in use by process {running.running['pid']}"
    assert refused.stderr.splitlines() == [f"callfunnel: {by}: stop it, or choose another with --data"]
    assert running.run("doctor", "--json").returncode == 0, "the first one is as it was"


def test_ctrl_c_stops_everything_and_leaves_nothing(up: Up) -> None:
    process = up.start()
    pids = list(up.parts.values())
    process.send_signal(signal.SIGINT)
    assert process.wait(120) == 0
    assert up.said.rstrip().endswith("callfunnel: stopped")
    assert are_gone(pids)
    assert not (up.data / "stack.json").exists()
    doctor = up.run("doctor")
    assert (doctor.returncode, "no stack is running" in doctor.stdout) == (1, True)


def test_told_to_stop_while_it_starts_it_stops_at_once_and_leaves_nothing(up: Up) -> None:
    process = up.begin()
    wait_for("store's log", lambda: (up.data / "logs" / "store.log").exists())
    children = [child.pid for child in psutil.Process(process.pid).children(recursive=True)]
    process.send_signal(signal.SIGTERM)
    assert process.wait(120) == 130
    assert up.said.splitlines()[-1] == "callfunnel: stopped"
    assert are_gone(children)
    assert not (up.data / "stack.json").exists()


def test_a_live_call_is_seen_by_a_reader_within_a_second_and_a_half(running: Up) -> None:
    reader = clickhouse_connect.get_client(dsn=running.running["reader"])
    try:
        rounds: list[list[float]] = []
        # Others that use the machine make calls slower, never faster: one quiet round says what ours can do.
        while not rounds or (statistics.median(rounds[-1]) >= 1.5 and len(rounds) < 5):
            rounds.append(measure(running.running["kafka"], reader, calls=7))
    finally:
        reader.close()
    assert statistics.median(rounds[-1]) < 1.5, rounds


@pytest.mark.parametrize("option", ["--kafka-port", "--store-port"])
def test_a_taken_port_is_refused_in_one_line_that_names_the_option(up: Up, option: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        free = "--store-port" if option == "--kafka-port" else "--kafka-port"
        refused = up.run("up", "--data", str(up.data), option, port, free, "0")
    assert refused.returncode == 2
    (line,) = refused.stderr.splitlines()
    assert line.startswith(f"callfunnel: port {port} is taken")
    assert option in line
    assert not (up.data / "stack.json").exists()


def test_kill_9_of_every_part_in_the_middle_of_a_load_that_reports_done_all_the_same(
    up: Up, department: Department
) -> None:
    up.start()
    loading = up.loading(department.files["calls"])
    for quarter, part in enumerate(("worker-1", "store", "broker"), start=1):
        up.wait_for_legs(quarter * department.legs // 5)
        assert loading.is_running
        pid = up.parts[part]
        os.kill(pid, signal.SIGKILL)
        up.wait_for_another(part, pid)
    assert loading.outcome()["records"] == department.legs
    up.assert_holds_calls_of(department)
    for part in ("worker-1", "store", "broker"):
        assert f"{part} had stopped and was started again" in up.said
    assert up.run("doctor", "--json").returncode == 0


def test_kill_9_of_the_supervisor_leaves_no_orphan_and_the_next_up_goes_on_with_all_facts(
    up: Up, department: Department
) -> None:
    process = up.start()
    up.loading(department.files["managers"], "managers").outcome()
    up.loading(department.files["calls"]).outcome()
    other = up.loading(department.files["stages"], "stages")
    pids = list(up.parts.values())
    process.kill()
    process.wait(120)
    wait_for("end of all parts", lambda: are_gone(pids))
    other.end()
    assert up.run("doctor").returncode == 1
    up.start()
    up.assert_holds_calls_of(department)
    assert up.loading(department.files["calls"]).outcome()["repeats"] == department.legs


def test_stopped_in_the_middle_of_a_load_which_says_so_and_can_be_repeated(up: Up, department: Department) -> None:
    process = up.start("--drain", "0")  # else it would wait until the load is stored
    loading = up.loading(department.files["calls"])
    up.wait_for_legs(department.legs // 5)
    process.send_signal(signal.SIGTERM)
    assert process.wait(120) == 0
    returncode, complained = loading.failure()
    assert returncode == 2
    assert "loading the files again is safe" in complained.splitlines()[-1]
    up.start()
    up.loading(department.files["calls"]).outcome()
    up.assert_holds_calls_of(department)


def test_background_and_down(up: Up) -> None:
    began = up.run("up", "--data", str(up.data), "--kafka-port", "0", "--store-port", "0", "--background")
    assert began.returncode == 0, began.stderr
    assert READY.match(began.stdout)
    pids = [up.running["pid"], *up.parts.values()]
    try:
        assert up.run("doctor", "--json").returncode == 0, "found without --data: it was the last one started"
        again = up.run("up", "--data", str(up.data), "--background")
        assert (again.returncode, "in use" in again.stderr) == (2, True)
    finally:
        stopped = up.run("down")
    assert (stopped.returncode, stopped.stdout) == (0, "callfunnel: stopped\n")
    assert are_gone(pids)
    again = up.run("down")
    assert again.returncode == 2
    assert again.stderr.startswith("callfunnel: no stack is running")
