"""The page around the panels."""

from __future__ import annotations

from datetime import UTC, datetime

from grafana.boards.manager import MANAGER
from grafana.boards.today import TODAY
from grafana.build import EXAMPLE
from grafana.page.asked import asked
from grafana.page.said import Said
from grafana.page.shell import Standing, page

NOW = datetime(2026, 3, 16, 9, tzinfo=UTC)
CHOICES = {"manager": [("m01", "Anna"), ("m02", "Boris")]}


def test_who_is_asked_for_and_is_not_offered_is_named_and_nobody_else() -> None:
    """A kept address of somebody who left: a browser shows the first name where none is chosen."""
    for board in (MANAGER, TODAY):
        said = Said("en", EXAMPLE)
        html = page(board, asked([("manager", "m99")], board, "en"), CHOICES, Standing(NOW, NOW), said)
        assert 'value="m99" selected>m99' in html or 'value="m99" checked>m99' in html
        assert 'value="m01" selected' not in html
        assert 'value="m01" checked' not in html


def test_what_the_store_has_lost_stands_above_every_panel_and_escaped() -> None:
    english, russian = Said("en", EXAMPLE), Said("ru", EXAMPLE)
    question = asked([], TODAY, "en")
    whole = page(TODAY, question, CHOICES, Standing(NOW, NOW), english)
    assert 'role="alert"' not in whole
    for said in (english, russian):
        html = page(TODAY, question, CHOICES, Standing(NOW, NOW, "callfunnel load '<b>.csv'"), said)
        assert html.index('role="alert"') < html.index("<main")
        assert said.words.lost in html
        assert "callfunnel load &#x27;&lt;b&gt;.csv&#x27;" in html
