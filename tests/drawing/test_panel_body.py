"""What stands below a table: how long it is, whether more follow, what all rows share."""

from __future__ import annotations

import re
from typing import Any

import pytest

from grafana.build import EXAMPLE
from pipeline.drawing.page.panel_body import FEW, most, screen
from pipeline.drawing.render_context import RenderContext
from schemas.screens.boards import panel

EN = RenderContext("en", EXAMPLE)
RU = RenderContext("ru", EXAMPLE)
MISSED = panel("warning_missed")
MOST = 300


def missed(count: int) -> list[dict[str, Any]]:
    return [{"time": "2026-03-12 21:05:00.000", "wait_s": n} for n in range(count)]


def foot(html: str) -> str:
    found = re.search(r'<p class="foot">(.*)</p>$', html)
    return re.sub("<[^>]+>", "|", found[1]).strip("|").replace("||", "|") if found else ""


@pytest.mark.parametrize(
    ("count", "shown", "said"),
    [
        (0, 0, ""),
        (FEW, FEW, ""),
        (FEW + 1, FEW + 1, "Rows: 6"),
        (MOST, MOST, "Rows: 300"),
        (
            MOST + 1,
            MOST,
            "The first 300 are shown and more follow: narrow the period or the choice at the top of the page",
        ),
    ],
)
def test_long_table_says_how_long_it_is_and_whether_more_follow(count: int, shown: int, said: str) -> None:
    assert most(MISSED) == MOST
    html = screen(MISSED, missed(count), EN).html
    assert (html.count("<td") // max(1, html.count("<th ")), foot(html)) == (shown, said)


def test_matrix_counts_its_rows_not_its_cells() -> None:
    rows = [{"name": f"n{n}", "stage": stage, "overall_conversion": 1} for n in range(7) for stage in ("new", "active")]
    assert foot(screen(panel("funnel_by_manager"), rows, EN).html) == "Rows: 7"


def test_until_when_there_are_data_is_said_once_below_plan_and_fact() -> None:
    names = ("calls_to_potential", "general_proposals")
    rows = [{"month": "2026-11", "indicator": name, "data_until": "2026-11-23 14:27:08.000"} for name in names]
    html = screen(panel("today_month"), rows, RU).html
    assert foot(html) == "Месяц: 2026-11|Данные по: 23.11.2026 17:27"
    assert html.count("23.11.2026") == 1
    without = screen(panel("today_month"), [{**rows[0], "data_until": None}], EN).html
    assert foot(without) == "Month: 2026-11|Data to: –"


def test_sources_that_were_not_there_yet_are_said_to_have_come_later() -> None:
    assert "later" in screen(panel("health_freshness"), [], EN).html
    assert "позже" in screen(panel("health_freshness"), [], RU).html
    assert "period" in screen(panel("health_imports"), [], EN).html
