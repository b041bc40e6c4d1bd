"""Evaluates the rules at given moments: their instances, their numbers, and whether they fire."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any

import msgspec

from pipeline.readouts.department import setting_parameters
from pipeline.readouts.numbers import Numbers
from pipeline.settings import Settings
from schemas import metrics
from schemas.alerts import RULES, Rule, selected
from schemas.parameters import native, parameters_in, utc

_ROWS_AT_ONCE = 3_000
"""Managers times moments of one question: each holds a quarter of a year of a manager's days while it is answered."""


class AlertInstance(msgspec.Struct, frozen=True):
    """One instance of a rule at a moment."""

    rule: Rule
    at: datetime
    labels: dict[str, str]
    numbers: dict[str, float]
    is_firing: bool
    remarks: dict[str, str] = {}


def ask(
    numbers: Numbers,
    settings: Settings,
    moments: Sequence[datetime],
    rules: Sequence[Rule] = RULES,
    *,
    people: int = 100,
) -> Iterator[AlertInstance]:
    """Every instance of every rule at each moment, in the order of rules that read one metric, then of moments.

    `people` is about how many are on the roster. Raises Transient or Terminal.
    """
    for _, alike in groupby(rules, key=lambda rule: (rule.metric, rule.parameters)):
        together = list(alike)
        sql = selected(metrics.text(together[0].metric), together)
        names = parameters_in(sql).keys()
        size = moments_at_once(people) if "moments" in names else 1
        for n in range(0, len(moments), size):
            batch = moments[n : n + size]
            bound = {name: value for name, value in _parameters(together[0], settings, batch).items() if name in names}
            for row in numbers.ask(sql, dict[str, Any], bound):
                at = datetime.fromtimestamp(int(row["moment"]), UTC) if "moment" in row else batch[0]
                yield from _instances(together, row, at)


def moments_at_once(people: int) -> int:
    """How many moments one question is of."""
    return max(1, _ROWS_AT_ONCE // people)


def _instances(rules: Sequence[Rule], row: dict[str, Any], at: datetime) -> Iterator[AlertInstance]:
    for rule in rules:
        if (fires := row[f"fires_{rule.id}"]) is not None:
            labels = {name: str(row[name]) for name in rule.labels}
            values = {name: float(row[name] or 0) for name in rule.numbers}
            remarks = {name: str(row[name]) for name in rule.remarks}
            yield AlertInstance(rule, at, labels, values, bool(fires), remarks)


def _parameters(rule: Rule, settings: Settings, moments: Sequence[datetime]) -> dict[str, Any]:
    """Everything that a rule's metric may ask for."""
    last = moments[-1]
    return {
        **setting_parameters(settings),
        "moments": [int(moment.timestamp()) for moment in moments],
        "moment": int(last.timestamp()),
        "from": utc(last - timedelta(seconds=rule.look_s)),
        "to": utc(last),
        "now": utc(last),
        **native(dict(rule.parameters)),
    }
