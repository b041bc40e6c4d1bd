"""A row that could not be understood, as a value with a name that is the same each time it is read."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple

from connectors.reading.file_format import RowRef
from schemas.records import Reason, Rejected

if TYPE_CHECKING:
    from connectors.reading.source import Context

MOST_PAYLOAD = 65_536


class Bad(NamedTuple):
    """Why a row is not understood: reason, column, and words for a person."""

    reason: Reason
    field: str = ""
    detail: str = ""


class Broken(NamedTuple):
    """What stands where a row should, its place, and its text as it came."""

    bad: Bad
    line: RowRef
    text: str


class Misread(Exception):
    """Carries a Bad out of nested parsing of one row; never leaves a source."""

    def __init__(self, reason: Reason, field: str = "", detail: str = "") -> None:
        super().__init__(detail)
        self.bad = Bad(reason, field, detail)


def too_long() -> Bad:
    """Of a `text.TooLong`."""
    return Bad(Reason.LINE_TOO_LONG, detail="a line of over 1 MiB, or a cell of over 128 KiB; its beginning is kept")


def reject(bad: Bad, text: str, row_ref: RowRef, file: str, context: Context) -> Rejected:
    """The row as a Rejected. Its identity is source, reason and text: the same row elsewhere is the same reject."""
    payload = text.rstrip("\n")[:MOST_PAYLOAD]
    name = f"{context.source}\x1f{bad.reason}\x1f{payload}".encode("utf-8", "surrogateescape")
    return Rejected(
        rejected_id=f"row:{hashlib.blake2b(name, digest_size=12).hexdigest()}",
        source=context.source,
        reason=bad.reason,
        field=bad.field,
        detail=bad.detail,
        payload=payload,
        origin=f"{file}:{row_ref}",
        at=context.loaded_at,
        import_id=context.import_id,
        version=context.version,
    )
