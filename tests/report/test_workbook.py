"""The workbook, read back by another library: the report's numbers, as numbers."""

from __future__ import annotations

import json
import zipfile
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from grafana.build import EXAMPLE
from pipeline.drawing.report.text import ReportText
from pipeline.drawing.report.workbook import sheet_name, workbook
from pipeline.readouts.report_data import Heading, PartData, ReportData, with_planned_sums, with_sums
from schemas.parameters import Query
from schemas.screens.panel import ChangeColumn, Column, Panel, PanelType, Unit
from schemas.screens.report import PEOPLE, ReportPart, ReportSpan
from schemas.screens.translations.report import report_texts
from tests.serving.board.conftest import WEEK, Commands

Sheet = list[list[Any]]


def sheets(path: Path) -> dict[str, Sheet]:
    book = CalamineWorkbook.from_path(str(path))
    return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}


@pytest.mark.stack
@pytest.mark.parametrize("language", ["ru", "en"])
def test_every_sheet_holds_the_report_s_numbers(commands: Commands, tmp_path: Path, language: str) -> None:
    path = tmp_path / "report.xlsx"
    arguments = ["report", "--period", "week", "--to", WEEK[1], "--lang", language]
    made = commands(*arguments, "--out", str(path), "--json")
    assert made.exit_code == 0, made.output
    stored = {one["part"]: one["rows"] for one in json.loads(made.stdout)}
    labels = report_texts(language)
    found = sheets(path)
    managers = found[labels.panels["report_managers"].title]
    head, *rows = managers
    assert [row[0] for row in rows] == [row["manager"] for row in stored["report_managers"]]
    named = {
        "A": "calls_to_potential",
        f"A {labels.columns['change']}": "calls_to_potential_change",
        "B": "calls_per_organisation",
        labels.sum_of_d.format(currency="RUB"): "amount:RUB",
    }
    for title, name in named.items():
        index = head.index(title)
        for row, mine in zip(rows, stored["report_managers"], strict=True):
            assert row[index] == ("" if mine[name] is None else pytest.approx(float(mine[name]))), (title, mine)
    plan = found[labels.panels["report_plan_managers"].title]
    done = plan[0].index(f"A {labels.columns['done']}")
    ratios = [row["calls_to_potential_ratio"] for row in stored["report_plan_managers"]]
    assert [row[done] for row in plan[1:]] == [pytest.approx(ratio) for ratio in ratios]
    course = found[labels.panels["report_course_a"].title]
    assert [row[0] for row in course[1:3]] == [date(2026, 2, 16), date(2026, 2, 17)], "days of the reporting zone"
    first = [row[0] for row in next(iter(found.values()))]
    assert labels.title in first
    assert any("Europe/Moscow" in line for line in first)
    assert len(found) == 1 + len(stored)


def part_data(id: str, columns: tuple[Column, ...], rows: list[dict[str, Any]]) -> PartData:
    panel = Panel(id=id, panel_type=PanelType.TABLE, query=Query(metric="period_over_period"), columns=columns)
    return PartData(part=ReportPart(panel=panel, span=ReportSpan.PERIOD), columns=columns, rows=rows)


def book_of(path: Path, *parts: PartData) -> dict[str, Sheet]:
    at = datetime.fromisoformat("2026-03-16T08:00:00+03:00")
    heading = Heading(kind="week", period="9 to 15", before="2 to 8", made_at=at, as_of=at, is_complete=True)
    loss = PartData(part=part_data("funnel_loss", (), []).part, columns=(), rows=[])
    report = ReportData(heading=heading, sections=[(PEOPLE, [*parts, loss])])
    path.write_bytes(workbook(ReportText("en", EXAMPLE, report)))
    return sheets(path)


def test_texts_are_texts_numbers_numbers_and_times_times(tmp_path: Path) -> None:
    columns = (
        Column(name="manager", unit=Unit.TEXT),
        Column(name="calls"),
        Column(name="ratio", unit=Unit.RATIO),
        Column(name="talk_s", unit=Unit.SECONDS),
        Column(name="amount", unit=Unit.MONEY),
        Column(name="time", unit=Unit.TIME),
        Column(name="is_squeezing", unit=Unit.FLAG),
    )
    rows: list[dict[str, Any]] = [
        {"manager": "=1+1", "calls": "7", "ratio": 0.25, "talk_s": 5400, "amount": "68200.05",
         "time": "2026-03-12 21:30:00", "is_squeezing": 1},
        {"manager": "http://x", "calls": None, "ratio": None, "talk_s": 90_000, "amount": None, "time": None,
         "is_squeezing": 0},
    ]  # fmt: skip
    _, row, second = book_of(tmp_path / "book.xlsx", part_data("report_managers", columns, rows))["Managers"]
    assert row[:3] == ["=1+1", 7, 0.25]
    assert row[3] == timedelta(minutes=90)
    assert Decimal(str(row[4])) == Decimal("68200.05")
    assert row[5:] == [datetime(2026, 3, 13, 0, 30), "yes"]
    assert second[:3] == ["http://x", "", ""]
    assert second[3] == timedelta(hours=25)


def test_names_of_sheets_are_such_that_excel_takes_them(tmp_path: Path) -> None:
    part = part_data("warning_squeeze", (Column(name="calls"),), [{"calls": 1}])
    names = list(book_of(tmp_path / "book.xlsx", part, part, part))
    assert len({name.casefold() for name in names}) == len(names)
    assert all(len(name) <= 31 and not set(name) & set("[]:*?/\\") for name in names)


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Managers", "Managers"),
        ("The month's plan is done to", "The month’s plan is done to"),
        ("A: now and before", "A now and before"),
        ("Funnel of new organisations, over half a year", "Funnel of new organisations"),
        ("Organisations of the week: new and repeat (from 30 s), over 90 days", "Organisations of the week"),
        ("Plan and fact of each manager and team", "Plan and fact of each manager"),
        ("x" * 40, "x" * 31),
    ],
)
def test_a_long_title_is_not_cut_within_a_word(title: str, name: str) -> None:
    assert sheet_name(title) == name


def test_heads_are_frozen_and_filtered(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    book_of(
        path,
        part_data(
            "report_managers",
            (Column(name="manager", unit=Unit.TEXT), ChangeColumn(name="calls")),
            [{"manager": "x", "calls": 1}],
        ),
    )
    with zipfile.ZipFile(path) as archive:
        sheet = archive.read("xl/worksheets/sheet2.xml").decode()
        styles = archive.read("xl/styles.xml").decode()
    assert 'state="frozen"' in sheet
    assert "<autoFilter" in sheet
    assert "+#,##0;-#,##0;0" in styles


def test_sums_stand_beside_their_rows_and_who_sent_none_has_zero() -> None:
    rows = [{"manager_id": "m1", "team": "A"}, {"manager_id": "m2", "team": "A"}]
    sums = [
        {"manager_id": "m1", "team": "", "currency": "USD", "amount": "10.50", "amount_change": "-1"},
        {"manager_id": "m1", "team": "", "currency": "RUB", "amount": "5", "amount_change": "5"},
    ]
    merged, columns = with_sums(rows, sums)
    assert [column.name for column in columns] == ["amount:RUB", "amount_change:RUB", "amount:USD", "amount_change:USD"]
    assert (merged[0]["amount:USD"], merged[1]["amount:USD"]) == ("10.50", "0")


def test_of_a_currency_that_nobody_planned_the_fact_alone_is_shown() -> None:
    def one(currency: str, plan: float | None) -> dict[str, object]:
        return {"currency": currency, "fact": "1", "plan": plan, "plan_to_date": plan, "ratio": plan}

    merged, columns = with_planned_sums(
        [{"individual_amount": [one("RUB", 2.0), one("USD", None)]}, {"individual_amount": []}]
    )
    assert [column.name for column in columns] == ["fact:RUB", "plan_to_date:RUB", "plan:RUB", "ratio:RUB", "fact:USD"]
    assert (merged[0]["plan:RUB"], merged[1]["plan:RUB"]) == (2.0, None)
