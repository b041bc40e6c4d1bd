"""Lost parts: `up` says so, `doctor` is unwell, the board has a banner, and the files that are named mend it."""

from __future__ import annotations

import json
import shutil
import urllib.request
from collections.abc import Iterator
from http.cookiejar import CookieJar
from pathlib import Path

import pytest

from bench.parse import write_export
from pipeline.store import connect
from tests.stack.deployment import wait_for
from tests.stack.test_up import Up

pytestmark = pytest.mark.stack
LEGS = 600


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Up]:
    up = Up(tmp_path)
    yield up
    up.end()


def parts_of(up: Up, table: str) -> list[Path]:
    """The folders of a table's parts, asked while the store runs."""
    sql = f"SELECT data_paths[1] FROM system.tables WHERE name = '{table}' AND database = currentDatabase()"
    client = connect(up.running["clickhouse"])
    try:
        return sorted(Path(str(client.command(sql))).glob("all_*"))
    finally:
        client.close()


def page(up: Up) -> str:
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
    with opener.open(up.running["board"], timeout=60) as answer:
        return str(answer.read().decode())


def test_lost_parts_are_said_everywhere_until_the_files_were_loaded_again(up: Up) -> None:
    calls = up.folder / "calls.csv"
    write_export(calls, LEGS)
    managers = up.folder / "managers.csv"
    rows = "\n".join(f"m{n},Manager {n},team,{101 + n}" for n in range(40))
    managers.write_text(f"manager_id,name,team,extensions\n{rows}\n")
    process = up.start()
    up.loading(managers, "managers").outcome()
    up.loading(calls).outcome()
    cells = "SELECT sum(cityHash64(bucket, manager_id, calls, talk_s)) FROM manager_activity FINAL"
    counted, before = up.number("SELECT sum(calls) FROM manager_activity FINAL"), up.number(cells)
    assert "gone" not in page(up)
    gone, broken = parts_of(up, "call_legs"), parts_of(up, "activities")
    process.terminate()
    process.wait(120)

    for folder in gone:
        shutil.rmtree(folder)
    for folder in broken:
        data = folder / "data.bin"
        data.write_bytes(data.read_bytes()[:-7])
    process = up.start()
    command = f"callfunnel load {calls} --source pbx --kind calls --tz Europe/Moscow"
    assert command in up.said
    assert "table call_legs, blocks 1 to" in up.said
    assert "table activities, part broken-on-start_all_" in up.said
    doctor = up.run("doctor", "--json")
    (check,) = [one for one in json.loads(doctor.stdout) if one["name"] == "parts"]
    assert (doctor.returncode, check["well"]) == (1, False)
    assert command in check["found"]
    assert "callfunnel parts --settle" in check["todo"]
    assert 'role="alert"' in page(up)
    assert command in page(up)
    refused = up.run("parts", "--settle")
    assert refused.returncode == 2
    assert command in refused.stderr

    again = up.loading(calls).outcome()
    assert again["records"] == LEGS
    assert up.run("parts", "--settle").returncode == 0
    assert up.number("SELECT count() FROM call_legs FINAL") == LEGS
    assert (up.number("SELECT sum(calls) FROM manager_activity FINAL"), up.number(cells)) == (counted, before)
    assert up.run("verify", "--from", "2026-05-25", "--to", "2026-12-31").returncode == 0
    doctor = up.run("doctor", "--json")
    assert all(one["well"] for one in json.loads(doctor.stdout) if one["name"] == "parts")
    wait_for("a board without the banner", lambda: 'role="alert"' not in page(up))
