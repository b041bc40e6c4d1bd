"""The past, asked as if it were now."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

from pipeline.alerts.backtest import Alarm, alarms, at_closing, days_of, every_day
from pipeline.alerts.evaluate import AlertInstance, ask, moments_at_once
from pipeline.readouts.numbers import Numbers
from pipeline.readouts.period import Period
from pipeline.settings import Settings
from schemas.alerts import RULES, Rule

_SELDOM_S = 3_600
"""A rule that looks at weeks is asked once a day."""
_DAYS_AT_ONCE = 10
"""Of such a rule; each day is a question of its own."""

Watch = Callable[[int, int], None]
"""Called after each stretch of the past: how many are evaluated, of how many."""


def replay(
    numbers: Numbers,
    settings: Settings,
    period: Period,
    step: timedelta,
    people: int,
    rules: Sequence[Rule] = RULES,
    watch: Watch = lambda done, of: None,
) -> list[Alarm]:
    """Every alarm of the rules whose past can be asked. Raises Transient or Terminal."""
    days, calendar, zone = list(days_of(period.first, period.last)), settings.calendar, settings.time_zone
    replayable = [rule for rule in rules if rule.replayable]
    often = [rule for rule in replayable if rule.every_s < _SELDOM_S]
    daily = [rule for rule in replayable if rule.every_s >= _SELDOM_S]
    stretches = [
        (moments[n : n + size], together)
        for moments, size, together in (
            (every_day(days, zone, calendar, step), moments_at_once(people + 1), often),
            (at_closing(days, zone, calendar), _DAYS_AT_ONCE, daily),
        )
        for n in range(0, len(moments), size)
    ]
    instances: list[AlertInstance] = []
    for done, (moments, together) in enumerate(stretches, 1):
        instances += ask(numbers, settings, moments, together, people=people + 1)
        watch(done, len(stretches))
    return alarms(instances)
