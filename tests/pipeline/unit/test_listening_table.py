"""A database that is away when its door is started, and one that refuses."""

from __future__ import annotations

import socket
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import DateTime, String
from sqlalchemy.types import TypeEngine

from connectors.sql.database import Database
from pipeline.listening.call_table import gap_filler, table_at
from pipeline.listening.session import Exchange
from pipeline.settings import Settings, read_settings
from schemas.errors import Terminal, Transient

OFFICE = Exchange("office", "Europe/Moscow", "RU")
CDR = ("calldate", "src", "dst", "channel", "dstchannel", "duration", "billsec", "disposition")
TYPES: dict[str, TypeEngine[Any]] = {name: DateTime() if name == "calldate" else String() for name in CDR}


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.chdir(tmp_path)
    return read_settings()


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch) -> str:
    """The host and port of a server that is not there, which CALLFUNNEL_SQL names."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        where = f"127.0.0.1:{taken.getsockname()[1]}"
    monkeypatch.setenv("CALLFUNNEL_SQL", f"mysql://reader:hidden-word@{where}/asterisk")
    return where


def test_server_that_is_not_there_is_waited_for_and_read_when_it_comes(
    nobody: str, settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with table_at("CALLFUNNEL_SQL", "cdr", OFFICE, settings, "s1") as table:
        assert table.where == "table cdr at 127.0.0.1/asterisk"
        with pytest.raises(Transient, match=r"127\.0\.0\.1/asterisk: .*Can't connect") as trouble:
            table.reader()
        assert "hidden-word" not in str(trouble.value)
        monkeypatch.setattr(Database, "types", lambda *_: TYPES)
        monkeypatch.setattr(Database, "sample", lambda *_: [])
        monkeypatch.setattr(Database, "now", lambda _: datetime(2026, 11, 2, 12, tzinfo=UTC))
        assert table.reader() is table.reader()
    assert capsys.readouterr().out.splitlines() == [
        "table cdr at 127.0.0.1/asterisk: no uniqueid with an epoch: nothing to check the zone with"
    ]


def test_gaps_wait_for_a_server_that_is_not_there(nobody: str, settings: Settings) -> None:
    with gap_filler("CALLFUNNEL_SQL", "cdr", 4.0, OFFICE, settings, "s1") as (fill, words):
        assert words == ", gaps are read from table cdr at 127.0.0.1/asterisk"
        assert fill is not None
        with pytest.raises(Transient, match="Can't connect"):
            list(fill(datetime(2026, 11, 2, 12, tzinfo=UTC)))


@pytest.mark.parametrize("refusal", ["user or password is wrong", "there is no table cdr: see --table"])
def test_what_somebody_must_mend_is_said_before_anything_is_listened_to(
    nobody: str, settings: Settings, monkeypatch: pytest.MonkeyPatch, refusal: str
) -> None:
    def refused(*_: object) -> None:
        raise Terminal(refusal)

    monkeypatch.setattr(Database, "types", refused)
    with pytest.raises(Terminal, match=refusal), table_at("CALLFUNNEL_SQL", "cdr", OFFICE, settings, "s1"):
        pytest.fail("it was opened")
