"""What Grafana and its ClickHouse plugin do with a query before it is sent, step by step.

First the browser: variables (packages/grafana-data and scenes, formatRegistry: `singlequote`; an "All" with a custom
value is that value as it stands). Then the plugin's backend: macros (pkg/macros/macros.go).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

VARIABLE = re.compile(r"\$\{(\w+)(?::(\w+))?\}")
OLD_FORMS = re.compile(r"\[\[\w+(?::\w+)?\]\]|\$(?!__fromTime|__toTime|\{)\w+")
"""`[[name]]` and `$name` are variables of Grafana too."""

Choice = str | list[str]
"""A variable's value; several of one that allows it."""


class All(str):
    """The custom value of "All": put in raw, whatever the format says."""


def interpolated(sql: str, variables: Mapping[str, Choice]) -> str:
    """The text as the browser sends it."""
    assert not OLD_FORMS.search(sql), OLD_FORMS.search(sql)
    return VARIABLE.sub(lambda found: _formatted(variables[found[1]], found[2]), sql)


def _formatted(value: Choice, form: str) -> str:
    if isinstance(value, All):
        return str(value)
    assert form == "singlequote", form
    values = value if isinstance(value, list) else [value]
    return ",".join("'" + one.replace("'", "\\'") + "'" for one in values)


def expanded(sql: str, start: datetime, end: datetime) -> str:
    """The text as the plugin asks ClickHouse."""
    for macro, moment in (("$__fromTime", start), ("$__toTime", end)):
        sql = sql.replace(macro, f"toDateTime({int(moment.timestamp())})")
    assert "$" not in sql
    return sql


def at_that_time(sql: str, now: datetime) -> str:
    """Its `now()` is a moment of the past."""
    return sql.replace("now()", f"toDateTime({int(now.timestamp())})")


def dashboards(folder: Path) -> list[Path]:
    """Every dashboard's file."""
    return sorted(folder.glob("*/*.json"))
