"""Backups without a stack: which folder is meant, what is copied beside the store, and who waits for whom."""

from __future__ import annotations

import json
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from pipeline.backup import files
from pipeline.backup.bring import differing, refuse_used
from pipeline.backup.manifest import Manifest, backups, base_of, chosen, seal, write
from pipeline.backup.servers import back_up
from pipeline.backup.snapshot import Sum
from pipeline.embedded.gate import Gate
from pipeline.embedded.sql_guard import RefusedQuery, guard
from schemas.errors import Terminal


def made(folder: Path, name: str, base: str = "") -> Path:
    path = folder / name
    path.mkdir(parents=True)
    write(path, Manifest(created_at=name, host="h", data="/d", base=base, tables=[Sum("call_legs", 2, 7)]))
    return path


def test_folder_means_its_latest_finished_backup(tmp_path: Path) -> None:
    made(tmp_path, "20261101T000000")
    latest = made(tmp_path, "20261102T000000", base="20261101T000000")
    (tmp_path / "20261103T000000").mkdir()  # it died
    assert [path.name for path, _ in backups(tmp_path)] == ["20261101T000000", "20261102T000000"]
    assert chosen(tmp_path)[0] == latest
    assert chosen(latest)[0] == latest
    with pytest.raises(Terminal, match="no finished backup"):
        chosen(tmp_path / "20261103T000000")


def test_incremental_backup_without_its_base_is_refused(tmp_path: Path) -> None:
    path = made(tmp_path, "20261102T000000", base="20261101T000000")
    with pytest.raises(Terminal, match="builds on"):
        base_of(*chosen(path))
    base = made(tmp_path, "20261101T000000")
    assert base_of(*chosen(path)) == base


def test_table_that_is_missing_or_holds_something_else_is_named() -> None:
    expected = [Sum("a", 1, 5), Sum("b", 1, 6), Sum("c", 1, 7)]
    assert differing(expected, [Sum("a", 1, 5), Sum("b", 1, 9)]) == ["b", "c"]


def test_target_must_be_empty(tmp_path: Path) -> None:
    refuse_used(tmp_path)
    refuse_used(tmp_path / "new")
    (tmp_path / "file").touch()
    with pytest.raises(Terminal, match="not an empty folder"):
        refuse_used(tmp_path)
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    with pytest.raises(Terminal, match="not an empty folder"):
        refuse_used(tmp_path / "link")


def test_journals_and_checkpoints_are_copied_and_nothing_of_the_running_stack(tmp_path: Path) -> None:
    data, copied, new = tmp_path / "data", tmp_path / "copied", tmp_path / "new"
    for name in ("store/x", "logs/up.log", "credentials.json", "stack.json", "lock", "senders.lock", "worker-1.ready"):
        (data / name).parent.mkdir(parents=True, exist_ok=True)
        (data / name).write_text("secret")
    (data / "checkpoints").mkdir()
    (data / "checkpoints" / "office.json").write_text("{}")
    (data / "outside").symlink_to("/etc/passwd")
    (data / "journals").mkdir()
    with closing(sqlite3.connect(data / "journals" / "ami.db")) as journal:
        journal.execute("PRAGMA journal_mode = WAL")
        journal.execute("CREATE TABLE records (line TEXT)")
        journal.execute("INSERT INTO records VALUES ('one')")
        journal.commit()  # in the -wal file only, while the connection is open
        digests = files.copy(data, copied)
    assert set(digests) == {"checkpoints/office.json", "journals/ami.db"}
    assert files.bring(copied, new, digests) == []
    with closing(sqlite3.connect(new / "journals" / "ami.db")) as journal:
        assert journal.execute("SELECT line FROM records").fetchall() == [("one",)]
    (copied / "checkpoints" / "office.json").write_text("{ }")
    assert files.bring(copied, new, digests) == ["checkpoints/office.json"]


def test_seal_makes_everything_private(tmp_path: Path) -> None:
    folder = tmp_path / "backup"
    (folder / "store").mkdir(parents=True)
    (folder / "store" / "data.bin").write_bytes(b"12345")
    (folder / "store" / "data.bin").chmod(0o644)
    assert seal(folder) == 5
    assert (folder / "store" / "data.bin").stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700
    assert json.loads((made(tmp_path, "x") / "manifest.json").read_bytes())["format"] == 1


@pytest.mark.parametrize(
    "sql", ["BACKUP DATABASE default TO Disk('d', 'x')", "restore table t from Disk('d', 'x') async"]
)
@pytest.mark.parametrize("reader", [True, False])
def test_nobody_has_the_store_write_or_read_files_by_sql(sql: str, reader: bool) -> None:
    with pytest.raises(RefusedQuery):
        guard(sql, reader=reader)


@pytest.mark.parametrize(
    "clause", ["Disk('d', 'x') SETTINGS a = 1", "x", "File('a'); DROP TABLE t", "Disk('a\\', 'b')"]
)
def test_clause_that_is_something_else_is_refused_before_anything_is_asked(clause: str) -> None:
    with pytest.raises(Terminal, match="--to"):
        back_up("http://127.0.0.1:1/default", clause)


def test_who_waits_for_an_empty_gate_is_not_passed_by_newcomers(tmp_path: Path) -> None:
    inside, newcomer, waiter = Gate(tmp_path), Gate(tmp_path), Gate(tmp_path)
    inside.enter()
    waits, entered, over = threading.Event(), threading.Event(), threading.Event()

    def wait_for_it() -> None:
        with waiter.held_shut(waits.set):
            assert not entered.is_set()
        over.set()

    def enter() -> None:
        newcomer.enter()
        entered.set()
        newcomer.leave()

    holder = threading.Thread(target=wait_for_it)
    holder.start()
    assert waits.wait(10), "somebody is inside"
    late = threading.Thread(target=enter)
    late.start()
    assert not entered.wait(0.1)
    inside.leave()
    assert over.wait(10)
    assert entered.wait(10)
    for thread in (holder, late):
        thread.join()
    for gate in (inside, newcomer, waiter):
        gate.close()
