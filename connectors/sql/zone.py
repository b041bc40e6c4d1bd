"""Whether the zone that was said is the table's."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from connectors.reading import zone_proof
from connectors.sql.database import Database
from connectors.sql.shape import Shape

_FEWEST, _MOST = 20, 2_000
_OF_A_BATCH = 200
"""Rows that are looked at: reading a clock takes longer than reading a row."""


class ZoneWatch:
    """Holds the zone against the rows as they are read, however far back they lie: clocks were changed some time."""

    def __init__(self, table: str, shape: Shape) -> None:
        self._table = table
        self._shape = shape
        self._waiting: list[tuple[str, str]] = []
        """Of rows that are too few to say anything."""

    def check(self, rows: Sequence[Sequence[str]]) -> None:
        """Raises Terminal naming both when the epochs in the ids of these rows say another zone."""
        if self._shape.proves is None:
            return
        start, unique = map(self._shape.columns.index, self._shape.proves)
        every = max(1, len(rows) // _OF_A_BATCH)
        self._waiting += [(row[start], row[unique]) for row in rows[::every]]
        if len(self._waiting) >= _FEWEST:
            _check(self._waiting, self._shape, self._table)
            self._waiting = []


def check_zone(database: Database, table: str, shape: Shape, since: datetime) -> str:
    """Why the zone fits the table's rows, in words. Raises Terminal when the epochs in uniqueid say another."""
    if shape.proves is None:
        return "no uniqueid with an epoch: nothing to check the zone with"
    rows = database.sample(table, shape.proves, shape.start, shape.bound(since), _MOST)
    samples = [(start, uniqueid) for start, uniqueid in map(shape.texts, rows)]
    return _check(samples, shape, table)


def _check(samples: Sequence[tuple[str, str]], shape: Shape, table: str) -> str:
    proof = zone_proof.prove(samples, "ymd")
    if proof.rows < _FEWEST:
        return f"{proof.rows} rows with an epoch in uniqueid: too few to check the zone"
    return zone_proof.check_zone(proof, samples, "ymd", shape.zone, f"table {table}")
