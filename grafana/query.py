"""A panel's metric as the text that Grafana's ClickHouse plugin expands; `schemas.parameters.bind` binds it natively.

What Grafana does with the text (read in its source and the plugin's): the browser puts variables in
(`${manager:singlequote}` is `'m1','m2'`, a quote in a value escaped; "All" is the raw text `''`), then the plugin
expands `$__fromTime` and `$__toTime` to `toDateTime(<epoch>)`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from schemas import metrics
from schemas.mask import NUMBERS, mask_sql, mask_text_sql
from schemas.parameters import (
    BEFORE,
    COMPARED_WITH,
    OF_RULES,
    SEVERAL,
    SINGLE,
    Department,
    Query,
    defaults,
    literal,
    substitute,
    unchosen,
)

ALL = "''"
"""What a variable of several values stands for when all are chosen: the empty text, which no filter holds."""

# Grafana ends "today" at 23:59:59.999, and the plugin cuts it to seconds: the last second belongs to the day.
_END = "$__toTime + (toSecond($__toTime) = 59)"
_MOMENTS = {"from": "$__fromTime", "to": _END, "now": "now()"}


def _moment_of_rules(zone: str, closes_s: int) -> str:
    """`schemas.parameters.moment_of_rules` in SQL; `zone` is SQL as well."""
    last_midnight = f"toUnixTimestamp(toDateTime(toDate({_END} - 1, {zone}), {zone}))"
    is_over = (
        f"{_END} <= now() AND toUnixTimestamp({_END}) = toUnixTimestamp(toDateTime(toDate({_END}, {zone}), {zone}))"
    )
    at_the_end = f"least(toUnixTimestamp({_END}), toUnixTimestamp(now()))"
    return f"toUInt32(if({is_over}, {last_midnight} + {min(closes_s, 86_399)}, {at_the_end}))"


def grafana_sql(query: Query, department: Department, variables: Collection[str]) -> str:
    """The metric's text with macros and variables of Grafana for its parameters.

    What a board that has not all `variables` cannot choose is as when nothing is chosen.
    """
    fixed = unchosen(query, department)
    chosen_by = {name: variable for name, variable in {**SEVERAL, **SINGLE}.items() if variable in variables}
    fixed = {name: value for name, value in defaults(department).items() if name not in chosen_by} | fixed

    def rewritten(name: str, kind: str) -> str:
        if name in fixed:
            return literal(fixed[name], kind)
        if name in BEFORE:
            return f"(SELECT {name} FROM (\n{grafana_sql(COMPARED_WITH, department, variables)}\n))"
        if name in OF_RULES:
            at = _moment_of_rules(rewritten("zone", "String"), department.closes_s)
            return f"[{at}]" if kind.startswith("Array") else at
        if name in _MOMENTS:
            return _moment(_MOMENTS[name], kind)
        if name in SEVERAL:
            return f"arrayFilter(value -> value != '', [${{{SEVERAL[name]}:singlequote}}])"
        if kind == "String":
            return f"${{{SINGLE[name]}:singlequote}}"
        return f"to{kind}(${{{SINGLE[name]}:singlequote}})"

    sql = substitute(metrics.text(query.metric), rewritten)
    return masked_sql(query.metric, sql) if department.masks_numbers else sql


SHOWS_NUMBERS: Mapping[str, tuple[str, ...]] = {
    "calls": ("contact", "did", "recording", "extension"),
    "legs": ("contact", "contact_raw", "did", "application", "recording", "origin", "extension", "peer_extension"),
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
