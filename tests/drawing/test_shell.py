"""The page around the panels."""

from __future__ import annotations

from datetime import UTC, datetime

from grafana.build import EXAMPLE
from pipeline.drawing.page.shell import Standing, page
from pipeline.drawing.render_context import RenderContext
from pipeline.readouts.board_request import parse_request
from schemas.screens.boards.manager import MANAGER
from schemas.screens.boards.today import TODAY

NOW = datetime(2026, 3, 16, 9, tzinfo=UTC)
CHOICES = {"manager": [("m01", "Anna"), ("m02", "Boris")]}


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
