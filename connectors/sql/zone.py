"""Whether the zone that was said is the table's."""

from __future__ import annotations

from datetime import datetime

from connectors.reading import zone_proof
from connectors.sql.database import Database
from connectors.sql.shape import Shape

_FEWEST, _MOST = 20, 2_000


def check_zone(database: Database, table: str, shape: Shape, since: datetime) -> str:
    """Why the zone fits the table's rows, in words. Raises Terminal when the epochs in uniqueid say another."""
    if shape.proves is None:
        return "no uniqueid with an epoch: nothing to check the zone with"
    rows = database.sample(table, shape.proves, shape.start, shape.bound(since), _MOST)
    samples = [(start, uniqueid) for start, uniqueid in map(shape.texts, rows)]
    proof = zone_proof.prove(samples, "ymd")
    if proof.rows < _FEWEST:
        return f"{proof.rows} rows with an epoch in uniqueid: too few to check the zone"
    return zone_proof.check_zone(proof, samples, "ymd", shape.zone, f"table {table}")
