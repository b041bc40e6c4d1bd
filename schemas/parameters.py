"""Parameters of metrics: `{name:Type}` in their SQL, and what they are bound to.

A parameter is bound by its name: to the period, to the clock, to a variable that a reader chooses, or to a setting of
the department; a screen may set it to a value instead. Where a text takes no parameters (Grafana's), literals stand for
them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from schemas import metrics
from schemas.stages import Stages

_PARAMETER = re.compile(r"\{(\w+):([^{}]+)\}")

Value = str | int | float | tuple[str, ...]
"""What a metric's parameter is set to."""

SEVERAL = {
    "managers": "manager",
    "teams": "team",
    "directions": "direction",
    "in_stages": "stage",
    "sources": "source",
}
"""Parameter -> the variable that it takes its values from; no value filters nothing."""

SINGLE = {"conversation_s": "conversation_s", "of": "of", "source": "source_of_call", "call_id": "call", "zone": "zone"}
"""Parameter -> the variable that it takes its value from."""

OF_RULES = frozenset({"moment", "moments"})
"""What a rule of warning calls a moment: `moment_of_rules`."""

BEFORE = frozenset({"before_from", "before_to"})
"""What a period is held against: the metric `compared_with` says it, unless it was chosen."""


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """A metric, with those of its parameters that a screen sets. The rest are bound by name."""

    metric: str
    fixed: tuple[tuple[str, Value], ...] = ()
    settled: bool = False
    """Its threshold of a conversation is the department's, whatever the reader chose: that one was counted with."""


COMPARED_WITH = Query(metric="compared_with")


class Department(msgspec.Struct, frozen=True, kw_only=True):
    """The business settings that screens and rules depend on: those of callfunnel.toml."""

    zone: str
    conversation_s: int
    stages: Stages
    opens_s: int = 9 * 3600
    closes_s: int = 18 * 3600
    """Working hours, in seconds of the local clock."""
    masks_numbers: bool = False
    """Telephone numbers are hidden in Grafana's SQL: the board page and the report hide them in the answers."""
    page: str = ""
    """Address of the board page for a reader's browser; "" when none is said."""
    tells_by_itself: bool = False
    """`callfunnel alerts watch` tells of warnings: Grafana's rules are there, paused, so that nothing is told twice."""

    @property
    def settings(self) -> dict[str, Value]:
        """Parameter -> value, of those that no reader chooses."""
        return {
            **stage_parameters(self.stages),
            "potential": tuple(code for code in self.stages.codes if code in self.stages.potential),
            "opens_s": self.opens_s,
            "closes_s": self.closes_s,
            "counted_s": self.conversation_s,
        }

    @property
    def parameters(self) -> dict[str, Value]:
        """Parameter -> value, of all settings."""
        return {**self.settings, "zone": self.zone, "conversation_s": self.conversation_s}


class Chosen(msgspec.Struct, frozen=True, kw_only=True):
    """What a reader asks a screen for: a half-open period, and values of variables, by parameter."""

    start: datetime
    end: datetime
    now: datetime
    values: Mapping[str, Value] = {}


def stage_parameters(stages: Stages) -> dict[str, Value]:
    """Parameter -> value, of metrics that walk the funnel."""
    return {"stages": tuple(stages.codes), "terminal": tuple(stages.terminal)}


def utc(moment: datetime) -> str:
    """A moment as a metric's `DateTime('UTC')` parameter."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def parameters_in(sql: str) -> dict[str, str]:
    """Parameter -> ClickHouse type, in order of appearance."""
    return dict(_PARAMETER.findall(sql))


def parameters_of(metric: str) -> dict[str, str]:
    """Parameter -> ClickHouse type of a metric, in order of appearance."""
    return parameters_in(metrics.text(metric))


def native(values: Mapping[str, Value | list[int]]) -> dict[str, Any]:
    """Values as the store's client takes them: arrays are lists."""
    return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}


def bind(query: Query, department: Department, chosen: Chosen) -> dict[str, Any]:
    """The metric's native parameters."""
    given: dict[str, Value | list[int]] = {**defaults(department), **chosen.values, **unchosen(query, department)}
    moment = moment_of_rules(department, chosen)
    given |= {"from": utc(chosen.start), "to": utc(chosen.end), "now": utc(chosen.now)}
    given |= {"moment": moment, "moments": [moment]}
    return native({name: given[name] for name in parameters_of(query.metric)})


def moment_of_rules(department: Department, chosen: Chosen) -> int:
    """Epoch seconds of the moment whose state a period shows: now, or its end; of days that are over their last closing
    hour, not the midnight after it, when the next day's leave and days off hold already."""
    end = chosen.end.astimezone(ZoneInfo(department.zone))
    if end > chosen.now or end.time() != time():
        return int(min(chosen.end, chosen.now).timestamp())
    last_day = datetime.combine(end.date() - timedelta(days=1), time(), end.tzinfo)
    return int(last_day.timestamp()) + min(department.closes_s, 86_399)


def defaults(department: Department) -> dict[str, Value]:
    """What a reader could choose, as when nothing is chosen."""
    single: dict[str, Value] = {
        "zone": department.zone,
        "conversation_s": department.conversation_s,
        "of": "calls",
        "source": "",
        "call_id": "",
    }
    return {**dict.fromkeys(SEVERAL, ()), **single}


def unchosen(query: Query, department: Department) -> dict[str, Value]:
    """What no reader chooses."""
    parameters = {**department.settings, **dict(query.fixed)}
    return {**parameters, "conversation_s": department.conversation_s} if query.settled else parameters


def substitute(sql: str, text_for: Callable[[str, str], str]) -> str:
    """The SQL with `text_for(name, type)` instead of each parameter."""
    return _PARAMETER.sub(lambda found: text_for(found[1], found[2]), sql)


def literal(value: Value, kind: str) -> str:
    """A value as SQL of a parameter's type."""
    if isinstance(value, tuple):
        return "[" + ", ".join(quoted(one) for one in value) + "]" if value else f"CAST([], '{kind}')"
    return quoted(value) if isinstance(value, str) else f"to{kind}({value})"


def quoted(text: str) -> str:
    """A text as a SQL string."""
    # A dollar would begin a variable of Grafana.
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'").replace("$", "\\x24") + "'"
