"""What a period is held against: the metric `compared_with`, asked before those that compare."""

from __future__ import annotations

from datetime import datetime

import msgspec

from pipeline.readouts.numbers import Numbers
from schemas.parameters import BEFORE, COMPARED_WITH, Chosen, Department, Query, bind, parameters_of, utc


class ComparedWith(msgspec.Struct, frozen=True):
    """A row of it: the earlier period, half-open, UTC."""

    before_from: datetime
    before_to: datetime


def compares(query: Query) -> bool:
    """Whether its numbers are held against an earlier period."""
    return not BEFORE.isdisjoint(parameters_of(query.metric))


def compared_with(numbers: Numbers, department: Department, chosen: Chosen) -> ComparedWith:
    """Raises Transient or Terminal."""
    (found,) = numbers.rows(COMPARED_WITH.metric, _EarlierRow, bind(COMPARED_WITH, department, chosen))
    return ComparedWith(*(datetime.fromisoformat(f"{at}+00:00") for at in (found.before_from, found.before_to)))


def with_before(numbers: Numbers, department: Department, chosen: Chosen) -> Chosen:
    """The same, with the earlier period. Raises Transient or Terminal."""
    found = compared_with(numbers, department, chosen)
    before = {"before_from": utc(found.before_from), "before_to": utc(found.before_to)}
    return msgspec.structs.replace(chosen, values={**chosen.values, **before})


class _EarlierRow(msgspec.Struct):
    before_from: str
    before_to: str
