"""A rule's metric as the ClickHouse plugin evaluates it: format 0, a time, text labels and one number in each row."""

from __future__ import annotations

from schemas import metrics
from schemas.alerts import Rule, selected
from schemas.parameters import Department, literal, substitute

# Evaluated by the backend, so only its macros are there: no variable of a board (grafana/query.py has those).
_END = "toUnixTimestamp($__toTime)"
_MOMENTS = {
    "moments": f"[toUInt32({_END})]",
    "moment": f"toUInt32({_END})",
    "from": "toDateTime($__fromTime, 'UTC')",
    "to": "toDateTime($__toTime, 'UTC')",
    "now": "toDateTime64($__toTime, 3, 'UTC')",
}

FIRES = "fires"
"""The name of the query that decides."""


def queries(rule: Rule, department: Department) -> dict[str, str]:
    """Query name -> SQL: whether each thing fires, and every number of its message.

    A row for everything that could fire, each time: what has no row would be a missing series, and never fire.
    """
    selection = selected(_with_macros(rule, department), [rule])
    labels = "".join(f"toString({name}) AS {name}, " for name in rule.labels)

    def of(number: str) -> str:
        return (
            f"SELECT $__toTime AS time, {labels}toFloat64(ifNull({number}, 0)) AS value\n"
            # By time alone: each further column costs the engine one more reading of all that is under it.
            f"FROM (\n{selection}\n)\nWHERE fires_{rule.id} IS NOT NULL\nORDER BY time"
        )

    return {FIRES: of(f"fires_{rule.id}"), **{name: of(name) for name in rule.numbers}}


def _with_macros(rule: Rule, department: Department) -> str:
    values = {**department.parameters, **dict(rule.parameters)}

    def rewritten(name: str, kind: str) -> str:
        return _MOMENTS.get(name) or literal(values[name], kind)

    return substitute(metrics.text(rule.metric), rewritten)
