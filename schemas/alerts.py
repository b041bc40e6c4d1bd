"""The rules of warning: which metric, which rows of it, when it fires, what it says. Grafana and the command ask alike.

A rule reads one metric, whose text is that of `schemas.metrics`. `rows` and `fires` are conditions over its columns.
Each row that `rows` leaves is one thing that may fire, named by `labels`: it stays the same thing while the numbers
change. Its texts are in `schemas/screens/translations`.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import msgspec

from schemas.parameters import Value


class Urgency(StrEnum):
    """Who should know."""

    HEAD = "head"
    """The head of sales."""
    OPERATIONS = "operations"
    """Whoever looks after exchange, files and callfunnel itself."""


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    metric: str
    labels: tuple[str, ...]
    """Columns that name the thing: text that changes seldom, or never."""
    numbers: tuple[str, ...]
    """Columns that the message says, beside the labels."""
    remarks: tuple[str, ...] = ()
    """Columns of text that a message says beside them: which time the numbers are of."""
    fires: str
    """SQL over the metric's columns."""
    rows: str = "1"
    """SQL over the metric's columns: which rows are things of this rule."""
    parameters: tuple[tuple[str, Value], ...] = ()
    """Of the metric, besides moments and the department's settings."""
    urgency: Urgency = Urgency.HEAD
    board: str = "today"
    """Where the reader looks next."""
    every_s: int = 300
    """Between two evaluations."""
    pending_s: int = 0
    """It must fire as long before anybody is told."""
    keep_s: int = 0
    """It goes on for as long after it has stopped firing, so that what wavers is told once."""
    late_s: int = 120
    """How long data may be on its way."""
    replayable: bool = True
    """Whether the past can be asked: what is known of it has not been overwritten since."""
    look_s: int = 3_600
    """The period, of metrics that have `from` and `to`: it ends `late_s` ago."""


_PEOPLE = ("manager_id", "manager", "team")
STEP_S = 300
"""Between the two evaluations that a drop must be seen in."""

_PACE: tuple[tuple[str, Value], ...] = (("alpha", 0.002), ("alpha_quiet", 0.003), ("step_s", STEP_S))

_MISSED: tuple[tuple[str, Value], ...] = (
    ("patience_s", 5),
    ("hours", 8),
    ("limit", 100_000),
    ("managers", ()),
    ("teams", ()),
)
"""As on the board of risks: a caller who waited so long, working hours to call back."""

RULES: tuple[Rule, ...] = (
    Rule(
        id="calls_drop",
        metric="alert_pace",
        rows="manager_id != ''",
        labels=_PEOPLE,
        numbers=("calls", "expected", "low"),
        remarks=("frame",),
        # Nobody is told of one thing twice: who is silent is `manager_silent`.
        fires="is_dropping AND why NOT IN ('silent', 'moved', 'feed_dead')",
        parameters=_PACE,
        board="manager",
    ),
    Rule(
        id="department_drop",
        metric="alert_pace",
        rows="manager_id = ''",
        labels=(),
        numbers=("calls", "expected", "low"),
        remarks=("frame",),
        fires="is_dropping AND why != 'feed_dead'",
        parameters=_PACE,
        # A low month is low most days: it is told once, and over when three days were not.
        keep_s=3 * 86_400,
    ),
    Rule(
        id="manager_silent",
        metric="alert_pace",
        rows="manager_id != ''",
        labels=_PEOPLE,
        numbers=("quiet_expected", "calls_today"),
        fires="why = 'silent'",
        parameters=_PACE,
    ),
    Rule(
        id="extension_moved",
        metric="alert_pace",
        rows="manager_id != ''",
        labels=_PEOPLE,
        numbers=("quiet_expected", "calls_today"),
        fires="why = 'moved'",
        parameters=_PACE,
        urgency=Urgency.OPERATIONS,
    ),
    Rule(
        id="feed_dead",
        metric="alert_pace",
        rows="manager_id = ''",
        labels=(),
        numbers=("quiet_expected", "calls_today"),
        fires="why = 'feed_dead'",
        parameters=_PACE,
        urgency=Urgency.OPERATIONS,
        board="health",
    ),
    Rule(
        id="squeeze",
        metric="alert_squeeze",
        labels=_PEOPLE,
        numbers=("new_now", "expected_new", "calls_per_existing_now", "calls_per_existing_before"),
        fires="is_squeezing",
        parameters=(("alpha_new", 0.01),),
        board="warning",
        every_s=3_600,
        keep_s=7 * 86_400,
    ),
    Rule(
        id="only_dialling",
        metric="alert_dialling",
        labels=_PEOPLE,
        numbers=("calls", "conversations", "expected_conversations", "per_number"),
        fires="is_only_dialling",
        parameters=(("alpha_dialling", 0.001),),
        board="manager",
        every_s=3_600,
        keep_s=2 * 86_400,
    ),
    Rule(
        id="missed_not_returned",
        metric="alert_missed",
        rows="manager_id != ''",
        labels=_PEOPLE,
        numbers=("missed", "overdue"),
        fires="overdue >= 3 AND 2 * overdue >= missed",
        parameters=_MISSED,
        board="warning",
        every_s=3_600,
        keep_s=86_400,
        look_s=3 * 86_400,
    ),
    Rule(
        id="missed_without_manager",
        metric="alert_missed",
        rows="manager_id = ''",
        labels=(),
        numbers=("missed", "overdue"),
        fires="overdue >= 5 AND 2 * overdue >= missed",
        parameters=_MISSED,
        board="warning",
        every_s=3_600,
        keep_s=86_400,
        look_s=3 * 86_400,
    ),
    Rule(
        id="organisations_forgotten",
        metric="alert_forgotten",
        labels=_PEOPLE,
        numbers=("forgotten", "organisations", "share", "share_of_others"),
        fires="is_forgetful",
        parameters=(("days", 30),),
        board="warning",
        every_s=3_600,
        keep_s=7 * 86_400,
    ),
    Rule(
        id="rejects_spike",
        metric="alert_rejects",
        labels=("source",),
        numbers=("rejected", "accepted", "share", "usual_share"),
        fires="is_spike",
        replayable=False,
        urgency=Urgency.OPERATIONS,
        board="health",
        late_s=0,
    ),
    Rule(
        id="stale_data",
        metric="alert_stale",
        labels=("source", "door"),
        numbers=("age_s",),
        fires="is_stale",
        urgency=Urgency.OPERATIONS,
        board="health",
        replayable=False,
        every_s=60,
        pending_s=120,
        late_s=0,
    ),
    Rule(
        id="drift",
        metric="drift",
        labels=(),
        numbers=("differing", "cells"),
        fires="differing > 0",
        replayable=False,
        urgency=Urgency.OPERATIONS,
        board="health",
        # What is on its way is not drift: the agents count within seconds, and a load of history within minutes.
        pending_s=900,
        late_s=600,
        look_s=86_400,
    ),
)


ABOUT_PEOPLE = frozenset({"alert_pace", "alert_squeeze", "alert_dialling", "alert_missed", "alert_forgotten"})
"""Metrics that hold calls against what was to be expected by then: without later calls there is no later."""


def rule(name: str) -> Rule:
    """The rule of an id."""
    return next(one for one in RULES if one.id == name)


def selected(metric: str, rules: Sequence[Rule]) -> str:
    """SQL over a metric's text (bound or not) for rules that read it: `fires_<id>` is 1 where that one fires, 0 where
    it does not, NULL where the row is about something else."""
    columns = [f"if({one.rows}, toUInt8({one.fires}), NULL) AS fires_{one.id}" for one in rules]
    return f"SELECT *, {', '.join(columns)}\nFROM (\n{metric}\n)"
