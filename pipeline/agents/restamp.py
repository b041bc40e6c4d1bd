"""New rows for tables that are written without a look at what is stored: above a stored version in the future."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import msgspec

from pipeline.store import Store
from pipeline.version_clamp import STORED_AHEAD_NS, is_ahead
from schemas.codec import encode
from schemas.records import Feed, Rejected

R = TypeVar("R", Feed, Rejected)

_ROWS = msgspec.json.Decoder(dict[str, Any])


def restamped(
    store: Store, table: str, key: Sequence[str], records: Sequence[R], lines: Sequence[bytes], now: int
) -> list[bytes]:
    """The lines of the records, each under a version just above the stored one where that is in the future.

    Otherwise a listener whose clock was set back would look alive until the clock gets there. A record that is in the
    future itself keeps its version: it may be the stored one, delivered once more.
    """
    columns = ", ".join(key)
    where = f"version > {now + STORED_AHEAD_NS}"
    sql = f"SELECT {columns}, max(version) AS newest FROM {table} WHERE {where} GROUP BY {columns}"
    ahead = {tuple(row[name] for name in key): int(row["newest"]) for row in store.rows(_ROWS, sql)}
    if not ahead:
        return list(lines)
    above = []
    for record, line in zip(records, lines, strict=True):
        identity = tuple(getattr(record, name) for name in key)
        if identity in ahead and not is_ahead(record.version, now):
            ahead[identity] += 1
            line = encode(msgspec.structs.replace(record, version=ahead[identity]))
        above.append(line)
    return above
