"""The report as PDF: whole on its sheets, few enough to be read, and clear words where nothing can print it."""

from __future__ import annotations

import json
import re
import stat
from datetime import datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from grafana.build import EXAMPLE
from pipeline.drawing.report.text import ReportText
from pipeline.readouts.report_data import Heading, PartData, ReportData, Row
from pipeline.report.files import rendered
from pipeline.report.paper import printed
from schemas.errors import Terminal
from schemas.screens.report import SECTIONS
from tests.serving.board.conftest import WEEK, Commands

_SHEET = re.compile(rb"/Type\s*/Page\b")
MANAGERS = 15


def sheets(content: bytes) -> int:
    return len(_SHEET.findall(content))


@pytest.mark.stack
def test_fifteen_managers_are_on_six_sheets(chromium: Browser, commands: Commands) -> None:
    made = commands("report", "--period", "week", "--to", WEEK[1], "--json")
    rows = {one["part"]: one["rows"] for one in json.loads(made.output)}
    at = datetime.fromisoformat("2026-03-16T08:00:00+03:00")
    heading = Heading(kind="week", period="9 to 15", before="2 to 8", made_at=at, as_of=at, is_complete=True)
    sections = []
    for section in SECTIONS:
        filled = [
            PartData(part=one, columns=one.panel.columns, rows=_many(rows.get(one.id, []))) for one in section.parts
        ]
        sections.append((section, [one for one in filled if one.rows or not one.part.if_any]))
    report = ReportText("ru", EXAMPLE, ReportData(heading=heading, sections=sections))
    assert 3 <= sheets(rendered(report, ".pdf")) <= 6


def _many(rows: list[Row]) -> list[Row]:
    """Of managers as many as there are to be."""
    if not rows or not rows[0].get("manager"):
        return rows
    return [{**rows[n % len(rows)], "manager": f"{rows[n % len(rows)]['manager']} {n}"} for n in range(MANAGERS)]


@pytest.mark.stack
def test_command_prints_its_week(chromium: Browser, commands: Commands, tmp_path: Path) -> None:
    path = tmp_path / "week.pdf"
    made = commands("report", "--period", "week", "--to", WEEK[1], "--lang", "ru", "--out", str(path))
    assert made.exit_code == 0, made.output
    assert path.read_bytes().startswith(b"%PDF")
    assert 3 <= sheets(path.read_bytes()) <= 6


def test_where_nothing_prints_it_says_what_does(tmp_path: Path) -> None:
    with pytest.raises(Terminal, match=r"Chromium or Chrome, and neither is installed: .*CALLFUNNEL_BROWSER"):
        printed(b"<html>", {"PATH": str(tmp_path)})
    with pytest.raises(Terminal, match="there is no program opera"):
        printed(b"<html>", {"PATH": str(tmp_path), "CALLFUNNEL_BROWSER": "opera"})
    broken = tmp_path / "chromium"
    broken.write_text("#!/bin/sh\nexit 3\n")
    broken.chmod(broken.stat().st_mode | stat.S_IXUSR)
    with pytest.raises(Terminal, match=r"made no PDF \(exit code 3\): try another browser, or print the HTML"):
        printed(b"<html>", {"PATH": str(tmp_path)})
