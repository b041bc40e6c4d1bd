"""What somebody says of a warning that stands: a command and the board page keep it, and write it down, in one way."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from pipeline.audit import Action, record
from pipeline.warnings.kept import WarningReader, WarningWriter
from pipeline.warnings.standing import find_incident
from schemas.mask import mask_text
from schemas.warnings import Incident, IncidentMark, MarkKind


class MarkRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What is said, by whom."""

    kind: MarkKind
    by: str
    until: datetime | None = None
    """Of a snooze."""
    note: str = ""


def keep_mark(
    kept: WarningReader,
    writer: WarningWriter,
    given: str,
    wanted: MarkRequest,
    now: datetime,
    audit: Path,
    *,
    who: str = "",
) -> Incident:
    """The incident whose id begins with `given`, once the store has what is said of it and the audit has a line.

    A telephone number in a note is not kept: nothing would find it when it is to be forgotten. `who` is the client's
    address, where it is not a user of this machine. Raises Transient or Terminal.
    """
    incident = find_incident(kept, given, now)
    mark = IncidentMark(
        incident_id=incident.incident_id,
        kind=wanted.kind,
        at=now,
        until=wanted.until,
        note=mask_text(wanted.note),
        by=wanted.by,
    )
    writer.keep_mark(mark)
    about: dict[str, Any] = {
        "kind": mark.kind,
        "incident": mark.incident_id,
        "rule": incident.rule,
        "by": mark.by,
        "note": mark.note,
    }
    about["until"] = "" if mark.until is None else f"{mark.until.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    record(audit, Action.MARK, who=who, **{name: value for name, value in about.items() if value})
    return incident
