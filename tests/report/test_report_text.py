"""What the head of a report says before any number, and how much room a chart has."""

from __future__ import annotations

from datetime import datetime

import pytest

from grafana.build import EXAMPLE
from pipeline.drawing.report.page import chart_height
from pipeline.drawing.report.text import ReportText
from pipeline.readouts.report_data import Heading, PartData, ReportData
from schemas.screens.panel import PanelType
from schemas.screens.report import SECTIONS


@pytest.mark.parametrize(
    ("language", "said"), [("en", "Changes are against the week before (2 to 8)."), ("ru", "Изменения — к")]
)
def test_what_changes_are_changes_to_stands_under_the_title(language: str, said: str) -> None:
    at = datetime.fromisoformat("2026-03-16T08:00:00+03:00")
    before = "the week before (2 to 8)"
    heading = Heading(kind="week", period="9 to 15", before=before, made_at=at, as_of=at, is_complete=True)
    assert ReportText(language, EXAMPLE, ReportData(heading=heading, sections=[])).lines[1].startswith(said)


@pytest.mark.parametrize("people", [1, 11, 60, 200])
def test_each_name_of_a_large_department_has_its_line_in_a_chart(people: int) -> None:
    """Plotly leaves out names that have no room: of sixty managers every fifth could be read."""
    bars = [part for section in SECTIONS for part in section.parts if part.panel.panel_type is PanelType.BARS]
    for part in bars:
        height = chart_height(PartData(part=part, columns=part.panel.columns, rows=[{}] * people))
        assert height >= part.panel.height
        assert height * 34 - 70 >= people * 16
    others = [part for section in SECTIONS for part in section.parts if part.panel.panel_type is not PanelType.BARS]
    for part in others:
        assert chart_height(PartData(part=part, columns=part.panel.columns, rows=[{}] * people)) == part.panel.height
    assert bars
    assert others
