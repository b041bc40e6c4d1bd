"""What `callfunnel activity` says when it has no row."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

from pipeline.drawing.terminal.activity_table import nothing
from pipeline.readouts.activity import Unassigned
from pipeline.readouts.period import Period

WEEK = Period(date(2026, 11, 2), date(2026, 11, 9), ZoneInfo("UTC"))


def test_calls_of_nobody_ask_for_the_managers() -> None:
    said = nothing(WEEK, Unassigned(missed=3, of_extensions=1200, extensions=["101"]))
    assert "1,200 calls" in said
    assert "--kind managers" in said


def test_without_calls_there_is_the_doctor() -> None:
    assert "doctor" in nothing(WEEK, Unassigned(missed=3, of_extensions=0, extensions=[]))
