"""Audit lines: private, whole, put aside when full, without numbers."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from pipeline import audit
from pipeline.audit import Action, LoginAudit, lines, record


def test_lines_are_private_and_come_back_in_order(tmp_path: Path) -> None:
    log = tmp_path / "audit.log"
    record(log, Action.LOAD, import_id="20261128T224924-ff4a01", file="calls.csv", rows=3)
    record(log, Action.FORGET, done=False, who="root@host", numbers=2)
    assert stat.S_IMODE(log.stat().st_mode) == 0o600
    first, second = lines(log)
    assert (first.action, first.done, first.about) == (
        Action.LOAD,
        True,
        {"import_id": "20261128T224924-ff4a01", "file": "calls.csv", "rows": 3},
    )
    assert (second.action, second.done, second.who) == (Action.FORGET, False, "root@host")


def test_a_number_in_a_file_name_is_not_written_down(tmp_path: Path) -> None:
    log = tmp_path / "audit.log"
    record(log, Action.LOAD, file="calls of +7 916 123-45-67.csv")
    assert "916" not in log.read_text("utf-8")


def test_a_full_file_is_put_aside_and_still_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "_LARGEST_BYTES", 400)
    log = tmp_path / "audit.log"
    for number in range(10):
        record(log, Action.LOAD, number=number)
    assert (tmp_path / "audit.log.1").exists()
    assert [line.about["number"] for line in lines(log)] == list(range(10))


def test_a_line_that_was_cut_by_a_crash_spoils_no_other(tmp_path: Path) -> None:
    log = tmp_path / "audit.log"
    record(log, Action.LOAD, number=1)
    with log.open("ab") as file:
        file.write(b'{"at":"2026-11-28T')
    record(log, Action.LOAD, number=2)
    assert [line.about["number"] for line in lines(log)] == [1, 2]


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "audit.log").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Exception, match="cannot be written"):
        record(tmp_path / "audit.log", Action.LOAD)
    assert not (tmp_path / "elsewhere").exists()


def test_guessing_passwords_does_not_fill_the_disk(tmp_path: Path) -> None:
    log, now = tmp_path / "audit.log", [0.0]
    login = LoginAudit(log, "board page", lambda: now[0])
    for _ in range(1000):
        login(False, "127.0.0.1")
    login(True, "127.0.0.1")
    refused, let_in = lines(log)
    assert (refused.done, let_in.done) == (False, True)
    assert let_in.about == {"door": "board page", "refused_before": 999}
