"""A load is taken back with the real commands: counts, ledger, exit codes; and comes back when it is loaded again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.stack.test_up import Up

pytestmark = pytest.mark.stack
EXPORTS = Path(__file__).parent.parent / "readme_exports"
PERIOD = ("--from", "2026-11-01", "--to", "2026-12-01")


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Up]:
    up = Up(tmp_path)
    try:
        up.start()
        yield up
    finally:
        up.end()


def loaded(up: Up, path: Path, kind: str = "calls") -> Any:
    done = up.run("load", str(path), "--kind", kind, "--tz", "Europe/Moscow", "--json")
    assert done.returncode in (0, 1), done.stderr
    return json.loads(done.stdout)[0]


def activity(up: Up) -> Any:
    done = up.run("activity", *PERIOD, "--by", "day,manager", "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def calls(up: Up) -> Any:
    return json.loads(up.run("calls", *PERIOD, "--json").stdout)


def test_load_is_taken_back_and_comes_back(up: Up, tmp_path: Path) -> None:
    rows = (EXPORTS / "Master.csv").read_text("utf-8").splitlines(keepends=True)
    first, second = tmp_path / "first.csv", tmp_path / "second.csv"
    first.write_text("".join(rows[:350]), "utf-8")
    second.write_text("".join(rows[250:]), "utf-8")  # a hundred rows are in both
    for kind in ("managers", "organisations"):
        loaded(up, EXPORTS / f"{kind}.csv", kind)
    loaded(up, first)
    only_first = activity(up)
    calls_of_first = calls(up)
    taken = loaded(up, second)
    both = activity(up)
    assert both != only_first

    dry = up.run("undo", taken["import_id"], "--json")
    assert dry.returncode == 0, dry.stderr
    told = json.loads(dry.stdout)
    assert told["done"] is False
    assert told["stays"]["call_legs"] > 50, "those of both files stay"
    assert told["withdrawn"]["call_legs"] > 200
    assert told["managers"]
    assert activity(up) == both

    done = up.run("undo", taken["import_id"], "--yes", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert activity(up) == only_first
    assert up.run("verify", *PERIOD).returncode == 0
    assert up.number(f"SELECT count() FROM restatements FINAL WHERE cause = '{told['undo_id']}'") > 0
    assert calls(up) == calls_of_first
    imports = json.loads(up.run("imports", "--json").stdout)
    assert [(one["kind"], one["state"]) for one in imports[:2]] == [("undo", "stored"), ("calls", "undone")]
    assert all("@" in one["loaded_by"] for one in imports)

    (audited,) = json.loads(up.run("audit", "--action", "undo", "--json").stdout)
    assert audited["about"]["import_id"] == taken["import_id"]

    again = up.run("undo", taken["import_id"], "--yes")
    assert (again.returncode, "taken back already" in again.stdout) == (0, True)
    assert len(json.loads(up.run("imports", "--json").stdout)) == len(imports)
    unknown = up.run("undo", "nothing", "--yes")
    assert unknown.returncode == 2
    assert "callfunnel imports" in unknown.stderr

    loaded(up, second)
    assert activity(up) == both
    assert up.run("verify", *PERIOD).returncode == 0
