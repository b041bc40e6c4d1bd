"""A part that hangs is replaced, and `doctor` and `load` say what hangs: SIGSTOP of each on the real stack."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator

import msgspec
import pytest

from pipeline.doctor import Check, examine
from pipeline.embedded.part import process_state
from pipeline.endpoints import Running
from pipeline.settings import read_settings
from tests.stack.department import Department
from tests.stack.deployment import CLI, wait_for
from tests.stack.stopwatch import Stopwatch
from tests.stack.test_up import Up

pytestmark = pytest.mark.stack
PATIENCE_S = 6.0


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    up = Up(tmp_path_factory.mktemp("up"))
    up.start("--patience", str(PATIENCE_S))
    yield up
    up.end()


class Stopped:
    """Parts that hang, and the supervisor with them, which would replace them."""

    def __init__(self, up: Up) -> None:
        self._up = up
        self._pids: list[int] = []

    def __call__(self, *names: str) -> None:
        wait_for("supervisor that is stopped while no part is being replaced", self._supervisor_is_stopped_beside_parts)
        for name in names:
            self._stop(self._up.parts[name])

    def _supervisor_is_stopped_beside_parts(self) -> bool:
        """A busy machine can make a part silent for the whole patience of this stack: a supervisor that is stopped
        just then leaves it dead until it goes on."""
        self._stop(self._up.running["pid"])
        doctor = {check.name: check for check in examine_stack(self._up, within_s=4.0)}
        if all(doctor[name].well for name in self._up.parts):
            return True
        self.go_on()
        wait_for("well stack", lambda: self._up.run("doctor", "--json").returncode == 0)
        return False

    def _stop(self, pid: int) -> None:
        os.kill(pid, signal.SIGSTOP)
        self._pids.append(pid)
        wait_for("stop", lambda: process_state(pid) == "stopped")

    def go_on(self) -> None:
        while self._pids:
            os.kill(self._pids.pop(), signal.SIGCONT)


@pytest.fixture
def stopped(up: Up) -> Iterator[Stopped]:
    stopped = Stopped(up)
    yield stopped
    stopped.go_on()


@pytest.mark.parametrize(
    ("parts", "unwell"),
    [
        ((), {"supervisor"}),
        (("broker",), {"supervisor", "broker", "kafka", "workers", "lag"}),
        (
            ("store",),
            {"supervisor", "store", "clickhouse", "parts", "last call", "feeds", "gaps", "warnings", "stream = batch"},
        ),
    ],
    ids=["supervisor", "and broker", "and store"],
)
def test_doctor_names_what_hangs(up: Up, stopped: Stopped, parts: tuple[str, ...], unwell: set[str]) -> None:
    stopped(*parts)
    checks = {check.name: check for check in examine_stack(up, within_s=4.0)}
    assert {name for name, check in checks.items() if not check.well} >= unwell
    assert all(check.todo for check in checks.values() if not check.well)
    assert "is stopped: nothing that dies is started again" in checks["supervisor"].found
    assert all(checks[name].well for name in {"broker", "store", "board", "worker-1"} - set(parts))


def test_doctor_ends_in_ten_seconds_though_everything_hangs(up: Up, stopped: Stopped) -> None:
    stopped(*up.parts)
    watch = Stopwatch()
    doctor = up.run("doctor", "--json")
    assert doctor.returncode == 1
    assert watch.undisturbed_s(0) < 10
    checks = {check["name"]: check for check in json.loads(doctor.stdout)}
    assert {name for name, check in checks.items() if check["well"]} == {"disk", "journals"}


@pytest.mark.parametrize("part", ["store", "broker", "worker-1"])
def test_load_says_what_hangs_and_goes_on_when_it_is_back(
    up: Up, department: Department, stopped: Stopped, part: str
) -> None:
    stopped(part)
    said = up.folder / f"load-{part}.txt"
    with said.open("wb") as file:
        command = [*CLI, "load", str(department.files["managers"]), "--kind", "managers", "--tz", "Europe/Moscow"]
        loading = subprocess.Popen(command, env=up.env, cwd=up.folder, stdout=file, stderr=file)
    try:
        words = f"waiting: {part} is stopped, and `callfunnel up` is stopped too, and cannot replace it: `kill -CONT"
        wait_for("words of load", lambda: words in said.read_text("utf-8") or loading.poll() is not None)
        assert loading.poll() is None, said.read_text("utf-8")
        stopped.go_on()
        assert loading.wait(180) == 0, said.read_text("utf-8")
    finally:
        loading.kill()
        loading.wait()


def examine_stack(up: Up, within_s: float) -> Iterator[Check]:
    running = msgspec.convert(up.running, Running)
    return examine(running.endpoints, read_settings({}), running, up.data, within_s=within_s)


@pytest.mark.parametrize(
    "parts", [("store", "board"), ("worker-1",), ("broker",)], ids=["store and board", "worker", "broker"]
)
def test_a_part_that_is_stopped_is_replaced_and_the_stack_works_on(
    up: Up, department: Department, parts: tuple[str, ...]
) -> None:
    before = up.parts
    began = time.monotonic()
    for part in parts:
        os.kill(before[part], signal.SIGSTOP)
    for part in parts:
        up.wait_for_another(part, before[part])
        assert f"{part} (process {before[part]}, stopped) gave no sign of life for" in up.said
        wait_for("words", lambda part=part: f"{part} had stopped and was started again" in up.said)  # type: ignore[misc]
    assert time.monotonic() - began < 5 * PATIENCE_S, "one after the other they would take longer"
    if "broker" not in parts:
        assert {name: pid for name, pid in up.parts.items() if name not in parts} == {
            name: pid for name, pid in before.items() if name not in parts
        }, "nobody else was touched"
    assert up.loading(department.files["managers"], "managers").outcome()["records"] > 0
    wait_for("well stack", lambda: up.run("doctor", "--json").returncode == 0)
