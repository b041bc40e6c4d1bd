"""Nothing lost, nothing counted twice, whatever is killed in the middle of a load: on the embedded broker and on Kafka.

Every test ends with the same comparison: each cell of manager_activity against a plain count of the files.
"""

from __future__ import annotations

import os
import random
import signal
import time
from pathlib import Path

import pytest

from pipeline.embedded.part import StackPart
from tests.stack.department import Department
from tests.stack.deployment import Deployment, kill, wait_for

AWAY_S = 30.0


@pytest.mark.stack
def test_an_export_and_a_directory_are_counted_as_by_hand(embedded: Deployment, department: Department) -> None:
    embedded.start()
    embedded.load_directory(department)
    outcome = embedded.loading(department.files["calls"]).outcome()
    assert (outcome["rows"], outcome["records"], outcome["calls"]) == (department.legs,) * 2 + (department.calls,)
    assert (outcome["repeats"], outcome["rejected"], outcome["stopped"]) == (0, {}, "")
    embedded.assert_holds(department)


def test_worker_killed_three_times_in_the_middle_of_a_load(deployment: Deployment, department: Department) -> None:
    deployment.start()
    deployment.load_directory(department)
    loading = deployment.loading(department.files["calls"])
    worker = deployment.workers["worker-1"]
    for quarter in (1, 2, 3):
        deployment.wait_for_legs(quarter * department.legs // 4)
        assert loading.is_running
        kill(worker)
        deployment.start_again(worker)
    loading.outcome()
    deployment.assert_holds(department)


@pytest.mark.stack
@pytest.mark.kafka
def test_worker_that_is_frozen_hands_its_partitions_over_and_counts_nothing_twice_when_it_goes_on(
    apache_kafka: tuple[StackPart, str], tmp_path: Path, department: Department
) -> None:
    deployment = Deployment(tmp_path, *apache_kafka, remembers=True)
    try:
        deployment.start(workers=2)
        deployment.load_directory(department)
        loading = deployment.loading(department.files["calls"])
        frozen = deployment.workers["worker-1"]
        deployment.wait_for_legs(department.legs // 4)
        os.kill(frozen.pid, signal.SIGSTOP)
        loading.outcome()  # by the other one, once the group has missed the frozen one's heartbeats
        os.kill(frozen.pid, signal.SIGCONT)
        again = deployment.loading(department.files["calls"])  # for both
        assert again.outcome()["repeats"] == department.legs
        assert frozen.is_running
        deployment.assert_holds(department)
    finally:
        deployment.stop()


def test_workers_join_and_leave_while_calls_and_directory_are_loaded(
    deployment: Deployment, department: Department
) -> None:
    deployment.start(workers=2)
    loading = deployment.loading(department.files["calls"])
    deployment.wait_for_legs(department.legs // 5)
    deployment.add_worker("worker-3", wait=False)
    deployment.load_directory(department)
    deployment.remove_worker("worker-1")
    loading.outcome()
    deployment.assert_holds(department)


def test_broker_killed_while_nothing_happens_and_again_in_the_middle_of_a_load(
    deployment: Deployment, department: Department
) -> None:
    deployment.start()
    deployment.load_directory(department)
    deployment.restart_broker()
    loading = deployment.loading(department.files["calls"])
    deployment.wait_for_legs(department.legs // 3)
    assert loading.is_running
    deployment.restart_broker()
    loading.outcome()
    deployment.assert_holds(department)


@pytest.mark.stack
def test_store_away_for_half_a_minute_in_the_middle_of_a_load(embedded: Deployment, department: Department) -> None:
    embedded.start()
    embedded.load_directory(department)
    loading = embedded.loading(department.files["calls"])
    embedded.wait_for_legs(department.legs // 3)
    worker = embedded.workers["worker-1"].pid
    kill(embedded.store)
    back_at = time.monotonic() + AWAY_S
    wait_for("end of the half minute", lambda: time.monotonic() > back_at)
    assert loading.is_running
    embedded.store.start()
    loading.outcome()
    assert embedded.workers["worker-1"].pid == worker
    assert embedded.workers["worker-1"].is_running, "the worker waits, it does not die"
    embedded.assert_holds(department)


@pytest.mark.stack
def test_a_file_twice_in_halves_shuffled_and_beside_itself_changes_no_table(
    embedded: Deployment, department: Department, tmp_path: Path
) -> None:
    embedded.start()
    export = department.files["calls"]
    embedded.load_directory(department)
    first, second = halves(export, tmp_path)
    at_once = [embedded.loading(path) for path in (second, first)]
    assert sum(loading.outcome()["records"] for loading in at_once) == department.legs
    content = embedded.content()
    again = [embedded.loading(path) for path in (export, shuffled(export, tmp_path))]
    for loading in again:
        assert loading.outcome()["repeats"] == department.legs
    assert embedded.content() == content
    embedded.assert_holds(department)


def halves(export: Path, folder: Path) -> tuple[Path, Path]:
    """Two files, cut between two legs of one call."""
    lines = export.read_text(encoding="utf-8").splitlines(keepends=True)
    middle = len(lines) // 2
    cut = next(n for n in range(middle, len(lines)) if lines[n].split(",")[19] == lines[n - 1].split(",")[19])
    paths = folder / "first.csv", folder / "second.csv"
    for path, part in zip(paths, (lines[:cut], lines[cut:]), strict=True):
        path.write_text("".join(part), encoding="utf-8")
    return paths


def shuffled(export: Path, folder: Path) -> Path:
    lines = export.read_text(encoding="utf-8").splitlines(keepends=True)
    random.Random(3).shuffle(lines)
    path = folder / "shuffled.csv"
    path.write_text("".join(lines), encoding="utf-8")
    return path
