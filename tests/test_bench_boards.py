"""What `bench.boards` measures: every query that Grafana asks."""

from __future__ import annotations

import os
import time

from bench.boards import cpu_of, questions
from schemas.alerts import RULES
from schemas.screens.boards import BOARDS
from schemas.screens.variables import QUERIES


def test_every_panel_variable_and_alert_is_asked_once() -> None:
    panels = [panel.id for board in BOARDS for panel in board.panels if panel.query is not None]
    alerts = [f"alert {rule.id}" for rule in RULES]
    assert [one.name for one in questions()] == [*panels, *(f"variable {name}" for name in QUERIES), *alerts]


def test_alerts_have_moments_for_macros() -> None:
    alerts = [one for one in questions() if one.name.startswith("alert ")]
    assert alerts
    assert not [one.name for one in alerts if "$" in one.sql or one.parameters]


def test_processor_time_is_that_of_the_process() -> None:
    used_ms = cpu_of(os.getpid())
    before_ms, began = used_ms(), time.process_time()
    while time.process_time() < began + 0.1:
        sum(range(10_000))
    assert used_ms() - before_ms >= 50
