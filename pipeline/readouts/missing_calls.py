"""Calls that are missing, since nothing is known of a time: the metric `missing_calls`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from pipeline.readouts.numbers import Numbers
from schemas.parameters import Chosen, Department, Query, bind

_QUERY = Query(metric="missing_calls")


class MissingCalls(msgspec.Struct, frozen=True, kw_only=True):
    """Time of one source and day without data."""

    source: str
    since: datetime
    until: datetime
    missing: int
    """Calls that are usual in these hours and were not counted."""
    goes_on: bool


class _Row(msgspec.Struct, frozen=True):
    source: str
    since: str
    until: str
    missing: int
    goes_on: int


def missing_calls(numbers: Numbers, department: Department, chosen: Chosen) -> Sequence[MissingCalls]:
    """What is missing of a period, by day and source. Raises Transient or Terminal."""
    rows = numbers.rows(_QUERY.metric, _Row, bind(_QUERY, department, chosen))
    return [
        MissingCalls(
            source=row.source,
            since=datetime.fromisoformat(row.since).replace(tzinfo=UTC),
            until=datetime.fromisoformat(row.until).replace(tzinfo=UTC),
            missing=row.missing,
            goes_on=bool(row.goes_on),
        )
        for row in rows
    ]
