"""The past, asked as if it were now."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from pipeline.alerts.asking import ask
from pipeline.alerts.backtest import Alarm, alarms, at_closing, days_of, every_day
from pipeline.readouts import Numbers, Period
from pipeline.settings import Settings
from schemas.alerts import RULES, Rule

_SELDOM_S = 3_600
"""A rule that looks at weeks is asked once a day."""


def replay(
    numbers: Numbers,
    settings: Settings,
    period: Period,
    step: timedelta,
    people: int,
    rules: Sequence[Rule] = RULES,
) -> list[Alarm]:
    """Every alarm of the rules whose past can be asked. Raises Transient or Terminal."""
    days, calendar, zone = list(days_of(period.first, period.last)), settings.calendar, settings.time_zone
    asked = [rule for rule in rules if rule.replayable]
    often = [rule for rule in asked if rule.every_s < _SELDOM_S]
    daily = [rule for rule in asked if rule.every_s >= _SELDOM_S]
    things = [
        *ask(numbers, settings, every_day(days, zone, calendar, step), often, people=people + 1),
        *ask(numbers, settings, at_closing(days, zone, calendar), daily, people=people + 1),
    ]
    return alarms(things)
