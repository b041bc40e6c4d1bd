"""`callfunnel listen folder` on the stack: exports of every kind, a kill in the middle, and files nobody can read."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from tests.connectors.rows import many
from tests.stack.department import Department
from tests.stack.deployment import CLI, Deployment, wait_for

pytestmark = pytest.mark.stack


def listening(deployment: Deployment, folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*CLI, "listen", "folder", str(folder), "--tz", "Europe/Moscow", "--settle", "0.3"],
        env=deployment.env,
        cwd=deployment.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_department_that_is_dropped_file_by_file_is_counted_as_it_is_through_a_kill(
    embedded: Deployment, department: Department
) -> None:
    embedded.start()
    folder = embedded.folder / "drop"
    folder.mkdir()
    first = listening(embedded, folder)
    try:
        for path in department.files.values():
            shutil.copyfile(path, folder / path.name)
        embedded.wait_for_legs(2_000)
    finally:
        first.kill()
        first.communicate()
    assert (folder / department.files["calls"].name).exists(), "it was not stored yet"
    second = listening(embedded, folder)
    try:
        done = folder / "done"
        wait_for("every file in done", lambda: all((done / p.name).exists() for p in department.files.values()), 120)
        for path in department.files.values():
            report = json.loads((done / f"{path.name}.report.json").read_bytes())
            assert report["rejected"] == {}
        embedded.assert_holds(department)
        (feeds,) = [c for c in json.loads(embedded.run("doctor", "--json").stdout) if c["name"] == "feeds"]
        assert "pbx folder:drop: live" in feeds["found"]
    finally:
        second.send_signal(signal.SIGTERM)
        said, _ = second.communicate(timeout=120)
    assert second.returncode == 0, said


def test_files_that_are_none_are_rejected_with_the_reason_and_bad_rows_can_be_dropped_again(
    embedded: Deployment,
) -> None:
    embedded.start()
    folder = embedded.folder / "drop"
    folder.mkdir()
    rows = many(30)
    process = listening(embedded, folder)
    try:
        (folder / "picture.csv").write_bytes(bytes(range(256)) * 50)
        (folder / "letter.txt").write_text("Dear Sir, this is no table.\n" * 30)
        (folder / "cdr.csv").write_text("".join(rows[:-1]) + rows[-1].replace("2026-11-02", "2026-13-02"))
        wait_for("two refused files", lambda: len(list(folder.glob("rejected/*.report.json"))) == 2)
        wait_for("the export", (folder / "done" / "cdr.csv").exists)
        refused = json.loads((folder / "rejected" / "picture.csv.report.json").read_bytes())
        assert "binary" in refused["refused"]
        report = json.loads((folder / "done" / "cdr.csv.report.json").read_bytes())
        assert (report["records"], report["rejected"]) == (29, {"bad_time": 1})
        (bad,) = folder.glob("rejected-rows/cdr.*.csv")
        assert bad.read_text().strip() == rows[-1].replace("2026-11-02", "2026-13-02").strip()
        another = subprocess.run(
            [*CLI, "listen", "folder", str(folder), "--tz", "UTC"],
            env=embedded.env,
            cwd=embedded.folder,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
        assert another.returncode == 2
        assert "is open already" in another.stderr
    finally:
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=120)
    assert process.returncode == 0, said
