"""`backup --to` and `restore --from` drive ClickHouse's own commands: asked of the engine without the store's guard."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from pipeline.embedded.part import StackPart
from pipeline.embedded.ports import free_port, listens
from tests.conftest import PASSWORDS, STARTS_S, writer_dsn
from tests.stack.department import Department
from tests.stack.deployment import Deployment, clean_env

pytestmark = pytest.mark.stack

_WITHOUT_GUARD = """
import pipeline.embedded.http_front as front

front.guard = lambda sql, *, reader: None
from pipeline.embedded.store_server import main

main()
"""
"""The engine as a server of one's own has it: whoever may do it makes backups with SQL."""


class Server(StackPart):
    """One that makes backups, empty as yet."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        port = free_port(0, "")
        self.dsn = writer_dsn(port)
        command = [sys.executable, "-c", _WITHOUT_GUARD, "--data", str(folder / "data"), "--port", str(port)]
        super().__init__("store", command, logs=folder, env=clean_env(**PASSWORDS), ready=lambda: listens(port))


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path / "other")
    try:
        server.start()
        server.wait_ready(STARTS_S)
        yield server
    finally:
        server.stop(0)


def test_server_is_backed_up_by_its_own_command_and_restored_on_another_one(
    embedded: Deployment, other: Server, department: Department, tmp_path: Path
) -> None:
    first = Server(tmp_path / "first")
    embedded.store = first
    embedded.use(first.dsn)
    embedded.start()
    embedded.loading(department.files["managers"], kind="managers").outcome()
    embedded.loading(department.files["calls"]).outcome()
    whole = f"File('{tmp_path / 'whole'}')"
    assert done(embedded, "backup", "--to", whole)["status"] == "BACKUP_CREATED"
    embedded.loading(department.files["organisations"], kind="organisations").outcome()
    more = done(embedded, "backup", "--to", f"File('{tmp_path / 'more'}')", "--base", whole)
    assert more["files"] > 0

    at_backup = activity(embedded, embedded.env)
    there = {**embedded.env, "CALLFUNNEL_CLICKHOUSE": other.dsn}
    restored = embedded.run("restore", "--from", f"File('{tmp_path / 'more'}')", "--json", env=there)
    assert (restored.returncode, json.loads(restored.stdout)["status"]) == (0, "RESTORED"), restored.stderr
    assert activity(embedded, there) == at_backup
    verified = embedded.run("verify", "--from", "2026-05-31", "--to", "2026-06-30", env=there)
    assert verified.returncode == 0, verified.stdout + verified.stderr

    again = embedded.run("backup", "--to", whole)
    assert (again.returncode, "already exists" in again.stderr, "Traceback" in again.stderr) == (2, True, False)
    missing = embedded.run("restore", "--from", f"File('{tmp_path / 'none'}')", env=there)
    assert (missing.returncode, "Traceback" in missing.stderr) == (2, False), missing.stderr


def done(deployment: Deployment, *arguments: str) -> dict[str, Any]:
    run = deployment.run(*arguments, "--json")
    assert run.returncode == 0, run.stderr
    found = json.loads(run.stdout)
    assert isinstance(found, dict)
    return found


def activity(deployment: Deployment, env: Mapping[str, str]) -> object:
    run = deployment.run(
        "activity", "--from", "2026-05-01", "--to", "2026-08-01", "--by", "day,manager", "--json", env=env
    )
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)
