"""Panels asked in both their forms: natively bound, and as Grafana and the plugin would ask."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import clickhouse_connect
from clickhouse_connect.driver.client import Client

from grafana.query import ALL, grafana_sql
from pipeline.readouts.comparison import compares, with_before
from pipeline.readouts.numbers import Numbers
from schemas import metrics
from schemas.parameters import SEVERAL, SINGLE, Chosen, Department, Query, Value, bind
from tests.grafana.expand import All, Choice, at_that_time, expanded, interpolated

Row = dict[str, Any]
VARIABLES = (*SEVERAL.values(), *SINGLE.values())

NOW = datetime(2026, 6, 11, 12, tzinfo=UTC)
"""The day after the department's last one."""


class Asker:
    """Asks a store as the user that Grafana has."""

    def __init__(self, dsn: str, department: Department) -> None:
        self._client: Client = clickhouse_connect.get_client(dsn=dsn, autogenerate_session_id=False, query_limit=0)
        self.department = department
        self.zone = ZoneInfo(department.zone)

    def natively(self, query: Query, chosen: Chosen) -> list[Row]:
        """The metric's own text, its parameters bound."""
        if compares(query):
            chosen = with_before(Numbers(self._client), self.department, chosen)
        return self.rows(metrics.text(query.metric), bind(query, self.department, chosen))

    def as_grafana(self, query: Query, chosen: Chosen, on_board: Collection[str] = VARIABLES) -> list[Row]:
        """The text in a dashboard that has these variables, expanded."""
        variables = self.variables(chosen.values)
        sql = interpolated(grafana_sql(query, self.department, on_board), variables)
        return self.rows(at_that_time(expanded(sql, chosen.start, chosen.end), chosen.now))

    def variables(self, values: Mapping[str, Value]) -> dict[str, Choice]:
        """What the reader chose, by variable."""
        several: dict[str, Choice] = {name: All(ALL) for name in SEVERAL.values()}
        single: dict[str, Choice] = {
            "zone": self.department.zone,
            "conversation_s": str(self.department.conversation_s),
            "of": "calls",
            "source_of_call": "",
            "call": "",
        }
        free: dict[str, Choice] = {}
        for parameter, value in values.items():
            variable = SEVERAL.get(parameter) or SINGLE[parameter]
            if not isinstance(value, tuple):
                free[variable] = str(value)
            elif value:
                free[variable] = list(value)
        return several | single | free

    def rows(self, sql: str, parameters: dict[str, Any] | None = None) -> list[Row]:
        answer = self._client.raw_query(sql, parameters=parameters, fmt="JSONEachRow")
        return [json.loads(line) for line in answer.splitlines()]


def period(first: str, last: str, now: datetime = NOW, **values: Value) -> Chosen:
    """Moments of ISO 8601 in the department's zone."""
    return Chosen(
        start=datetime.fromisoformat(first + "+03:00"),
        end=datetime.fromisoformat(last + "+03:00"),
        now=now,
        values=values,
    )
