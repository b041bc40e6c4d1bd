"""Stream = batch: what the agents counted against a recount in SQL from the facts."""

from __future__ import annotations

import msgspec

from pipeline.readouts import Numbers, Period
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


class _Place(msgspec.Struct):
    bucket: str
    manager_id: str
    activity_id: str
    what: str


class _Cells(msgspec.Struct):
    cells: int


def verify(numbers: Numbers, period: Period, settings: Settings) -> tuple[int, list[Difference]]:
    """(cells that were looked at, everything that differs)."""
    parameters = {
        **period.parameters,
        "conversation_s": settings.conversation_s,
        "potential": sorted(settings.stages.potential),
    }
    looked = numbers.rows("cells", _Cells, period.parameters)[0].cells
    found = [one for cell in numbers.rows("verify", _Cell, parameters) for one in differing(cell)]
    for place in numbers.rows("verify_placements", _Place, period.parameters):
        found.append(Difference(place.bucket, place.manager_id, place.activity_id, place.what, ""))
    return looked, found


def differing(cell: _Cell) -> list[Difference]:
    """The numbers of a cell that differ. A side that has no cell says nothing."""
    stream = msgspec.json.decode(cell.stream or "{}", type=dict[str, str])
    batch = msgspec.json.decode(cell.batch or "{}", type=dict[str, str])
    return [
        Difference(cell.bucket, cell.manager_id, name, stream.get(name, "-"), batch.get(name, "-"))
        for name in sorted(stream.keys() | batch.keys())
        if stream.get(name) != batch.get(name)
    ]
