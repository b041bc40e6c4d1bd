"""Rows whose latest one stands, in tables that nobody reads before writing: above what is stored ahead of the clock."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import msgspec

from pipeline.ahead import STANDS_NS, stands_ahead
from pipeline.store import Store
from schemas.codec import encode
from schemas.records import Feed, Rejected

R = TypeVar("R", Feed, Rejected)

_ROWS = msgspec.json.Decoder(dict[str, Any])


def above_ahead(
    store: Store, table: str, key: Sequence[str], records: Sequence[R], lines: Sequence[bytes], now: int
) -> list[bytes]:
    """The lines of the records, under a version just above the stored one where that is ahead of the clock.

    Otherwise a listener whose clock was set back would look alive, as of the future, until the clock gets there. A
    record that is ahead itself keeps its version: it may be the stored one, come once more.
    """
    columns = ", ".join(key)
    sql = f"SELECT {columns}, max(version) AS newest FROM {table} WHERE version > {now + STANDS_NS} GROUP BY {columns}"
    ahead = {tuple(row[name] for name in key): int(row["newest"]) for row in store.rows(_ROWS, sql)}
    if not ahead:
        return list(lines)
    above = []
    for record, line in zip(records, lines, strict=True):
        identity = tuple(getattr(record, name) for name in key)
        if identity in ahead and not stands_ahead(record.version, now):
            ahead[identity] += 1
            line = encode(msgspec.structs.replace(record, version=ahead[identity]))
        above.append(line)
    return above
