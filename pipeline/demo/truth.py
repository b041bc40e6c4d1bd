"""The read-outs of a loaded department, held against its truth.json: every manager, every day, every call."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec

from department.comparison import Comparison
from pipeline.readouts.activity import CountedCall, activity
from pipeline.readouts.funnel import By, Clock, Question, flat, funnel
from pipeline.readouts.numbers import Numbers
from pipeline.readouts.period import Period
from pipeline.settings import Settings


def against_truth(source: Numbers, truth: dict[str, Any], settings: Settings) -> Comparison:
    """Compare `activity`, `calls` and `funnel` of everything that is loaded. Raises Transient or Terminal."""
    comparison = Comparison(truth)
    days = everything(truth, settings)
    rows = activity(source, days, ("manager", "day"), unassigned=True)
    comparison.activity([row.flat() for row in rows])
    comparison.calls(
        [msgspec.structs.asdict(call) for of in ("calls", "unassigned") for call in _calls(source, days, of)]
    )
    # The CRM is older than the department's days; its earlier months are in the snapshots of these.
    hold_funnels(
        comparison, source, truth, settings, [month for month in months(truth) if month >= f"{days.first:%Y-%m}"]
    )
    return comparison


def everything(truth: dict[str, Any], settings: Settings) -> Period:
    """The days of the department."""
    first = date.fromisoformat(truth["knobs"]["first"])
    return Period(first, first + timedelta(days=truth["knobs"]["days"]), settings.time_zone)


def months(truth: dict[str, Any]) -> list[str]:
    """The months that the truth tells a funnel of, those before the first day too."""
    return sorted({step["month"] for step in truth["funnel_cohort"]})


def hold_funnels(
    comparison: Comparison, source: Numbers, truth: dict[str, Any], settings: Settings, of: Sequence[str]
) -> None:
    """The funnels of these months by each clock, of the department and of every manager."""
    for clock in Clock:
        for month in of:
            first = date.fromisoformat(f"{month}-01")
            last = (first + timedelta(days=32)).replace(day=1)
            for by in (By.ALL, By.MANAGER):
                question = Question(
                    period=Period(first, last, settings.time_zone),
                    stages=settings.stages,
                    now=datetime.now(UTC),
                    clock=clock,
                    window=truth["funnel_window"],
                    by=by,
                )
                comparison.funnel([flat(step, by) for step in funnel(source, question)], str(clock), month)


def _calls(source: Numbers, days: Period, of: str) -> list[CountedCall]:
    parameters = {
        **days.parameters,
        "of": of,
        "managers": [],
        "teams": [],
        "organisations": [],
        "contacts": [],
        "conversation_s": 0,
        "potential": [],
        "limit": 4_000_000_000,
    }
    return source.rows("calls", CountedCall, parameters)
