"""Records for tests: a leg, a proposal, an activity of 2 November 2026, of which a test says only what it is about."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from schemas.records import (
    Activity,
    ActivityKind,
    CallLeg,
    Direction,
    Disposition,
    Manager,
    Organisation,
    Proposal,
    ProposalKind,
    StageChange,
)

NINE = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
"""A Monday morning; noon in Moscow."""
CUSTOMER = "+74950000012"


def at(clock: str, day: int = 2) -> datetime:
    """The moment of a wall time in UTC, `09:00:00` or `09:00:00.250`."""
    return datetime.fromisoformat(f"2026-11-{day:02}T{clock}+00:00")


def leg(
    record_id: str = "1793610000.1",
    *,
    start: str = "09:00:00",
    answer: str | None = None,
    end: str = "09:00:30",
    version: int = 1,
    **said: Any,
) -> CallLeg:
    """An inbound leg; with `answer`, a person was bridged from then to the end."""
    started_at, ended_at = at(start), at(end)
    if ended_at < started_at:
        ended_at += timedelta(days=1)
    bridged: dict[str, Any] = {"disposition": Disposition.NO_ANSWER}
    if answer is not None:
        answered_at = at(answer)
        if answered_at < started_at:
            answered_at += timedelta(days=1)
        bridged = {
            "disposition": Disposition.ANSWERED,
            "answered_at": answered_at,
            "billsec": int((ended_at - answered_at).total_seconds()),
        }
    fields: dict[str, Any] = {
        "source": "office",
        "call_id": "1793610000.1",
        "record_id": record_id,
        "started_at": started_at,
        "ended_at": ended_at,
        "direction": Direction.INBOUND,
        "contact": CUSTOMER,
        "contact_raw": "84950000012",
        "version": version,
        **bridged,
        **said,
    }
    return CallLeg(**fields)


def proposal(revision: int = 1, *, version: int = 1, **said: Any) -> Proposal:
    """A revision of one individual proposal."""
    fields: dict[str, Any] = {
        "proposal_id": "КП-17",
        "revision": revision,
        "organisation_id": "o1",
        "manager_id": "m1",
        "kind": ProposalKind.INDIVIDUAL,
        "sent_at": NINE,
        "currency": "RUB",
        "version": version,
        **said,
    }
    return Proposal(**fields)


def activity(**said: Any) -> Activity:
    """A call of manager m1 in the bucket of nine o'clock."""
    fields: dict[str, Any] = {
        "activity_id": "call:office:1793610000.1",
        "kind": ActivityKind.CALL,
        "bucket": int(NINE.timestamp()),
        "manager_id": "m1",
        "team": "north",
        "at": NINE,
        "organisation_id": "o1",
        "stage": "new",
        "version": 1,
        **said,
    }
    return Activity(**fields)


def manager(
    manager_id: str, extensions: list[str], since: datetime, until: datetime | None = None, **said: Any
) -> Manager:
    fields: dict[str, Any] = {"name": manager_id, "version": 1, **said}
    return Manager(manager_id=manager_id, extensions=extensions, valid_from=since, valid_to=until, **fields)


def organisation(organisation_id: str, phones: list[str], **said: Any) -> Organisation:
    fields: dict[str, Any] = {"name": organisation_id, "version": 1, **said}
    return Organisation(organisation_id=organisation_id, phones=phones, **fields)


def entered(organisation_id: str, stage: str, when: datetime, *, version: int = 1) -> StageChange:
    return StageChange(organisation_id=organisation_id, stage=stage, changed_at=when, version=version)
