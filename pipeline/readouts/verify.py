"""Stream = batch: what the agents counted against a recount in SQL from the facts."""

from __future__ import annotations

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import msgspec

from pipeline.readouts.department import setting_parameters
from pipeline.readouts.numbers import Numbers
from pipeline.readouts.period import Period
from pipeline.settings import Settings


class Difference(msgspec.Struct, frozen=True):
    """A cell, the number that differs, and both values; or an activity, and how its decision and its fact differ."""

    bucket: str
    manager_id: str
    number: str
    counted: str
    recounted: str


class _Cell(msgspec.Struct):
    bucket: str
    manager_id: str
    stream: str
    batch: str


class _Placement(msgspec.Struct):
    bucket: str
    manager_id: str
    activity_id: str
    what: str


class _Cells(msgspec.Struct):
    cells: int


class _Extent(msgspec.Struct):
    first: date
    last: date


def verify(numbers: Numbers, period: Period, settings: Settings) -> tuple[int, list[Difference]]:
    """(cells that were looked at, everything that differs), a week at a time: a recount holds its facts in memory."""
    rules = setting_parameters(settings, "verify")
    looked = 0
    found: list[Difference] = []
    since = facts_from(numbers, period.zone)
    checked = msgspec.structs.replace(period, first=max(period.first, since)) if since else period
    for week in _with_facts(numbers, checked).weeks():
        looked += numbers.rows("cells", _Cells, week.parameters)[0].cells
        for cell in numbers.rows("verify", _Cell, {**rules, **week.parameters}):
            found += differing(cell)
        for placement in numbers.rows("verify_placements", _Placement, week.parameters):
            found.append(Difference(placement.bucket, placement.manager_id, placement.activity_id, placement.what, ""))
    return looked, found


_FACTS_FROM = """
SELECT toString(toDate(max(first), {zone:String})) AS first FROM retained_from FINAL WHERE what = 'legs' AND is_done
HAVING count() > 0
"""


class _First(msgspec.Struct):
    first: date


def facts_from(numbers: Numbers, zone: ZoneInfo) -> date | None:
    """The first day whose calls are kept: days before are counted, and nothing is left to recount. None: all are."""
    for row in numbers.ask(_FACTS_FROM, _First, {"zone": zone.key}):
        return row.first
    return None


def _with_facts(numbers: Numbers, period: Period) -> Period:
    """The part of a period that holds anything; no day of it when nothing does."""
    for extent in numbers.rows("extent", _Extent, period.parameters):
        return Period(extent.first, extent.last + timedelta(days=1), period.zone)
    return Period(period.first, period.first, period.zone)


def differing(cell: _Cell) -> list[Difference]:
    """The numbers of a cell that differ. A side that has no cell says nothing."""
    stream = msgspec.json.decode(cell.stream or "{}", type=dict[str, str])
    batch = msgspec.json.decode(cell.batch or "{}", type=dict[str, str])
    return [
        Difference(cell.bucket, cell.manager_id, name, stream.get(name, "-"), batch.get(name, "-"))
        for name in sorted(stream.keys() | batch.keys())
        if stream.get(name) != batch.get(name)
    ]
