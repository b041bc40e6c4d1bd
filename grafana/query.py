"""A panel's metric in its two forms: bound natively, and as the text that Grafana's ClickHouse plugin expands.

Both come from the one SQL text. Each parameter of a metric is bound by its name: to the period, to the clock, to a
variable that the reader chooses, or to a setting of the department; a panel may set it to a value instead.

What Grafana does with the text (read in its source and the plugin's): the browser puts variables in
(`${manager:singlequote}` is `'m1','m2'`, a quote in a value escaped; "All" is the raw text `''`), then the plugin
expands `$__fromTime` and `$__toTime` to `toDateTime(<epoch>)`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from grafana.panel import Query, Value
from schemas import metrics
from schemas.mask import NUMBERS, mask_sql, mask_text_sql
from schemas.stages import Stages

_PARAMETER = re.compile(r"\{(\w+):([^{}]+)\}")

ALL = "''"
"""What a variable of several values stands for when all are chosen: the empty text, which no filter holds."""

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

# Grafana ends "today" at 23:59:59.999, and the plugin cuts it to seconds: the last second belongs to the day.
_END = "$__toTime + (toSecond($__toTime) = 59)"
_MOMENTS = {"from": "$__fromTime", "to": _END, "now": "now()"}

_AT_THE_END = f"toUInt32(least(toUnixTimestamp({_END}), toUnixTimestamp(now())))"
"""What a rule of warning calls a moment: the end of the period, or now when that is earlier."""
_OF_RULES = {"moment": _AT_THE_END, "moments": f"[{_AT_THE_END}]"}


class Department(msgspec.Struct, frozen=True, kw_only=True):
    """The business settings that boards depend on: those of callfunnel.toml."""

    zone: str
    conversation_s: int
    stages: Stages
    opens_s: int = 9 * 3600
    closes_s: int = 18 * 3600
    """Working hours, in seconds of the local clock."""
    masks_numbers: bool = False
    """Telephone numbers are hidden in Grafana's SQL: the board page and the report hide them in the answers."""

    @property
    def settings(self) -> dict[str, Value]:
        """Parameter -> value."""
        return {
            "stages": tuple(self.stages.codes),
            "terminal": tuple(self.stages.terminal),
            "potential": tuple(code for code in self.stages.codes if code in self.stages.potential),
            "opens_s": self.opens_s,
            "closes_s": self.closes_s,
        }


class Chosen(msgspec.Struct, frozen=True, kw_only=True):
    """What a reader asks a screen for: a half-open period, and values of variables, by parameter."""

    start: datetime
    end: datetime
    now: datetime
    values: Mapping[str, Value] = {}


def parameters_of(metric: str) -> dict[str, str]:
    """Parameter -> ClickHouse type, in order of appearance."""
    return dict(_PARAMETER.findall(metrics.text(metric)))


def bind(query: Query, department: Department, chosen: Chosen) -> dict[str, Any]:
    """The metric's native parameters."""
    given = {**_defaults(department), **chosen.values, **_set(query, department)}
    moments = {"from": chosen.start, "to": chosen.end, "now": chosen.now}
    moment = int(min(chosen.end, chosen.now).timestamp())
    bound: dict[str, Any] = {}
    for name in parameters_of(query.metric):
        if name in _OF_RULES:
            bound[name] = moment if name == "moment" else [moment]
        elif name in moments:
            bound[name] = moments[name].astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
        else:
            value = given[name]
            bound[name] = list(value) if isinstance(value, tuple) else value
    return bound


def _defaults(department: Department) -> dict[str, Value]:
    single: dict[str, Value] = {
        "zone": department.zone,
        "conversation_s": department.conversation_s,
        "of": "calls",
        "source": "",
        "call_id": "",
    }
    return {**dict.fromkeys(SEVERAL, ()), **single}


def _set(query: Query, department: Department) -> dict[str, Value]:
    """What no reader chooses."""
    parameters = {**department.settings, **dict(query.fixed)}
    return {**parameters, "conversation_s": department.conversation_s} if query.settled else parameters


def grafana_sql(query: Query, department: Department, variables: Collection[str]) -> str:
    """The metric's text with macros and variables of Grafana for its parameters.

    What a board that has not all `variables` cannot choose is as when nothing is chosen.
    """
    fixed = _set(query, department)
    chosen_by = {name: variable for name, variable in {**SEVERAL, **SINGLE}.items() if variable in variables}
    fixed = {name: value for name, value in _defaults(department).items() if name not in chosen_by} | fixed

    def rewritten(found: re.Match[str]) -> str:
        name, kind = found.groups()
        if name in fixed:
            return _literal(fixed[name], kind)
        if name in _OF_RULES:
            return _OF_RULES[name]
        if name in _MOMENTS:
            return _moment(_MOMENTS[name], kind)
        if name in SEVERAL:
            return f"arrayFilter(value -> value != '', [${{{SEVERAL[name]}:singlequote}}])"
        if kind == "String":
            return f"${{{SINGLE[name]}:singlequote}}"
        return f"to{kind}(${{{SINGLE[name]}:singlequote}})"

    sql = _PARAMETER.sub(rewritten, metrics.text(query.metric))
    return masked_sql(query.metric, sql) if department.masks_numbers else sql


SHOWS_NUMBERS: Mapping[str, tuple[str, ...]] = {
    "calls": ("contact", "did", "recording"),
    "legs": ("contact", "contact_raw", "did", "application", "recording", "origin"),
    "missed": ("contact",),
    "rejected": ("detail", "origin", "payload"),
    "rejected_by_reason": ("example",),
    "imports": ("file",),
    "loads": ("file",),
    "restatements": ("file",),
}
"""Metric -> columns of its answer in which telephone numbers may stand."""


def masked_sql(metric: str, sql: str) -> str:
    """The question with its numbers hidden by the store."""
    columns = SHOWS_NUMBERS.get(metric)
    if not columns:
        return sql
    masks = ", ".join(f"{mask_sql(one) if one in NUMBERS else mask_text_sql(one)} AS {one}" for one in columns)
    return f"SELECT * REPLACE ({masks}) FROM (\n{sql}\n)"


def _moment(macro: str, kind: str) -> str:
    """A moment of the parameter's type, in UTC: the plugin's own are of the server's zone."""
    return f"toDateTime64({macro}, 3, 'UTC')" if kind.startswith("DateTime64") else f"toDateTime({macro}, 'UTC')"


def _literal(value: Value, kind: str) -> str:
    if isinstance(value, tuple):
        return "[" + ", ".join(_quoted(one) for one in value) + "]" if value else f"CAST([], '{kind}')"
    return _quoted(value) if isinstance(value, str) else f"to{kind}({value})"


def _quoted(text: str) -> str:
    # A dollar would begin a variable of Grafana.
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'").replace("$", "\\x24") + "'"
