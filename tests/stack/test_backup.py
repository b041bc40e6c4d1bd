"""A backup under load, restored elsewhere: equal numbers; an incremental one; a damaged one is refused."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.stack.department import Department
from tests.stack.test_up import Up

pytestmark = pytest.mark.stack
PERIOD = ("--from", "2026-05-01", "--to", "2026-08-01")


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Up]:
    up = Up(tmp_path)
    try:
        up.start()
        yield up
    finally:
        up.end()


def activity(up: Up) -> Any:
    done = up.run("activity", *PERIOD, "--by", "day,manager", "--json", "--data", str(up.data))
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def backup(up: Up, folder: Path) -> Any:
    done = up.run("backup", str(folder), "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_backup_under_load_is_restored_elsewhere_with_equal_numbers(
    up: Up, department: Department, tmp_path: Path
) -> None:
    (up.data / "checkpoints").mkdir()
    (up.data / "checkpoints" / "office.json").write_text("{}")
    assert up.loading(department.files["managers"], "managers").outcome()["records"]
    load = up.loading(department.files["calls"])
    up.wait_for_legs(500)
    full = backup(up, tmp_path / "backups")
    assert full["files"] >= 1
    assert full["differences"] == 0
    assert load.outcome()["records"] == department.legs
    at_backup = activity(up)

    inside = up.run("backup", str(up.data / "backups"))
    assert (inside.returncode, "inside of the data folder" in inside.stderr) == (2, True)

    load = up.loading(department.files["organisations"], "organisations")
    assert load.outcome()["records"]
    now = activity(up)
    assert now != at_backup, "calls have organisations now"
    more = backup(up, tmp_path / "backups")
    assert more["base"] == Path(full["path"]).name
    audited = json.loads(up.run("audit", "--action", "backup", "--json").stdout)
    assert [one["about"]["differences"] for one in audited] == [0, 0]
    up.end()

    moved = tmp_path / "another machine"
    (tmp_path / "backups").rename(moved)
    restored = up.run("restore", str(moved), "--data", str(tmp_path / "new"), "--json")
    assert restored.returncode == 0, restored.stderr
    assert json.loads(restored.stdout)["rows"] == more["rows"]
    assert (tmp_path / "new" / "checkpoints" / "office.json").read_text() == "{}"
    assert not (tmp_path / "new" / "credentials.json").exists()
    for path in (tmp_path / "new", moved / Path(full["path"]).name):
        modes = {stat.S_IMODE(one.lstat().st_mode) for one in path.rglob("*") if not one.is_symlink()}
        assert modes <= {0o700, 0o600}

    (tmp_path / "elsewhere").mkdir()
    other = Up(tmp_path / "elsewhere")
    other.data = tmp_path / "new"
    try:
        other.start()
        assert activity(other) == now
        assert other.run("verify", *PERIOD, "--data", str(other.data)).returncode == 0
    finally:
        other.end()

    refused = up.run("restore", str(moved), "--data", str(tmp_path / "new"))
    assert (refused.returncode, "not an empty folder" in refused.stderr) == (2, True)
    largest = max((moved / Path(full["path"]).name / "store").rglob("*.bin"), key=lambda path: path.stat().st_size)
    largest.write_bytes(largest.read_bytes()[:-100] + bytes(100))
    damaged = up.run("restore", str(moved / Path(full["path"]).name), "--data", str(tmp_path / "third"))
    assert damaged.returncode == 2, damaged.stdout
    assert not (tmp_path / "third").exists()
    assert not list(tmp_path.glob(".third*"))
