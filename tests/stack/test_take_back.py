"""A complete export withdraws what it has no more, with real commands; and what was believed of the calls."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stack.test_up import Up

pytestmark = pytest.mark.stack
CASES = Path(__file__).parent.parent / "cases"
ORGANISATIONS = "id;name;phones\no40;Орг 40;+79160000040\no41;Орг 41;+79160000041\n"


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Up]:
    up = Up(tmp_path)
    try:
        up.start()
        yield up
    finally:
        up.end()


def organisations_of_calls(up: Up) -> list[str]:
    return [call["organisation_id"] for call in json.loads(up.run("calls", "--from", "2026-03-01", "--json").stdout)]


def test_complete_export_asks_before_it_withdraws_much_and_calls_follow(up: Up, tmp_path: Path) -> None:
    (tmp_path / "managers.csv").write_text("id,name,extensions\nm1,Vera,101\n", "utf-8")
    (tmp_path / "organisations.csv").write_text(ORGANISATIONS, "utf-8")
    for kind in ("managers", "organisations"):
        assert up.run("load", f"{kind}.csv", "--kind", kind).returncode == 0
    loaded = up.run("load", str(CASES / "31_call_to_merged.csv"), "--source", "office", "--tz", "Europe/Moscow")
    assert loaded.returncode == 0, loaded.stderr
    assert "believed of office" in loaded.stdout
    assert organisations_of_calls(up) == ["o40"]
    later = (str(CASES / "31_orgs_merged.csv"), "--kind", "organisations", "--complete")

    refused = up.run("load", *later)
    assert refused.returncode == 2
    assert "--yes withdraws them. Nothing was loaded" in refused.stderr
    assert organisations_of_calls(up) == ["o40"]

    done = up.run("load", *later, "--yes")
    assert done.returncode == 0, done.stderr
    assert "1 organisations of earlier loads are withdrawn: this export does not have them any more" in done.stdout
    assert organisations_of_calls(up) == ["o41"]
    assert up.run("verify", "--from", "2026-03-01", "--to", "2026-04-01").returncode == 0

    explained = json.loads(up.run("explain", "office", "--json").stdout)
    assert [(one["name"], one["calls"]) for one in explained["phones"]] == [("101", 1)]
    assert up.run("explain", "nothing").returncode == 2

    begun = up.run("init", str(CASES / "31_call_to_merged.csv"), "--yes")
    assert begun.returncode == 0, begun.stdout + begun.stderr
    assert "101" in (tmp_path / "managers.csv").read_text("utf-8")
    assert (tmp_path / "callfunnel.toml").exists()
