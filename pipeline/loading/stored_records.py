"""What the store holds of records that can be taken back, a page at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import msgspec

from pipeline.store import Store, tuple_of
from schemas.provenance import ClaimKind

T = TypeVar("T")

PAGE = 20_000
# The column by which records of a page of claims are found, and where it stands in the text of an identity.
FOUND_BY = {
    "call_legs": ("call_id", 1),
    "proposals": ("proposal_id", 0),
    "managers": ("manager_id", 0),
    "organisations": ("organisation_id", 0),
    "stage_changes": ("organisation_id", 0),
    "plans": ("manager_id", 0),
    "calendar_days": ("toString(day)", 0),
    "absences": ("manager_id", 0),
}


def pages(store: Store, rows: msgspec.json.Decoder[T], sql: str, after: Callable[[T], str]) -> Iterator[list[T]]:
    """The answer of a SELECT that is ordered, limited to `PAGE`, and has `{after}` among its conditions: `after` gives
    the one that the rows behind this row fulfil.
    """
    condition = ""
    while page := store.rows(rows, sql.replace("{after}", condition)):
        yield page
        if len(page) < PAGE:
            return
        condition = after(page[-1])


def values_of(kind: ClaimKind, row: Any) -> str:
    """The identity of a row as SQL values, as its columns compare with them."""
    values = []
    for column in kind.columns:
        value = getattr(row, column)
        if isinstance(value, int):
            values.append(str(value))
        elif isinstance(value, str):
            values.append(tuple_of([value])[1:-1])
        elif hasattr(value, "timestamp"):
            values.append(f"fromUnixTimestamp64Milli({round(value.timestamp() * 1000)}, 'UTC')")
        else:
            values.append(f"toDate('{value.isoformat()}')")
    return ", ".join(values)
