"""The sentences on top of a report: which are said of which numbers, and how they read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grafana.build import EXAMPLE
from pipeline.drawing.report.text import ReportText
from pipeline.readouts.headlines import INDICATORS, MOST_NAMED, headlines
from pipeline.readouts.report_data import Heading, PartData, ReportData
from schemas.screens.boards import panel as board_panel
from schemas.screens.report import SECTIONS
from schemas.screens.translations import LANGUAGES

AT = datetime.fromisoformat("2026-03-16T08:00:00+03:00")
DEPARTMENT: dict[str, Any] = {
    "calls": 579, "calls_change": -80, "match_coverage": 0.93,
    "calls_to_potential": 120, "calls_to_potential_change": 6,
    "general_proposals": 30, "general_proposals_change": 0,
    "individual_proposals": 12, "individual_proposals_change": -1,
}  # fmt: skip


def planned(manager: str, **of: tuple[int, float]) -> dict[str, Any]:
    """A row of the plan: fact and plan to date by letter."""
    row: dict[str, Any] = {"manager": manager}
    for letter, name in INDICATORS.items():
        fact, due = of.get(letter, (0, 0.0))
        row |= {name: fact, f"{name}_plan_to_date": due, f"{name}_ratio": fact / due if due else None}
    return row


def report(rows: dict[str, list[dict[str, Any]]], stale: Sequence[str] = ()) -> ReportData:
    heading = Heading(
        kind="week", period="9 to 15 March", before="the week before (2 to 8)", made_at=AT, as_of=AT,
        is_complete=True, stale=stale,
    )  # fmt: skip
    filled = {"report_department": [DEPARTMENT], **rows}
    sections = [
        (section, [PartData(part=one, columns=one.panel.columns, rows=filled.get(one.id, [])) for one in section.parts])
        for section in SECTIONS
    ]
    return ReportData(heading=heading, sections=sections)


def said(of: ReportData, language: str = "en") -> list[str]:
    return ReportText(language, EXAMPLE, of).headlines


def test_week_is_told_in_five_sentences() -> None:
    people = [planned("Ivanova", A=(38, 61.4)), planned("Petrov", A=(60, 61.4), D=(1, 4.0)), planned("Lee", A=(9, 9.0))]
    warning = {"warning": "Fewer calls", "summary": "Ivanova (North): 3 calls, 17 expected", "on_days": 2}
    unknown = {one.name: None for one in board_panel("funnel_loss").columns}
    loss = unknown | {"from_stage": "new", "stage": "contact", "lost": 62, "drop_off": 0.4}
    of = report({"report_plan_managers": people, "report_rules": [warning], "funnel_loss": [loss]})
    assert said(of) == [
        "579 calls (−80), A 120 (+6), C 30 (0), D 12 (−1) against the week before (2 to 8).",
        "Behind the plan to date: Petrov, D 1 of 4; Ivanova, A 38 of 61.",
        "Warnings in the last days: 1; the latest: Ivanova (North): 3 calls, 17 expected.",
        ReportText("en", EXAMPLE, of).loss,
        "Begin with Petrov, D 1 of 4.",
    ]


def test_out_of_missing_data_nothing_is_less_than_before_and_the_data_comes_first() -> None:
    lines = said(
        report({"report_plan_managers": [planned("Ivanova", A=(1, 61.4))]}, stale=["pbx: calls are known up to 12:55."])
    )
    assert "not held against" in lines[0]
    assert "−80" not in " ".join(lines)
    assert lines[-1] == "First load the missing data. pbx: calls are known up to 12:55."


def test_phones_come_before_people_when_most_calls_are_not_matched() -> None:
    of = report({"report_department": [{**DEPARTMENT, "match_coverage": "0.41"}]})
    assert said(of)[-1].startswith("First add the organisations' phones: only 41.0%")


def test_department_without_a_plan_is_not_said_to_keep_it() -> None:
    assert "There is no plan" in said(report({"report_plan_managers": [planned("Lee")]}))[1]
    assert "Everybody" in said(report({"report_plan_managers": [planned("Lee", C=(9, 10.0))]}))[1]


def test_store_without_calls_has_no_sentences() -> None:
    assert said(report({"report_department": []})) == []


PLAN = st.tuples(st.integers(0, 99), st.floats(0, 99))


@given(st.lists(st.tuples(PLAN, PLAN, PLAN), max_size=8))
def test_whoever_is_under_nine_tenths_of_a_plan_is_counted_once(plans: list[Any]) -> None:
    rows = [planned(f"m{n}", **dict(zip(INDICATORS, one, strict=True))) for n, one in enumerate(plans)]
    behind = [one for one in plans if any(due and fact / due < 0.9 for fact, due in one)]
    found = headlines(report({"report_plan_managers": rows}))[1]
    others = found.facts["others"].value if found.behind else 0
    assert isinstance(others, int)
    assert len(found.behind) + max(others, 0) == len(behind)
    assert len(found.behind) == min(len(behind), MOST_NAMED)
    assert [one.ratio for one in found.behind] == sorted(one.ratio for one in found.behind)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("stale", [(), ("x",)])
def test_every_sentence_has_its_words_in_every_language(language: str, stale: tuple[str, ...]) -> None:
    for people in ([], [planned("Л", A=(1, 9.0))], [planned(name, A=(1, 9.0)) for name in "абвгд"]):
        lines = said(report({"report_plan_managers": people}, stale=stale), language)
        assert 3 <= len(lines) <= 5
        assert not any("{" in line for line in lines)
