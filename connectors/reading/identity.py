"""The name of a row that has none."""

from __future__ import annotations

import hashlib

NAMELESS = "row:"
"""How the record_id of such a row begins."""


def nameless(row: str) -> str:
    """The record_id of a row whose exchange wrote no id, from what a correction leaves as it is.

    Identical rows are one record: nothing tells them apart.
    """
    return f"{NAMELESS}{hashlib.blake2b(row.encode('utf-8', 'surrogateescape'), digest_size=8).hexdigest()}"
