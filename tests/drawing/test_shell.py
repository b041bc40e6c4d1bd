"""The page around the panels."""

from __future__ import annotations

from datetime import UTC, datetime
from html import unescape
from typing import Any

from grafana.build import EXAMPLE
from pipeline.drawing.page.shell import Standing, page
from pipeline.drawing.render_context import RenderContext
from pipeline.readouts.board_request import parse_request
from schemas.screens.boards.manager import MANAGER
from schemas.screens.boards.today import TODAY

NOW = datetime(2026, 3, 16, 9, tzinfo=UTC)
CHOICES = {"manager": [("m01", "Anna"), ("m02", "Boris")], "team": [("A", "A")]}


def test_who_is_asked_for_and_is_not_offered_is_named_and_nobody_else() -> None:
    """A kept address of somebody who left: a browser shows the first name where none is chosen."""
    for board in (MANAGER, TODAY):
        context = RenderContext("en", EXAMPLE)
        html = page(board, parse_request([("manager", "m99")], board, "en"), CHOICES, Standing(NOW, NOW), context)
        assert 'value="m99" selected>m99' in html or 'value="m99" checked>m99' in html
        assert 'value="m01" selected' not in html
        assert 'value="m01" checked' not in html


def test_what_the_store_has_lost_stands_above_every_panel_and_escaped() -> None:
    english, russian = RenderContext("en", EXAMPLE), RenderContext("ru", EXAMPLE)
    question = parse_request([], TODAY, "en")
    whole = page(TODAY, question, CHOICES, Standing(NOW, NOW), english)
    assert 'role="alert"' not in whole
    for context in (english, russian):
        html = page(TODAY, question, CHOICES, Standing(NOW, NOW, "callfunnel load '<b>.csv'"), context)
        assert html.index('role="alert"') < html.index("<main")
        assert context.texts.lost in html
        assert "callfunnel load &#x27;&lt;b&gt;.csv&#x27;" in html


def shown(address: list[tuple[str, str]], language: str = "ru", **standing: Any) -> str:
    """Today on a Monday noon."""
    question, context = parse_request(address, TODAY, language), RenderContext(language, EXAMPLE)
    return unescape(page(TODAY, question, CHOICES, Standing(NOW, NOW, **standing), context))


def test_a_week_that_begins_today_says_so_and_offers_the_last_one() -> None:
    html = shown([("period", "week"), ("team", "A")])
    assert "Неделя только началась." in html
    assert '<a href="/today?lang=ru&team=A&period=last_week">показать: прошлая неделя</a>' in html
    assert "только начал" not in shown([("period", "last_week")])
    assert "только начал" not in shown([("period", "today")])


def test_what_it_is_held_against_and_the_data_stand_in_the_header() -> None:
    before = (datetime(2026, 3, 8, 21, tzinfo=UTC), datetime(2026, 3, 9, 9, tzinfo=UTC))
    html = shown([("period", "week")], "en", before=before, data=["calls recognised: 90.2%"])
    head = html[: html.index("<main")]
    assert "Compared with 09 Mar 2026 00:00 – 09 Mar 2026 12:00" in head
    assert "calls recognised: 90.2%" in head
    assert 'href="/health?lang=en&period=week">data quality</a>' in head
    assert "Compared" not in shown([], "en")


def test_a_chosen_period_goes_along_to_every_board_and_the_boards_own_does_not() -> None:
    html = shown([("period", "last_month")])
    for board in ("funnel", "manager", "warning", "health"):
        assert f'href="/{board}?lang=ru&period=last_month"' in html
    assert 'href="/funnel?lang=ru"' in shown([])


def test_what_is_chosen_is_said_where_the_form_is_folded() -> None:
    assert "Период и выбор: сегодня<" in shown([])
    assert "Период и выбор: 02.03.2026 – 08.03.2026; A<" in shown(
        [("first", "2026-03-02"), ("last", "2026-03-08"), ("team", "A")]
    )
    assert ">по умолчанию: сегодня<" in shown([])
