"""What a golden file says of a leg: the short names of its fields, and how their values are written."""

from __future__ import annotations

from typing import Any

LEG = {
    "start": "started_at",
    "answer": "answered_at",
    "end": "ended_at",
    "billsec": "billsec",
    "direction": "direction",
    "disposition": "disposition",
    "ext": "extension",
    "peer": "peer_extension",
    "contact": "contact",
    "raw": "contact_raw",
    "did": "did",
    "queue": "queue",
    "app": "application",
    "recording": "recording",
}


def plain(value: Any) -> Any:
    """A value as the expected JSON has it: times in UTC with Z, None as ""."""
    if value is None:
        return ""
    if hasattr(value, "isoformat"):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, list | tuple):
        return list(value)
    return value if isinstance(value, int) else str(value)
